//! `dodnet.conditioning`: whether the network heeds its task, told after every validation.

use super::params::Tasks;
use crate::conditioning::{Coincidence, CollapseWatch, Conditioning as Measured};
use crate::data::values;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voxloom_sdk::prelude::*;

/// Tells two ways in which learning from partial labels fails: tasks whose masks coincide (the task's number is not heeded), and tasks whose masks stay empty (collapse).
#[derive(Params)]
pub struct ConditioningParams {
    /// The tasks, as the network has them.
    #[param(default = Tasks::mots())]
    pub tasks: Tasks,
    /// A score above it belongs to a mask.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub threshold: f64,
    /// Two tasks coincide when the mean Dice of their masks is above it.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub coincide_above: f64,
    /// A task is empty in a round when the mean score of all its channels is below it.
    #[param(default = 0.0001, min = 0.0, max = 1.0)]
    pub empty_below: f64,
    /// Rounds in a row after which an empty task counts as collapsed.
    #[param(default = 3, min = 1)]
    pub rounds: u32,
}

/// The module: it remembers for how many rounds each task has been empty.
pub struct Conditioning {
    params: ConditioningParams,
    watch: Mutex<CollapseWatch>,
}

impl Module for Conditioning {
    const NAME: &'static str = "dodnet.conditioning";
    type Params = ConditioningParams;

    fn entries() -> Vec<Entry> {
        let score = Port::volume("score").shape("[K, D, H, W]").gathered();
        let measure = Entry::gather()
            .partial()
            .named("measure")
            .about("Takes the scores of all tasks for every validation volume, and reports.")
            .writes();
        let report = "`overlap` (channel by channel, task × task: mean Dice), `coincide`, `mean_score`, `collapsed`, `ok`";
        vec![
            measure
                .input(score.about("probabilities of all tasks, task by task, each with its channels"))
                .output(Port::json("report").about(report)),
        ]
    }

    fn create(params: &ConditioningParams, _: &Context) -> Result<Self> {
        let params = ConditioningParams { tasks: params.tasks.clone(), ..*params };
        let watch = Mutex::new(CollapseWatch::new(params.tasks.len()));
        Ok(Self { params, watch })
    }

    fn extra(&self) -> Json {
        json!({ "empty_rounds": self.watch().streak })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        let found = extra["empty_rounds"].as_array().map(|list| list.iter().filter_map(Json::as_u64).map(|n| n as u32).collect());
        let streak: Vec<u32> = found.unwrap_or_default();
        if streak.len() != self.params.tasks.len() {
            return Err(Error::item(format!(
                "the file counts empty rounds of {} tasks, there are {}",
                streak.len(),
                self.params.tasks.len()
            )));
        }
        *self.watch() = CollapseWatch { streak };
        Ok(())
    }

    fn bind(self: &Arc<Self>, _: &str, _: &Json, _: voxloom_sdk::Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(gather(move |_| {
            let measured = Measured::new(this.params.tasks.len(), this.params.tasks.channels());
            Ok(Box::new(Round { module: Arc::clone(&this), measured }))
        }))
    }
}

/// One validation round.
struct Round {
    module: Arc<Conditioning>,
    measured: Measured,
}

impl Accumulator for Round {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        let score: Volume = call.input("score")?;
        let size = score.data.size();
        let rows = (self.module.params.tasks.len() * self.module.params.tasks.channels()) as i64;
        if size.first() != Some(&rows) || !self.measured.add(&values(&score.data), self.module.params.threshold as f32) {
            return Err(Error::item(format!(
                "`score` is {size:?}, expected [{rows}, D, H, W]: all tasks, each with its channels"
            )));
        }
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        let params = &self.module.params;
        let name = |task: usize| params.tasks.tasks()[task].name.as_str();
        let coincide = self.measured.coincidences(&|task, channel| params.labels(task, channel), params.coincide_above);
        for pair in &coincide {
            let (a, b) = (name(pair.tasks.0), name(pair.tasks.1));
            call.warn(&format!(
                "tasks `{a}` and `{b}` find the same (mean Dice of their masks {:.2}): the task is not heeded yet",
                pair.overlap
            ));
        }
        let mean_score: Vec<Vec<f64>> = (0..params.tasks.len()).map(|task| self.mean_scores(task)).collect();
        let highest: Vec<f64> = mean_score.iter().map(|scores| scores.iter().copied().fold(0.0, f64::max)).collect();
        let collapsed = match self.measured.volumes() {
            0 => Vec::new(),
            _ => self.module.watch().round(&highest, params.empty_below, params.rounds),
        };
        for &task in &collapsed {
            call.warn(&format!(
                "task `{}` has found nothing for {} rounds: it has collapsed; lower momentum or rate, or warm up",
                name(task),
                params.rounds
            ));
        }
        let pair = |pair: &Coincidence| json!({ "channel": pair.channel, "tasks": [name(pair.tasks.0), name(pair.tasks.1)], "overlap": pair.overlap });
        let report = json!({
            "volumes": self.measured.volumes(),
            "tasks": (0..params.tasks.len()).map(name).collect::<Vec<_>>(),
            "overlap": (0..params.tasks.channels()).map(|channel| self.overlap(channel)).collect::<Vec<_>>(),
            "coincide": coincide.iter().map(pair).collect::<Vec<_>>(),
            "mean_score": mean_score,
            "collapsed": collapsed.iter().map(|&task| name(task)).collect::<Vec<_>>(),
            "ok": coincide.is_empty() && collapsed.is_empty(),
        });
        call.output("report", report)
    }
}

impl Round {
    /// Task × task.
    fn overlap(&self, channel: usize) -> Vec<Vec<Option<f64>>> {
        let tasks = 0..self.module.params.tasks.len();
        tasks.clone().map(|a| tasks.clone().map(|b| self.measured.overlap(channel, a, b)).collect()).collect()
    }

    /// Of the channels that the task labels.
    fn mean_scores(&self, task: usize) -> Vec<f64> {
        let params = &self.module.params;
        let labelled = (0..params.tasks.channels()).filter(|&channel| params.labels(task, channel));
        labelled.map(|channel| self.measured.mean_score(task, channel)).collect()
    }
}

impl ConditioningParams {
    fn labels(&self, task: usize, channel: usize) -> bool {
        self.tasks.tasks()[task].channels.get(channel).is_some_and(Option::is_some)
    }
}

impl Conditioning {
    fn watch(&self) -> MutexGuard<'_, CollapseWatch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
