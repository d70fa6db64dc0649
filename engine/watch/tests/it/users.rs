//! Two watchers of different users on one machine, where `/proc` hides the processes of others (`hidepid`): whether a claim's
//! owner lives is then told by its lease.

use crate::stage::{Stage, tree};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One is alive and hidden, then sleeps for longer than its lease, and wakes up again: nothing is done twice.
#[test]
fn a_hidden_watcher_loses_its_claim_by_its_lease_only() {
    let stage = Stage::new();
    let Some(users) = Users::of(&stage) else { return };
    let n = 8;
    (0..n).for_each(|index| stage.put(format!("{index}"), format!("wait {index}")));
    let sleeper = users.watch(&stage, 1001, "one");
    wait(|| held_by(&stage, sleeper.id()) && results(&stage) >= 1);
    let steady = users.watch(&stage, 1002, "two");
    wait(|| results(&stage) >= 4);
    send(&sleeper, Signal::STOP);
    // What it holds is left alone as long as it may be alive.
    let (asleep, has_claim) = (Instant::now(), held_by(&stage, sleeper.id()));
    if has_claim {
        wait(|| !held_by(&stage, sleeper.id()));
        assert!(asleep.elapsed() > Duration::from_secs(1), "taken over after {:?}", asleep.elapsed());
    }
    let steady = told(steady);
    send(&sleeper, Signal::CONT);
    let told = [steady, told(sleeper)];
    assert_eq!(told.iter().map(|(_, done)| done).sum::<usize>(), n, "each was done once: {told:?}");
    let started = told.iter().map(|(started, _)| started).sum::<usize>();
    assert!(started <= n + usize::from(has_claim), "the living were left in peace: {told:?}");
    assert!(told[0].1 > 0 && told[1].1 > 0, "both had their share: {told:?}");
    assert_eq!(results(&stage), n);
    assert!(tree(&stage.input(".voxloom/claims")).is_empty());
}

#[test]
fn a_hidden_watcher_that_was_killed_is_taken_over() {
    let stage = Stage::new();
    let Some(users) = Users::of(&stage) else { return };
    (0..4).for_each(|index| stage.put(format!("{index}"), format!("wait {index}")));
    let mut killed = users.watch(&stage, 1001, "one");
    wait(|| held_by(&stage, killed.id()) && results(&stage) == 1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = 4 - results(&stage);
    assert_eq!(told(users.watch(&stage, 1002, "two")).1, left);
    assert_eq!(results(&stage), 4);
}

/// Starts the killable program as other users.
struct Users {
    program: std::path::PathBuf,
}

impl Users {
    /// Opens the stage's folders to all; `None` where this process may not become others.
    fn of(stage: &Stage) -> Option<Self> {
        let folder = stage.folder.path();
        let program = std::env::current_exe().unwrap();
        let program = program.parent().unwrap().parent().unwrap().join("examples/victim");
        // Where other users can read it. Not copied by this process: what another test starts at that moment would have it open
        // for writing, and a program that is written cannot be started.
        assert!(Command::new("cp").arg(program).arg(folder.join("victim")).status().unwrap().success());
        for name in [".", "in", "victim"] {
            std::fs::set_permissions(folder.join(name), PermissionsExt::from_mode(0o777)).unwrap();
        }
        let users = Self { program: folder.join("victim") };
        let is_able = users.command(1001).args(["true"]).status().is_ok_and(|status| status.success());
        if !is_able {
            eprintln!("passed over: other users and a `/proc` with hidepid=2 can be had by root only");
        }
        is_able.then_some(users)
    }

    /// Runs what follows as a user to whom other users' processes do not show.
    fn command(&self, user: u32) -> Command {
        let mut command = Command::new("unshare");
        let inside = "mount -t proc -o hidepid=2 proc /proc && umask 0 && u=$1 && shift && \
                      exec setpriv --reuid $u --regid $u --clear-groups \"$@\"";
        command.args(["--mount", "sh", "-c", inside, "sh", &user.to_string()]);
        command
    }

    fn watch(&self, stage: &Stage, user: u32, ledger: &str) -> Child {
        let folder = stage.folder.path();
        let mut command = self.command(user);
        command.arg(&self.program).args([folder.join("in"), folder.join("out"), folder.join(ledger)]);
        command.arg("talk=1").stdout(Stdio::piped()).spawn().unwrap()
    }
}

/// Claims of a process; each program that leads to the watcher becomes the next, so that its number stays.
fn held_by(stage: &Stage, pid: u32) -> bool {
    let claims = tree(&stage.input(".voxloom/claims"));
    claims.values().any(|text| String::from_utf8_lossy(text).contains(&format!("\"pid\":{pid},")))
}

fn results(stage: &Stage) -> usize {
    tree(&stage.output("")).keys().filter(|path| path.ends_with("same") && !path.starts_with(".voxloom")).count()
}

fn wait(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "it did not come to pass");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// How many inputs it began and how many it did, until it ended by itself.
fn told(child: Child) -> (usize, usize) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    let count = |word| text.lines().filter(|line| line.starts_with(word)).count();
    (count("Started"), count("Done {"))
}
