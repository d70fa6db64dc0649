//! 8-bit pictures resized and turned exactly as Pillow does it.
//!
//! Authors' loaders work on 8-bit pictures; rounding between their steps is part of what their networks learned from.

mod resize;
mod rotate;

pub use resize::resize;
pub use rotate::rotate;

/// One channel of a picture, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    pub height: usize,
    pub width: usize,
    pub values: Vec<u8>,
}

/// How values between pixels are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The nearest pixel.
    Nearest,
    /// Triangle, widened where the picture shrinks. Not for rotations.
    Bilinear,
    /// Keys' cubic: a = -0.5 and widened for sizes, a = -1 for rotations.
    Bicubic,
}
