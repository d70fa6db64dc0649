//! `cargo xtask test`: set-up, build, all tests.

use crate::missing::Missing;
use crate::step::{cargo, note, run, say};
use crate::tree::Tree;
use crate::{build, machine};
use anyhow::Result;

/// How the names of tests begin that need a browser.
const BROWSER_TESTS: &str = "in_the_browser";

/// Builds, then runs every test of the workspace. `rest` goes to `cargo test` (a filter, for example).
///
/// Where there is no browser its tests are left out and that is the last thing said; with `CI` set, it is an error.
///
/// # Errors
/// Whatever set-up misses; a test that fails.
pub fn test(tree: &Tree, rest: &[String]) -> Result<()> {
    let missing = machine::browser().err();
    if let Some(missing) = missing.as_ref().filter(|_| is_ci()) {
        return Err(Missing::new(missing.what, &missing.sentence, &missing.remedy).into());
    }
    build::build_with_tests(tree)?;
    let mut command = cargo(tree);
    command.args(["test", "--release", "--locked", "--workspace", "--no-fail-fast"]);
    command.args(words(rest, missing.is_some()));
    let ran = run("All tests", &mut command);
    if let Some(missing) = missing {
        say(&format!("NOT TESTED: the tests `{BROWSER_TESTS}…` were left out"));
        note(&missing.sentence);
        note(&missing.remedy);
    }
    ran
}

/// The words for `cargo test`, without the tests that need a browser where there is none.
fn words(rest: &[String], without_browser: bool) -> Vec<String> {
    let mut words = rest.to_vec();
    if without_browser {
        if !rest.iter().any(|word| word == "--") {
            words.push("--".into());
        }
        words.extend(["--skip".into(), BROWSER_TESTS.into()]);
    }
    words
}

/// Where nobody reads the last lines.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn only_what_needs_a_browser_is_left_out() {
        let given = |words: &str| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&given("-p a b"), false), given("-p a b"));
        assert_eq!(words(&given("-p a b"), true), given("-p a b -- --skip in_the_browser"));
        assert_eq!(words(&given("b -- --exact"), true), given("b -- --exact --skip in_the_browser"));
    }
}
