//! `seran.patches` and `seran.batches`: from pairs of volumes to training batches.

use super::params::{Grid, SliceAxis, expect_voxels};
use crate::patches::{Draw, draw};
use crate::slices::{divisor, regrid, slices};
use rand::seq::SliceRandom;
use voxloom_sdk::prelude::*;

/// Cuts random pairs of patches out of a coarse volume and its fine one, each pair flipped and transposed alike, in the network's range of intensities.
#[derive(Params)]
pub struct Patches {
    /// Pairs that are cut.
    #[param(default = 16, min = 1)]
    pub count: usize,
    /// Pixels of a coarse patch along each side.
    #[param(default = 48, min = 1)]
    pub size: i64,
    /// How much finer the fine volume is.
    #[param(default = 2, min = 2, max = 16)]
    pub scale: i64,
    /// Across which axis the volumes are cut into slices.
    #[param(default = SliceAxis::Z)]
    pub axis: SliceAxis,
    /// Reverse rows and columns at random.
    #[param(default = true)]
    pub flips: bool,
    /// Exchange rows and columns at random, too; not for pixels that are not square.
    #[param(default = true)]
    pub transpose: bool,
    /// The coarse volume's largest value becomes this one; the fine volume is divided by the same number.
    #[param(default = 255.0, above = 0.0)]
    pub data_range: f64,
    /// A patch is nearly empty when the standard deviation of its coarse side is not above this share of `data_range`.
    #[param(default = 0.01, min = 0.0, max = 1.0)]
    pub contrast: f64,
    /// How often a nearly empty patch is drawn, before it is taken as it is; 1 takes every place alike.
    #[param(default = 1, min = 1, max = 1000)]
    pub tries: usize,
}

impl Operator for Patches {
    const NAME: &'static str = "seran.patches";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("lr").about("coarse, as `seran.degrade` gives it"))
            .input(Port::volume("hr").about("fine"))
            .output(Port::tensor("lr").shape("[N, C, h, w]").dtype("float32").about("coarse patches"))
            .output(Port::tensor("hr").shape("[N, C, H, W]").dtype("float32").about("fine patches of the same places"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (lr, hr): (Volume, Volume) = (call.input("lr")?, call.input("hr")?);
        let (lr, hr) = self.cut(&lr, &hr, &mut call.rng())?;
        call.output("lr", lr)?;
        call.output("hr", hr)
    }
}

impl Patches {
    fn cut(&self, lr: &Volume, hr: &Volume, rng: &mut impl rand::Rng) -> Result<(Tensor, Tensor)> {
        expect_voxels(lr, "lr")?;
        expect_voxels(hr, "hr")?;
        if self.flips && Grid::of(None, lr) == Grid::Corner {
            let text = "must be off for a volume that was degraded with `corner` alignment: flipping moves the halves of a pair apart (degrade after flipping, or align by `center`)";
            return Err(Error::param("flips", text));
        }
        let axis = self.axis.of(&lr.affine);
        if self.flips && self.transpose {
            self.expect_square(&lr.affine, axis)?;
        }
        self.expect_pair(lr, hr, axis)?;
        let factor = self.data_range / divisor(&lr.data);
        let network = |volume: &Volume| slices(&volume.data, axis).to_kind(Kind::Float) * factor;
        let how = Draw {
            count: self.count,
            size: self.size,
            scale: self.scale,
            flips: self.flips,
            transpose: self.transpose,
            spread: self.contrast * self.data_range,
            tries: self.tries,
        };
        let pairs = draw(&network(lr), &network(hr), &how, rng);
        pairs.map_err(|fault| Error::from(fault).context(format_args!("case `{}`", lr.name())))
    }

    /// Pairs that lie half a voxel apart teach a shift; they cost decibels and nobody sees why.
    fn expect_pair(&self, lr: &Volume, hr: &Volume, axis: i64) -> Result<()> {
        let place = regrid(&lr.affine, axis, 1.0 / self.scale as f64, Grid::of(None, lr).alignment());
        let [d, h, w] = hr.size_zyx()?.map(|n| (n - 1) as f64);
        let apart = |corner: [f64; 3]| {
            let (a, b) = (place.index_to_world(corner), hr.affine.index_to_world(corner));
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
        };
        let finest = hr.affine.spacing_zyx().into_iter().fold(f64::INFINITY, f64::min);
        let apart = [[0.0; 3], [w, h, d]].map(apart).into_iter().fold(0.0, f64::max) / finest;
        // Headers hold float32.
        if apart <= 0.02 {
            return Ok(());
        }
        Err(Error::item(format!(
            "case `{}`: `hr` lies {apart:.2} fine voxels off the place of `lr`; a pair must show one place, as those of seran.degrade do",
            lr.name()
        )))
    }

    fn expect_square(&self, affine: &Affine, axis: i64) -> Result<()> {
        let mut spacing = affine.spacing_zyx().to_vec();
        spacing.remove(axis as usize);
        match (spacing[0] / spacing[1] - 1.0).abs() {
            // Headers hold float32, and scanners round.
            off if off < 1e-3 => Ok(()),
            _ => Err(Error::param("transpose", format!("must be off: pixels of {spacing:?} mm are not square"))),
        }
    }
}

/// Gives pairs of patches batch by batch; a rest that fills no batch is left out.
#[derive(Params)]
pub struct Batches {
    /// Pairs in a batch.
    #[param(default = 16, min = 1)]
    pub size: usize,
    /// Draws their order; otherwise they come as they are.
    #[param(default = true)]
    pub shuffle: bool,
}

impl Scatter for Batches {
    const NAME: &'static str = "seran.batches";

