//! Puts libtorch 2.11 at `.libtorch/torch`: found on the machine and linked, or fetched with pip.
//!
//! A download goes into `.libtorch.tmp` and is renamed when it is whole, so that an interrupted one is never taken for
//! a libtorch.

use crate::missing::{Missing, What};
use crate::step::{note, say};
use crate::tree::Tree;
use crate::{machine, step};
use anyhow::{Context, Result};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The release that `tch` 0.24 binds; any 2.11 has the same C++ interface.
const SERIES: &str = "2.11.";
const WHEEL: &str = "torch==2.11.0";
/// All that the wheel's `libtorch_cpu.so` names beyond itself.
const CPU_WHEELS: [&str; 2] = ["nvidia-cuda-runtime==13.0.96", "nvidia-cuda-cupti==13.0.85"];
/// Room for the download and what it unpacks to, without and with the CUDA libraries.
const CPU_GIB: u64 = 3;
const CUDA_GIB: u64 = 12;
/// Files without which nothing compiles or loads.
const NEEDED: [&str; 4] =
    ["lib/libtorch_cpu.so", "lib/libc10.so", "include/torch/csrc/api/include/torch/torch.h", "include/ATen/ATen.h"];

/// Makes `.libtorch/torch` a suitable libtorch.
///
/// # Errors
/// [`Missing`] where Python, pip, disk or network is needed and not there.
pub fn provide(tree: &Tree) -> Result<()> {
    say("libtorch 2.11");
    let place = tree.libtorch();
    let named = std::env::var_os("LIBTORCH").map(PathBuf::from).filter(|named| !named.as_os_str().is_empty() && *named != place);
    let is_link = place.is_symlink();
    let here = suitable(&place);
    if let (Ok(version), false) = (&here, is_link && named.is_some()) {
        if !(machine::nvidia() && lacks_cuda(&place)) {
            note(&format!("{version} is in .libtorch{}", if is_link { " (a link)" } else { "" }));
            return Ok(());
        }
        note("it has no CUDA libraries, and this machine has an NVIDIA driver");
        if is_link {
            note("it is a link to another libtorch, which stays as it is: the GPU will not be used");
            return Ok(());
        }
    }
    if let Some(found) = found_elsewhere(named.as_deref()) {
        return link(tree, &found);
    }
    download(tree)
}

/// The version of the libtorch in `folder`, or why it does not do.
pub fn suitable(folder: &Path) -> Result<String, String> {
    let version = version(folder).ok_or_else(|| "there is no libtorch".to_owned())?;
    if !version.starts_with(SERIES) {
        return Err(format!("it is {version}, not 2.11"));
    }
    if let Some(absent) = NEEDED.iter().find(|file| !folder.join(file).exists()) {
        return Err(format!("{version} without {absent}"));
    }
    match unresolved(&folder.join("lib/libtorch_cpu.so")).first() {
        Some(library) => Err(format!("{version}, whose libtorch_cpu.so does not find {library}")),
        None => Ok(version),
    }
}

/// `version.py` of the wheel, `build-version` of the C++ archive.
fn version(folder: &Path) -> Option<String> {
    if let Ok(text) = fs::read_to_string(folder.join("build-version")) {
        return Some(text.trim().to_owned());
    }
    let text = fs::read_to_string(folder.join("version.py")).ok()?;
    let line = text.lines().find(|line| line.starts_with("__version__ = "))?;
    line.split('\'').nth(1).map(str::to_owned)
}

/// Libraries that the dynamic linker does not find for `library`; none where there is no `ldd` to ask.
fn unresolved(library: &Path) -> Vec<String> {
    let Ok(output) = Command::new("ldd").arg(library).output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter_map(|line| line.trim().strip_suffix(" => not found")).map(str::to_owned).collect()
}

fn lacks_cuda(folder: &Path) -> bool {
    let library = folder.join("lib/libtorch_cuda.so");
    !library.exists() || !unresolved(&library).is_empty()
}

/// The libtorch that `LIBTORCH` names, or the one of `python3`.
fn found_elsewhere(named: Option<&Path>) -> Option<PathBuf> {
    let find = "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
    let of_python = machine::output("python3", &["-c", find]).filter(|path| !path.is_empty()).map(PathBuf::from);
    let candidates = [("LIBTORCH", named.map(Path::to_path_buf)), ("the torch of python3", of_python)];
    for (origin, folder) in candidates {
        let Some(folder) = folder else { continue };
        match suitable(&folder) {
            Ok(version) => {
                note(&format!("{origin}: {version} in {}", folder.display()));
                return Some(folder);
            }
            Err(reason) => note(&format!("{origin} ({}) is left aside: {reason}", folder.display())),
        }
    }
    None
}

