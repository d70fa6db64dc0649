//! From a volume to its slices: one item becomes many.

use voxloom_sdk::prelude::*;

/// Gives the slices of a volume one by one, from the first along the file's slowest axis.
#[derive(Params)]
pub struct Slices {
    /// Every how many slices one is given.
    #[param(default = 1, min = 1)]
    pub step: usize,
}

impl Scatter for Slices {
    const NAME: &'static str = "template.slices";

    fn entry() -> Entry {
        Entry::scatter()
            .input(Port::volume("volume").shape("[D, H, W]"))
            .output(Port::tensor("slice").shape("[H, W]"))
            .output(Port::json("index").about("Which slice it is, from 0."))
    }

    /// Opens a cursor: from here on the engine draws items as it needs them.
    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        let volume: Volume = call.input("volume")?;
        let [n_slices, ..] = volume.size_zyx()?;
        Ok(Box::new(Remaining { voxels: volume.data, indices: (0..n_slices).step_by(self.step) }))
    }
}

/// The slices that were not given yet.
struct Remaining {
    voxels: Tensor,
    indices: std::iter::StepBy<std::ops::Range<i64>>,
}

impl Cursor for Remaining {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        let Some(index) = self.indices.next() else { return Ok(false) };
        call.output("slice", self.voxels.select(0, index))?;
        call.output("index", json!(index))?;
        Ok(true)
    }
}
