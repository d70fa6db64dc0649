//! What the machine must have before anything is fetched or built.

use crate::missing::{Missing, What};
use anyhow::Result;
use std::path::Path;
use std::process::{Command, Stdio};

/// Oldest Rust that compiles the workspace (`rust-version` in `Cargo.toml`).
const OLDEST_RUST: (u32, u32) = (1, 90);
/// Pythons for which the wheel of torch 2.11.0 exists.
const PYTHONS: std::ops::RangeInclusive<u32> = 10..=14;

/// Refuses a platform that the wheels or the link settings do not serve.
pub fn platform() -> Result<()> {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Ok(());
    }
    let found = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
    Err(Missing::new(
        What::Platform,
        format!("voxloom builds on Linux on x86_64, this is {found}"),
        "use a Linux machine, a virtual machine, or a container such as `docker run -it --platform linux/amd64 rust`",
    )
    .into())
}

/// The Rust compiler is new enough.
pub fn toolchain() -> Result<String> {
    let remedy = "install or update it with https://rustup.rs: `rustup update stable`";
    let text = output("rustc", &["--version"]).ok_or_else(|| Missing::new(What::Toolchain, "`rustc` does not run", remedy))?;
    let version = numbers(&text);
    if version < OLDEST_RUST {
        let (major, minor) = OLDEST_RUST;
        let sentence = format!("Rust {major}.{minor} or newer is needed, this is {text}");
        return Err(Missing::new(What::Toolchain, sentence, remedy).into());
    }
    Ok(text)
}

/// A C++ compiler that makes an object file of a C++17 program with a standard header.
pub fn compiler() -> Result<String> {
    let name = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
    let remedy = "Debian and Ubuntu: `apt-get install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`";
    let version = output(&name, &["--version"])
        .ok_or_else(|| Missing::new(What::Compiler, format!("no C++ compiler: `{name}` does not run"), remedy))?;
    let mut child = Command::new(&name)
        .args(["-std=c++17", "-x", "c++", "-fsyntax-only", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = child.stdin.take() {
        std::io::Write::write_all(&mut input, b"#include <string_view>\nint main() { return 0; }\n")?;
    }
    if !child.wait()?.success() {
        let sentence = format!("`{name}` does not compile a C++17 program with the standard library");
        return Err(Missing::new(What::Compiler, sentence, remedy).into());
    }
    Ok(version)
}

/// A browser for the tests of the watcher's page; nothing else needs one. As `engine/watch/tests/it/browser.rs` looks for it.
pub fn browser() -> Result<String, Missing> {
    let remedy =
        "Debian: `apt-get install chromium`; Fedora: `dnf install chromium`; or set VOXLOOM_CHROMIUM to a Chromium or Chrome";
    let missing = |sentence: String| Missing::new(What::Browser, sentence, remedy);
    if let Ok(named) = std::env::var("VOXLOOM_CHROMIUM") {
        return output(&named, &["--version"])
            .ok_or_else(|| missing(format!("VOXLOOM_CHROMIUM names `{named}`, which does not run")));
    }
    let found = ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| output(name, &["--version"]));
    found.ok_or_else(|| missing("there is no Chromium, and the watcher's page is tested in a browser".into()))
}

/// Python 3 with pip; only needed to fetch libtorch.
pub fn python() -> Result<String> {
    let remedy = "Debian and Ubuntu: `apt-get install python3 python3-pip`; Fedora: `dnf install python3 python3-pip`; \
                  macOS: `brew install python`; or set LIBTORCH to a libtorch 2.11";
    let text = output("python3", &["--version"])
        .ok_or_else(|| Missing::new(What::Python, "libtorch is fetched with Python's pip, and `python3` does not run", remedy))?;
    let (major, minor) = numbers(&text);
    if major != 3 || !PYTHONS.contains(&minor) {
        let (from, to) = (PYTHONS.start(), PYTHONS.end());
        let sentence = format!("torch 2.11.0 exists for Python 3.{from} to 3.{to}, `python3` is {text}");
        return Err(Missing::new(What::Python, sentence, remedy).into());
    }
    let pip = output("python3", &["-m", "pip", "--version"])
        .ok_or_else(|| Missing::new(What::Pip, format!("{text} has no pip: `python3 -m pip` does not run"), remedy))?;
    Ok(format!("{text}, {}", pip.split(" from ").next().unwrap_or(&pip)))
}

/// At least `needed_gib` GiB are free where `folder` lies.
pub fn disk(folder: &Path, needed_gib: u64) -> Result<()> {
    let Some(text) = output("df", &["-Pk", &folder.to_string_lossy()]) else { return Ok(()) };
    let Some(free) = free_kib(&text) else { return Ok(()) };
    if free >= needed_gib << 20 {
        return Ok(());
    }
    let sentence = format!(
        "{needed_gib} GiB of free disk are needed under {}, there are {:.1}",
        folder.display(),
        free as f64 / f64::from(1 << 20)
    );
    Err(Missing::new(What::Disk, sentence, "free some space, or clone onto a larger disk").into())
}

/// True where the machine has an NVIDIA driver.
pub fn nvidia() -> bool {
    Path::new("/proc/driver/nvidia/version").exists() || output("nvidia-smi", &["-L"]).is_some()
}

/// First line of what a program prints, or `None` where it fails or is not there.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then(|| if program == "df" { text } else { text.lines().next().unwrap_or("").to_owned() })
}

/// `1.95` of `rustc 1.95.0 (...)`; zeros where there is no number.
fn numbers(text: &str) -> (u32, u32) {
    let word = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit())).unwrap_or("");
    let mut parts = word.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// The fourth column of the second line of `df -Pk`.
fn free_kib(df: &str) -> Option<u64> {
    df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{free_kib, numbers};

    #[test]
    fn versions_are_read_from_what_programs_print() {
        assert_eq!(numbers("rustc 1.95.0 (f2d3ce0bd 2026-03-21)"), (1, 95));
        assert_eq!(numbers("Python 3.11.7"), (3, 11));
        assert_eq!(numbers("no version"), (0, 0));
    }

    #[test]
    fn free_space_is_the_fourth_column() {
        let df = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 263000000 14000000 81000000 16% /";
        assert_eq!(free_kib(df), Some(81_000_000));
        assert_eq!(free_kib("df: no such file"), None);
    }
}
