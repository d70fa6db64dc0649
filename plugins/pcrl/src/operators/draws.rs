//! `pcrl.draws`: the random numbers of one iteration.

use super::features::{draws_to_json, rows};
use crate::contrast::{self, Mixing};
use voxloom_sdk::prelude::*;

/// Draws, for one iteration, the shares in which features and images are mixed, and the order of the partners.
#[derive(Params)]
pub struct Draws {
    /// Blend the student's features with the teacher's; without it the blend is the student alone.
    #[param(default = true)]
    pub mix_features: bool,
    /// Mix the images of a batch with each other.
    #[param(default = true)]
    pub mix_images: bool,
    /// Show the batch to the teacher in another order. On one device this changes nothing but rounding.
    #[param(default = false)]
    pub shuffle: bool,
}

impl Operator for Draws {
    const NAME: &'static str = "pcrl.draws";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("batch").about("any tensor of the batch: its first axis counts the images"))
            .output(Port::json("draws").about("`shuffle`, `alpha1`, `lambda`, `index`, `alpha2`; shares are between 0.5 and 1"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let batch: Tensor = call.input("batch")?;
        let mixing = Mixing { features: self.mix_features, images: self.mix_images, shuffle: self.shuffle };
        let draws = contrast::Draws::new(rows(&batch, "batch")? as usize, mixing, &mut call.rng());
        call.output("draws", draws_to_json(&draws))
    }
}
