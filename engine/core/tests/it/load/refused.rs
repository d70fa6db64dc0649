//! Libraries that are no plugin of this program: each is one clear message, none takes the program down.

use super::{compile, find, folder, plain, refusal};
use std::time::{Duration, Instant};
use voxloom_core::load::{Config, Fault, Libtorch, Plugins};

/// Compiles the plain plugin with `macros` and returns why it is refused.
fn refused(name: &str, macros: &[&str]) -> String {
    let file = folder(name).join("it.so");
    plain(&file, macros);
    refusal(&file)
}

#[test]
fn a_good_plugin_is_taken() {
    let file = folder("good").join("it.so");
    plain(&file, &[]);
    let plugins = find(&[file]);
    assert!(plugins.skipped().is_empty(), "{}", plugins.skipped()[0]);
    let library = plugins.library("plain").expect("the plugin");
    assert_eq!((library.manifest.version.as_str(), library.manifest.abi_minor), ("0.3.1", 7));
    assert_eq!(plugins.operators()["plain.echo"].description.about, "Hands its input on.");
}

#[test]
fn a_text_file() {
    let file = folder("text").join("it.so");
    std::fs::write(&file, "not a library").unwrap();
    let message = refusal(&file);
    assert!(message.starts_with("is not a plugin: not a shared library of this machine ("), "{message}");
}

#[test]
fn a_program() {
    let file = folder("object").join("it.o");
    compile("cc", "plain.c", &file, &["-c".into(), "-r".into()]);
    assert_eq!(refusal(&file), "is not a plugin: not a shared library of this machine (an object file or a program)");
}

#[test]
fn a_library_without_the_symbol() {
    assert_eq!(refused("no-symbol", &["NO_SYMBOL"]), "is not a plugin: it does not export `voxloom_plugin`");
}

#[test]
fn a_constant_of_something_else() {
    let message = refused("magic", &["MAGIC={'V','O','X','E','L','S','!',0}"]);
    assert_eq!(message, "is not a plugin: its `voxloom_plugin` does not begin with VOXLOOM");
}

#[test]
fn a_constant_that_is_too_short() {
    assert_eq!(
        refused("short", &["STRUCT_SIZE=24"]),
        "is not a plugin: its `voxloom_plugin` has struct_size 24, expected at least 80"
    );
}

#[test]
fn another_abi_major() {
    let message = refused("abi", &["ABI=2"]);
    assert_eq!(message, "was built for plugin ABI 2.7, this program has 1.1; rebuild it with this version's SDK or header");
}

#[test]
fn another_libtorch_even_where_its_symbols_are_missing() {
    let folder = folder("libtorch").canonicalize().unwrap();
    plain(&folder.join("it.so"), &["LIBTORCH=\"1.13.1\"", "UNRESOLVED"]);
    std::fs::create_dir_all(folder.join("torch/lib")).unwrap();
    std::fs::write(folder.join("torch/lib/libtorch_cpu.so"), "stands in for libtorch").unwrap();
    std::fs::write(folder.join("torch/version.py"), "from typing import Optional\n__version__ = '2.11.0+cpu'\n").unwrap();
    let libtorch = Some(Libtorch::at(&folder.join("torch")).unwrap());
    let plugins = Plugins::find(&Config { libtorch, ..Config::only(vec![folder.join("it.so")], super::scanner()) });
    let message = format!(
        "{0}/it.so: was built for libtorch 1.13.1, this program has 2.11.0+cpu ({0}/torch); rebuild it against that one, or set \
         VOXLOOM_LIBTORCH to a libtorch 1.13.1",
        folder.display()
    );
    assert_eq!(plugins.skipped()[0].to_string(), message);
}

#[test]
fn a_folder_that_is_no_libtorch() {
    let folder = folder("no-libtorch");
    assert_eq!(Libtorch::at(&folder).unwrap_err(), "it has no lib/libtorch_cpu.so");
    std::fs::create_dir_all(folder.join("lib")).unwrap();
    std::fs::write(folder.join("lib/libtorch_cpu.so"), "").unwrap();
    assert_eq!(Libtorch::at(&folder).unwrap_err(), "it has neither version.py nor build-version, which tell its version");
    std::fs::write(folder.join("build-version"), "2.11.0+cpu\n").unwrap();
    assert_eq!(Libtorch::at(&folder).unwrap().version, "2.11.0+cpu");
}

