//! `mrnet.expertness`: chosen weights of the raters.

use crate::expertness::{normalised, soft_truth};
use voxloom_sdk::prelude::*;

/// Weights of the raters as one chooses them, for every sample alike, brought to sum 1; and the soft truth under them.
#[derive(Params, Clone, Debug)]
#[param(check)]
pub struct Expertness {
    /// Raters of each image.
    #[param(default = 6, min = 2, max = 64)]
    pub raters: i64,
    /// A number a rater, none negative, one at least above 0; empty: all raters count alike.
    #[param(default = Vec::new())]
    pub weights: Vec<f64>,
}

impl Operator for Expertness {
    const NAME: &'static str = "mrnet.expertness";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("image").shape("[N, C, H, W]").about("says how many samples there are"))
            .output(Port::tensor("expertness").shape("[N, R]").dtype("float32").about("the weights"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let image: Tensor = call.input("image")?;
        let weights = Tensor::from_slice(&normalised(&self.weights, self.raters)?).to_device(call.device()?);
        call.output("expertness", weights.unsqueeze(0).repeat([image.size()[0], 1]))
    }
}

impl Expertness {
    fn check_relations(&self) -> Result<()> {
        normalised(&self.weights, self.raters).map(drop).map_err(|fault| Error::param("weights", fault.to_string()))
    }
}

/// The raters' masks by given weights: from 0 to 1, what a calibrated probability is held against.
#[derive(Params, Clone, Debug)]
pub struct SoftTruth {}

impl Operator for SoftTruth {
    const NAME: &'static str = "mrnet.soft_truth";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("masks").shape("[N, R, C, H, W]").about("the raters' masks, from 0 to 1"))
            .input(Port::tensor("expertness").shape("[N, R]").dtype("float32").about("weights, from `mrnet.expertness`"))
            .output(Port::tensor("target").shape("[N, C, H, W]").dtype("float32").about("the soft truth"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (masks, expertness): (Tensor, Tensor) = (call.input("masks")?, call.input("expertness")?);
        call.output("target", soft_truth(&masks, &expertness)?)
    }
}
