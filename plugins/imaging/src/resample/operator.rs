//! `imaging.resample`.

use super::{Alignment, AxisMap, Border, Interpolation, gaussian, resample, size_for_spacing};
use crate::place::{expect_placed, is_placed};
use crate::tensor::{elements, shape_of};
use tch::kind::Element;
use voxloom_sdk::prelude::*;

/// How values between voxels are found.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Nearest,
    Linear,
    Cubic,
}

/// What lies beyond the volume.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beyond {
    Edge,
    Constant,
    Mirror,
    Reflect,
}

/// Puts a volume on another grid: one of a given voxel size or shape over the same extent, or that of another volume.
#[derive(Params)]
#[param(check)]
pub struct Resample {
    /// Voxel size of the result along z, y, x. The shape becomes `round(n * old / new)`, at least 1; the achieved voxel size keeps the extent and is what the affine says.
    #[param(above = 0.0, unit = "mm")]
    pub spacing_mm: Option<[f64; 3]>,
    /// Voxels of the result along z, y, x, over the same extent.
    #[param(min = 1)]
    pub size: Option<[usize; 3]>,
    /// `nearest` keeps the element type and is the one for labels; `linear` and `cubic` (B-spline) give float32, float64 stays.
    #[param(default = Order::Linear)]
    pub interpolation: Order,
    /// What lies beyond the volume: the nearest voxel, `value`, or the volume mirrored at the centre (`mirror`) or the outer face (`reflect`) of its edge voxels.
    #[param(default = Beyond::Edge)]
    pub border: Beyond,
    /// For `border: constant`.
    #[param(default = 0.0)]
    pub value: f64,
    /// Smooths axes that get coarser first, by a Gaussian of (old / new - 1) / 2 voxels as scikit-image does. Not for `nearest`.
    #[param(default = false)]
    pub antialias: bool,
}

impl Resample {
    fn check_relations(&self) -> Result<()> {
        if self.spacing_mm.is_some() && self.size.is_some() {
            return Err(Error::param("size", "and spacing_mm both say how large the result is: give one of them"));
        }
        if self.antialias && self.interpolation == Order::Nearest {
            return Err(Error::param("antialias", "must be false for `interpolation: nearest`: smoothing mixes labels"));
        }
        if self.border != Beyond::Constant && self.value != 0.0 {
            return Err(Error::param("value", "is for `border: constant` alone"));
        }
        Ok(())
    }
}

impl Operator for Resample {
    const NAME: &'static str = "imaging.resample";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .input(
                Port::volume("like")
                    .optional()
                    .about("a volume whose grid is taken; its axes must run along the volume's, in any order and direction"),
            )
            .output(Port::volume("volume").about("with the header of `like` where that gives the grid, else without one"))
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let like: Option<Volume> = call.optional("like")?;
        let resampled = self.apply(&volume, like.as_ref(), call.threads())?;
        call.output("volume", resampled)
    }
}

impl Resample {
    /// `volume` on the new grid.
    ///
    /// # Errors
    /// No grid, two grids, or one whose axes are turned against the volume's.
    pub fn apply(&self, volume: &Volume, like: Option<&Volume>, threads: usize) -> Result<Volume> {
        let shape = shape_of(volume)?;
        if let Some(like) = like.filter(|like| is_placed(like) != is_placed(volume)) {
            let without = if is_placed(volume) { like } else { volume };
            expect_placed(without, "its grid and one in space do not belong together")?;
        }
        match (like, self.size, self.spacing_mm) {
            (Some(like), None, None) => {
                let alignment = Alignment::between((&volume.affine.0, shape), (&like.affine.0, shape_of(like)?))
                    .map_err(|fault| Error::item(format!("`volume` and `like`: {fault}")))?;
                let mut result = like.with_data(self.on(&volume.data, shape, &alignment, threads)?);
                result.meta.clone_from(&volume.meta);
                Ok(result)
            }
            (Some(_), ..) => Err(Error::item("the grid comes from `like`: leave size and spacing_mm away")),
            (None, None, None) => {
                Err(Error::item("nothing says what the new grid is: give spacing_mm or size, or connect `like`"))
            }
            (None, size, spacing) => {
                if spacing.is_some() {
                    expect_placed(volume, "give `size` instead of spacing_mm")?;
                }
                let old = volume.affine.spacing_zyx();
                let size = size.unwrap_or_else(|| size_for_spacing(shape, old, spacing.unwrap_or(old)));
                if size == shape {
                    return Ok(volume.with_data(self.typed(&volume.data)?));
                }
                let maps = std::array::from_fn(|axis| AxisMap::zoom(shape[axis], size[axis]));
                let data = self.on(&volume.data, shape, &Alignment { axes: [0, 1, 2], maps }, threads)?;
                Ok(volume.with_grid(data, volume.affine.scaled(maps.map(|map| map.step))))
            }
        }
    }

