//! Truncation of k-space, and zero filling, its baseline.

use super::Alignment;
use std::f64::consts::TAU;
use tch::{Device, Kind, Tensor};

/// The low frequencies of each slice as a coarser magnitude image; the mean is kept.
///
/// # Shapes
/// - in:  `[…, H, W]`, multiples of `scale`, any element type
/// - out: `[…, H/scale, W/scale]`, float64
pub fn truncate(slices: &Tensor, scale: i64, alignment: Alignment) -> Tensor {
    let size = slices.size();
    let fine = [size[size.len() - 2], size[size.len() - 1]];
    let coarse = fine.map(|n| n / scale);
    let spectrum = spectrum(slices);
    let low = spectrum.narrow(-2, start(fine[0], coarse[0]), coarse[0]).narrow(-1, start(fine[1], coarse[1]), coarse[1]);
    let low = match alignment {
        Alignment::Center => low * phase(fine, coarse, scale, 1.0, slices.device()),
        Alignment::Corner => low,
    };
    image(&low) * (1.0 / (scale * scale) as f64)
}

/// The finer image whose further frequencies are 0: what truncation is compared with.
///
/// # Shapes
/// - in:  `[…, h, w]`, any element type
/// - out: `[…, scale·h, scale·w]`, float64
pub fn zero_fill(slices: &Tensor, scale: i64, alignment: Alignment) -> Tensor {
    let size = slices.size();
    let coarse = [size[size.len() - 2], size[size.len() - 1]];
    let fine = coarse.map(|n| n * scale);
    let mut low = spectrum(slices);
    if alignment == Alignment::Center {
        low *= phase(fine, coarse, scale, -1.0, slices.device());
    }
    let [before_y, before_x] = [start(fine[0], coarse[0]), start(fine[1], coarse[1])];
    let after = |axis: usize, before: i64| fine[axis] - coarse[axis] - before;
    let padding = [before_x, after(1, before_x), before_y, after(0, before_y)];
    image(&low.constant_pad_nd(padding)) * (scale * scale) as f64
}

/// Frequencies with 0 in the middle.
fn spectrum(slices: &Tensor) -> Tensor {
    slices.to_kind(Kind::Double).fft_fft2(None::<&[i64]>, [-2i64, -1].as_slice(), "backward").fft_fftshift([-2i64, -1].as_slice())
}

/// The magnitude image of frequencies with 0 in the middle.
fn image(spectrum: &Tensor) -> Tensor {
    spectrum.fft_ifftshift([-2i64, -1].as_slice()).fft_ifft2(None::<&[i64]>, [-2i64, -1].as_slice(), "backward").abs()
}

/// Where the low frequencies begin among all.
fn start(fine: i64, coarse: i64) -> i64 {
    fine / 2 - coarse / 2
}

/// Moves a coarse image by `(scale-1)/2` fine samples; `sign` -1 moves it back.
fn phase(fine: [i64; 2], coarse: [i64; 2], scale: i64, sign: f64, device: Device) -> Tensor {
    let shift = (scale - 1) as f64 / 2.0;
    let turns = |axis: usize| {
        let frequency = Tensor::arange(coarse[axis], (Kind::Double, device)) - (coarse[axis] / 2) as f64;
        frequency * (sign * TAU * shift / fine[axis] as f64)
    };
    let angle = turns(0).unsqueeze(1) + turns(1).unsqueeze(0);
    Tensor::complex(&angle.cos(), &angle.sin())
}
