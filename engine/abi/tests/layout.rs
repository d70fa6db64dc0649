//! Holds `include/voxloom.h` and the Rust types together: the C and the C++ compiler assert every size, alignment and offset.

use std::fmt::Write as _;
use std::mem::{align_of, offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;
use voxloom_abi::{
    ABI_MAJOR, ABI_MINOR, Context, Kind, MAGIC, ModuleRef, OperatorTable, PLUGIN_SYMBOL, Plugin, Sink, StateSink, Str, Value,
    ValueTable, status, type_id,
};

#[test]
fn c11_agrees_with_rust() {
    compile("cc", "layout.c", &["-std=c11"], &format!("{HEAD}{}{}", layout(), numbers()))
        .expect("voxloom.h and voxloom-abi differ");
}

#[test]
fn cpp17_agrees_with_rust() {
    let source =
        format!("{HEAD}#include <string_view>\n#define _Static_assert static_assert\n{}{}{}", layout(), numbers(), texts());
    compile("c++", "layout.cpp", &["-std=c++17"], &source).expect("voxloom.h and voxloom-abi differ");
}

#[test]
fn a_wrong_offset_is_told_in_the_compilers_words() {
    let source = format!("{HEAD}_Static_assert(offsetof(vx_str, len) == 4, \"vx_str.len moved\");\n");
    let told = compile("cc", "wrong.c", &["-std=c11"], &source).expect_err("a wrong offset compiled");
    assert!(told.contains("vx_str.len moved"), "{told}");
}

#[test]
fn the_conveniences_make_a_plugin() {
    let source = format!(
        "{HEAD}const vx_plugin voxloom_plugin = {{VX_PLUGIN_HEAD, 0, VX_STR(\"empty\"), VX_STR(\"0.1.0\"), VX_STR(\"\"), NULL}};\n\
         void say(const vx_sink *sink);\nvoid say(const vx_sink *sink) {{ vx_write(sink, \"hello\"); }}\n"
    );
    compile("cc", "empty.c", &["-std=c11"], &source).expect("the macros of voxloom.h do not compile as C11");
    compile("c++", "empty.cpp", &["-std=c++17"], &source).expect("the macros of voxloom.h do not compile as C++17");
}

/// Every number that a system may give; the last ones mean nothing to any.
const ERRNOS: std::ops::Range<i32> = 0..160;

#[test]
fn numbers_of_the_system_are_of_the_same_kind_in_c_and_rust() {
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("errno");
    let source = format!(
        "{HEAD}#include <stdio.h>\nint main(void) {{ for (int n = {}; n < {}; n++) printf(\"%d\\n\", (int)vx_kind_of_errno(n)); }}\n",
        ERRNOS.start, ERRNOS.end
    );
    compiled("cc", "errno.c", &["-std=c11", "-o", &program.to_string_lossy()], &source).expect("the header's function compiles");
    let told = Command::new(&program).output().expect("the program was just made");
    let in_c: Vec<Kind> =
        String::from_utf8_lossy(&told.stdout).lines().map(|line| Kind::of(line.parse().expect("a number"))).collect();
    let in_rust: Vec<Kind> = ERRNOS.map(|number| Kind::of_io(&std::io::Error::from_raw_os_error(number))).collect();
    let differ: Vec<i32> = ERRNOS.filter(|&n| in_c.get(n as usize) != in_rust.get(n as usize)).collect();
    assert_eq!(in_c.len(), in_rust.len());
    assert!(differ.is_empty(), "{differ:?}");
    // ENOSPC, ENOMEM, ENOENT, EIO, EISDIR.
    let some = [28, 12, 2, 5, 21].map(|number: usize| in_c[number]);
    assert_eq!(some, [Kind::Full, Kind::Exhausted, Kind::Unavailable, Kind::Unavailable, Kind::Other]);
}

#[test]
fn the_cpp_header_is_clean() {
    let source = "#include \"voxloom.hpp\"\nstruct Op { static constexpr const char *name = \"f.op\"; static constexpr const char *description = \"{}\";\n\
        explicit Op(const vx::json &) {} void run(vx::call &) const {} };\nVX_PLUGIN(\"f\", \"1\", \"\", &vx::map<Op>::table)\n";
    compile("c++", "header.cpp", &["-std=c++17"], source).expect("voxloom.hpp does not compile as C++17");
}

const HEAD: &str = "#include \"voxloom.h\"\n";

/// One line a field; the destructuring makes the Rust compiler refuse a list that misses one.
macro_rules! layout_of {
    ($text:ident, $type:ident as $c:literal { $($field:ident),+ }) => {{
        let _every_field_is_listed = |value: $type| { let $type { $($field: _),+ } = value; };
        assert_is($text, &format!("sizeof({})", $c), size_of::<$type>());
        assert_is($text, &format!("VX_ALIGNOF({})", $c), align_of::<$type>());
        $(assert_is($text, &format!("offsetof({}, {})", $c, stringify!($field)), offset_of!($type, $field));)+
    }};
}

fn layout() -> String {
    let mut lines = String::from("#ifdef __cplusplus\n#define VX_ALIGNOF alignof\n#else\n#define VX_ALIGNOF _Alignof\n#endif\n");
    let text = &mut lines;
    layout_of!(text, Str as "vx_str" { data, len });
    layout_of!(text, Sink as "vx_sink" { data, write });
    layout_of!(text, Value as "vx_value" { type_id, handle, table });
    layout_of!(text, ValueTable as "vx_value_table" {
        struct_size, reserved, clone, release, describe, nbytes, digest, rows, concat, split, json, n_fields, field
    });
    layout_of!(text, Context as "vx_context" {
        struct_size, lane, host, log, progress, cancelled, scratch, ability, seed, item, item_len, node, device, stream, threads, grad,
        reserved
    });
    layout_of!(text, ModuleRef as "vx_module_ref" { name, instance, table });
    layout_of!(text, StateSink as "vx_state_sink" { data, put });
    layout_of!(text, OperatorTable as "vx_operator" {
        struct_size, reserved, name, describe, check, create, destroy, bind, unbind, run, open, next, push, finish, close, state, save, load
    });
    layout_of!(text, Plugin as "vx_plugin" {
        magic, abi_major, abi_minor, struct_size, n_operators, name, version, libtorch, operators
    });
    lines
}

fn numbers() -> String {
    let mut lines = String::new();
    let text = &mut lines;
    for (name, number) in [
        ("VX_OK", status::OK),
        ("VX_END", status::END),
        ("VX_FAILED", status::FAILED),
        ("VX_INVALID", status::INVALID),
        ("VX_FATAL", status::FATAL),
        ("VX_CANCELLED", status::CANCELLED),
        ("VX_PANICKED", status::PANICKED),
        ("VX_POISONED", status::POISONED),
        ("VX_KINDS", status::KINDS),
        ("VX_UNAVAILABLE", Kind::Unavailable as i32),
        ("VX_EXHAUSTED", Kind::Exhausted as i32),
        ("VX_FULL", Kind::Full as i32),
    ] {
        assert_is(text, name, number.cast_unsigned() as usize);
    }
    assert_is(text, "VX_ABI_MAJOR", ABI_MAJOR as usize);
    assert_is(text, "VX_ABI_MINOR", ABI_MINOR as usize);
    assert_is(text, "sizeof(VX_MAGIC)", MAGIC.len());
    lines
}

/// Texts can be compared at compile time in C++ only.
fn texts() -> String {
    let magic = String::from_utf8_lossy(&MAGIC);
    let mut lines = String::new();
    for (name, text) in [
        ("VX_MAGIC", magic.trim_end_matches('\0')),
        ("VX_PLUGIN_SYMBOL", PLUGIN_SYMBOL),
        ("VX_TYPE_TENSOR", type_id::TENSOR),
        ("VX_TYPE_JSON", type_id::JSON),
        ("VX_TYPE_RECORD", type_id::RECORD),
    ] {
        writeln!(lines, "static_assert(std::string_view({name}) == \"{text}\", \"{name} is {text} in Rust\");")
            .expect("a String takes all");
    }
    lines
}

fn assert_is(lines: &mut String, expression: &str, number: usize) {
    writeln!(lines, "_Static_assert({expression} == {number}, \"{expression} is {number} in Rust\");")
        .expect("a String takes all");
}

/// Has `source` looked at; the error is what the compiler said.
fn compile(compiler: &str, name: &str, flags: &[&str], source: &str) -> Result<(), String> {
    compiled(compiler, name, &[flags, &["-fsyntax-only"]].concat(), source)
}

/// Compiles `source`, written beside the test's own files; the error is what the compiler said.
fn compiled(compiler: &str, name: &str, flags: &[&str], source: &str) -> Result<(), String> {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&file, source).map_err(|error| format!("{}: {error}", file.display()))?;
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let run = Command::new(compiler)
        .args(flags)
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I"])
        .arg(include)
        .arg(&file)
        .output()
        .map_err(|error| format!("{compiler} cannot be started: {error}"))?;
    if run.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&run.stderr).into_owned()) }
}
