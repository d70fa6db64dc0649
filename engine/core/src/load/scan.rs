//! Scanning: what a library says of itself, asked in a child process the first time.

use super::library::{self, Offered};
use super::{Config, Fault, Libtorch, Manifest, child, manifest};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::Path;
use voxloom_abi::Sink;

/// All that is known of a library without opening it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Of the file's bytes, in hexadecimal; empty until the cache has read them.
    #[serde(default)]
    pub sha256: String,
    pub manifest: Manifest,
    pub operators: Vec<Offered>,
}

/// The child's part: opens the library in `file` and returns the line to print. The process may crash or hang meanwhile.
pub fn scan(file: &Path) -> String {
    child::answer(&match describe(file) {
        Ok(facts) => json!({ "facts": facts }),
        Err(fault) => json!({ "fault": fault.to_string() }),
    })
}

/// The parent's part: reads the constant, then asks a child for the descriptions.
pub(super) fn examine(file: &Path, config: &Config) -> Result<Facts, Fault> {
    let manifest = manifest::read(file)?;
    let torch = Libtorch::wanted(&manifest.libtorch, config.libtorch.as_ref())?;
    let mut answer = child::ask(&config.scanner, file, torch.as_ref(), config.timeout)?;
    if let Some(fault) = answer["fault"].as_str() {
        return Err(Fault::Reported(fault.to_owned()));
    }
    serde_json::from_value(answer["facts"].take())
        .map_err(|error| Fault::NoScanner(format!("its answer is not understood: {error}")))
}

fn describe(file: &Path) -> Result<Facts, Fault> {
    let manifest = manifest::read(file)?;
    if let Some(torch) = Libtorch::wanted(&manifest.libtorch, None)? {
        torch.open()?;
    }
    let tables = library::open(file)?;
    let operators = tables.iter().map(|table| {
        let mut text = String::new();
        // SAFETY: `open` saw that the table is complete; the sink lives until the call returns.
        unsafe { (table.describe)(&Sink::to(&mut text)) };
        Offered::read(table, &text, &manifest.name)
    });
    Ok(Facts { sha256: String::new(), operators: operators.collect::<Result<_, _>>()?, manifest })
}
