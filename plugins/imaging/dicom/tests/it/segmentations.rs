//! Label maps written as SEG: complete by the standard's list, and the same voxels when read back.

use super::make::{Made, save_all};
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use std::collections::BTreeMap;
use voxloom_dicom::seg::{Request, Segmentation, encode};
use voxloom_dicom::{Depth, File, Series, Stack, grid, series_of};

struct Case {
    folder: tempfile::TempDir,
    series: Series,
    grid: Stack,
    labels: Vec<u16>,
}

impl Case {
    /// Five slices with a tilt; labels 1 and 4 in some of them.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        save_all(Made::series(5, [0.0, 0.4, 2.5]), folder.path());
        let series = series_of(folder.path()).unwrap();
        let grid = grid(&series).unwrap();
        let label = |place: usize| match place {
            0 | 17 | 18 | 59 => 1,
            20..=30 => 4,
            _ => 0,
        };
        Self { folder, series, grid, labels: (0..60).map(label).collect() }
    }

    fn encode(&self, names: &BTreeMap<u16, String>) -> Result<Vec<u8>, String> {
        let request = Request {
            labels: &self.labels,
            shape_ijk: self.grid.shape_ijk,
            affine: &self.grid.affine,
            names,
            source: &self.series,
            description: "labels of a test",
        };
        encode(&request).map_err(|fault| fault.to_string())
    }

    fn read_back(&self, bytes: &[u8]) -> Segmentation {
        let path = self.folder.path().join("result.seg");
        std::fs::write(&path, bytes).unwrap();
        Segmentation::open(&path).unwrap()
    }
}

fn names(pairs: &[(u16, &str)]) -> BTreeMap<u16, String> {
    pairs.iter().map(|(label, name)| (*label, (*name).to_owned())).collect()
}

#[test]
fn a_label_map_comes_back_as_it_was() {
    let case = Case::new();
    let bytes = case.encode(&names(&[(1, "liver"), (4, "kidney_left")])).unwrap();
    let back = case.read_back(&bytes);
    let numbers: Vec<u16> = case.labels.iter().map(|label| if *label == 4 { 2 } else { *label }).collect();
    assert_eq!(back.label_map(case.grid.shape_ijk, &case.grid.affine).unwrap(), numbers);
    let segments: Vec<_> =
        back.segments.iter().map(|segment| (segment.number, segment.name.as_str(), segment.description.as_str())).collect();
    assert_eq!(segments, [(1, "liver", "label 1"), (2, "kidney_left", "label 4")]);
    // Frames without label are left out; the others name the image they lie on.
    let slices: Vec<(u16, f64)> = back.frames.iter().map(|frame| (frame.segment, frame.plane.position[2])).collect();
    assert_eq!(slices, [(1, 30.0), (1, 32.5), (1, 40.0), (2, 32.5), (2, 35.0)]);
    assert_eq!(back.frames[2].source_uid.as_deref(), Some("1.2.3.4.5"));
    assert_eq!((back.source_series_uid.as_deref(), back.frame_of_reference_uid.as_str()), (Some("1.2.3.4"), "1.2.9"));
}

#[test]
fn the_same_label_map_gives_the_same_bytes() {
    let case = Case::new();
    let named = names(&[(1, "liver")]);
    assert_eq!(case.encode(&named).unwrap(), case.encode(&named).unwrap());
    assert_ne!(case.encode(&named).unwrap(), case.encode(&names(&[(1, "spleen")])).unwrap());
}

