//! The invariants of `docs/architecture.md` that the sources themselves can show.

use std::collections::BTreeSet;
use voxloom_architecture::{Packages, Source, root, sources};

/// `cli -> core -> abi <- sdk <- plugins`: what each member of the engine may name among the members.
const MAY_NEED: [(&str, &[&str]); 12] = [
    ("voxloom-abi", &[]),
    ("voxloom-weights", &[]),
    ("voxloom-sdk-derive", &[]),
    ("voxloom-core", &["voxloom-abi"]),
    ("voxloom-cuda", &["voxloom-abi", "voxloom-core"]),
    ("voxloom-watch", &[]),
    ("voxloom-sdk", &["voxloom-abi", "voxloom-sdk-derive", "voxloom-weights"]),
    ("voxloom-testkit", &["voxloom-abi", "voxloom-core"]),
    ("voxloom-goldens", &["voxloom-testkit"]),
    // `voxloom-dicom` for `watch`, which must know a series before any plugin does: a library without tensors and engine.
    (
        "voxloom",
        &["voxloom-abi", "voxloom-core", "voxloom-cuda", "voxloom-dicom", "voxloom-testkit", "voxloom-watch", "voxloom-weights"],
    ),
    ("xtask", &[]),
    ("voxloom-architecture", &[]),
];
/// What a plugin may name besides the kernels of other plugins: the author's side of the contract, nothing of the engine.
const PLUGIN: &[&str] = &["voxloom-sdk", "voxloom-weights"];

#[test]
fn dependencies_run_one_way() {
    let packages = Packages::read();
    let mut wrong = Vec::new();
    for member in &packages.members {
        let known = MAY_NEED.iter().find(|(name, _)| name == member);
        let is_plugin = packages.plugins.contains(member);
        assert!(known.is_some() || is_plugin, "{member} is neither in this list nor below plugins/");
        let allowed = known.map_or(PLUGIN, |(_, allowed)| allowed);
        let may = |need: &String| allowed.contains(&need.as_str()) || (is_plugin && packages.plugins.contains(need));
        wrong.extend(packages.members_of(member).iter().filter(|need| !may(need)).map(|need| format!("{member} -> {need}")));
    }
    assert!(wrong.is_empty(), "not allowed: {wrong:#?}");
}

#[test]
fn the_program_links_no_libtorch() {
    let packages = Packages::read();
    for member in ["voxloom", "voxloom-core", "voxloom-abi", "voxloom-cuda", "voxloom-watch", "xtask"] {
        if packages.members.contains(member) {
            let all = packages.all_of(member);
            assert!(!all.contains("tch") && !all.contains("torch-sys"), "{member} needs libtorch's bindings");
        }
    }
}

#[test]
fn only_the_program_prints_or_exits() {
    let words = ["println!", "eprintln!", "print!", "eprint!", "dbg!", "process::exit", "process::abort"];
    // The testkit serves tests, whose words go to whoever runs them.
    let prints = |source: &&Source| {
        !["engine/cli/", "engine/xtask/", "engine/testkit/", "tests/"].iter().any(|start| source.path.starts_with(start))
    };
    none_has(&words, |source| prints(&source) && !source.is_test() && !source.is_example());
}

#[test]
fn operators_leave_no_threads_behind() {
    // Scoped threads end with the call; the SDK tells how many it may use.
    let words = ["thread::spawn", "thread::Builder", "rayon"];
    none_has(&words, |source| source.path.starts_with("plugins/") && source.path.contains("/src/"));
}

#[test]
fn operators_use_no_global_randomness() {
    let words = ["thread_rng", "rand::rng", "rand::random", "tch::manual_seed", "manual_seed"];
    none_has(&words, |source| source.path.starts_with("plugins/") && source.path.contains("/src/"));
}

#[test]
fn nothing_is_left_to_do_and_nothing_is_switched_off() {
    let words = ["todo!", "unimplemented!", "#[ignore"];
    none_has(&words, |source| !source.path.starts_with("tests/architecture/"));
}

