//! How the pixels of a file are laid out, by its attributes.

use crate::attributes::{Attributes, name};
use crate::file::File;
use dicom_core::Tag;
use dicom_dictionary_std::tags;

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    Integer,
    Float32,
    Float64,
}

/// The layout of stored pixels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format {
    pub frames: usize,
    pub rows: usize,
    pub columns: usize,
    /// Samples a pixel: 1, or 3 for colours.
    pub samples: usize,
    pub bits_allocated: u32,
    pub bits_stored: u32,
    pub high_bit: u32,
    pub signed: bool,
    /// Colours lie plane by plane.
    pub planar: bool,
    pub photometric: String,
    pub number: Number,
}

/// More samples in one frame are taken for damage.
const MOST_SAMPLES: usize = 1 << 28;

impl Format {
    /// # Errors
    /// An attribute is missing, contradicts another, or has a value that is not read.
    pub fn of(file: &File) -> Result<Self, String> {
        let object = &file.object;
        let optional = |tag: Tag, least: i64, most: i64| -> Result<Option<i64>, String> {
            let Some(value) = object.integer(tag)? else { return Ok(None) };
            match (least..=most).contains(&value) {
                true => Ok(Some(value)),
                false => Err(format!("{} must be {least} to {most}, got {value}", name(tag))),
            }
        };
        let needed = |tag, least, most| {
            optional(tag, least, most)?.ok_or_else(|| format!("has no {}; without it the pixels cannot be read", name(tag)))
        };
        let number = match file.pixels {
            Some(0x0008) => Number::Float32,
            Some(0x0009) => Number::Float64,
            _ => Number::Integer,
        };
        let bits_allocated = needed(tags::BITS_ALLOCATED, 1, 64)? as u32;
        let wanted: &[u32] = match number {
            Number::Integer => &[1, 8, 16, 32],
            Number::Float32 => &[32],
            Number::Float64 => &[64],
        };
        if !wanted.contains(&bits_allocated) {
            return Err(format!("BitsAllocated must be one of {wanted:?}, got {bits_allocated}"));
        }
        let bits_stored = optional(tags::BITS_STORED, 1, i64::from(bits_allocated))?.map_or(bits_allocated, |bits| bits as u32);
        let least = i64::from(bits_stored) - 1;
        let high_bit = optional(tags::HIGH_BIT, least, i64::from(bits_allocated) - 1)?.unwrap_or(least) as u32;
        let format = Self {
            frames: optional(tags::NUMBER_OF_FRAMES, 1, 1 << 16)?.unwrap_or(1) as usize,
            rows: needed(tags::ROWS, 1, 65535)? as usize,
            columns: needed(tags::COLUMNS, 1, 65535)? as usize,
            samples: optional(tags::SAMPLES_PER_PIXEL, 1, 4)?.unwrap_or(1) as usize,
            bits_allocated,
            bits_stored,
            high_bit,
            signed: optional(tags::PIXEL_REPRESENTATION, 0, 1)? == Some(1),
            planar: optional(tags::PLANAR_CONFIGURATION, 0, 1)? == Some(1),
            photometric: object.text(tags::PHOTOMETRIC_INTERPRETATION).unwrap_or_else(|| "MONOCHROME2".into()),
            number,
        };
        format.check()?;
        Ok(format)
    }

    fn check(&self) -> Result<(), String> {
        if !matches!(self.samples, 1 | 3) {
            return Err(format!("SamplesPerPixel must be 1 or 3, got {}", self.samples));
        }
        if self.samples == 3 && self.bits_allocated != 8 && self.bits_allocated != 16 {
            return Err(format!("colours must have 8 or 16 bits, got BitsAllocated {}", self.bits_allocated));
        }
        match self.frame_samples() > MOST_SAMPLES {
            true => Err(format!("one frame of {} x {} pixels is more than is read", self.rows, self.columns)),
            false => Ok(()),
        }
    }

    pub fn frame_samples(&self) -> usize {
        self.rows * self.columns * self.samples
    }

    /// Bytes of one decoded frame; frames of single bits are decoded to packed bits.
    pub fn frame_bytes(&self) -> usize {
        match self.bits_allocated {
            1 => self.frame_samples().div_ceil(8),
            bits => self.frame_samples() * (bits as usize / 8),
        }
    }

    /// The least and the most that a stored integer can be.
    pub fn range(&self) -> (i64, i64) {
        match self.signed {
            true => (-(1 << (self.bits_stored - 1)), (1 << (self.bits_stored - 1)) - 1),
            false => (0, (1 << self.bits_stored) - 1),
        }
    }
}
