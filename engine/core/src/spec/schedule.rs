//! The schedule, as written.

use super::fields::{Fields, wrong};
use super::{Content, Pair, Stage, StageKind, Tree, graphs};
use crate::fault::Faults;

const RUN_KEYS: [&str; 2] = ["run", "items"];
const SAVE_KEYS: [&str; 5] = ["save", "modules", "best", "higher", "patience"];

/// The stages; `None` for a file with one `graph`, which runs once.
pub(super) fn read(fields: &Fields, faults: &mut Faults) -> Option<Vec<Stage>> {
    if fields.pair("graphs").is_none() {
        for key in ["schedule", "rounds"] {
            if let (Some(pair), Some(_)) = (fields.pair(key), fields.pair("graph")) {
                faults
                    .error(pair.key_at, "", format!("`{key}` goes with `graphs`; one `graph` runs once"))
                    .hint("write \"graphs\": {\"name\": {…}} and name it in the schedule");
            }
        }
        return None;
    }
    if fields.pair("graph").is_some() {
        // Both are there, which is reported already.
        return None;
    }
    let Some(pair) = fields.pair("schedule") else {
        faults
            .error(fields.at, "", "key `schedule` is missing")
            .hint("a file with `graphs` says what runs when: \"schedule\": [{\"run\": \"train\"}]");
        return None;
    };
    let items = fields.list("schedule", faults)?;
    if items.is_empty() {
        faults.error(pair.key_at, "", "the schedule holds no stage");
    }
    Some(items.iter().enumerate().map(|(index, item)| stage(item, index, faults)).collect())
}

fn stage(tree: &Tree, index: usize, faults: &mut Faults) -> Stage {
    let about = super::about_stage(index);
    let kind = match &tree.content {
        Content::Map(pairs) => kind(tree, pairs, &about, faults),
        _ => wrong(tree, &about, "a stage", "an object", faults),
    };
    Stage { at: tree.at, kind: kind.unwrap_or(StageKind::Broken) }
}

fn kind(tree: &Tree, pairs: &[Pair], about: &str, faults: &mut Faults) -> Option<StageKind> {
    let has = |key: &str| pairs.iter().any(|pair| pair.key == key);
    match (has("run"), has("save")) {
        (true, true) => {
            faults.error(tree.at, about, "a stage has `run` or `save`, not both");
            None
        }
        (true, false) => {
            let fields = Fields::open(tree, about, &RUN_KEYS, faults)?;
            Some(StageKind::Run { graph: fields.text("run", faults)?, items: fields.tree("items").cloned() })
        }
        (false, true) => {
            let fields = Fields::open(tree, about, &SAVE_KEYS, faults)?;
            let modules = fields.list("modules", faults);
            Some(StageKind::Save {
                folder: fields.tree("save")?.clone(),
                modules: modules.map(|items| graphs::names(items, about, "modules", faults)),
                best: fields.text("best", faults),
                higher: fields.flag("higher", faults),
                patience: fields.tree("patience").cloned(),
            })
        }
        (false, false) => {
            let all: Vec<&str> = RUN_KEYS.into_iter().chain(SAVE_KEYS).collect();
            Fields::open(tree, about, &all, faults);
            faults.error(tree.at, about, "key `run` or `save` is missing");
            None
        }
    }
}
