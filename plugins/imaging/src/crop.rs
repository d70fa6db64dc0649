//! `imaging.crop` and `imaging.uncrop`: parts of volumes, and back onto the whole.

use crate::metrics::bounding_box;
use crate::resample::Alignment;
use crate::tensor::{elements, expect_same_grid, shape_of};
use voxloom_sdk::prelude::*;

/// Cuts a box out of a volume: a given one, or the smallest one around a foreground. The affine moves with it.
#[derive(Params)]
#[param(check)]
pub struct Crop {
    /// First voxel of the box along z, y, x; given together with `size`, or neither.
    pub start: Option<[usize; 3]>,
    /// Voxels of the box along z, y, x.
    pub size: Option<[usize; 3]>,
    /// Foreground is every voxel above it. It is looked for in the input `mask` where that is connected (default 0 there), else in the volume.
    pub above: Option<f64>,
    /// Voxels around the foreground that stay, along z, y, x, as far as the volume reaches.
    #[param(default = [0, 0, 0])]
    pub margin: [usize; 3],
}

impl Crop {
    fn check_relations(&self) -> Result<()> {
        match (self.start, self.size, self.above) {
            (Some(_), None, _) => Err(Error::param("size", "is missing: a box has start and size")),
            (None, Some(_), _) => Err(Error::param("start", "is missing: a box has start and size")),
            (Some(_), Some(_), Some(_)) => Err(Error::param("above", "is for a foreground; a box is given by start and size")),
            (_, Some(size), _) if size.contains(&0) => Err(Error::param("size", format!("must be at least 1, got {size:?}"))),
            _ => Ok(()),
        }
    }
}

impl Operator for Crop {
    const NAME: &'static str = "imaging.crop";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .input(Port::volume("mask").optional().about("where the foreground is looked for; the same grid"))
            .output(Port::volume("volume").about("the box"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let mask: Option<Volume> = call.optional("mask")?;
        let cropped = self.apply(&volume, mask.as_ref())?;
        call.output("volume", cropped)
    }
}

impl Crop {
    /// The part of `volume` in the box.
    ///
    /// # Errors
    /// A box that reaches outside; no foreground; a mask on another grid.
    pub fn apply(&self, volume: &Volume, mask: Option<&Volume>) -> Result<Volume> {
        let shape = shape_of(volume)?;
        let (start, size) = match (self.start, self.size) {
            (Some(start), Some(size)) => (start, size),
            _ => self.around_foreground(volume, mask, shape)?,
        };
        if let Some(axis) = (0..3).find(|&axis| start[axis] + size[axis] > shape[axis]) {
            return Err(Error::param(
                "size",
                format!("a box from {start:?} of {size:?} reaches out of {shape:?} voxels along {}", ["z", "y", "x"][axis]),
            ));
        }
        if size == shape {
            return Ok(volume.with_data(volume.data.shallow_clone()));
        }
        Ok(volume.with_grid(cut(&volume.data, start, size)?.f_contiguous()?, volume.affine.shifted(start.map(|n| n as f64))))
    }

