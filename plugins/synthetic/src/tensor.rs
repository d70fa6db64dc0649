//! `synthetic.tensor`.

use crate::numbers::fill;
use voxloom_sdk::prelude::*;

/// Makes a tensor of random numbers: floating types in [-1, 1), whole ones from 0 to `n_labels - 1`.
#[derive(Params)]
pub struct SyntheticTensor {
    /// Sizes.
    #[param(default = vec![2, 3], min = 0)]
    pub shape: Vec<i64>,
    /// Element type in PyTorch's words.
    #[param(default = "float32".to_owned())]
    pub dtype: String,
    /// How many different whole numbers there are.
    #[param(default = 2, min = 1)]
    pub n_labels: usize,
}

impl Operator for SyntheticTensor {
    const NAME: &'static str = "synthetic.tensor";

    fn entry() -> Entry {
        Entry::map().output(Port::tensor("tensor"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let tensor = fill(call, &self.shape, &self.dtype, self.n_labels)?;
        call.output("tensor", tensor)
    }
}
