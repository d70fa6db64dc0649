//! `dodnet.postprocess`: label volumes cleaned by what is known of each organ.

use super::params::{Tasks, label_tensor, shape, single, whole};
use crate::postprocess::clean;
use voxloom_sdk::prelude::*;

/// Cleans a label volume by the tasks' own rules: keep the largest components, drop small ones, keep a tumour within its organ. Components touch across faces and edges.
#[derive(Params)]
pub struct Postprocess {
    /// The tasks with their rules: `keep`, `drop_up_to`, `within` of a channel.
    #[param(default = Tasks::mots())]
    pub tasks: Tasks,
    /// Tasks that are cleaned, by name or number; all of them where the list is empty. Other labels stay as they are.
    #[param(default = Vec::new())]
    pub show: Vec<Json>,
    /// The volume holds one task as the authors write it: channel c is c + 1.
    #[param(default = false)]
    pub compat: bool,
}

impl Operator for Postprocess {
    const NAME: &'static str = "dodnet.postprocess";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("labels, from `dodnet.labels`"))
            .output(Port::volume("volume").about("labels, cleaned"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let (data, shape) = (single(&volume, "volume")?, shape(&volume)?);
        let mut labels = whole(&data, "volume")?;
        for task in self.tasks.choose(&self.show).map_err(|fault| Error::param("show", fault))? {
            self.clean_task(task, &mut labels, shape);
        }
        call.output("volume", volume.with_data(label_tensor(&labels, &data.size()).to_kind(data.kind())))
    }
}

impl Postprocess {
    fn clean_task(&self, number: usize, labels: &mut [i64], shape: [usize; 3]) {
        let task = &self.tasks.tasks()[number];
        let mut values = self.tasks.values().swap_remove(number);
        if self.compat {
            values.iter_mut().enumerate().for_each(|(channel, value)| *value = value.map(|_| channel as i64 + 1));
        }
        let place = |label: i64| values.iter().position(|value| *value == Some(label));
        let own: Vec<u8> = labels.iter().map(|&label| place(label).map_or(0, |place| place as u8 + 1)).collect();
        let cleaned = clean(&own, shape, task);
        labels.iter_mut().zip(&own).filter(|(_, own)| **own > 0).for_each(|(label, _)| *label = 0);
        for (mask, value) in cleaned.iter().zip(&values) {
            let (Some(mask), Some(value)) = (mask, value) else { continue };
            labels
                .iter_mut()
                .zip(mask)
                .zip(&own)
                .filter(|((_, kept), own)| **kept && **own > 0)
                .for_each(|((label, _), _)| *label = *value);
        }
    }
}
