//! A mask of the voxels in a range.

use voxloom_sdk::prelude::*;

/// Marks the voxels whose value lies in a range: 1 inside, 0 outside.
#[derive(Params)]
pub struct Threshold {
    /// Lowest value that is marked.
    #[param(default = 0.0)]
    pub low: f64,
    /// Highest value that is marked; left out, there is no upper end.
    pub high: Option<f64>,
}

impl Operator for Threshold {
    const NAME: &'static str = "template.threshold";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("Of any element type."))
            .output(Port::volume("mask").dtype("uint8").about("On the grid of `volume`."))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        call.output("mask", volume.map(|voxels| threshold(voxels, self.low, self.high)))
    }
}

/// 1 where `low <= value <= high`.
fn threshold(voxels: &Tensor, low: f64, high: Option<f64>) -> Tensor {
    let above = voxels.ge(low);
    let inside = match high {
        Some(high) => above.logical_and(&voxels.le(high)),
        None => above,
    };
    inside.to_kind(Kind::Uint8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_count_as_inside() {
        let mask = threshold(&Tensor::from_slice(&[1.0, 2.0, 3.0, 4.0]), 2.0, Some(3.0));
        assert_eq!(Vec::<u8>::try_from(mask).unwrap(), [0, 1, 1, 0]);
    }
}
