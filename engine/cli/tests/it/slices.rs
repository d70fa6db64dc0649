//! Slices of a real image in DICOM, placed in space as series of one patient, and a pipeline for them.

use dicom_core::{DataElement, PrimitiveValue, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::{FileDicomObject, InMemDicomObject, open_file};
use std::path::{Path, PathBuf};

/// What must be seen nowhere but in files of the patient's own.
pub const SECRETS: [&str; 3] = ["Zacharias", "90210", "19330521"];

/// Reads a series, and writes it and a label map of it, once as NIfTI and once as SEG.
pub const PIPELINE: &str = r#"{
  "voxloom": 1,
  "about": "Bone in a CT series, as NIfTI and as DICOM SEG",
  "params": { "input": { "type": "path" }, "output": { "type": "path" } },
  "graph": {
    "case":   { "op": "imaging.cases", "params": { "path": "${input}" } },
    "image":  { "op": "imaging.read", "in": { "case": "case" } },
    "bone":   { "op": "imaging.threshold", "in": { "volume": "image" }, "params": { "from": 300 } },
    "scan":   { "op": "imaging.write", "in": { "volume": "image", "case": "case" },
                "params": { "folder": "${output}", "content": "image", "compress": false } },
    "labels": { "op": "imaging.write", "in": { "volume": "bone", "case": "case" },
                "params": { "folder": "${output}", "suffix": "_bone", "names": ["bone"], "compress": false } },
    "seg":    { "op": "imaging.write", "in": { "volume": "bone", "case": "case" },
                "params": { "folder": "${output}", "suffix": "_bone", "names": ["bone"], "format": "dicom_seg", "sidecar": false } }
  }
}
"#;

/// The study of all slices.
pub const STUDY: &str = "1.2.826.0.1";

/// One slice: the pixels of a CT image, turned a little from slice to slice, 5 mm apart.
pub struct Slice(FileDicomObject<InMemDicomObject>);

impl Slice {
    pub fn new(series: &str, index: usize) -> Self {
        let mut object = open_file(data("CT_small.dcm")).unwrap();
        let pixels = object.element(tags::PIXEL_DATA).unwrap().to_bytes().unwrap();
        let mut words: Vec<u16> = pixels.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
        words.rotate_left(128 * index + series.len());
        object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(words.into())));
        Self(object)
            .text(tags::PATIENT_NAME, VR::PN, "Zacharias^Secret")
            .text(tags::PATIENT_ID, VR::LO, "mrn-90210")
            .text(tags::PATIENT_BIRTH_DATE, VR::DA, "19330521")
            .text(tags::STUDY_INSTANCE_UID, VR::UI, STUDY)
            .text(tags::SERIES_INSTANCE_UID, VR::UI, series)
            .text(tags::SOP_INSTANCE_UID, VR::UI, &format!("{series}.{index}"))
            .text(tags::INSTANCE_NUMBER, VR::IS, &index.to_string())
            .text(tags::IMAGE_POSITION_PATIENT, VR::DS, &format!("-158.1\\-179.0\\{}", 5 * index))
    }

    pub fn text(mut self, tag: Tag, vr: VR, text: &str) -> Self {
        self.0.put(DataElement::new(tag, vr, text));
        self
    }

    /// Comes into being under a hidden name and is renamed into place, as receivers do.
    pub fn arrive(self, path: &Path) {
        let folder = path.parent().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        let hidden = folder.join(format!(".{}.part", path.file_name().unwrap().to_str().unwrap()));
        self.0.write_to_file(&hidden).unwrap();
        std::fs::rename(hidden, path).unwrap();
    }
}

/// A file of the repository's DICOM data.
pub fn data(name: &str) -> PathBuf {
    crate::stage::root().join("tests/data/dicom_odd").join(name)
}

/// Size of an uncompressed NIfTI-1 file along i, j, k.
pub fn size(path: &Path) -> [i16; 3] {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    [42, 44, 46].map(|at| i16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// The voxels of an uncompressed NIfTI-1 file of bytes.
pub fn voxels(path: &Path) -> Vec<u8> {
    let bytes = std::fs::read(path).unwrap();
    let offset = f32::from_le_bytes([bytes[108], bytes[109], bytes[110], bytes[111]]);
    bytes[offset as usize..].to_vec()
}