/// Attributes of type 1 in the modules of a segmentation (PS3.3 A.51), and those of type 2 which may be empty.
const NEEDED: [Tag; 33] = [
    tags::SOP_CLASS_UID,
    tags::SOP_INSTANCE_UID,
    tags::STUDY_INSTANCE_UID,
    tags::SERIES_INSTANCE_UID,
    tags::SERIES_NUMBER,
    tags::MODALITY,
    tags::FRAME_OF_REFERENCE_UID,
    tags::MANUFACTURER,
    tags::MANUFACTURER_MODEL_NAME,
    tags::DEVICE_SERIAL_NUMBER,
    tags::SOFTWARE_VERSIONS,
    tags::INSTANCE_NUMBER,
    tags::CONTENT_DATE,
    tags::CONTENT_TIME,
    tags::CONTENT_LABEL,
    tags::NUMBER_OF_FRAMES,
    tags::IMAGE_TYPE,
    tags::SAMPLES_PER_PIXEL,
    tags::PHOTOMETRIC_INTERPRETATION,
    tags::ROWS,
    tags::COLUMNS,
    tags::BITS_ALLOCATED,
    tags::BITS_STORED,
    tags::HIGH_BIT,
    tags::PIXEL_REPRESENTATION,
    tags::LOSSY_IMAGE_COMPRESSION,
    tags::SEGMENTATION_TYPE,
    tags::SEGMENT_SEQUENCE,
    tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE,
    tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE,
    tags::DIMENSION_ORGANIZATION_SEQUENCE,
    tags::DIMENSION_INDEX_SEQUENCE,
    tags::PIXEL_DATA,
];
const MAY_BE_EMPTY: [Tag; 11] = [
    tags::PATIENT_NAME,
    tags::PATIENT_ID,
    tags::PATIENT_BIRTH_DATE,
    tags::PATIENT_SEX,
    tags::STUDY_DATE,
    tags::STUDY_TIME,
    tags::REFERRING_PHYSICIAN_NAME,
    tags::STUDY_ID,
    tags::ACCESSION_NUMBER,
    tags::CONTENT_DESCRIPTION,
    tags::CONTENT_CREATOR_NAME,
];

#[test]
fn what_files_are_called_does_not_count() {
    let (case, mut renamed) = (Case::new(), Case::new());
    for (index, head) in renamed.series.heads.iter().enumerate() {
        std::fs::rename(&head.path, renamed.folder.path().join(format!("{}", 9 - index))).unwrap();
    }
    renamed.series = series_of(renamed.folder.path()).unwrap();
    assert_eq!(renamed.encode(&names(&[])), case.encode(&names(&[])));
}

#[test]
fn every_attribute_that_the_standard_wants_is_there() {
    let case = Case::new();
    case.read_back(&case.encode(&names(&[(1, "liver")])).unwrap());
    let object = File::open(&case.folder.path().join("result.seg"), Depth::Whole).unwrap().object;
    for tag in NEEDED {
        let element = object.get(tag).unwrap_or_else(|| panic!("{tag} is missing"));
        assert!(!element.value().items().is_some_and(<[_]>::is_empty), "{tag} has no item");
        assert!(element.value().items().is_some() || !element.to_bytes().unwrap().is_empty(), "{tag} is empty");
    }
    for tag in MAY_BE_EMPTY {
        assert!(object.get(tag).is_some(), "{tag} is missing");
    }
    // 5 frames of 12 bits fill 7.5 bytes: packed without gaps, and even.
    assert_eq!(object.get(tags::PIXEL_DATA).unwrap().to_bytes().unwrap().len(), 8);
    let segment = &object.get(tags::SEGMENT_SEQUENCE).unwrap().items().unwrap()[0];
    for tag in [
        tags::SEGMENT_NUMBER,
        tags::SEGMENT_LABEL,
        tags::SEGMENT_ALGORITHM_TYPE,
        tags::SEGMENT_ALGORITHM_NAME,
        tags::SEGMENTED_PROPERTY_CATEGORY_CODE_SEQUENCE,
        tags::SEGMENTED_PROPERTY_TYPE_CODE_SEQUENCE,
    ] {
        assert!(segment.get(tag).is_some(), "a segment has no {tag}");
    }
}

#[test]
fn label_maps_elsewhere_than_their_source_are_refused() {
    let mut case = Case::new();
    case.grid.affine[0][3] += 0.3;
    let text = case.encode(&names(&[])).unwrap_err();
    assert!(text.contains("is shifted against its source"), "{text}");
}

#[test]
fn an_empty_label_map_needs_a_name_and_gets_one_empty_frame() {
    let mut case = Case::new();
    case.labels.fill(0);
    assert!(case.encode(&names(&[])).unwrap_err().contains("give `names`"));
    let back = case.read_back(&case.encode(&names(&[(1, "liver"), (2, "spleen")])).unwrap());
    assert_eq!((back.segments.len(), back.frames.len()), (2, 1));
    assert!(back.masks.iter().all(|mask| *mask == 0));
}

