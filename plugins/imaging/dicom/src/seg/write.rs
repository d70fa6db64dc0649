//! A label map as the bytes of a SEG file.

use super::element::Build;
use super::read::Segmentation;
use super::{describe, frames, grid, uid};
use crate::Fault;
use crate::attributes::Attributes;
use crate::class::SEGMENTATION;
use crate::file::{Depth, File};
use crate::series::{Head, Series, Stack, stack};
use dicom_core::value::PrimitiveValue;
use dicom_core::{VR, dicom_value};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::meta::FileMetaTableBuilder;
use std::collections::BTreeMap;
use std::path::Path;

/// What is to be written.
#[derive(Debug)]
pub struct Request<'a> {
    /// i fastest; 0 is background.
    pub labels: &'a [u16],
    pub shape_ijk: [usize; 3],
    /// From indices to millimetres, RAS; the source's grid, or one that differs by flips and order of axes.
    pub affine: &'a [[f64; 4]; 4],
    /// Names of labels. A label with a name is a segment even where no voxel has it.
    pub names: &'a BTreeMap<u16, String>,
    /// The images that were segmented.
    pub source: &'a Series,
    /// SeriesDescription.
    pub description: &'a str,
}

/// The bytes of a binary SEG that refers to its source, read back and compared before they count. The same request gives the
/// same bytes: UIDs follow from the contents, dates are the source's.
///
/// # Errors
/// The label map lies on another grid than its source, has no label and no name, or the source lacks what a SEG must refer to.
pub fn encode(request: &Request) -> Result<Vec<u8>, Fault> {
    let heads = &request.source.heads;
    let stack = stack(request.source)?;
    require(heads, &stack)?;
    let labels = grid::align(request.labels, request.shape_ijk, request.affine, stack.shape_ijk, &stack.affine)?;
    let segments = segments(&labels, request.names)?;
    let numbers = numbered(&labels, &segments);
    let n_pixels = stack.shape_ijk[0] * stack.shape_ijk[1];
    let frames = frames::occupied(&numbers, segments.len(), n_pixels);
    let bits = frames::packed(&numbers, &frames, n_pixels);
    if u32::try_from(bits.len()).is_err() {
        return Err(target(format!("{} frames take more than the 4 GiB that one SEG may have", frames.len())));
    }
    let files = in_space(heads, &stack);
    let source = File::open(&files[0].path, Depth::Head)?;
    let identity = Identity::new(&files, request.description, &segments, &bits);
    let per_frame = frames.iter().map(|frame| frames::groups(heads, &stack, *frame)).collect();
    let object = describe::copied(&source);
    let object = general(object, &source, request.description, &identity);
    let object = image(object, &stack, frames.len(), &segments, &identity)
        .with_items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, describe::shared(heads, &stack).into_iter().collect())
        .with_items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, per_frame)
        .with_item(tags::REFERENCED_SERIES_SEQUENCE, describe::references(&files))
        .with(tags::FRAME_OF_REFERENCE_UID, VR::UI, heads[0].frame_of_reference_uid.as_str())
        .with(tags::PIXEL_DATA, VR::OB, PrimitiveValue::from(bits));
    let meta = FileMetaTableBuilder::new().transfer_syntax("1.2.840.10008.1.2.1");
    let file = object.with_meta(meta).map_err(|error| target(error.to_string()))?;
    let mut bytes = Vec::new();
    file.write_all(&mut bytes).map_err(|error| target(error.to_string()))?;
    let back = Segmentation::from_bytes(Path::new("the segmentation"), &bytes)?.label_map(stack.shape_ijk, &stack.affine)?;
    match back == numbers {
        true => Ok(bytes),
        false => Err(target("the segmentation read back holds other voxels than were written".into())),
    }
}

fn target(what: String) -> Fault {
    Fault::Target { what }
}

/// The files as their slices lie, so that nothing depends on what they are called.
fn in_space<'a>(heads: &'a [Head], stack: &Stack) -> Vec<&'a Head> {
    let mut order: Vec<usize> = stack.slices.iter().map(|(head, _)| *head).collect();
    order.dedup();
    order.into_iter().map(|head| &heads[head]).collect()
}

