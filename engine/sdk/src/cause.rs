//! What people read of a failure: the cause, without the C++ stack that libtorch writes behind it.

use crate::kind::kind_of_torch;
use voxloom_abi::Kind;

/// Where libtorch's stack begins. A panic shows the text as a Rust literal, with the line's end written out.
const STACKS: [&str; 4] = ["\nException raised from", "\\nException raised from", "\nframe #0", "\\nframe #0"];

/// How a panic of `unwrap` on a libtorch call begins.
const UNWRAPPED: &str = "called `Result::unwrap()` on an `Err` value: Torch(\"";

/// `message` up to libtorch's stack; unchanged where it has none.
pub fn cause(message: &str) -> &str {
    let end = STACKS.iter().filter_map(|stack| message.find(stack)).min();
    end.map_or(message, |end| message[..end].trim_end())
}

/// The first line of a panic's message, without libtorch's stack and without Rust's words around libtorch's; and of what kind it is
/// where libtorch said it.
pub fn cause_of_panic(message: &str) -> (String, Kind) {
    let line = cause(message).lines().next().unwrap_or_default();
    match line.strip_prefix(UNWRAPPED) {
        Some(literal) => {
            let said = literal.trim_end_matches("\")").replace("\\\"", "\"").replace("\\n", " ");
            let kind = kind_of_torch(&said);
            (said, kind)
        }
        None => (line.to_owned(), Kind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_cut_and_other_lines_stay() {
        let torch =
            "Internal torch error: sizes differ\nException raised from f at x.cpp:1 (most recent call first):\nframe #0: g";
        assert_eq!(cause(torch), "Internal torch error: sizes differ");
        assert_eq!(cause("two\nlines"), "two\nlines");
        assert_eq!(cause("no such op\nframe #0: g"), "no such op");
    }

    #[test]
    fn a_panic_says_what_libtorch_said() {
        let message = r#"called `Result::unwrap()` on an `Err` value: Torch("\"a\" is\nwrong\nException raised from f at x.cpp:1\nframe #0: g")"#;
        assert_eq!(cause_of_panic(message), ("\"a\" is wrong".into(), Kind::Other));
        assert_eq!(cause_of_panic("called `Result::unwrap()` on an `Err` value: Torch(\"short\")").0, "short");
        assert_eq!(cause_of_panic("thirteen rows\nand more").0, "thirteen rows");
    }

    #[test]
    fn a_panic_for_memory_is_of_that_kind_where_libtorch_said_it() {
        let memory = "called `Result::unwrap()` on an `Err` value: Torch(\"DefaultCPUAllocator: can't allocate memory\")";
        assert_eq!(cause_of_panic(memory).1, Kind::Exhausted);
        assert_eq!(cause_of_panic("out of memory.nii is no volume").1, Kind::Other);
    }
}
