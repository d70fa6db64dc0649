//! Which tasks there are, what each one's channels are called, which labels of a file they show, and how results are cleaned.
//!
//! All of it is data: a list in the pipeline file, or the name of a shipped table.

use crate::{Fault, Result};
use serde::Deserialize;
use serde_json::Value as Json;

/// The seven tasks of the MOTS benchmark (the paper's table of datasets, and its post-processing).
const MOTS: &str = include_str!("mots.json");

/// What one channel of a task shows.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    pub name: String,
    /// Values of a label file that belong to this channel.
    pub labels: Vec<i64>,
    /// Its value in a label volume of all tasks; without it, channels are counted from 1 through the table.
    #[serde(default)]
    pub value: Option<i64>,
    /// Keep the so many largest components.
    #[serde(default)]
    pub keep: Option<usize>,
    /// Of several components, remove those of at most so many voxels.
    #[serde(default)]
    pub drop_up_to: Option<usize>,
    /// Keep only what lies within another channel of the task, after that one was cleaned.
    #[serde(default)]
    pub within: Option<String>,
}

/// One task: what one kind of training data shows.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Task {
    pub name: String,
    /// In the order of the head's outputs; `null` where the data do not say.
    pub channels: Vec<Option<Channel>>,
}

impl Task {
    /// The channels that are labelled, with their place.
    pub fn labelled(&self) -> impl Iterator<Item = (usize, &Channel)> {
        self.channels.iter().enumerate().filter_map(|(place, channel)| Some((place, channel.as_ref()?)))
    }

    /// Whether a file's label value shows anything of this task.
    pub fn shows(&self, label: i64) -> bool {
        self.labelled().any(|(_, channel)| channel.labels.contains(&label))
    }

    /// Places of channels whose labels all belong to `channel` too (an organ's tumour), itself among them.
    pub fn parts_of(&self, channel: &Channel) -> Vec<usize> {
        let belongs = |other: &Channel| other.labels.iter().all(|label| channel.labels.contains(label));
        self.labelled().filter(|(_, other)| belongs(other)).map(|(place, _)| place).collect()
    }
}

/// All tasks of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskTable {
    tasks: Vec<Task>,
    channels: usize,
}

impl TaskTable {
    /// Reads a table: a list of tasks, or the name of a shipped one (`"mots"`).
    ///
    /// # Errors
    /// No such table, an unknown key, a task without labelled channel, a name used twice, or a `within` that names nothing.
    pub fn parse(json: &Json) -> Result<Self> {
        let fault = |text: String| Fault::Config { name: "tasks", text };
        let tasks: Vec<Task> = match json.as_str() {
            Some("mots") => serde_json::from_str(MOTS),
            Some(other) => return Err(fault(format!("no table is called `{other}`; there is `mots`, or give a list of tasks"))),
            None => serde_json::from_value(json.clone()),
        }
        .map_err(|error| {
            fault(format!("{error}; a task is {{\"name\": …, \"channels\": [{{\"name\": …, \"labels\": [1]}}]}}"))
        })?;
        let channels = tasks.iter().map(|task| task.channels.len()).max().unwrap_or(0);
        let table = Self { tasks, channels };
        table.check().map_err(fault)?;
        Ok(table)
    }

    /// The paper's seven tasks.
    ///
    /// # Errors
    /// Never: the table is part of the program; a test reads it.
    pub fn mots() -> Result<Self> {
        Self::parse(&Json::from("mots"))
    }

