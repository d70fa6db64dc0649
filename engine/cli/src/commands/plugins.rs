//! `voxloom plugins …`: what is installed, what one operator is, whether a library keeps the contract.

use crate::arguments::{Global, Plugins as Command};
use crate::exit::Exit;
use crate::rows::Row;
use crate::talk::{self, Talk};
use crate::{catalog, conformance, installed, table};
use anyhow::Result;
use serde_json::{Value as Json, json};
use voxloom_core::load::{Library, Plugins, scan};

pub fn plugins(command: &Command, global: &Global, talk: &Talk) -> Result<Exit> {
    match command {
        Command::List { json } => list(&installed::quietly(global)?, *json, talk),
        Command::Inspect { operator, json } => inspect(&installed::find(global, talk)?, operator, *json, talk),
        Command::Check { file, json } => conformance::check(file, *json, talk),
        Command::Conform { file } => conformance::conform(file, talk),
        Command::Catalog => {
            let plugins = installed::find(global, talk)?;
            talk::result(&catalog::catalog(plugins.operators().values().map(|operator| &*operator.description)))?;
            Ok(Exit::Done)
        }
        Command::Scan { file } => {
            talk::result(&scan(file))?;
            Ok(Exit::Done)
        }
    }
}

fn list(plugins: &Plugins, as_json: bool, talk: &Talk) -> Result<Exit> {
    if as_json {
        let skipped = plugins.skipped().iter();
        let skipped = skipped.map(|left| json!({ "file": left.file.to_string_lossy(), "reason": left.fault.to_string() }));
        let all = json!({
            "plugins": plugins.libraries().iter().map(|library| whole(library)).collect::<Vec<_>>(),
            "skipped": skipped.collect::<Vec<_>>(),
        });
        talk::result(&serde_json::to_string_pretty(&all)?)?;
        return Ok(Exit::Done);
    }
    for library in plugins.libraries() {
        let manifest = &library.manifest;
        let torch = if manifest.libtorch.is_empty() { String::new() } else { format!(", libtorch {}", manifest.libtorch) };
        talk::result(&format!("{} {}{torch}  {}", manifest.name, manifest.version, library.file.display()))?;
        let rows: Vec<Row> =
            library.operators.iter().map(|offered| row(&offered.description.name, &offered.description.about)).collect();
        talk::result(&table::plain(&rows, "  "))?;
    }
    for skipped in plugins.skipped() {
        talk.warn(&format!("left out: {skipped}"));
    }
    if plugins.libraries().is_empty() {
        talk.warn("no plugin was found; `cargo xtask build` puts those of the repository beside the program, `--plugins DIR` names others");
    }
    Ok(Exit::Done)
}

fn row(name: &str, about: &str) -> Row {
    let sentence = about.split_inclusive(". ").next().unwrap_or("").split_whitespace().collect::<Vec<_>>().join(" ");
    Row::from_iter([("name".to_owned(), Json::from(name)), ("about".to_owned(), Json::from(sentence))])
}

fn whole(library: &Library) -> Json {
    json!({
        "name": library.manifest.name,
        "version": library.manifest.version,
        "libtorch": library.manifest.libtorch,
        "file": library.file.to_string_lossy(),
        "sha256": library.sha256,
        "operators": library.operators.iter().map(|offered| &*offered.description).collect::<Vec<_>>(),
    })
}

fn inspect(plugins: &Plugins, name: &str, as_json: bool, talk: &Talk) -> Result<Exit> {
    let Some(operator) = plugins.operators().get(name) else {
        talk.error(&format!("no installed plugin holds an operator `{name}`; `voxloom plugins list` shows all"));
        return Ok(Exit::Usage);
    };
    if as_json {
        talk::result(&serde_json::to_string_pretty(&*operator.description)?)?;
    } else {
        talk::result(&catalog::operator(&operator.description))?;
    }
    Ok(Exit::Done)
}
