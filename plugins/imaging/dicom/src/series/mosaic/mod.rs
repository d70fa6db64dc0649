//! Siemens mosaics: many slices as tiles of one picture, placed by the private CSA header.
//!
//! ImagePositionPatient of a mosaic is that of a slice as large as the whole picture, around the centre of the first tile; the slices
//! follow each other along the CSA header's SliceNormalVector, which may run against row × column.

mod csa;
mod private;

use super::plane::Plane;
use crate::attributes::Attributes;
use crate::pixels::{Format, Samples};
use crate::vector::{Vector, add, dot, norm, scale};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// How a picture is cut into slices.
#[derive(Clone, Debug, PartialEq)]
pub struct Mosaic {
    pub n_slices: usize,
    /// Tiles in a row, and rows of tiles.
    across: usize,
    /// From slice to slice, in millimetres (LPS).
    step: Vector,
}

impl Mosaic {
    /// Reads the CSA header of a mosaic.
    ///
    /// # Errors
    /// It is missing, damaged, or contradicts the attributes: then the slices cannot be placed.
    pub fn of(object: &InMemDicomObject, format: &Format) -> Result<Self, String> {
        let n_slices = count(object)?;
        let across = (1..).find(|across| across * across >= n_slices).unwrap_or(1);
        let (rows, columns) = (format.rows, format.columns);
        if format.frames != 1 || format.samples != 1 || rows % across != 0 || columns % across != 0 {
            return Err(format!("{rows} x {columns} pixels cannot be cut into {n_slices} slices of one size"));
        }
        let spacing = object.decimals(tags::SPACING_BETWEEN_SLICES)?.and_then(|spacing| spacing.first().copied());
        let spacing = spacing.filter(|spacing| *spacing > 0.0).ok_or("it has no SpacingBetweenSlices")?;
        Ok(Self { n_slices, across, step: scale(normal(object)?, spacing) })
    }

    /// The format of the slices, as if they were frames.
    pub fn format(&self, picture: &Format) -> Format {
        let (rows, columns) = (picture.rows / self.across, picture.columns / self.across);
        Format { frames: self.n_slices, rows, columns, ..picture.clone() }
    }

    /// Where each slice lies, by the place of the picture.
    ///
    /// # Errors
    /// The slices do not follow each other across their planes.
    pub fn planes(&self, picture: Plane, format: &Format) -> Result<Vec<Option<Plane>>, String> {
        let along = dot(picture.normal(), self.step).abs();
        if (along / norm(self.step) - 1.0).abs() > 1e-3 {
            return Err("its SliceNormalVector is not across ImageOrientationPatient".into());
        }
        let around = |size: usize| (size - size / self.across) as f64 / 2.0;
        let right = scale(picture.row, around(format.columns) * picture.spacing[1]);
        let down = scale(picture.column, around(format.rows) * picture.spacing[0]);
        let first = add(picture.position, add(right, down));
        let position = |slice: usize| add(first, scale(self.step, slice as f64));
        Ok((0..self.n_slices).map(|slice| Some(Plane { position: position(slice), ..picture })).collect())
    }

    /// Cuts a picture's samples into those of its slices, one after the other.
    ///
    /// # Errors
    /// There is a picture behind the last slice: there are more slices than the header says.
    pub fn cut(&self, samples: &Samples, picture: &Format) -> Result<Samples, String> {
        let (rows, columns) = (picture.rows / self.across, picture.columns / self.across);
        let tile = |index: usize| {
            let start = (index / self.across * rows) * picture.columns + index % self.across * columns;
            (0..rows).flat_map(move |row| start + row * picture.columns..start + row * picture.columns + columns)
        };
        let behind = samples.pick((self.n_slices..self.across * self.across).flat_map(tile));
        let behind = behind.to_f64(0..behind.len());
        if behind.iter().any(|value| *value != behind[0]) {
            return Err(format!("has a picture behind the last of {} slices of a mosaic", self.n_slices));
        }
        Ok(samples.pick((0..self.n_slices).flat_map(tile)))
    }
}

/// NumberOfImagesInMosaic, in the CSA header or beside it.
fn count(object: &InMemDicomObject) -> Result<usize, String> {
    let told = csa_values(object, "NumberOfImagesInMosaic")?.and_then(|values| values.first()?.parse().ok());
    let beside = private::bytes(object, 0x0019, "SIEMENS MR HEADER", 0x0A);
    let beside = beside.and_then(|bytes| bytes.first_chunk().map(|pair| usize::from(u16::from_le_bytes(*pair))));
    match (told, beside) {
        (Some(one), Some(other)) if one != other => Err(format!("its private headers say {one} and {other} slices")),
        (Some(n), _) | (None, Some(n)) if (1..=4096).contains(&n) => Ok(n),
        _ => Err("its CSA header has no NumberOfImagesInMosaic".into()),
    }
}

/// From slice to slice, of length 1.
fn normal(object: &InMemDicomObject) -> Result<Vector, String> {
    let values = csa_values(object, "SliceNormalVector")?.unwrap_or_default();
    let numbers: Option<Vec<f64>> = values.iter().map(|value| value.parse().ok()).collect();
    let normal: Option<Vector> = numbers.and_then(|numbers| numbers.try_into().ok());
    let normal = normal.filter(|normal| (norm(*normal) - 1.0).abs() < 0.01);
    normal.map(|normal| scale(normal, 1.0 / norm(normal))).ok_or_else(|| "its CSA header has no SliceNormalVector".into())
}

/// From the header of the image, then from that of the series.
fn csa_values(object: &InMemDicomObject, name: &str) -> Result<Option<Vec<String>>, String> {
    for place in [0x10, 0x20] {
        let Some(header) = private::bytes(object, 0x0029, "SIEMENS CSA HEADER", place) else { continue };
        if let Some(values) = csa::values(&header, name)?.filter(|values| !values.is_empty()) {
            return Ok(Some(values));
        }
    }
    Ok(None)
}
