//! Who holds a claim, told so that others can see whether it still lives.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// One process on one machine since one start. No two watchers are equal, not even one before and after its restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    pub host: String,
    /// Of the machine's last start; empty where it cannot be known.
    pub boot: String,
    /// The namespace in which `pid` counts: containers have their own.
    pub namespace: String,
    pub pid: u32,
    /// When the process began, in the kernel's ticks since the machine's start.
    pub began: u64,
}

impl Owner {
    /// This process.
    pub fn myself() -> Self {
        let text = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
        let namespace = std::fs::read_link("/proc/self/ns/pid").map(|path| path.to_string_lossy().into_owned());
        let pid = std::process::id();
        Self {
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            boot: text("/proc/sys/kernel/random/boot_id"),
            namespace: namespace.unwrap_or_default(),
            pid,
            began: began(pid).unwrap_or(0),
        }
    }

    /// True where it is sure that the owner is gone. False where nothing can be known: then only the lease tells.
    pub fn is_dead(&self, here: &Self) -> bool {
        if self.boot.is_empty() || self.host != here.host {
            return false;
        }
        if self.boot != here.boot {
            // The same machine, started anew since.
            return !here.boot.is_empty();
        }
        let same_numbers = !self.namespace.is_empty() && self.namespace == here.namespace && self.began != 0;
        same_numbers && began(self.pid) != Some(self.began) && !is_hidden(self.pid)
    }

    /// A name for a folder of its own.
    pub fn folder(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
    }
}

/// True where there is such a process, and `/proc` hides it because it is another user's (`hidepid`, `ProtectProc`).
fn is_hidden(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| {
        let stat = Path::new("/proc").join(pid.as_raw_nonzero().to_string()).join("stat");
        !stat.exists() && rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::PERM)
    })
}

/// Field 22 of `/proc/PID/stat`; the name before it may hold anything, so it is counted from its last bracket.
fn began(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    // A zombie has died already; nobody has asked for its exit code yet.
    if fields.next()? == "Z" { None } else { fields.nth(18)?.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::Owner;

    #[test]
    fn the_living_are_not_dead_and_strangers_are_not_judged() {
        let here = Owner::myself();
        assert!(!here.is_dead(&here) && here.began > 0);
        assert!(Owner { pid: 4_000_000, ..here.clone() }.is_dead(&here), "there is no such process, not even a hidden one");
        assert!(Owner { began: here.began + 1, ..here.clone() }.is_dead(&here), "the number was given to another process");
        assert!(Owner { boot: "before".into(), ..here.clone() }.is_dead(&here), "the machine was started anew");
        assert!(!Owner { host: "elsewhere".into(), pid: 1, boot: "x".into(), ..here.clone() }.is_dead(&here));
        assert!(!Owner { namespace: "another".into(), pid: 4_000_000, ..here.clone() }.is_dead(&here));
    }
}