    fn entry() -> Entry {
        Entry::scatter()
            .input(Port::tensor("lr").shape("[N, C, h, w]").about("coarse patches of several volumes"))
            .input(Port::tensor("hr").shape("[N, C, H, W]").about("fine ones"))
            .output(Port::tensor("lr").shape("[n, C, h, w]").about("one batch"))
            .output(Port::tensor("hr").shape("[n, C, H, W]").about("one batch"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        let (lr, hr): (Tensor, Tensor) = (call.input("lr")?, call.input("hr")?);
        let (n, fine) = (lr.size()[0], hr.size()[0]);
        if n != fine {
            return Err(Error::item(format!("`lr` has {n} patches, `hr` has {fine}; they must be pairs")));
        }
        if n < self.size as i64 {
            return Err(Error::param("size", format!("must be at most the number of patches, {n}, got {}", self.size)));
        }
        let mut order: Vec<i64> = (0..n).collect();
        if self.shuffle {
            order.shuffle(&mut call.rng());
        }
        Ok(Box::new(Rest { lr, hr, order, size: self.size }))
    }
}

/// The patches that were not given yet.
struct Rest {
    lr: Tensor,
    hr: Tensor,
    order: Vec<i64>,
    size: usize,
}

impl Cursor for Rest {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        if self.order.len() < self.size {
            return Ok(false);
        }
        let places: Vec<i64> = self.order.drain(..self.size).collect();
        let places = Tensor::from_slice(&places).to_device(self.lr.device());
        call.output("lr", self.lr.f_index_select(0, &places)?)?;
        call.output("hr", self.hr.f_index_select(0, &places)?)?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::{Degrade, Method};
    use rand::SeedableRng;
    use voxloom_sdk::params::ParamType;

    fn volume(spacing: [f64; 3]) -> Volume {
        let data = (Tensor::arange(4 * 12 * 14, (Kind::Float, Device::Cpu)) * 0.37).sin().view([4, 12, 14]) + 2.0;
        Volume::new(data, Affine::upright(spacing, [0.0; 3]))
    }

    fn cut(patches: &Patches, (lr, hr): (Volume, Volume)) -> Result<(Tensor, Tensor)> {
        patches.cut(&lr, &hr, &mut rand_chacha::ChaCha8Rng::seed_from_u64(1))
    }

    #[test]
    fn patches_come_in_the_range_of_the_network() {
        let patches = Patches::parse(&json!({"size": 6, "count": 30, "data_range": 10})).unwrap();
        let degrade = Degrade::parse(&json!({})).unwrap();
        let (lr, hr) = cut(&patches, degrade.apply(&volume([1.0; 3])).unwrap()).unwrap();
        assert_eq!((lr.size(), hr.size()), (vec![30, 1, 6, 6], vec![30, 1, 12, 12]));
        // All 30 patches of 6 by 6 or 7 rows and columns cannot miss the largest value.
        assert!((lr.max().double_value(&[]) - 10.0).abs() < 1e-5);
        let gap = (crate::degrade::bicubic_down(&hr, 2) - &lr).narrow(2, 2, 2).narrow(3, 2, 2).abs().max();
        assert!(gap.double_value(&[]) < 1e-4, "a pair shows one place, and one divisor serves both");
    }

    #[test]
    fn a_pair_that_lies_apart_is_refused() {
        let patches = Patches::parse(&json!({"size": 4})).unwrap();
        let (lr, hr) = Degrade::parse(&json!({})).unwrap().apply(&volume([1.0; 3])).unwrap();
        let shifted = hr.with_grid(hr.data.shallow_clone(), hr.affine.shifted([0.0, 0.5, 0.0]));
        let fault = cut(&patches, (lr, shifted)).unwrap_err();
        assert!(fault.to_string().contains("`hr` lies 0.50 fine voxels off the place of `lr`"), "{fault}");
    }

    #[test]
    fn what_must_not_be_turned_is_refused() {
        let patches = Patches::parse(&json!({"size": 4})).unwrap();
        let corner =
            Degrade { method: Method::KSpace, ..Degrade::parse(&json!({"method": "k_space", "alignment": "corner"})).unwrap() };
        let fault = cut(&patches, corner.apply(&volume([1.0; 3])).unwrap()).unwrap_err();
        assert!(fault.to_string().starts_with("flips must be off for a volume that was degraded with `corner`"), "{fault}");
        let degrade = Degrade::parse(&json!({})).unwrap();
        let fault = cut(&patches, degrade.apply(&volume([1.0, 1.5, 1.0])).unwrap()).unwrap_err();
        assert_eq!(fault.to_string(), "transpose must be off: pixels of [3.0, 2.0] mm are not square");
        let upright = Patches { transpose: false, ..patches };
        assert!(cut(&upright, degrade.apply(&volume([1.0, 1.5, 1.0])).unwrap()).is_ok());
    }
}
