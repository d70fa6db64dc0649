//! 8-bit pictures: operations that round exactly as Pillow's, one file each.
//!
//! A grey picture keeps one plane: on three equal planes greyscale, saturation and hue change nothing, so that one gives the
//! same numbers for a third of the work.

mod blur;
mod colour;
mod hue;
mod place;

pub use blur::gaussian_blur;
pub use colour::{brightness, contrast, grey, saturation};
pub use hue::hue;
pub use place::{CropBox, crop_resized, mirrored, rotated};

use crate::{Fault, Result};
use tch::{Device, Kind, Tensor};
use voxloom_parts::pillow::Plane;

/// One plane, grey, or three of one size: red, green, blue.
#[derive(Clone, Debug)]
pub struct Picture(Vec<Plane>);

impl Picture {
    /// # Shapes
    /// - in: `[1, H, W]`, `[3, H, W]`, uint8
    ///
    /// # Errors
    /// Another shape or element type, or no pixel.
    pub fn new(data: &Tensor) -> Result<Self> {
        let size = data.size();
        let &[channels @ (1 | 3), height, width] = size.as_slice() else {
            return Err(Fault::Shape { what: "image", text: format!("got {size:?}, expected [1, H, W] or [3, H, W]") });
        };
        if data.kind() != Kind::Uint8 {
            let text = format!("got {:?} numbers, expected uint8: bring the image to 8 bit first", data.kind());
            return Err(Fault::Value { what: "image", text });
        }
        if height == 0 || width == 0 {
            return Err(Fault::Shape { what: "image", text: format!("has no pixels: {size:?}") });
        }
        let data = data.to_device(Device::Cpu).contiguous();
        let plane = |channel: i64| Plane {
            height: height as usize,
            width: width as usize,
            values: Vec::try_from(data.get(channel).view(-1)).expect("a flat tensor of uint8"),
        };
        Ok(Self((0..channels).map(plane).collect()))
    }

    pub fn height(&self) -> usize {
        self.0[0].height
    }

    pub fn width(&self) -> usize {
        self.0[0].width
    }

    /// Whether there is one plane only.
    pub fn is_grey(&self) -> bool {
        self.0.len() == 1
    }

    /// Values of a channel, 0 to 2; all are the same in a grey picture.
    pub fn channel(&self, channel: usize) -> &[u8] {
        &self.0[channel.min(self.0.len() - 1)].values
    }

    /// Each plane changed alone.
    fn planes(&self, change: impl Fn(&Plane) -> Plane) -> Self {
        Self(self.0.iter().map(change).collect())
    }

    /// Each pixel changed alone, from its three values to three values; not for grey pictures.
    fn pixels(&self, change: impl Fn([u8; 3]) -> [u8; 3]) -> Self {
        let mut out = self.clone();
        for i in 0..self.height() * self.width() {
            let changed = change(std::array::from_fn(|channel| self.channel(channel)[i]));
            out.0.iter_mut().zip(changed).for_each(|(plane, value)| plane.values[i] = value);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    /// A picture of three different ramps.
    fn ramps() -> Picture {
        let values: Vec<u8> = (0..3 * 5 * 7).map(|i: u32| ((i * 37) % 256) as u8).collect();
        Picture::new(&Tensor::from_slice(&values).view([3, 5, 7])).unwrap()
    }

    #[test]
    fn one_grey_plane_gives_what_three_equal_planes_give() {
        let plane = ramps().0[0].clone();
        let (one, three) = (Picture(vec![plane.clone()]), Picture(vec![plane.clone(), plane.clone(), plane]));
        let operations: [fn(&Picture) -> Picture; 6] = [
            grey,
            |picture| brightness(picture, 1.3),
            |picture| contrast(picture, 0.6),
            |picture| saturation(picture, 1.4),
            |picture| hue(picture, -0.3),
            |picture| gaussian_blur(picture, 1.1),
        ];
        for (i, operation) in operations.iter().enumerate() {
            let (a, b) = (operation(&one), operation(&three));
            (0..3).for_each(|channel| assert_eq!(a.channel(channel), b.channel(channel), "operation {i}"));
        }
    }

    #[test]
    fn other_types_and_shapes_are_refused() {
        let text = |tensor: Tensor| Picture::new(&tensor).unwrap_err().to_string();
        let zeros = |shape: &[i64], kind| Tensor::zeros(shape, (kind, Device::Cpu));
        assert_eq!(text(zeros(&[2, 4, 4], Kind::Uint8)), "image: got [2, 4, 4], expected [1, H, W] or [3, H, W]");
        assert_eq!(
            text(zeros(&[1, 4, 4], Kind::Float)),
            "image: got Float numbers, expected uint8: bring the image to 8 bit first"
        );
        assert_eq!(text(zeros(&[1, 0, 4], Kind::Uint8)), "image: has no pixels: [1, 0, 4]");
    }
}
