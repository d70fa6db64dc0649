//! `dodnet.sample`: one training sample of a case that shows one task.

use super::params::{PatchSize, Range, Tasks, single};
use crate::data::{Draws, SampleRule, channels, cut, extent};
use voxloom_sdk::prelude::*;

/// Cuts one training sample: a window near the foreground of the case's task, now and then of another size, mirrored at random. Labels of other tasks stay hidden.
#[derive(Params)]
pub struct Sample {
    /// The tasks, as the network has them.
    #[param(default = Tasks::mots())]
    pub tasks: Tasks,
    /// Voxels of a sample along z, y, x; multiples of 16. The paper's is [64, 192, 192].
    pub size: PatchSize,
    /// How often a window of another size is cut and brought to `size`.
    #[param(default = 0.2, min = 0.0, max = 1.0)]
    pub zoom_probability: f64,
    /// The range of that other size, as a factor.
    #[param(default = Range([0.7, 1.4]))]
    pub zoom: Range,
    /// How often the window lies near the foreground; otherwise anywhere.
    #[param(default = 0.8, min = 0.0, max = 1.0)]
    pub foreground_probability: f64,
    /// Voxels around the foreground that windows may reach over.
    #[param(default = 32, min = 0)]
    pub margin: i64,
    /// How often each axis is mirrored.
    #[param(default = 0.5, min = 0.0, max = 1.0)]
    pub mirror_probability: f64,
    /// Image value beyond the end of a volume that is smaller than a window. The authors' code pads with water: 0.
    #[param(default = -1.0)]
    pub pad_value: f64,
    /// As the authors' code: a window may start so late that it comes out too short, and a resized image sees 0 outside.
    #[param(default = false)]
    pub compat: bool,
}

impl Operator for Sample {
    const NAME: &'static str = "dodnet.sample";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("image").about("a prepared image, [D, H, W]"))
            .input(Port::volume("label").about("its labels on the same grid"))
            .input(Port::of("case", "case").optional().about("whose `task` (name or number) says what the labels show"))
            .input(Port::json("task").optional().about("the task's name or number, instead of a case"))
            .output(Port::tensor("image").shape("[1, D, H, W]").dtype("float32"))
            .output(
                Port::tensor("label")
                    .shape("[C, D, H, W]")
                    .dtype("float32")
                    .about("0 or 1; -1 throughout a channel that the task does not label"),
            )
            .output(Port::json("task").about("the task's number"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (image, label): (Volume, Volume) = (call.input("image")?, call.input("label")?);
        if image.size_zyx()? != label.size_zyx()? {
            let sizes = (image.size_zyx()?, label.size_zyx()?);
            return Err(Error::item(format!("`label` has {:?} voxels, `image` has {:?}; prepare both alike", sizes.1, sizes.0)));
        }
        let number = self.task(call, &image)?;
        let task = &self.tasks.tasks()[number];
        let (image, label) = (single(&image, "image")?, single(&label, "label")?);
        let rule = self.rule();
        let draws = Draws::new(&rule, &mut call.rng());
        let (image, label) = cut(&rule, &draws, &image, &label, extent(&label, task));
        call.output("image", image.unsqueeze(0))?;
        call.output("label", channels(&label, task, self.tasks.channels()))?;
        call.output("task", json!(number))
    }
}

impl Sample {
    /// The task from the port, the case, the image's meta, or the only one that there is.
    fn task(&self, call: &Call, image: &Volume) -> Result<usize> {
        let from_case = || -> Result<Option<Json>> {
            let Some(case) = call.optional::<Record>("case")? else { return Ok(None) };
            Ok(case.get::<JsonMap>("meta", call)?.get("task").cloned())
        };
        let wanted = match call.optional::<Json>("task")? {
            Some(task) => Some(task),
            None => from_case()?.or_else(|| image.meta.get("task").cloned()),
        };
        match wanted {
            Some(task) => {
                self.tasks.find(&task).map_err(|fault| Error::item(fault).context(format_args!("case `{}`", image.name())))
            }
            None if self.tasks.len() == 1 => Ok(0),
            None => Err(Error::item(format!(
                "case `{}` does not say which task it shows: give it a `task`, or connect `task`",
                image.name()
            ))),
        }
    }

    fn rule(&self) -> SampleRule {
        SampleRule {
            size: self.size.0,
            zoom_probability: self.zoom_probability,
            zoom: self.zoom.0,
            foreground_probability: self.foreground_probability,
            margin: self.margin,
            mirror_probability: self.mirror_probability,
            pad_value: self.pad_value,
            compat: self.compat,
        }
    }
}