#[test]
fn no_unwrap_outside_of_tests() {
    none_has(&[".unwrap()"], |source| !source.is_test() && !source.is_example());
}

#[test]
fn files_stay_short_and_say_what_they_are() {
    let mut wrong = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > 500 {
            wrong.push(format!("{}: {lines} lines, at most 500", source.path));
        }
        if !source.text.starts_with("//!") && !source.text.starts_with("#!") {
            wrong.push(format!("{}: does not begin with a line `//!`", source.path));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn unsafe_code_lies_at_the_borders() {
    // The contract, both of its sides, the device, and the parts of the core that call tables.
    let borders = [
        "engine/abi/",
        "engine/sdk/",
        "engine/cuda/",
        "engine/testkit/",
        "engine/core/src/load/",
        // Settings of the C library's allocator.
        "engine/core/src/allocator.rs",
        "engine/core/src/run/",
        "engine/core/src/check/",
        // libtorch's autocast, which tch does not bind.
        "plugins/train/precision/",
        // One `Sync` for tensors that are only changed in the order that the engine keeps.
    ];
    let inside = |source: &Source| {
        !source.is_test() && !source.is_example() && !borders.iter().any(|start| source.path.starts_with(start))
    };
    none_has(&["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait"], inside);
}

#[test]
fn every_invariant_names_a_test_that_exists() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page is there");
    let claims: Vec<&str> = text.lines().filter(|line| line.starts_with("Checked by")).collect();
    let invariants = text.lines().filter(|line| line.starts_with("### I")).count();
    assert!(invariants >= 10, "only {invariants} invariants");
    assert_eq!(claims.len(), invariants, "each invariant has one line `Checked by`");
    let sources = sources();
    let mut absent = Vec::new();
    for word in claims.iter().flat_map(|line| line.split('`').skip(1).step_by(2)) {
        let (file, name) = word.split_once("::").unwrap_or((word, ""));
        let found = sources.iter().find(|source| source.path == file);
        let there = found.is_some_and(|source| name.is_empty() || source.text.contains(&format!("fn {name}(")));
        if !there {
            absent.push(word);
        }
    }
    assert!(absent.is_empty(), "not there: {absent:#?}");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for folder in ["docs", "docs/decisions"] {
        let entries = std::fs::read_dir(root().join(folder)).expect("the folder of pages");
        pages.extend(
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.extension().is_some_and(|end| end == "md")),
        );
    }
    let mut broken = BTreeSet::new();
    for page in &pages {
        let text = std::fs::read_to_string(page).expect("a page");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let outside = target.is_empty() || target.contains("://");
            if !outside && !page.parent().is_some_and(|folder| folder.join(target).exists()) {
                broken.insert(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn pages_show_files_as_they_are() {
    let mut shown = 0;
    for entry in std::fs::read_dir(root().join("docs")).expect("the folder of pages") {
        let path = entry.expect("an entry").path();
        let Ok(page) = std::fs::read_to_string(&path) else { continue };
        for part in page.split("<!-- snippet: ").skip(1) {
            let (file, rest) = part.split_once(" -->\n```").expect("a block follows the mark");
            let (_, block) = rest.split_once('\n').expect("the block begins on a line of its own");
            let block = block.split("\n```\n").next().expect("the block ends");
            let text = std::fs::read_to_string(root().join(file)).expect("the file that is shown");
            assert_eq!(block, text.trim_end(), "{}: {file} is another now; run `cargo xtask docs`", path.display());
            shown += 1;
        }
    }
    assert!(shown > 0, "no page shows a file");
}

/// No source that `counts` has one of `words` in its code.
fn none_has(words: &[&str], counts: impl Fn(&Source) -> bool) {
    let hits: Vec<String> = sources().iter().filter(|source| counts(source)).flat_map(|source| source.places(words)).collect();
    assert!(hits.is_empty(), "{hits:#?}");
}
