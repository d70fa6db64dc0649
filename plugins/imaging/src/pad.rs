//! `imaging.pad`: volumes made larger.

use crate::resample::Border;
use crate::tensor::{is_whole, shape_of};
use voxloom_sdk::prelude::*;

/// What the new voxels hold.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    Constant,
    Edge,
    Mirror,
    Reflect,
}

/// Where the new voxels go.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    End,
    Both,
    Start,
}

/// Makes a volume larger: to a size at least, to multiples, or by a number of voxels. The affine moves with it; `imaging.uncrop` undoes it.
#[derive(Params)]
#[param(check)]
pub struct Pad {
    /// The result has at least so many voxels along z, y, x.
    #[param(default = [1, 1, 1], min = 1)]
    pub size: [usize; 3],
    /// The result's voxels along z, y, x are multiples of these.
    #[param(default = [1, 1, 1], min = 1)]
    pub multiple: [usize; 3],
    /// Voxels to add at least along z, y, x.
    #[param(default = [0, 0, 0])]
    pub by: [usize; 3],
    /// Where new voxels go: after the last one, on both sides (an odd one after the last), or before the first.
    #[param(default = Side::Both)]
    pub side: Side,
    /// What they hold: `value`, the nearest voxel (`edge`), or the volume mirrored at the centre (`mirror`) or the outer face (`reflect`) of its edge voxels.
    #[param(default = Fill::Constant)]
    pub fill: Fill,
    /// For `fill: constant`.
    #[param(default = 0.0)]
    pub value: f64,
}

impl Pad {
    fn check_relations(&self) -> Result<()> {
        if self.fill != Fill::Constant && self.value != 0.0 {
            return Err(Error::param("value", "is for `fill: constant` alone"));
        }
        Ok(())
    }
}

impl Operator for Pad {
    const NAME: &'static str = "imaging.pad";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .output(Port::volume("volume").about("the same element type"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        call.output("volume", self.apply(&volume)?)
    }
}

impl Pad {
    /// The larger volume.
    ///
    /// # Errors
    /// A value that the element type cannot hold.
    pub fn apply(&self, volume: &Volume) -> Result<Volume> {
        let shape = shape_of(volume)?;
        let added: [usize; 3] = std::array::from_fn(|axis| {
            let least = self.size[axis].max(shape[axis] + self.by[axis]);
            least.next_multiple_of(self.multiple[axis]) - shape[axis]
        });
        if added == [0; 3] {
            return Ok(volume.with_data(volume.data.shallow_clone()));
        }
        if is_whole(volume.data.kind()) && self.value.fract() != 0.0 {
            return Err(Error::param("value", format!("must be a whole number for voxels that are, got {}", self.value)));
        }
        let before = match self.side {
            Side::End => [0; 3],
            Side::Both => added.map(|n| n / 2),
            Side::Start => added,
        };
        let mut data = volume.data.shallow_clone();
        for axis in (0..3).filter(|&axis| added[axis] > 0) {
            data = self.along(&data, axis as i64 - 3, shape[axis], before[axis], added[axis])?;
        }
        Ok(volume.with_grid(data, volume.affine.shifted(before.map(|n| -(n as f64)))))
    }

    /// Every border is a choice of old voxels, so that all element types are served alike.
    fn along(&self, data: &Tensor, axis: i64, n: usize, before: usize, added: usize) -> Result<Tensor> {
        let border = match self.fill {
            Fill::Constant => {
                let mut size = data.size();
                let place = (size.len() as i64 + axis) as usize;
                size[place] = (n + added) as i64;
                let out = Tensor::f_full(&size, self.value, (data.kind(), data.device()))?;
                out.f_narrow(axis, before as i64, n as i64)?.f_copy_(data)?;
                return Ok(out);
            }
            Fill::Edge => Border::Edge,
            Fill::Mirror => Border::Mirror,
            Fill::Reflect => Border::Reflect,
        };
        let index: Vec<i64> =
            (0..(n + added) as i64).filter_map(|i| border.fold(i - before as i64, n)).map(|i| i as i64).collect();
        Ok(data.f_index_select(axis, &Tensor::from_slice(&index))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn padded(params: Json) -> Volume {
        let data = Tensor::from_slice(&[1i16, 2, 3]).view([1, 1, 3]);
        Pad::parse(&params).expect("right").apply(&Volume::new(data, Affine::upright([2.0; 3], [0.0; 3]))).expect("pads")
    }

    fn values(volume: &Volume) -> Vec<i16> {
        Vec::try_from(volume.data.reshape([-1])).expect("int16")
    }

    #[test]
    fn every_fill_and_side() {
        for (params, expected, origin) in [
            (json!({"size": [1, 1, 6]}), vec![0, 1, 2, 3, 0, 0], -2.0),
            (json!({"size": [1, 1, 5], "side": "end", "value": -7}), vec![1, 2, 3, -7, -7], 0.0),
            (json!({"multiple": [1, 1, 4], "side": "start", "fill": "edge"}), vec![1, 1, 2, 3], -2.0),
            (json!({"by": [0, 0, 4], "fill": "mirror"}), vec![3, 2, 1, 2, 3, 2, 1], -4.0),
            (json!({"by": [0, 0, 4], "fill": "reflect"}), vec![2, 1, 1, 2, 3, 3, 2], -4.0),
        ] {
            let out = padded(params.clone());
            assert_eq!(values(&out), expected, "{params}");
            assert_eq!(out.affine, Affine::upright([2.0; 3], [origin, 0.0, 0.0]), "{params}");
        }
    }

    #[test]
    fn large_enough_stays_as_it_is() {
        assert_eq!(values(&padded(json!({"size": [1, 1, 2]}))), [1, 2, 3]);
    }

    #[test]
    fn uncrop_undoes_it() {
        let small = padded(json!({}));
        let large = padded(json!({"by": [3, 2, 1], "value": 9}));
        assert_eq!(large.data.size(), [4, 3, 4]);
        let back = crate::crop::Uncrop { value: 0.0 }.apply(&large, &small).expect("whole voxels apart");
        assert_eq!((values(&back), back.affine), (values(&small), small.affine));
    }
}
