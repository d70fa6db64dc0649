//! A SEG file back to its segments and masks, and to a label map on a grid.

use super::grid;
use crate::Fault;
use crate::attributes::{Attributes, code_shown};
use crate::class::{SEGMENTATION, describe};
use crate::file::{Depth, File};
use crate::pixels::{Samples, Stored};
use crate::series::{Plane, group, planes};
use crate::vector::{norm, scale, sub};
use dicom_dictionary_std::tags;
use std::path::Path;

/// What one segment is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub number: u16,
    pub name: String,
    pub description: String,
}

/// One mask.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentFrame {
    pub segment: u16,
    pub plane: Plane,
    /// SOPInstanceUID of the image it was made from, where it says.
    pub source_uid: Option<String>,
}

/// A binary segmentation.
#[derive(Clone, Debug)]
pub struct Segmentation {
    pub rows: usize,
    pub columns: usize,
    pub segments: Vec<Segment>,
    pub frames: Vec<SegmentFrame>,
    /// Frame by frame, 0 or 1.
    pub masks: Vec<u8>,
    pub series_uid: String,
    pub frame_of_reference_uid: String,
    /// SeriesInstanceUID of the images.
    pub source_series_uid: Option<String>,
}

/// Whether a file is a segmentation, by its head.
///
/// # Errors
/// It is no DICOM, or damaged.
pub fn is_segmentation(path: &Path) -> Result<bool, Fault> {
    Ok(File::open(path, Depth::Head)?.class == SEGMENTATION)
}

impl Segmentation {
    /// # Errors
    /// The file is no binary segmentation, or a frame does not say where it lies.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        Self::of(&File::open(path, Depth::Whole)?)
    }

    /// As [`Segmentation::open`]; `path` is for messages.
    ///
    /// # Errors
    /// As [`Segmentation::open`].
    pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, Fault> {
        Self::of(&File::from_bytes(path, bytes, Depth::Whole)?)
    }

    fn of(file: &File) -> Result<Self, Fault> {
        let (object, path) = (&file.object, file.path.as_path());
        let damaged = |why: String| Fault::damaged(path, why);
        if file.class != SEGMENTATION {
            return Err(Fault::unsupported(path, format!("is {}, expected a Segmentation", describe(file))));
        }
        match object.text(tags::SEGMENTATION_TYPE).as_deref() {
            Some("BINARY") => {}
            other => {
                let kind = other.map_or_else(|| "none".into(), |kind| code_shown(kind, &["FRACTIONAL", "LABELMAP"]));
                return Err(Fault::unsupported(path, format!("SegmentationType must be BINARY, got {kind}")));
            }
        }
        let stored = Stored::of(file)?;
        let Samples::U8(masks) = stored.samples else {
            return Err(damaged("masks must have bits of 1 or 8".into()));
        };
        let number = |tag, object: &dicom_object::InMemDicomObject| {
            let number = object.integer(tag).map_err(damaged)?.and_then(|number| u16::try_from(number).ok());
            number.filter(|number| *number > 0).ok_or_else(|| damaged("a segment has no number above 0".into()))
        };
        let segment = |item: &dicom_object::InMemDicomObject| {
            let text = |tag| item.text(tag).unwrap_or_default();
            let (name, description) = (text(tags::SEGMENT_LABEL), text(tags::SEGMENT_DESCRIPTION));
            Ok(Segment { number: number(tags::SEGMENT_NUMBER, item)?, name, description })
        };
        let planes = planes(object, stored.format.frames).map_err(damaged)?;
        let frame = |(index, plane): (usize, Option<Plane>)| {
            let what = |what: &str| damaged(format!("frame {} has no {what}", index + 1));
            let named = group(object, index, tags::SEGMENT_IDENTIFICATION_SEQUENCE).ok_or_else(|| what("segment"))?;
            let derivation = group(object, index, tags::DERIVATION_IMAGE_SEQUENCE);
            let source = derivation.and_then(|item| item.items(tags::SOURCE_IMAGE_SEQUENCE).first());
            Ok(SegmentFrame {
                segment: number(tags::REFERENCED_SEGMENT_NUMBER, named)?,
                plane: plane.ok_or_else(|| what("place"))?,
                source_uid: source.and_then(|item| item.text(tags::REFERENCED_SOP_INSTANCE_UID)),
            })
        };
        let referenced = object.items(tags::REFERENCED_SERIES_SEQUENCE).first();
        Ok(Self {
            rows: stored.format.rows,
            columns: stored.format.columns,
            segments: object.items(tags::SEGMENT_SEQUENCE).iter().map(segment).collect::<Result<_, Fault>>()?,
            frames: planes.into_iter().enumerate().map(frame).collect::<Result<_, Fault>>()?,
            masks,
            series_uid: object.text(tags::SERIES_INSTANCE_UID).unwrap_or_default(),
            frame_of_reference_uid: object.text(tags::FRAME_OF_REFERENCE_UID).unwrap_or_default(),
            source_series_uid: referenced.and_then(|item| item.text(tags::SERIES_INSTANCE_UID)),
        })
    }

    /// Segment numbers on a grid, i fastest, by the place of every frame.
    ///
    /// # Errors
    /// A frame lies beside the grid, or two segments share a voxel.
    pub fn label_map(&self, shape_ijk: [usize; 3], affine: &[[f64; 4]; 4]) -> Result<Vec<u16>, Fault> {
        let refuse = |what: String| Fault::Target { what: format!("the segmentation {what}") };
        let [columns, rows, slices] = shape_ijk;
        if (rows, columns) != (self.rows, self.columns) {
            return Err(refuse(format!("has {} x {} pixels, the grid {rows} x {columns}", self.rows, self.columns)));
        }
        let inverse = grid::inverse(affine).ok_or_else(|| refuse("has a flat grid".into()))?;
        let n_pixels = rows * columns;
        let mut labels = vec![0; n_pixels * slices];
        for (frame, mask) in self.frames.iter().zip(self.masks.chunks_exact(n_pixels)) {
            let [x, y, z] = frame.plane.position;
            let at = grid::apply(&inverse, [-x, -y, z]);
            let slice = at[2].round();
            let near = at[0].abs() < 0.1 && at[1].abs() < 0.1 && (at[2] - slice).abs() < 0.1;
            if !near || !along(&frame.plane, affine) || slice < 0.0 || slice >= slices as f64 {
                return Err(refuse(format!("has a frame at {:?} mm, beside the grid", frame.plane.position)));
            }
            let target = &mut labels[slice as usize * n_pixels..][..n_pixels];
            for (label, _) in target.iter_mut().zip(mask).filter(|(_, mask)| **mask > 0) {
                if *label != 0 && *label != frame.segment {
                    return Err(refuse(format!(
                        "has segments {label} and {} in one voxel; a label map holds one",
                        frame.segment
                    )));
                }
                *label = frame.segment;
            }
        }
        Ok(labels)
    }
}

/// Whether rows and columns of a plane run as the grid's.
fn along(plane: &Plane, affine: &[[f64; 4]; 4]) -> bool {
    let axis = |column: usize| [-affine[0][column], -affine[1][column], affine[2][column]];
    let row = sub(axis(0), scale(plane.row, plane.spacing[1]));
    let column = sub(axis(1), scale(plane.column, plane.spacing[0]));
    norm(row) < 0.01 * plane.spacing[1] && norm(column) < 0.01 * plane.spacing[0]
}
