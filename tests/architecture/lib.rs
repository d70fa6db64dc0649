//! Reads the repository for its architecture tests: packages with their dependencies, sources with what counts in them.

use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("tests/architecture lies in the repository")
}

/// Packages of the workspace and all that they need, from `cargo metadata`.
pub struct Packages {
    pub members: BTreeSet<String>,
    /// Members below `plugins/`.
    pub plugins: BTreeSet<String>,
    /// Direct dependencies by package, without those of tests and build scripts.
    needs: BTreeMap<String, BTreeSet<String>>,
}

impl Packages {
    pub fn read() -> Self {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .current_dir(root())
            .args(["metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"])
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
        let metadata: Json = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
        let names: BTreeMap<&str, String> =
            list(&metadata["packages"]).map(|package| (text(&package["id"]), text(&package["name"]).to_owned())).collect();
        let name = |id: &Json| names[text(id)].clone();
        let below = root().join("plugins");
        let plugins =
            list(&metadata["packages"]).filter(|package| Path::new(text(&package["manifest_path"])).starts_with(&below));
        let plugins = plugins.map(|package| text(&package["name"]).to_owned()).collect();
        let needs = list(&metadata["resolve"]["nodes"]).map(|node| {
            let normal = list(&node["deps"]).filter(|dep| list(&dep["dep_kinds"]).any(|kind| kind["kind"].is_null()));
            (name(&node["id"]), normal.map(|dep| name(&dep["pkg"])).collect())
        });
        Self { plugins, needs: needs.collect(), members: list(&metadata["workspace_members"]).map(name).collect() }
    }

    /// The members of the workspace that a package names itself.
    pub fn members_of(&self, package: &str) -> BTreeSet<String> {
        self.needs[package].intersection(&self.members).cloned().collect()
    }

    /// All that a package needs, near and far.
    pub fn all_of(&self, package: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![package.to_owned()];
        while let Some(next) = open.pop() {
            for need in self.needs.get(&next).into_iter().flatten() {
                if found.insert(need.clone()) {
                    open.push(need.clone());
                }
            }
        }
        found
    }
}

/// One Rust source file.
pub struct Source {
    /// From the root of the repository.
    pub path: String,
    pub text: String,
}

impl Source {
    /// Lines of the program itself with their numbers: comments and the tests at the file's end left out.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        numbered
            .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    /// Places where the program has one of `words`: `path:line: text`.
    pub fn places(&self, words: &[&str]) -> Vec<String> {
        let hits = self.code().filter(|(_, line)| words.iter().any(|word| has_word(line, word)));
        hits.map(|(number, line)| format!("{}:{number}: {}", self.path, line.trim())).collect()
    }

    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.starts_with("tests/")
    }

    pub fn is_example(&self) -> bool {
        self.path.contains("/examples/") || self.path.contains("/benches/")
    }
}

/// Every Rust source of engine, plugins and tests.
pub fn sources() -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> = ["engine", "plugins", "tests"].iter().map(|name| root.join(name)).collect();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of the folder").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                let path = path.strip_prefix(&root).expect("it lies below the root").to_string_lossy().into_owned();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 50, "only {} sources were found", found.len());
    found
}

/// True where `word` stands in `line` and is no part of a longer name.
fn has_word(line: &str, word: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts = !word.starts_with(is_name) || !before.is_some_and(is_name);
        let ends = !word.ends_with(is_name) || !after.is_some_and(is_name);
        starts && ends
    })
}

fn list(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Source, has_word};

    #[test]
    fn words_are_told_from_parts_of_words() {
        assert!(has_word("    println!(\"x\")", "println!"));
        assert!(!has_word("    eprintln!(\"x\")", "println!"));
        assert!(has_word("x.unwrap()", ".unwrap()"));
        assert!(!has_word("x.unwrap_or(1)", ".unwrap()"));
    }

    #[test]
    fn tests_at_the_end_and_comments_are_no_code() {
        let text = "// .unwrap()\nfn f() {}\n#[cfg(test)]\nmod tests { fn g() { x.unwrap() } }\n".to_owned();
        let source = Source { path: "a.rs".into(), text };
        assert!(source.places(&[".unwrap()"]).is_empty());
        assert_eq!(source.places(&["fn"]), ["a.rs:2: fn f() {}"]);
    }
}
