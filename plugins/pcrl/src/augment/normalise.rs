//! From 8 bit to what the network sees.

use super::Picture;
use tch::Tensor;

pub const IMAGENET_MEAN: [f64; 3] = [0.485, 0.456, 0.406];
pub const IMAGENET_STD: [f64; 3] = [0.229, 0.224, 0.225];

/// `(v / 255 - mean) / std` a channel, with ImageNet's numbers; grey becomes three channels.
///
/// # Shapes
/// - out: `[3, H, W]` float32
pub fn normalised(picture: &Picture) -> Tensor {
    let mut out = Vec::with_capacity(3 * picture.height() * picture.width());
    for channel in 0..3 {
        let (mean, std) = (IMAGENET_MEAN[channel] as f32, IMAGENET_STD[channel] as f32);
        out.extend(picture.channel(channel).iter().map(|&value| (f32::from(value) / 255.0 - mean) / std));
    }
    Tensor::from_slice(&out).view([3, picture.height() as i64, picture.width() as i64])
}
