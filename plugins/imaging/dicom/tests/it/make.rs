//! Synthetic series, small and without a patient.

use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_object::meta::FileMetaTableBuilder;
use std::path::{Path, PathBuf};

pub const ROWS: u16 = 3;
pub const COLUMNS: u16 = 4;

/// A data set that is put together attribute by attribute.
pub struct Made(pub InMemDicomObject);

impl Made {
    /// A CT slice of one series: 4 × 3 pixels of 0.5 × 0.75 mm, axial, every pixel `100 * instance` and its place.
    pub fn slice(instance: u16, position: [f64; 3]) -> Self {
        let pixels: Vec<u16> = (0..ROWS * COLUMNS).map(|place| 100 * instance + place).collect();
        Self(InMemDicomObject::new_empty())
            .text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.5.1.4.1.1.2")
            .text(tags::SOP_INSTANCE_UID, VR::UI, &format!("1.2.3.4.{instance}"))
            .text(tags::SERIES_INSTANCE_UID, VR::UI, "1.2.3.4")
            .text(tags::STUDY_INSTANCE_UID, VR::UI, "1.2.3")
            .text(tags::FRAME_OF_REFERENCE_UID, VR::UI, "1.2.9")
            .text(tags::MODALITY, VR::CS, "CT")
            .text(tags::PATIENT_NAME, VR::PN, "Nobody^Known")
            .text(tags::PATIENT_ID, VR::LO, "id-4711")
            .text(tags::INSTANCE_NUMBER, VR::IS, &instance.to_string())
            .text(tags::IMAGE_TYPE, VR::CS, "ORIGINAL\\PRIMARY\\AXIAL")
            .text(tags::SLICE_THICKNESS, VR::DS, "9")
            .numbers(tags::IMAGE_POSITION_PATIENT, &position)
            .numbers(tags::IMAGE_ORIENTATION_PATIENT, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
            .numbers(tags::PIXEL_SPACING, &[0.75, 0.5])
            .numbers(tags::RESCALE_SLOPE, &[1.0])
            .numbers(tags::RESCALE_INTERCEPT, &[-1000.0])
            .text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2")
            .word(tags::SAMPLES_PER_PIXEL, 1)
            .word(tags::ROWS, ROWS)
            .word(tags::COLUMNS, COLUMNS)
            .word(tags::BITS_ALLOCATED, 16)
            .word(tags::BITS_STORED, 12)
            .word(tags::HIGH_BIT, 11)
            .word(tags::PIXEL_REPRESENTATION, 0)
            .pixels(&pixels)
    }

    /// `n` slices with `step` between them, the first at (-10, -20, 30).
    pub fn series(n: u16, step: [f64; 3]) -> Vec<Self> {
        let start = [-10.0, -20.0, 30.0];
        let at = |index: u16| [0, 1, 2].map(|axis: usize| start[axis] + f64::from(index) * step[axis]);
        (0..n).map(|index| Self::slice(index + 1, at(index))).collect()
    }

    pub fn text(mut self, tag: Tag, vr: VR, text: &str) -> Self {
        self.0.put(DataElement::new(tag, vr, text));
        self
    }

    pub fn numbers(self, tag: Tag, numbers: &[f64]) -> Self {
        let texts = numbers.iter().map(f64::to_string).collect::<Vec<_>>();
        self.text(tag, VR::DS, &texts.join("\\"))
    }

    pub fn word(mut self, tag: Tag, word: u16) -> Self {
        self.0.put(DataElement::new(tag, VR::US, PrimitiveValue::from(word)));
        self
    }

    pub fn pixels(mut self, pixels: &[u16]) -> Self {
        self.0.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into())));
        self
    }

    pub fn items(mut self, tag: Tag, items: Vec<Self>) -> Self {
        let items = items.into_iter().map(|item| item.0).collect::<Vec<_>>();
        self.0.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
        self
    }

    pub fn item() -> Self {
        Self(InMemDicomObject::new_empty())
    }

    pub fn save(self, path: &Path) -> PathBuf {
        let meta = FileMetaTableBuilder::new().transfer_syntax("1.2.840.10008.1.2.1");
        self.0.with_meta(meta).unwrap().write_to_file(path).unwrap();
        path.to_owned()
    }
}

/// Writes slices as `slice-<letter>` in an order that is not the one in space.
pub fn save_all(slices: Vec<Made>, folder: &Path) -> Vec<PathBuf> {
    let n = slices.len();
    let place = |index: usize| (index * 5 + 3) % n.max(1);
    let letter = |index: usize| char::from(b'a' + if n.is_multiple_of(5) { index } else { place(index) } as u8);
    slices.into_iter().enumerate().map(|(index, slice)| slice.save(&folder.join(format!("slice-{}", letter(index))))).collect()
}
