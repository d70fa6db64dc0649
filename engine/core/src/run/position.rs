//! Where a run stands between two stages: what a save keeps besides the modules, and where a resumed run goes on.

use super::error::{RunError, file};
use crate::graph::Pipeline;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Name of the file that holds a position.
pub(crate) const FILE: &str = "run.json";

/// A moment between two stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Position {
    pub voxloom: String,
    pub abi: String,
    pub file_hash: String,
    pub seed: u64,
    /// The stage to run next.
    pub round: u64,
    pub stage: usize,
    /// By `graph/node` of a scatter at level 0: number of its next item.
    pub numbers: BTreeMap<String, u64>,
    /// By stage: the best save so far.
    pub best: BTreeMap<usize, BestSoFar>,
    /// Patience has run out: there is nothing left to do.
    pub over: bool,
    /// Names of the modules that were saved.
    pub modules: Vec<String>,
}

/// The best save of one stage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BestSoFar {
    pub value: f64,
    /// Saves since then.
    pub since: u64,
}

impl Position {
    /// Moves on to the next stage.
    pub fn advance(&mut self, stages: usize) {
        self.stage += 1;
        if self.stage >= stages {
            self.stage = 0;
            self.round += 1;
        }
    }

    /// Reads the position that a save stage left in `folder`, or in `last` within it; returns the folder, too.
    ///
    /// # Errors
    /// There is none, or it belongs to another pipeline.
    pub fn read(folder: &Path, pipeline: &Pipeline) -> Result<(Self, PathBuf), RunError> {
        let wrong = |message: String| RunError::Resume { folder: folder.into(), message };
        let found = [folder.to_owned(), folder.join("last")].into_iter().find(|place| place.join(FILE).is_file());
        let place = found.ok_or_else(|| wrong(format!("neither it nor `last` in it holds a {FILE}")))?;
        let text = std::fs::read(place.join(FILE)).map_err(file(place.join(FILE)))?;
        let position: Self = serde_json::from_slice(&text).map_err(|error| wrong(format!("{FILE}: {error}")))?;
        if position.stage >= pipeline.schedule.len() {
            let (found, stages) = (position.stage, pipeline.schedule.len());
            return Err(wrong(format!("it stands before stage {found}, but the schedule has {stages}")));
        }
        for name in &position.modules {
            if !pipeline.modules.iter().any(|module| &module.name == name) {
                return Err(wrong(format!("it holds module `{name}`, which the pipeline does not have")));
            }
        }
        Ok((position, place))
    }
}