    fn on(&self, data: &Tensor, shape: [usize; 3], alignment: &Alignment, threads: usize) -> Result<Tensor> {
        if alignment.is_identity(shape) {
            return self.typed(data);
        }
        match (self.interpolation, data.kind()) {
            (Order::Nearest, _) => nearest(data, shape, alignment, self.border()),
            (_, Kind::Double) => self.weighed::<f64>(data, shape, alignment, threads),
            _ => self.weighed::<f32>(data, shape, alignment, threads),
        }
    }

    /// The voxels in the element type of the result.
    fn typed(&self, data: &Tensor) -> Result<Tensor> {
        match (self.interpolation, data.kind()) {
            (Order::Nearest, _) | (_, Kind::Double) => Ok(data.shallow_clone()),
            _ => Ok(data.f_to_kind(Kind::Float)?),
        }
    }

    fn border(&self) -> Border {
        match self.border {
            Beyond::Edge => Border::Edge,
            Beyond::Constant => Border::Constant(self.value),
            Beyond::Mirror => Border::Mirror,
            Beyond::Reflect => Border::Reflect,
        }
    }

    fn weighed<T>(&self, data: &Tensor, shape: [usize; 3], alignment: &Alignment, threads: usize) -> Result<Tensor>
    where
        T: super::Real + Element + Default,
    {
        let interpolation = if self.interpolation == Order::Cubic { Interpolation::Cubic } else { Interpolation::Linear };
        let sigma = alignment.maps.map(|map| if self.antialias { ((map.step.abs() - 1.0) / 2.0).max(0.0) } else { 0.0 });
        let channels = data.f_reshape([-1, shape[0] as i64, shape[1] as i64, shape[2] as i64])?;
        let mut parts = Vec::new();
        for channel in channels.f_unbind(0)? {
            let mut voxels: Vec<T> = elements(&channel)?;
            if sigma != [0.0; 3] {
                voxels = gaussian(&voxels, shape, sigma, 4.0, self.border(), threads);
            }
            let voxels = resample(&voxels, shape, &alignment.maps, interpolation, self.border(), threads);
            let part = Tensor::f_from_slice(&voxels)?.f_view(alignment.maps.map(|map| map.n as i64))?;
            parts.push(turned(&part, alignment)?);
        }
        if data.dim() == 3 { Ok(parts.swap_remove(0)) } else { Ok(Tensor::f_stack(&parts, 0)?) }
    }
}

/// Nearest voxels of any element type: rows, columns and planes are picked axis by axis.
fn nearest(data: &Tensor, shape: [usize; 3], alignment: &Alignment, border: Border) -> Result<Tensor> {
    let mut out = data.shallow_clone();
    for (axis, map) in alignment.maps.iter().enumerate() {
        let dimension = axis as i64 - 3;
        let picked: Vec<Option<usize>> = (0..map.n).map(|i| border.fold((map.at(i) + 0.5).floor() as i64, shape[axis])).collect();
        let index: Vec<i64> = picked.iter().map(|i| i.unwrap_or(0) as i64).collect();
        out = out.f_index_select(dimension, &Tensor::f_from_slice(&index)?)?;
        let outside: Vec<i64> = (0..).zip(&picked).filter(|(_, i)| i.is_none()).map(|(i, _)| i).collect();
        if let (false, Border::Constant(value)) = (outside.is_empty(), border) {
            out = out.f_index_fill(dimension, &Tensor::f_from_slice(&outside)?, value)?;
        }
    }
    turned(&out, alignment)
}

