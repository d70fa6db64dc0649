//! What the tests share: the program, a plugin that does as it is told, a pipeline in a folder of its own.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;

/// The program. Its cache is shared by all tests, and nothing of the user's own folders is seen.
pub fn voxloom() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_voxloom"));
    environment(|name, value| {
        command.env(name, value);
    });
    command
}

/// The same for tests that talk to the running program.
pub fn running() -> std::process::Command {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_voxloom"));
    environment(|name, value| {
        command.env(name, value);
    });
    command
}

fn environment(mut set: impl FnMut(&str, &Path)) {
    set("XDG_CACHE_HOME", &temporary().join("cache"));
    set("XDG_DATA_HOME", &temporary().join("data"));
    set("VOXLOOM_PLUGINS", &probe());
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("engine/cli lies in the repository")
}

/// A folder with the pipeline that every test varies, and its path.
pub fn pipeline() -> (TempDir, PathBuf) {
    assert!(
        Path::new(env!("CARGO_BIN_EXE_voxloom")).with_file_name("plugins").join("libvoxloom_template.so").exists(),
        "the plugins are not beside the program: `cargo xtask build` puts them there"
    );
    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("probe.json");
    std::fs::write(&file, PIPELINE).expect("the pipeline file");
    (folder, file)
}

const PIPELINE: &str = r#"{
  "voxloom": 1,
  "about": "Slices of a volume that is made up, each scored",
  "params": {
    "output":  { "type": "path", "default": "out" },
    "n":       { "type": "int", "default": 6 },
    "wait_ms": { "type": "int", "default": 0 },
    "fail_at": { "type": "int", "default": -1 },
    "stop_at": { "type": "int", "default": -1 }
  },
  "graph": {
    "volume": { "op": "synthetic.volume", "params": { "shape": ["${n}", 4, 4] } },
    "slice":  { "op": "template.slices", "in": { "volume": "volume" } },
    "score":  { "op": "probe.work", "in": { "index": "slice.index" },
                "params": { "wait_ms": "${wait_ms}", "fail_at": "${fail_at}", "stop_at": "${stop_at}" } },
    "note":   { "op": "probe.work", "in": { "index": "slice.index" } }
  }
}
"#;

/// The folder that holds the built probe, made once.
fn probe() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            let folder = temporary().join("plugins");
            std::fs::create_dir_all(&folder).expect("a folder for the plugin");
            let compiler = std::env::var("CXX").unwrap_or_else(|_| "c++".into());
            let built = std::process::Command::new(compiler)
                .args(["-std=c++17", "-O1", "-fPIC", "-shared", "-I"])
                .arg(root().join("engine/abi/include"))
                .arg(root().join("engine/cli/tests/it/probe.cpp"))
                .arg("-o")
                .arg(folder.join("libprobe.so"))
                .status()
                .expect("the C++ compiler runs");
            assert!(built.success(), "the probe does not compile");
            folder
        })
        .clone()
}

fn temporary() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("voxloom-cli")
}
