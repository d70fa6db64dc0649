//! The tutorial's plugins, in Rust and in C++: they keep the contract, and work together in a pipeline.

mod conformance;
mod cpp;
mod pipeline;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use voxloom_testkit::harness;

#[test]
fn serves_the_other_tests() {
    harness::serve();
}

/// The plugin of this package, and the one that makes inputs.
fn rust() -> Vec<PathBuf> {
    ["voxloom_template", "voxloom_synthetic"]
        .map(|name| harness::built(name).expect("cargo builds the libraries of dependencies"))
        .into()
}

/// The C++ plugin, built as its first lines say: the header and libtorch, nothing else.
fn gain() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let build = || {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let torch = PathBuf::from(std::env::var_os("LIBTORCH").expect("cargo sets LIBTORCH by .cargo/config.toml"));
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libgain.so");
        // Built beside and moved: the children of other tests may hold the old one open.
        let fresh = file.with_extension("fresh");
        let compiled = Command::new("g++")
            .args(["-std=c++17", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"])
            .arg("-I")
            .arg(root.join("../../engine/abi/include"))
            .arg("-isystem")
            .arg(torch.join("include"))
            .arg(root.join("cpp/gain.cpp"))
            .arg("-o")
            .arg(&fresh)
            .arg("-L")
            .arg(torch.join("lib"))
            .args(["-ltorch_cpu", "-lc10"])
            .output()
            .expect("a C++ compiler is installed");
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        std::fs::rename(fresh, &file).expect("the target folder can be written");
        file
    };
    BUILT.get_or_init(build).clone()
}
