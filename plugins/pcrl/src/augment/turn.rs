//! The transformation between input and target: flips, then quarter turns in the plane of the first two spatial axes.

use crate::{Fault, Result};
use rand::Rng;
use tch::Tensor;
use voxloom_parts::spatial;

/// Which axes are flipped, and how often the plane of the first two is then turned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// One flag a spatial axis.
    pub flips: Vec<bool>,
    /// From the first spatial axis towards the second; 0 to 3.
    pub quarters: i64,
}

impl Turn {
    /// Each axis flipped half of the time, every number of quarter turns equally often.
    pub fn draw(axes: usize, rng: &mut impl Rng) -> Self {
        let flips = (0..axes).map(|_| rng.random_bool(0.5)).collect();
        Self { flips, quarters: rng.random_range(0..4) }
    }

    /// # Shapes
    /// - in:  `[…, a1, a2]` or `[…, a1, a2, a3]`, one axis a flag
    /// - out: the same
    ///
    /// # Errors
    /// An odd number of quarter turns of a plane that is no square.
    pub fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let first = x.dim() - self.flips.len();
        let (a1, a2) = (x.size()[first], x.size()[first + 1]);
        if a1 != a2 && self.quarters % 2 == 1 {
            let text = format!("a plane of {a1} × {a2} cannot be turned by 90 degrees; give square images");
            return Err(Fault::Shape { what: "image", text });
        }
        let flipped = spatial::flip(x, &self.flips);
        Ok(spatial::quarter_turns(&flipped, self.quarters, first as i64, first as i64 + 1).contiguous())
    }

    /// The flags, then a one-hot of the four turns: 6 numbers in 2D, 7 in 3D.
    pub fn indicator(&self) -> Tensor {
        let mut numbers: Vec<f32> = self.flips.iter().map(|flip| f32::from(u8::from(*flip))).collect();
        numbers.extend((0..4).map(|k| f32::from(u8::from(k == self.quarters))));
        Tensor::from_slice(&numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use tch::{Device, Kind};

    #[test]
    fn every_turn_is_drawn_and_told() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..400 {
            let turn = Turn::draw(2, &mut rng);
            let told = Vec::<f32>::try_from(turn.indicator()).unwrap();
            assert_eq!(told.iter().skip(2).sum::<f32>(), 1.0);
            seen.insert((turn.flips.clone(), turn.quarters));
        }
        assert_eq!(seen.len(), 16);
    }

    #[test]
    fn a_plane_that_is_no_square_is_refused_only_where_it_matters() {
        let x = Tensor::zeros([1, 4, 6], (Kind::Float, Device::Cpu));
        let turn = |quarters| Turn { flips: vec![true, false], quarters };
        assert_eq!(turn(2).apply(&x).unwrap().size(), [1, 4, 6]);
        let fault = turn(3).apply(&x).unwrap_err().to_string();
        assert_eq!(fault, "image: a plane of 4 × 6 cannot be turned by 90 degrees; give square images");
    }
}