#[test]
fn a_constructor_that_crashes() {
    assert_eq!(refused("crash", &["CRASHES"]), "crashed while it was loaded (signal 11, SIGSEGV)");
}

#[test]
fn a_constructor_that_aborts_with_words() {
    let message = refused("abort", &["ABORTS"]);
    assert_eq!(message, "crashed while it was loaded (signal 6, SIGABRT); its last words: licence server not reached");
}

#[test]
fn a_constructor_that_ends_the_process() {
    assert_eq!(refused("exit", &["EXITS"]), "crashed while it was loaded (it ended the process with code 3)");
}

#[test]
fn a_constructor_that_hangs() {
    let file = folder("hang").join("it.so");
    plain(&file, &["HANGS"]);
    let start = Instant::now();
    let plugins = Plugins::find(&Config { timeout: Duration::from_millis(1500), ..Config::only(vec![file], super::scanner()) });
    assert!(matches!(plugins.skipped()[0].fault, Fault::Hung { .. }), "{}", plugins.skipped()[0]);
    assert!(plugins.skipped()[0].to_string().ends_with("did not finish loading within 1.5 s"), "{}", plugins.skipped()[0]);
    assert!(start.elapsed() < Duration::from_secs(20), "the child was waited for");
}

#[test]
fn an_unresolved_symbol() {
    assert_eq!(refused("unresolved", &["UNRESOLVED"]), "cannot be loaded: undefined symbol: a_function_of_another_version");
}

#[test]
fn a_needed_library_that_is_gone() {
    let folder = folder("needed");
    let needed = folder.join("libneeded.so");
    plain(&needed, &["NO_SYMBOL"]);
    compile("cc", "plain.c", &folder.join("it.so"), &["-Wl,--no-as-needed".into(), needed.display().to_string()]);
    std::fs::remove_file(&needed).unwrap();
    let message = refusal(&folder.join("it.so"));
    assert!(
        message.starts_with("cannot be loaded: ") && message.contains("libneeded.so: cannot open shared object file"),
        "{message}"
    );
}

#[test]
fn a_table_with_a_null_function() {
    assert_eq!(refused("null", &["NULL_RUN"]), "operator number 0: function `run` of its table is null");
}

#[test]
fn a_table_that_is_too_short() {
    assert_eq!(refused("table", &["TABLE_SIZE=40"]), "operator number 0: its table has struct_size 40, expected at least 144");
}

#[test]
fn an_operator_of_another_family() {
    let message = refused("family", &["OPERATOR=\"imaging.echo\""]);
    assert_eq!(message, "operator `imaging.echo`: its name must begin with `plain.`, the plugin's name and a dot");
}

#[test]
fn a_description_that_is_none() {
    let message = refused("description", &["DESCRIPTION=\"{}\""]);
    assert!(message.starts_with("operator `plain.echo`: its description is not understood: missing field `name`"), "{message}");
}

#[test]
fn a_library_that_prints_while_it_loads_is_understood() {
    let file = folder("talk").join("it.so");
    plain(&file, &["TALKS"]);
    assert!(find(&[file]).operators().contains_key("plain.echo"));
}

#[test]
fn a_folder_of_broken_libraries_leaves_the_good_one_usable() {
    let folder = folder("mixed");
    plain(&folder.join("a.so"), &["CRASHES"]);
    std::fs::write(folder.join("b.so"), "text").unwrap();
    plain(&folder.join("c.so"), &["ABI=9"]);
    plain(&folder.join("d.so"), &[]);
    std::fs::write(folder.join("notes.txt"), "not even a candidate").unwrap();
    let plugins = find(std::slice::from_ref(&folder));
    assert_eq!(plugins.skipped().len(), 3);
    let echo = plugins.loaded("plain.echo").expect("found").expect("opened");
    assert!(plugins.library("plain").expect("found").is_open());
    assert_eq!(&*echo.plugin, "plain");
}