/// From the source's order of axes to the target's.
fn turned(data: &Tensor, alignment: &Alignment) -> Result<Tensor> {
    if alignment.axes == [0, 1, 2] {
        return Ok(data.shallow_clone());
    }
    let lead = data.dim() as i64 - 3;
    let mut order: Vec<i64> = (0..lead + 3).collect();
    for (source, &target) in alignment.axes.iter().enumerate() {
        order[lead as usize + target] = lead + source as i64;
    }
    Ok(data.f_permute(&order)?.f_contiguous()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn operator(params: Json) -> Resample {
        Resample::parse(&params).expect("the parameters are right")
    }

    fn volume() -> Volume {
        let data = Tensor::arange(4 * 6 * 8, (Kind::Int16, Device::Cpu)).view([4, 6, 8]);
        Volume {
            header: Some(Tensor::from_slice(&[7u8])),
            ..Volume::new(data, Affine::upright([0.5, 1.0, 3.0], [10.0, 20.0, 30.0]))
        }
    }

    #[test]
    fn the_extent_stays_and_the_affine_says_the_achieved_size() {
        let out = operator(json!({"spacing_mm": [1.5, 1.0, 1.4]})).apply(&volume(), None, 1).expect("a grid");
        assert_eq!((out.data.size(), out.data.kind(), out.header.is_none()), (vec![8, 6, 3], Kind::Float, true));
        let corners = |volume: &Volume, zyx: [f64; 3]| volume.affine.index_to_world([zyx[2], zyx[1], zyx[0]]);
        assert_eq!(corners(&out, [-0.5; 3]), corners(&volume(), [-0.5; 3]));
        let (a, b) = (corners(&out, [7.5, 5.5, 2.5]), corners(&volume(), [3.5, 5.5, 7.5]));
        assert!((0..3).all(|axis| (a[axis] - b[axis]).abs() < 1e-12), "{a:?} {b:?}");
    }

    #[test]
    fn the_same_grid_changes_nothing() {
        let out =
            operator(json!({"spacing_mm": [3, 1, 0.5], "interpolation": "nearest"})).apply(&volume(), None, 1).expect("a grid");
        assert_eq!((out.data, out.header.is_some()), (volume().data, true));
    }

    #[test]
    fn there_and_back_on_the_grid_of_another() {
        let fine = operator(json!({"size": [8, 12, 16], "interpolation": "nearest"})).apply(&volume(), None, 1).expect("a grid");
        let back = operator(json!({"interpolation": "nearest"})).apply(&fine, Some(&volume()), 1).expect("parallel");
        assert_eq!((back.data, back.affine, back.header.is_some()), (volume().data, volume().affine, true));
    }

    #[test]
    fn turned_over_grids_are_followed() {
        // The same voxels stored the other way: k and i swapped, j backwards.
        let data = volume().data.permute([2, 1, 0]).flip([1]).contiguous();
        let affine = Affine([[0.0, 0.0, 0.5, 10.0], [0.0, -1.0, 0.0, 25.0], [3.0, 0.0, 0.0, 30.0], [0.0, 0.0, 0.0, 1.0]]);
        let like = Volume::new(data.shallow_clone(), affine);
        for interpolation in ["nearest", "linear", "cubic"] {
            let out = operator(json!({"interpolation": interpolation})).apply(&volume(), Some(&like), 2).expect("parallel");
            let difference = (out.data.to_kind(Kind::Double) - data.to_kind(Kind::Double)).abs().max().double_value(&[]);
            assert!(difference < 1e-3, "{interpolation}: {difference}");
        }
    }

    #[test]
    fn channels_are_resampled_alike_and_outside_is_the_constant() {
        let stacked = volume().map(|data| Tensor::stack(&[data, &(data + 1000)], 0));
        let mut like = volume();
        like.affine = like.affine.shifted([2.0, 0.0, 0.0]);
        let out = operator(json!({"border": "constant", "value": -5})).apply(&stacked, Some(&like), 1).expect("parallel");
        assert_eq!(out.data.size(), [2, 4, 6, 8]);
        assert_eq!(out.data.double_value(&[1, 0, 0, 0]), 1096.0);
        assert_eq!(out.data.double_value(&[0, 3, 5, 7]), -5.0);
    }

    #[test]
    fn smoothing_takes_out_what_the_coarse_grid_cannot_hold() {
        let comb = Volume::new(Tensor::from_slice(&[0.0f32, 8.0].repeat(40)).view([1, 1, 80]), Affine::IDENTITY);
        let spread = |antialias: bool| {
            let out = operator(json!({"size": [1, 1, 16], "antialias": antialias})).apply(&comb, None, 1).expect("a grid").data;
            let inside = out.narrow(2, 2, 12);
            (inside.max() - inside.min()).double_value(&[])
        };
        assert!(spread(false) > 7.9 && spread(true) < 1e-3, "{} {}", spread(false), spread(true));
    }

    #[test]
    fn contradictions_are_refused() {
        for (params, message) in [
            (
                json!({"size": [1, 1, 1], "spacing_mm": [1, 1, 1]}),
                "size and spacing_mm both say how large the result is: give one of them",
            ),
            (
                json!({"antialias": true, "interpolation": "nearest"}),
                "antialias must be false for `interpolation: nearest`: smoothing mixes labels",
            ),
            (json!({"value": 3}), "value is for `border: constant` alone"),
        ] {
            assert_eq!(Resample::read(&params).err().map(|error| error.to_string()).as_deref(), Some(message));
        }
        let fault = operator(json!({})).apply(&volume(), None, 1).expect_err("no grid");
        assert_eq!(fault.to_string(), "nothing says what the new grid is: give spacing_mm or size, or connect `like`");
        let mut turned = volume();
        turned.affine.0[0][1] = 0.3;
        let fault = operator(json!({})).apply(&volume(), Some(&turned), 1).expect_err("oblique");
        assert!(fault.to_string().starts_with("`volume` and `like`: the axes of the two grids are not parallel"), "{fault}");
    }
}
