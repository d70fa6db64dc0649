//! Where a frame lies, by the attributes of its file or by its functional groups.

use crate::attributes::Attributes;
use crate::vector::{Vector, add, cross, dot, norm, scale};
use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// A frame in patient space (LPS, millimetres).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    /// The centre of the first pixel.
    pub position: Vector,
    /// Along a row, from column to column; length 1.
    pub row: Vector,
    /// Along a column, from row to row; length 1.
    pub column: Vector,
    /// Between rows, then between columns, as PixelSpacing has it.
    pub spacing: [f64; 2],
}

impl Plane {
    /// Across the plane: row × column.
    pub fn normal(&self) -> Vector {
        cross(self.row, self.column)
    }
}

/// The first item of a functional group of one frame: its own, or the one that all share.
pub(crate) fn group(object: &InMemDicomObject, frame: usize, sequence: Tag) -> Option<&InMemDicomObject> {
    let own = object.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).get(frame);
    let shared = object.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).first();
    own.into_iter().chain(shared).find_map(|groups| groups.items(sequence).first())
}

/// The place of every frame; none where the file does not say.
///
/// # Errors
/// An attribute has no numbers, or numbers that are no place.
pub(crate) fn planes(object: &InMemDicomObject, n_frames: usize) -> Result<Vec<Option<Plane>>, String> {
    let offsets = object.decimals(tags::GRID_FRAME_OFFSET_VECTOR)?.unwrap_or_default();
    (0..n_frames)
        .map(|frame| {
            let enhanced = group(object, frame, tags::PLANE_POSITION_SEQUENCE).is_some();
            let Some(mut plane) = plane(object, frame)? else { return Ok(None) };
            match offsets.get(frame) {
                _ if enhanced || n_frames == 1 => {}
                // The offsets of a dose grid count from its first plane.
                Some(offset) => plane.position = add(plane.position, scale(plane.normal(), offset - offsets[0])),
                None => return Ok(None),
            }
            Ok(Some(plane))
        })
        .collect()
}

fn plane(object: &InMemDicomObject, frame: usize) -> Result<Option<Plane>, String> {
    let within = |sequence| group(object, frame, sequence).unwrap_or(object);
    let position = within(tags::PLANE_POSITION_SEQUENCE).vector::<3>(tags::IMAGE_POSITION_PATIENT)?;
    let orientation = within(tags::PLANE_ORIENTATION_SEQUENCE).vector::<6>(tags::IMAGE_ORIENTATION_PATIENT)?;
    let spacing = within(tags::PIXEL_MEASURES_SEQUENCE).vector::<2>(tags::PIXEL_SPACING)?;
    let (Some(position), Some([a, b, c, d, e, f])) = (position, orientation) else { return Ok(None) };
    let spacing = spacing.ok_or("has a position but no PixelSpacing")?;
    if spacing.iter().any(|size| *size <= 0.0) {
        return Err(format!("PixelSpacing must be above 0, got {spacing:?}"));
    }
    let (row, column) = ([a, b, c], [d, e, f]);
    // Files write few digits; what is farther off than this is no rotation.
    if (norm(row) - 1.0).abs() > 0.01 || (norm(column) - 1.0).abs() > 0.01 || dot(row, column).abs() > 0.01 {
        return Err(format!("ImageOrientationPatient must be two perpendicular directions, got {row:?} and {column:?}"));
    }
    let (row, column) = (scale(row, 1.0 / norm(row)), scale(column, 1.0 / norm(column)));
    Ok(Some(Plane { position, row, column, spacing }))
}

/// PixelSpacing, or what projections have in its place; and how it is called.
///
/// # Errors
/// It is no pair of numbers above 0.
pub(crate) fn flat_spacing(object: &InMemDicomObject) -> Result<Option<([f64; 2], &'static str)>, String> {
    let kinds = [
        (tags::PIXEL_SPACING, "PixelSpacing"),
        (tags::IMAGER_PIXEL_SPACING, "ImagerPixelSpacing"),
        (tags::NOMINAL_SCANNED_PIXEL_SPACING, "NominalScannedPixelSpacing"),
    ];
    for (tag, name) in kinds {
        match object.vector::<2>(tag)? {
            Some(spacing) if spacing.iter().all(|size| *size > 0.0) => return Ok(Some((spacing, name))),
            Some(spacing) => return Err(format!("{name} must be above 0, got {spacing:?}")),
            None => {}
        }
    }
    Ok(None)
}

/// How thick a slice is, for stacks of one: SpacingBetweenSlices, then SliceThickness.
///
/// # Errors
/// It is no number.
pub(crate) fn thickness(object: &InMemDicomObject, frame: usize) -> Result<Option<f64>, String> {
    let measures = group(object, frame, tags::PIXEL_MEASURES_SEQUENCE).unwrap_or(object);
    for tag in [tags::SPACING_BETWEEN_SLICES, tags::SLICE_THICKNESS] {
        let size = measures.decimals(tag)?.and_then(|sizes| sizes.first().copied());
        if let Some(size) = size.filter(|size| *size > 0.0) {
            return Ok(Some(size));
        }
    }
    Ok(None)
}
