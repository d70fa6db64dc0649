//! `synthetic.volume`.

use crate::numbers::fill;
use voxloom_sdk::prelude::*;

/// Makes a volume of random numbers: floating types in [-1, 1), whole ones from 0 to `n_labels - 1`.
#[derive(Params)]
pub struct SyntheticVolume {
    /// `[D, H, W]`, or `[C, D, H, W]`.
    #[param(default = vec![12, 14, 16], min = 1, min_len = 3, max_len = 4)]
    pub shape: Vec<i64>,
    /// Element type in PyTorch's words.
    #[param(default = "float32".to_owned())]
    pub dtype: String,
    /// How many different whole numbers there are.
    #[param(default = 2, min = 1)]
    pub n_labels: usize,
    /// Voxel size along z, y, x.
    #[param(default = [1.0, 1.0, 1.0], unit = "mm", above = 0.0)]
    pub spacing_mm: [f64; 3],
}

impl Operator for SyntheticVolume {
    const NAME: &'static str = "synthetic.volume";

    fn entry() -> Entry {
        Entry::map().output(Port::volume("volume"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let voxels = fill(call, &self.shape, &self.dtype, self.n_labels)?;
        let [z, y, x] = self.spacing_mm;
        let affine = Affine([[x, 0.0, 0.0, 0.0], [0.0, y, 0.0, 0.0], [0.0, 0.0, z, 0.0], [0.0, 0.0, 0.0, 1.0]]);
        let mut volume = Volume::new(voxels, affine);
        volume.meta.insert("name".into(), json!("synthetic"));
        call.output("volume", volume)
    }
}