/// What a SEG must be able to say of its source.
fn require(heads: &[Head], stack: &Stack) -> Result<(), Fault> {
    let first = &heads[0];
    let name = first.name(0);
    if heads.iter().any(|head| head.mosaic.is_some()) {
        return Err(target(format!("the source ({name}) is a mosaic, whose slices a SEG cannot refer to; write NIfTI instead")));
    }
    let missing = [
        ("FrameOfReferenceUID", first.frame_of_reference_uid.is_empty()),
        ("StudyInstanceUID", first.study_uid.is_empty()),
        ("SeriesInstanceUID", first.series_uid.is_empty()),
        ("SOPInstanceUID", heads.iter().any(|head| head.instance_uid.is_empty())),
        ("SOPClassUID", heads.iter().any(|head| frames::class_of(head).is_none())),
        ("ImagePositionPatient", heads[stack.slices[0].0].frames[stack.slices[0].1].plane.is_none()),
    ];
    match missing.iter().find(|(_, missing)| *missing) {
        Some((attribute, _)) => {
            Err(target(format!("the source ({name}) has no {attribute}, which a SEG must refer to; write NIfTI instead")))
        }
        None => tell_apart(heads),
    }
}

/// A segment's frame names the slice it lies on by its SOPInstanceUID alone.
fn tell_apart(heads: &[Head]) -> Result<(), Fault> {
    let mut seen = BTreeMap::new();
    for (index, head) in heads.iter().enumerate() {
        if let Some(first) = seen.insert(&head.instance_uid, index) {
            let names = (heads[first].name(0), head.name(0));
            return Err(target(format!(
                "{} and {} have one SOPInstanceUID, so that a SEG cannot say which it lies on; write NIfTI instead",
                names.0, names.1
            )));
        }
    }
    Ok(())
}

/// Label and name of every segment, in order; numbers begin at 1 and leave none out, as the standard wants.
fn segments(labels: &[u16], names: &BTreeMap<u16, String>) -> Result<Vec<(u16, String)>, Fault> {
    let mut present = vec![false; 1 << 16];
    labels.iter().for_each(|label| present[usize::from(*label)] = true);
    let wanted = (1..=u16::MAX).filter(|label| present[usize::from(*label)] || names.contains_key(label));
    let segments: Vec<(u16, String)> =
        wanted.map(|label| (label, names.get(&label).cloned().unwrap_or_else(|| format!("label {label}")))).collect();
    match segments.is_empty() {
        true => Err(target("the label map is empty and no label has a name; a SEG must have a segment: give `names`".into())),
        false => Ok(segments),
    }
}

fn numbered(labels: &[u16], segments: &[(u16, String)]) -> Vec<u16> {
    let mut numbers = vec![0; 1 << 16];
    segments.iter().zip(1..).for_each(|((label, _), number)| numbers[usize::from(*label)] = number);
    labels.iter().map(|label| numbers[usize::from(*label)]).collect()
}

/// The UIDs of one segmentation.
struct Identity {
    instance: String,
    series: String,
    dimensions: String,
}

impl Identity {
    fn new(source: &[&Head], description: &str, segments: &[(u16, String)], bits: &[u8]) -> Self {
        let source = source.iter().map(|head| head.instance_uid.as_str()).collect::<Vec<_>>().join(",");
        let names = format!("{segments:?} {description}");
        let derive = |role: &str| uid::derive(&[role.as_bytes(), source.as_bytes(), names.as_bytes(), bits]);
        Self { instance: derive("instance"), series: derive("series"), dimensions: derive("dimensions") }
    }
}