fn link(tree: &Tree, found: &Path) -> Result<()> {
    let place = tree.libtorch();
    let target = fs::canonicalize(found)?;
    if place.is_symlink() && fs::canonicalize(&place).is_ok_and(|now| now == target) {
        return Ok(());
    }
    fs::create_dir_all(place.parent().unwrap_or(&tree.root))?;
    if place.is_symlink() {
        fs::remove_file(&place)?;
    } else if place.exists() {
        fs::remove_dir_all(&place)?;
    }
    std::os::unix::fs::symlink(&target, &place)?;
    note(&format!(".libtorch/torch is a link to {}", target.display()));
    Ok(())
}

fn download(tree: &Tree) -> Result<()> {
    let cuda = machine::nvidia();
    note(&machine::python()?);
    machine::disk(&tree.root, if cuda { CUDA_GIB } else { CPU_GIB })?;
    let folder = tree.root.join(".libtorch.tmp");
    remove(&folder)?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--no-compile", "--retries", "2", "--target"]);
    pip.arg(&folder).arg(WHEEL).env("PIP_ROOT_USER_ACTION", "ignore");
    if cuda {
        say("Fetching libtorch with its CUDA libraries (about 2.5 GB: this machine has an NVIDIA driver)");
    } else {
        pip.arg("--no-deps").args(CPU_WHEELS);
        say("Fetching libtorch (530 MB)");
    }
    if let Err(error) = fetch(pip) {
        remove(&folder)?;
        return Err(error);
    }
    let torch = folder.join("torch");
    suitable(&torch).map_err(|reason| {
        Missing::new(
            What::Libtorch,
            format!("what pip fetched cannot be used: {reason}"),
            "run the command again; if it stays so, set LIBTORCH",
        )
    })?;
    let place = tree.root.join(".libtorch");
    let old = tree.root.join(".libtorch.old.tmp");
    remove(&old)?;
    if place.exists() {
        fs::rename(&place, &old)?;
    }
    fs::rename(&folder, &place).with_context(|| format!("could not rename {} to {}", folder.display(), place.display()))?;
    remove(&old)?;
    note("libtorch is in .libtorch");
    Ok(())
}

/// Runs pip with its progress shown, and says in one sentence why it failed.
fn fetch(mut pip: Command) -> Result<()> {
    let mut child = pip.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("python3 could not be started")?;
    let mut said = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line?;
            step::note(&line);
            said.push_str(&line);
            said.push('\n');
        }
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(cause(&said).into()) }
}

fn cause(said: &str) -> Missing {
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if any(&["No space left"]) {
        return Missing::new(What::Disk, "the disk ran full while libtorch was fetched", "free 4 GB and run the command again");
    }
    if any(&[
        "NewConnectionError",
        "Max retries",
        "name resolution",
        "Network is unreachable",
        "timed out",
        "ProxyError",
        "SSLError",
        "Connection broken",
    ]) {
        let remedy = "connect, or set HTTPS_PROXY or PIP_INDEX_URL to what your network allows; without a network, copy a libtorch 2.11 here and set LIBTORCH to it";
        return Missing::new(What::Network, "pip does not reach the package index", remedy);
    }
    Missing::new(
        What::Libtorch,
        "pip could not install torch 2.11.0; its own words are above",
        "mend what pip names, or set LIBTORCH to a libtorch 2.11",
    )
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("could not remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{cause, suitable};
    use crate::missing::What;

    #[test]
    fn an_older_libtorch_is_left_aside_with_its_version() {
        let folder = std::env::temp_dir().join(format!("voxloom-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        std::fs::write(folder.join("build-version"), "2.5.1+cpu\n").expect("a version file");
        let reason = suitable(&folder).expect_err("2.5 is not 2.11");
        std::fs::write(folder.join("build-version"), "2.11.0+cpu\n").expect("a version file");
        let empty = suitable(&folder).expect_err("there is no library");
        std::fs::remove_dir_all(&folder).expect("the folder can go");
        assert_eq!(reason, "it is 2.5.1+cpu, not 2.11");
        assert_eq!(empty, "2.11.0+cpu without lib/libtorch_cpu.so");
    }

    #[test]
    fn the_cause_of_a_failed_download_is_told_apart() {
        let network = "WARNING: Retrying after connection broken by 'NewConnectionError'\nERROR: No matching distribution found for torch==2.11.0";
        assert_eq!(cause(network).what, What::Network);
        assert_eq!(
            cause("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device").what,
            What::Disk
        );
        assert_eq!(cause("ERROR: No matching distribution found for torch==2.11.0").what, What::Libtorch);
    }
}
