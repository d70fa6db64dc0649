//! What a file says before its pixels: which series, what format, where its frames lie.

use super::examined::Examined;
use super::mosaic::Mosaic;
use super::plane::{Plane, flat_spacing, group, planes, thickness};
use super::rescale::Rescale;
use crate::attributes::Attributes;
use crate::file::File;
use crate::pixels::Format;
use crate::{Fault, class};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use std::path::PathBuf;

/// One image file without its pixels.
#[derive(Clone, Debug)]
pub struct Head {
    pub path: PathBuf,
    /// Empty where the file has none.
    pub series_uid: String,
    pub study_uid: String,
    pub class_uid: String,
    pub instance_uid: String,
    pub frame_of_reference_uid: String,
    pub modality: String,
    /// Of whom, and in which examination.
    pub(crate) examined: Examined,
    /// ImageType says LOCALIZER.
    pub localiser: bool,
    /// Of the frames; of the slices, where the file is a mosaic.
    pub format: Format,
    pub frames: Vec<Frame>,
    pub(crate) mosaic: Option<Mosaic>,
    /// Spacing of a picture without place, and the attribute that gave it.
    pub flat_spacing: Option<([f64; 2], &'static str)>,
    /// Stored values that mean "no measurement", from and to.
    pub padding: Option<(i64, i64)>,
    pub warnings: Vec<String>,
}

/// One frame of a file.
#[derive(Clone, Debug)]
pub struct Frame {
    pub plane: Option<Plane>,
    pub thickness: Option<f64>,
    pub rescale: Rescale,
    /// What may tell frames at one place apart: attribute and value.
    pub marks: Vec<(&'static str, String)>,
}

impl Head {
    /// # Errors
    /// The file holds no image, or its attributes make no sense.
    pub fn of(file: &File) -> Result<Self, Fault> {
        class::require_image(file)?;
        let object = &file.object;
        let uid = |tag| object.text(tag).unwrap_or_default();
        let damaged = |why: String| Fault::damaged(&file.path, why);
        let picture = Format::of(file).map_err(damaged)?;
        let mosaic = mosaic(file, &picture)?;
        let format = mosaic.as_ref().map_or_else(|| picture.clone(), |mosaic| mosaic.format(&picture));
        let planes = match &mosaic {
            Some(mosaic) => tiles(file, mosaic, &picture)?,
            None => planes(object, format.frames).map_err(damaged)?,
        };
        Ok(Self {
            path: file.path.clone(),
            series_uid: uid(tags::SERIES_INSTANCE_UID),
            study_uid: uid(tags::STUDY_INSTANCE_UID),
            class_uid: file.class.clone(),
            instance_uid: uid(tags::SOP_INSTANCE_UID),
            frame_of_reference_uid: uid(tags::FRAME_OF_REFERENCE_UID),
            modality: uid(tags::MODALITY),
            examined: Examined::of(object),
            localiser: class::flag(file, "LOCALIZER"),
            frames: frames(object, planes, &format).map_err(damaged)?,
            flat_spacing: flat_spacing(object).map_err(damaged)?,
            padding: padding(object, &format).map_err(damaged)?,
            format,
            mosaic,
            warnings: file.warnings.clone(),
        })
    }

    /// How messages name a frame: the file, and the frame's number where it has several.
    pub fn name(&self, frame: usize) -> String {
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        match self.frames.len() {
            1 => file.into_owned(),
            _ => format!("{file} frame {}", frame + 1),
        }
    }
}

/// # Errors
/// It is a mosaic whose slices cannot be told apart or placed.
fn mosaic(file: &File, picture: &Format) -> Result<Option<Mosaic>, Fault> {
    match class::flag(file, "MOSAIC") {
        true => Mosaic::of(&file.object, picture).map(Some).map_err(|why| unplaced(file, &why)),
        false => Ok(None),
    }
}

fn tiles(file: &File, mosaic: &Mosaic, picture: &Format) -> Result<Vec<Option<Plane>>, Fault> {
    let place = planes(&file.object, 1).map_err(|why| Fault::damaged(&file.path, why))?.into_iter().next().flatten();
    let place = place.ok_or_else(|| unplaced(file, "it has no ImagePositionPatient and ImageOrientationPatient"))?;
    mosaic.planes(place, picture).map_err(|why| unplaced(file, &why))
}

fn unplaced(file: &File, why: &str) -> Fault {
    let what = format!(
        "is a Siemens mosaic, many slices in one picture, and they cannot be placed: {why}; convert it with dcm2niix, or export it as \
         enhanced MR or as single slices"
    );
    Fault::unsupported(&file.path, what)
}

fn frames(object: &InMemDicomObject, planes: Vec<Option<Plane>>, format: &Format) -> Result<Vec<Frame>, String> {
    let frame = |(index, plane)| {
        Ok(Frame {
            plane,
            thickness: thickness(object, index)?,
            rescale: Rescale::of(object, index, format)?,
            marks: marks(object, index),
        })
    };
    planes.into_iter().enumerate().map(frame).collect()
}

fn marks(object: &InMemDicomObject, frame: usize) -> Vec<(&'static str, String)> {
    let within = |sequence| group(object, frame, sequence).unwrap_or(object);
    let (content, echo) = (within(tags::FRAME_CONTENT_SEQUENCE), within(tags::MR_ECHO_SEQUENCE));
    let diffusion = within(tags::MR_DIFFUSION_SEQUENCE);
    let direction = diffusion.items(tags::DIFFUSION_GRADIENT_DIRECTION_SEQUENCE).first().unwrap_or(diffusion);
    let places = [
        ("EchoNumbers", object, tags::ECHO_NUMBERS),
        ("EchoTime", object, tags::ECHO_TIME),
        ("EffectiveEchoTime", echo, tags::EFFECTIVE_ECHO_TIME),
        ("TemporalPositionIdentifier", object, tags::TEMPORAL_POSITION_IDENTIFIER),
        ("TemporalPositionIndex", content, tags::TEMPORAL_POSITION_INDEX),
        ("StackID", content, tags::STACK_ID),
        ("DiffusionBValue", diffusion, tags::DIFFUSION_B_VALUE),
        ("DiffusionGradientOrientation", direction, tags::DIFFUSION_GRADIENT_ORIENTATION),
        ("TriggerTime", object, tags::TRIGGER_TIME),
        ("AcquisitionNumber", object, tags::ACQUISITION_NUMBER),
        ("AcquisitionTime", object, tags::ACQUISITION_TIME),
        ("ImageType", object, tags::IMAGE_TYPE),
    ];
    places.iter().map(|(name, place, tag)| (*name, place.texts(*tag).join("\\"))).filter(|(_, value)| !value.is_empty()).collect()
}

fn padding(object: &InMemDicomObject, format: &Format) -> Result<Option<(i64, i64)>, String> {
    // Written as unsigned by some for signed pixels, and the other way round.
    let wrap = |value: i64| match format.bits_allocated {
        16 if format.signed && value > 32767 => value - 65536,
        16 if !format.signed && value < 0 => value + 65536,
        _ => value,
    };
    let Some(value) = object.integer(tags::PIXEL_PADDING_VALUE)?.map(wrap) else { return Ok(None) };
    let limit = object.integer(tags::PIXEL_PADDING_RANGE_LIMIT)?.map_or(value, wrap);
    Ok(Some((value.min(limit), value.max(limit))))
}