/// Series, equipment and the object itself.
fn general(object: InMemDicomObject, source: &File, description: &str, identity: &Identity) -> InMemDicomObject {
    let first = |tags: &[dicom_core::Tag]| tags.iter().find_map(|tag| source.object.text(*tag));
    let date = first(&[tags::CONTENT_DATE, tags::ACQUISITION_DATE, tags::SERIES_DATE, tags::STUDY_DATE]);
    let time = first(&[tags::CONTENT_TIME, tags::ACQUISITION_TIME, tags::SERIES_TIME, tags::STUDY_TIME]);
    let number = source.object.integer(tags::SERIES_NUMBER).ok().flatten().unwrap_or(0).clamp(0, 99_999_999);
    let version = env!("CARGO_PKG_VERSION");
    object
        .with(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 192")
        .with(tags::SOP_CLASS_UID, VR::UI, SEGMENTATION)
        .with(tags::SOP_INSTANCE_UID, VR::UI, identity.instance.as_str())
        .with(tags::MODALITY, VR::CS, "SEG")
        .with(tags::SERIES_INSTANCE_UID, VR::UI, identity.series.as_str())
        .with(tags::SERIES_NUMBER, VR::IS, (number + 1000).to_string())
        .with(tags::SERIES_DESCRIPTION, VR::LO, describe::short(description, 64))
        .with(tags::INSTANCE_NUMBER, VR::IS, "1")
        .with(tags::CONTENT_DATE, VR::DA, date.unwrap_or_else(|| "19000101".into()))
        .with(tags::CONTENT_TIME, VR::TM, time.unwrap_or_else(|| "000000".into()))
        .with(tags::CONTENT_LABEL, VR::CS, "SEGMENTATION")
        .with(tags::CONTENT_DESCRIPTION, VR::LO, describe::short(description, 64))
        .with(tags::CONTENT_CREATOR_NAME, VR::PN, "")
        .with(tags::MANUFACTURER, VR::LO, "Voxloom")
        .with(tags::MANUFACTURER_MODEL_NAME, VR::LO, "Voxloom")
        .with(tags::DEVICE_SERIAL_NUMBER, VR::LO, "0")
        .with(tags::SOFTWARE_VERSIONS, VR::LO, version)
}

/// Pixels, segments and dimensions.
fn image(
    object: InMemDicomObject,
    stack: &Stack,
    n_frames: usize,
    segments: &[(u16, String)],
    identity: &Identity,
) -> InMemDicomObject {
    let [columns, rows, _] = stack.shape_ijk.map(|size| size as u16);
    let (organization, indices) = describe::dimensions(&identity.dimensions);
    let items = segments.iter().zip(1..).map(|((label, name), number)| describe::segment(number, *label, name)).collect();
    let lossy = object.text(tags::LOSSY_IMAGE_COMPRESSION).unwrap_or_else(|| "00".into());
    object
        .with(tags::IMAGE_TYPE, VR::CS, "DERIVED\\PRIMARY")
        .with(tags::SAMPLES_PER_PIXEL, VR::US, dicom_value!(U16, 1))
        .with(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2")
        .with(tags::NUMBER_OF_FRAMES, VR::IS, n_frames.to_string())
        .with(tags::ROWS, VR::US, dicom_value!(U16, rows))
        .with(tags::COLUMNS, VR::US, dicom_value!(U16, columns))
        .with(tags::BITS_ALLOCATED, VR::US, dicom_value!(U16, 1))
        .with(tags::BITS_STORED, VR::US, dicom_value!(U16, 1))
        .with(tags::HIGH_BIT, VR::US, dicom_value!(U16, 0))
        .with(tags::PIXEL_REPRESENTATION, VR::US, dicom_value!(U16, 0))
        .with(tags::LOSSY_IMAGE_COMPRESSION, VR::CS, lossy)
        .with(tags::SEGMENTATION_TYPE, VR::CS, "BINARY")
        .with(tags::SEGMENTS_OVERLAP, VR::CS, "NO")
        .with_items(tags::SEGMENT_SEQUENCE, items)
        .with_item(tags::DIMENSION_ORGANIZATION_SEQUENCE, organization)
        .with_items(tags::DIMENSION_INDEX_SEQUENCE, indices)
}
