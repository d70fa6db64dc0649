//! `dodnet.labels`: scores to labels on the input's grid.

use super::params::{Tasks, label_tensor, shape};
use crate::data::values;
use crate::inference::{self, LabelRule, paint};
use voxloom_imaging::resample::Alignment;
use voxloom_sdk::prelude::*;

/// Whose label a voxel gets that several tasks claim.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The task with the highest score.
    Strongest,
    /// The last of the list.
    Last,
}

/// Turns scores of one or more tasks into one label volume on the grid of the input, plane by plane. Within a task later channels win: a tumour lies over its organ.
#[derive(Params)]
pub struct Labels {
    /// The tasks, as the network has them.
    #[param(default = Tasks::mots())]
    pub tasks: Tasks,
    /// Tasks that the scores hold, in order, by name or number; all of them where the list is empty. As at the node that made the scores.
    #[param(default = Vec::new())]
    pub show: Vec<Json>,
    /// A score must be above it; equal is background.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub threshold: f64,
    /// Between tasks.
    #[param(default = Conflict::Strongest)]
    pub conflict: Conflict,
    /// As the authors' code, for one task at a time: channel c writes c + 1, whether it was trained or not, except the tumour of a task that has an organ only.
    #[param(default = false)]
    pub compat: bool,
}

impl Operator for Labels {
    const NAME: &'static str = "dodnet.labels";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("score").shape("[K, D, H, W]").about("probabilities, task by task, each with its channels"))
            .input(
                Port::volume("like")
                    .optional()
                    .about("whose grid and header the labels get (default: `score`); its axes must run along those of `score`"),
            )
            .output(Port::volume("volume").about("labels in the smallest type that holds them; `labels` of its meta names them"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let score: Volume = call.input("score")?;
        let like: Option<Volume> = call.optional("like")?;
        let like = like.unwrap_or_else(|| score.with_data(score.data.get(0)));
        let chosen = self.tasks.choose(&self.show).map_err(|fault| Error::param("show", fault))?;
        let rule_values: Vec<Vec<Option<i64>>> = chosen.iter().map(|&task| self.values(task)).collect();
        let expected = (chosen.len() * self.tasks.channels()) as i64;
        let size = score.data.size();
        if size.len() != 4 || size[0] != expected {
            let words = format!("`score` is {size:?}, expected [{expected}, D, H, W]");
            return Err(Error::item(format!("{words}: {} tasks of {} channels", chosen.len(), self.tasks.channels())));
        }
        let (source, target) = (shape(&score)?, shape(&like)?);
        let alignment = Alignment::between((&score.affine.0, source), (&like.affine.0, target))
            .map_err(|fault| Error::item(format!("`score` and `like`: {fault}")))?;
        let conflict = match self.conflict {
            Conflict::Strongest => inference::Conflict::Strongest,
            Conflict::Last => inference::Conflict::Last,
        };
        let rule = LabelRule { values: &rule_values, threshold: self.threshold as f32, conflict };
        // Plane by plane: the scores of a large volume are not copied whole.
        let plane = |z: usize| values(&score.data.narrow(1, z as i64, 1));
        let labels = paint(plane, source, &alignment, &rule);
        let mut volume = like.with_data(label_tensor(&labels, &target.map(|n| n as i64)));
        volume.meta.insert("labels".into(), self.names(&chosen));
        call.output("volume", volume)
    }
}

impl Labels {
    /// What each channel of a task writes, filled up to the head's channels.
    fn values(&self, task: usize) -> Vec<Option<i64>> {
        let channels = self.tasks.channels();
        let mut values = self.tasks.values().swap_remove(task);
        values.resize(channels, None);
        if self.compat {
            let last = values.iter().rposition(Option::is_some).unwrap_or(0);
            values = (0..channels).map(|channel| (channel <= last).then_some(channel as i64 + 1)).collect();
        }
        values
    }

    fn names(&self, chosen: &[usize]) -> Json {
        let mut names = JsonMap::new();
        for &task in chosen {
            let values = self.values(task);
            for (place, channel) in self.tasks.tasks()[task].labelled() {
                if let Some(value) = values[place] {
                    names.insert(value.to_string(), channel.name.as_str().into());
                }
            }
        }
        Json::Object(names)
    }
}