    fn around_foreground(&self, volume: &Volume, mask: Option<&Volume>, shape: [usize; 3]) -> Result<([usize; 3], [usize; 3])> {
        let (searched, above) = match (mask, self.above) {
            (Some(mask), above) => (mask, above.unwrap_or(0.0)),
            (None, Some(above)) => (volume, above),
            (None, None) => {
                return Err(Error::item("nothing says what to crop to: give start and size, or above, or connect `mask`"));
            }
        };
        expect_same_grid(("volume", volume), ("mask", searched))?;
        let mut inside = searched.data.f_gt(above)?;
        while inside.dim() > 3 {
            inside = inside.f_any_dim(0, false)?;
        }
        let bounds = bounding_box(&elements::<bool>(&inside)?, shape)
            .ok_or_else(|| Error::item(format!("there is no foreground: no voxel is above {above}")))?;
        let margin = self.margin;
        let start: [usize; 3] = std::array::from_fn(|axis| bounds[axis].0.saturating_sub(margin[axis]));
        let end: [usize; 3] = std::array::from_fn(|axis| (bounds[axis].1 + margin[axis]).min(shape[axis]));
        Ok((start, std::array::from_fn(|axis| end[axis] - start[axis])))
    }
}

/// Puts a volume back onto the grid of another one: undoes `imaging.crop` and `imaging.pad`. Both grids must have the same axes and voxel size and lie whole voxels apart.
#[derive(Params)]
pub struct Uncrop {
    /// Value of the voxels that the volume does not have.
    #[param(default = 0.0)]
    pub value: f64,
}

impl Operator for Uncrop {
    const NAME: &'static str = "imaging.uncrop";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .input(Port::volume("like").about("the grid to go back to"))
            .output(Port::volume("volume").about("the volume's values on the grid of `like`, with that one's header"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (volume, like): (Volume, Volume) = (call.input("volume")?, call.input("like")?);
        call.output("volume", self.apply(&volume, &like)?)
    }
}

impl Uncrop {
    /// The values of `volume` on the grid of `like`.
    ///
    /// # Errors
    /// Grids that are not whole voxels apart.
    pub fn apply(&self, volume: &Volume, like: &Volume) -> Result<Volume> {
        let (from, to) = (shape_of(volume)?, shape_of(like)?);
        let hint = "imaging.uncrop only moves whole voxels, imaging.resample with `like` interpolates";
        let alignment = Alignment::between((&volume.affine.0, from), (&like.affine.0, to))
            .map_err(|fault| Error::item(format!("{fault}: {hint}")))?;
        let first = alignment.maps.map(|map| map.at(0));
        let same = alignment.axes == [0, 1, 2]
            && (0..3)
                .all(|axis| (alignment.maps[axis].step - 1.0).abs() < 1e-4 && (first[axis] - first[axis].round()).abs() < 0.01);
        if !same {
            return Err(Error::item(format!("the grids are not whole voxels apart: {hint}")));
        }
        let first = first.map(|start| start.round() as i64);
        let start: [usize; 3] = first.map(|first| first.max(0) as usize);
        let end: [usize; 3] = std::array::from_fn(|axis| (first[axis] + to[axis] as i64).clamp(0, from[axis] as i64) as usize);
        let mut size = volume.data.size();
        let lead = size.len() - 3;
        (0..3).for_each(|axis| size[lead + axis] = to[axis] as i64);
        let out = Tensor::f_full(&size, self.value, (volume.data.kind(), volume.data.device()))?;
        if (0..3).all(|axis| start[axis] < end[axis]) {
            let extent: [usize; 3] = std::array::from_fn(|axis| end[axis] - start[axis]);
            let target: [usize; 3] = std::array::from_fn(|axis| (start[axis] as i64 - first[axis]) as usize);
            cut(&out, target, extent)?.f_copy_(&cut(&volume.data, start, extent)?)?;
        }
        let mut result = like.with_data(out);
        result.meta.clone_from(&volume.meta);
        Ok(result)
    }
}

/// A view of a box of the last three dimensions.
pub(crate) fn cut(data: &Tensor, start: [usize; 3], size: [usize; 3]) -> Result<Tensor> {
    let mut out = data.shallow_clone();
    for axis in 0..3 {
        out = out.f_narrow(axis as i64 - 3, start[axis] as i64, size[axis] as i64)?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn volume() -> Volume {
        let data = Tensor::arange(60, (Kind::Int16, Device::Cpu)).view([3, 4, 5]);
        Volume {
            header: Some(Tensor::from_slice(&[1u8])),
            ..Volume::new(data, Affine::upright([2.0, 3.0, 4.0], [10.0, 20.0, 30.0]))
        }
    }

    #[test]
    fn a_box_keeps_its_place_in_the_world() {
        let crop = Crop::parse(&json!({"start": [1, 0, 2], "size": [2, 3, 1]})).expect("right");
        let cropped = crop.apply(&volume(), None).expect("inside");
        assert_eq!(Vec::<i16>::try_from(cropped.data.reshape([-1])).expect("int16"), [22, 27, 32, 42, 47, 52]);
        assert_eq!(cropped.affine, Affine::upright([2.0, 3.0, 4.0], [14.0, 20.0, 34.0]));
        assert!(cropped.header.is_none());
        let back = Uncrop { value: -1.0 }.apply(&cropped, &volume()).expect("whole voxels apart");
        assert_eq!(back.affine, volume().affine);
        assert!(back.header.is_some());
        assert_eq!(back.data.int64_value(&[1, 2, 2]), 32);
        assert_eq!(back.data.f_eq(-1).expect("compares").sum(Kind::Int64).int64_value(&[]), 54);
    }

    #[test]
    fn foreground_is_found_in_the_volume_or_in_the_mask() {
        let crop = Crop::parse(&json!({"above": 57.5, "margin": [0, 1, 9]})).expect("right");
        assert_eq!(crop.apply(&volume(), None).expect("there is some").data.size(), [1, 2, 5]);
        let mask = volume().map(|data| data.eq(21));
        let crop = Crop::parse(&json!({})).expect("right");
        let cropped = crop.apply(&volume(), Some(&mask)).expect("there is some");
        assert_eq!((cropped.data.size(), cropped.data.int64_value(&[0, 0, 0])), (vec![1, 1, 1], 21));
        let fault = crop.apply(&volume(), Some(&volume().map(Tensor::zeros_like))).expect_err("an empty mask");
        assert_eq!(fault.to_string(), "there is no foreground: no voxel is above 0");
    }

    #[test]
    fn a_crop_to_everything_keeps_the_header() {
        let crop = Crop::parse(&json!({"above": -1.0})).expect("right");
        assert!(crop.apply(&volume(), None).expect("there is some").header.is_some());
    }

    #[test]
    fn wrong_boxes_are_refused() {
        let refused = |params: Json| Crop::read(&params).err().map(|error| error.to_string());
        assert_eq!(refused(json!({"start": [0, 0, 0]})).as_deref(), Some("size is missing: a box has start and size"));
        assert_eq!(
            refused(json!({"start": [0, 0, 0], "size": [1, 0, 1]})).as_deref(),
            Some("size must be at least 1, got [1, 0, 1]")
        );
        let crop = Crop::parse(&json!({"start": [0, 3, 0], "size": [1, 2, 1]})).expect("right");
        let fault = crop.apply(&volume(), None).expect_err("too far along y");
        assert_eq!(fault.to_string(), "size a box from [0, 3, 0] of [1, 2, 1] reaches out of [3, 4, 5] voxels along y");
    }

    #[test]
    fn only_whole_voxels_are_uncropped() {
        let mut half = volume();
        half.affine = half.affine.shifted([0.5, 0.0, 0.0]);
        let fault = Uncrop { value: 0.0 }.apply(&volume(), &half).expect_err("half a voxel");
        assert!(fault.to_string().starts_with("the grids are not whole voxels apart"), "{fault}");
    }
}