    fn check(&self) -> Result<(), String> {
        if self.tasks.is_empty() {
            return Err("there must be at least one task".into());
        }
        for (place, task) in self.tasks.iter().enumerate() {
            if task.labelled().count() == 0 {
                return Err(format!("task `{}` has no labelled channel", task.name));
            }
            if self.tasks[..place].iter().any(|other| other.name == task.name) {
                return Err(format!("two tasks are called `{}`", task.name));
            }
            for (place, channel) in task.labelled() {
                let Some(within) = &channel.within else { continue };
                if !task.labelled().any(|(other, channel)| other < place && channel.name == *within) {
                    return Err(format!(
                        "channel `{}` is within `{within}`, which is no earlier channel of task `{}`",
                        channel.name, task.name
                    ));
                }
            }
        }
        Ok(())
    }

    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Number of tasks, T.
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Never: a table has at least one task.
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Channels of each task's head, C.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The number of a task that is given by name or by number.
    ///
    /// # Errors
    /// No such task.
    pub fn find(&self, wanted: &Json) -> Result<usize> {
        let found = match (wanted.as_str(), wanted.as_u64()) {
            (Some(name), _) => self.tasks.iter().position(|task| task.name == name),
            (_, Some(number)) => usize::try_from(number).ok().filter(|number| *number < self.len()),
            _ => None,
        };
        found.ok_or_else(|| {
            let names: Vec<&str> = self.tasks.iter().map(|task| task.name.as_str()).collect();
            Fault::Config {
                name: "task",
                text: format!("no task {wanted}; there are 0 to {}: {}", self.len() - 1, names.join(", ")),
            }
        })
    }

    /// Several tasks by name or number; all of them, in order, where none are given.
    ///
    /// # Errors
    /// No such task.
    pub fn choose(&self, wanted: &[Json]) -> Result<Vec<usize>> {
        if wanted.is_empty() { Ok((0..self.len()).collect()) } else { wanted.iter().map(|task| self.find(task)).collect() }
    }

    /// Values in a label volume of all tasks: one for each channel of each task, `None` where it is not labelled.
    pub fn values(&self) -> Vec<Vec<Option<i64>>> {
        let mut next = 0;
        let mut value = |channel: &Channel| {
            next += 1;
            channel.value.unwrap_or(next)
        };
        self.tasks.iter().map(|task| task.channels.iter().map(|channel| channel.as_ref().map(&mut value)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_shipped_table_is_the_papers() {
        let table = TaskTable::mots().expect("the shipped table");
        assert_eq!((table.len(), table.channels()), (7, 2));
        assert_eq!(table.tasks().iter().map(|task| task.labelled().count()).sum::<usize>(), 11);
        assert_eq!(table.find(&json!("spleen")).expect("there is one"), 6);
        assert_eq!(table.values()[4], [None, Some(9)]);
        let liver = &table.tasks()[0];
        assert_eq!(liver.labelled().map(|(_, channel)| liver.parts_of(channel)).collect::<Vec<_>>(), [vec![0, 1], vec![1]]);
        let vessel = &table.tasks()[2];
        assert_eq!(vessel.labelled().map(|(_, channel)| vessel.parts_of(channel)).collect::<Vec<_>>(), [vec![0], vec![1]]);
    }

    #[test]
    fn one_channel_a_task_is_a_table_too() {
        let table = TaskTable::parse(&json!([
            {"name": "anterior", "channels": [{"name": "anterior", "labels": [1]}]},
            {"name": "posterior", "channels": [{"name": "posterior", "labels": [2]}]}
        ]));
        let table = table.expect("a table");
        assert_eq!((table.len(), table.channels(), table.values()), (2, 1, vec![vec![Some(1)], vec![Some(2)]]));
        assert!(table.tasks()[0].shows(1) && !table.tasks()[0].shows(2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fault = |json: Json| TaskTable::parse(&json).expect_err("it is wrong").to_string();
        assert_eq!(fault(json!("most")), "tasks: no table is called `most`; there is `mots`, or give a list of tasks");
        assert!(
            fault(json!([{"name": "a", "chanels": []}]))
                .starts_with("tasks: unknown field `chanels`, expected `name` or `channels`")
        );
        assert_eq!(fault(json!([{"name": "a", "channels": [null]}])), "tasks: task `a` has no labelled channel");
        let within = json!([{"name": "a", "channels": [{"name": "b", "labels": [1], "within": "c"}]}]);
        assert_eq!(fault(within), "tasks: channel `b` is within `c`, which is no earlier channel of task `a`");
        let found = TaskTable::mots().expect("the shipped table").find(&json!(7)).expect_err("there are seven").to_string();
        assert_eq!(found, "task: no task 7; there are 0 to 6: liver, kidney, hepatic vessel, pancreas, colon, lung, spleen");
    }
}
