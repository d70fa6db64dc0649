//! Pages that show files: `<!-- snippet: path -->`, then a fenced block that holds the file as it is.

use crate::step::note;
use crate::tree::Tree;
use anyhow::{Context, Result, bail};
use std::fs;

const MARK: &str = "<!-- snippet: ";

/// Puts the files into the pages of `docs` that show them; a test of `tests/architecture` compares them.
///
/// # Errors
/// A file that a page shows is not there, or a block has no end.
pub fn refresh(tree: &Tree) -> Result<()> {
    for entry in fs::read_dir(tree.root.join("docs"))? {
        let path = entry?.path();
        if path.extension().is_none_or(|end| end != "md") {
            continue;
        }
        let page = fs::read_to_string(&path)?;
        let read = |file: &str| fs::read_to_string(tree.root.join(file)).with_context(|| format!("{}: {file}", path.display()));
        let fresh = filled(&page, &read).with_context(|| path.display().to_string())?;
        if fresh != page {
            fs::write(&path, fresh)?;
            note(&format!("{}: its snippets", path.display()));
        }
    }
    Ok(())
}

/// The page with every block filled anew.
fn filled(page: &str, read: &dyn Fn(&str) -> Result<String>) -> Result<String> {
    let mut text = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let Some(file) = line.strip_prefix(MARK).and_then(|rest| rest.strip_suffix(" -->")) else { continue };
        let Some(fence) = lines.next().filter(|fence| fence.starts_with("```")) else { bail!("no block follows `{line}`") };
        if !lines.by_ref().any(|line| line == "```") {
            bail!("the block of {file} has no end");
        }
        text.push_str(&format!("{fence}\n{}\n```\n", read(file)?.trim_end()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::filled;

    #[test]
    fn a_block_takes_the_file_and_the_rest_stays() {
        let page = "a\n<!-- snippet: x.rs -->\n```rust\nold\n```\nb\n";
        let fresh = filled(page, &|file| Ok(format!("new of {file}\n"))).expect("the page is well formed");
        assert_eq!(fresh, "a\n<!-- snippet: x.rs -->\n```rust\nnew of x.rs\n```\nb\n");
        assert!(filled("<!-- snippet: x.rs -->\nno block\n", &|_| Ok(String::new())).is_err());
    }
}
