//! Pixels, and the PNG file of them.

use voxloom_sdk::{Error, Result};

/// Pixels: red, green, blue, row by row.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Picture {
    /// A black picture.
    pub fn black(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![0; 3 * width * height] }
    }

    /// Colours a pixel.
    pub fn set(&mut self, [row, column]: [usize; 2], rgb: [u8; 3]) {
        let at = 3 * (row * self.width + column);
        self.rgb[at..at + 3].copy_from_slice(&rgb);
    }

    /// The colour of a pixel.
    pub fn get(&self, [row, column]: [usize; 2]) -> [u8; 3] {
        let at = 3 * (row * self.width + column);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// Sizes beyond what PNG holds.
    pub fn png(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let size = |n: usize| u32::try_from(n).map_err(Error::item);
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        // A quarter of the default's time for files a tenth larger.
        encoder.set_deflate_compression(png::DeflateCompression::Level(3));
        encoder.set_filter(png::Filter::Adaptive);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.rgb)?;
        writer.finish()?;
        Ok(bytes)
    }
}