#[test]
fn a_name_in_another_character_set_is_copied_in_utf_8() {
    let folder = tempfile::tempdir().unwrap();
    let named = |slice: Made| {
        slice.text(tags::SPECIFIC_CHARACTER_SET, VR::CS, "ISO_IR 100").text(tags::PATIENT_NAME, VR::PN, "Müller^Jörg")
    };
    let paths = save_all(Made::series(5, [0.0, 0.4, 2.5]).into_iter().map(named).collect(), folder.path());
    let latin = std::fs::read(&paths[0]).unwrap();
    assert!(latin.windows(3).any(|bytes| bytes == b"M\xFCl"), "the source is not in Latin-1");
    let mut case = Case::new();
    case.series = series_of(folder.path()).unwrap();
    let bytes = case.encode(&names(&[(1, "Nierenrinde ä")])).unwrap();
    assert!(bytes.windows(8).any(|bytes| bytes == "Müller^".as_bytes()), "the name is not in UTF-8");
    assert_eq!(case.read_back(&bytes).segments[0].name, "Nierenrinde ä");
}

#[test]
fn a_source_without_frame_of_reference_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bare = |mut slice: Made| {
        slice.0.remove_element(tags::FRAME_OF_REFERENCE_UID);
        slice
    };
    save_all(Made::series(5, [0.0, 0.4, 2.5]).into_iter().map(bare).collect(), folder.path());
    let mut case = Case::new();
    case.series = series_of(folder.path()).unwrap();
    assert!(case.encode(&names(&[])).unwrap_err().contains("has no FrameOfReferenceUID"));
}

#[test]
fn slices_that_cannot_be_told_apart_are_refused_as_a_source() {
    let folder = tempfile::tempdir().unwrap();
    let same = |slice: Made| slice.text(tags::SOP_INSTANCE_UID, VR::UI, "1.2.3");
    save_all(Made::series(5, [0.0, 0.4, 2.5]).into_iter().map(same).collect(), folder.path());
    let mut case = Case::new();
    case.series = series_of(folder.path()).unwrap();
    assert!(case.encode(&names(&[])).unwrap_err().contains("have one SOPInstanceUID"));
}

#[test]
fn segmentations_of_other_programs_are_read() {
    let one = Segmentation::open(&super::data().join("liver_1frame.dcm")).unwrap();
    let deflated = Segmentation::open(&super::data().join("liver_deflate.dcm")).unwrap();
    assert_eq!((one.frames.len(), deflated.frames.len()), (1, 3));
    assert_eq!(one.segments[0].name, deflated.segments[0].name);
    // The frame of one file is a frame of the other, to the voxel.
    let n_pixels = one.rows * one.columns;
    let same = deflated.frames.iter().position(|frame| frame.plane == one.frames[0].plane).unwrap();
    assert_eq!(one.masks, deflated.masks[same * n_pixels..][..n_pixels]);
    assert!(Segmentation::open(&super::data().join("CT_small.dcm")).unwrap_err().to_string().contains("is CT Image Storage"));

    for row in super::folders().iter().flat_map(|folder| super::manifest::rows(folder)).filter(|row| row.get("modality") == "SEG")
    {
        let segmentation = Segmentation::open(&row.path).unwrap();
        let found = voxloom_dicom::find(row.path.parent().unwrap(), false).unwrap();
        let source = found.series.iter().find(|series| Some(&series.uid) == segmentation.source_series_uid.as_ref());
        let Some(source) = source else { continue };
        let grid = grid(source).unwrap();
        match segmentation.label_map(grid.shape_ijk, &grid.affine) {
            Ok(labels) => {
                let count = segmentation.masks.iter().filter(|mask| **mask > 0).count();
                assert_eq!(labels.iter().filter(|label| **label > 0).count(), count, "{}", row.path.display());
                println!("{}: {count} voxels on the grid of its source", row.path.display());
            }
            Err(fault) => assert!(fault.to_string().contains("in one voxel"), "{}: {fault}", row.path.display()),
        }
    }
}
