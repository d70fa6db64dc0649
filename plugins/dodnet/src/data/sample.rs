//! One training sample: a window near the foreground, mirrored, now and then from another size.

use super::crop::starts;
use rand::Rng;
use tch::{Device, Kind, Tensor};
use voxloom_imaging::resample::{AxisMap, Border, Interpolation, nearest, resample};

/// How samples are cut; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct SampleRule {
    /// Size of a sample along D, H, W.
    pub size: [i64; 3],
    /// How often a window of another size is cut, to be brought to `size`.
    pub zoom_probability: f64,
    /// The range of that other size, as a factor.
    pub zoom: [f64; 2],
    /// How often the window lies near the foreground; otherwise anywhere.
    pub foreground_probability: f64,
    /// Voxels around the foreground that windows may reach over.
    pub margin: i64,
    /// How often each axis is mirrored.
    pub mirror_probability: f64,
    /// Image value beyond the end of a volume that is smaller than the window.
    pub pad_value: f64,
    /// As the authors' code: windows may come out too short, and a resized image sees 0 outside.
    pub compat: bool,
}

impl Default for SampleRule {
    fn default() -> Self {
        Self {
            size: [64, 192, 192],
            zoom_probability: 0.2,
            zoom: [0.7, 1.4],
            foreground_probability: 0.8,
            margin: 32,
            mirror_probability: 0.5,
            pad_value: -1.0,
            compat: false,
        }
    }
}

/// What chance decides about one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Draws {
    /// Size of the window as a factor; 1 where it is not zoomed.
    pub zoom: f64,
    pub foreground: bool,
    /// Where between the first and the last start along D, H, W: in [0, 1).
    pub place: [f64; 3],
    /// Along D, H, W.
    pub mirror: [bool; 3],
}

impl Draws {
    pub fn new(rule: &SampleRule, rng: &mut impl Rng) -> Self {
        let zoomed = rng.random::<f64>() < rule.zoom_probability;
        let zoom = rule.zoom[0] + (rule.zoom[1] - rule.zoom[0]) * rng.random::<f64>();
        Self {
            zoom: if zoomed { zoom } else { 1.0 },
            foreground: rng.random::<f64>() < rule.foreground_probability,
            place: std::array::from_fn(|_| rng.random()),
            mirror: std::array::from_fn(|_| rng.random::<f64>() < rule.mirror_probability),
        }
    }
}

/// Cuts a sample from an image and its label volume.
///
/// # Shapes
/// - in:  `image`, `label` `[D, H, W]`; `extent`: first and last index of the foreground along each, if there is any
/// - out: both `rule.size`; float32, labels as they came
pub fn cut(
    rule: &SampleRule,
    draws: &Draws,
    image: &Tensor,
    label: &Tensor,
    extent: Option<[(i64, i64); 3]>,
) -> (Tensor, Tensor) {
    let wanted = rule.size.map(|n| n as f64 * draws.zoom);
    let mut image = padded(&image.to_kind(Kind::Float), wanted, rule.pad_value);
    let mut label = padded(label, wanted, 0.0);
    for axis in 0..3 {
        let (n, size) = (image.size()[axis], (wanted[axis].trunc() as i64).max(1));
        let (low, high) = match extent {
            Some(extent) if draws.foreground => starts(n, size, extent[axis], rule.margin, rule.compat).foreground,
            _ => (0, n - size),
        };
        let start = (low + (draws.place[axis] * (high - low + 1) as f64).floor() as i64).min(n - 1);
        let length = size.min(n - start);
        (image, label) = (image.narrow(axis as i64, start, length), label.narrow(axis as i64, start, length));
    }
    let mirrored: Vec<i64> = (0..3).filter(|&axis| draws.mirror[axis as usize]).collect();
    (image, label) = (image.flip(mirrored.as_slice()), label.flip(mirrored.as_slice()));
    if draws.zoom == 1.0 {
        return (image.contiguous(), label.contiguous());
    }
    (resized(&image, rule, true), resized(&label, rule, false).to_kind(label.kind()))
}

/// Grown at the end of each axis to at least `size`, rounded up.
pub fn padded(volume: &Tensor, size: [f64; 3], value: f64) -> Tensor {
    let missing = |axis: usize| (size[axis].ceil() as i64 - volume.size()[axis]).max(0);
    let [d, h, w] = [missing(0), missing(1), missing(2)];
    if d + h + w == 0 {
        return volume.shallow_clone();
    }
    volume.pad([0, w, 0, h, 0, d], "constant", value)
}

/// Brought to the rule's size: an image linear and within its range, a label nearest.
fn resized(volume: &Tensor, rule: &SampleRule, image: bool) -> Tensor {
    let shape: [usize; 3] = std::array::from_fn(|axis| volume.size()[axis] as usize);
    let maps: [AxisMap; 3] = std::array::from_fn(|axis| AxisMap::zoom(shape[axis], rule.size[axis] as usize));
    let values = values(volume);
    if !image {
        return Tensor::from_slice(&nearest(&values, shape, &maps, Border::Edge, 0.0)).view(rule.size);
    }
    let border = if rule.compat { Border::Constant(0.0) } else { Border::Edge };
    let out = resample(&values, shape, &maps, Interpolation::Linear, border, 1);
    let (low, high) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    Tensor::from_slice(&out).view(rule.size).clamp(f64::from(low), f64::from(high))
}

/// A tensor's values in float32, row-major.
pub(crate) fn values(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous();
    let mut values = vec![0f32; flat.numel()];
    flat.copy_data(&mut values, flat.numel());
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn every_draw_gives_a_whole_sample() {
        let rule = SampleRule { size: [8, 16, 16], zoom_probability: 0.5, ..SampleRule::default() };
        let image = Tensor::arange(10 * 12 * 30, (Kind::Float, Device::Cpu)).view([10, 12, 30]);
        let label = image.gt(3500.0).to_kind(Kind::Uint8);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for _ in 0..50 {
            let draws = Draws::new(&rule, &mut rng);
            let (x, y) = cut(&rule, &draws, &image, &label, Some([(9, 9), (11, 11), (20, 29)]));
            assert_eq!((x.size(), y.size(), y.kind()), (vec![8, 16, 16], vec![8, 16, 16], Kind::Uint8));
            assert!(x.min().double_value(&[]) >= -1.0 && y.max().int64_value(&[]) <= 1);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_draws() {
        let draw = |seed| Draws::new(&SampleRule::default(), &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }

    #[test]
    fn padding_is_at_the_end() {
        let grown = padded(&Tensor::ones([2, 3, 4], (Kind::Float, Device::Cpu)), [2.5, 2.0, 4.0], -1.0);
        assert_eq!(grown.size(), [3, 3, 4]);
        assert_eq!(grown.get(2).sum(Kind::Double).double_value(&[]), -12.0);
    }
}
