//! Several volumes in one series: chosen, or told apart.

use super::make::{COLUMNS, Made, ROWS, save_all};
use dicom_core::VR;
use dicom_dictionary_std::tags;
use voxloom_dicom::{Series, Volume, Where, series_of};

/// Three slices at each of some echoes.
fn echoes(texts: &[&str]) -> Vec<Made> {
    let mut slices = Vec::new();
    for (index, echo) in texts.iter().enumerate() {
        for (place, slice) in Made::series(3, [0.0, 0.0, 2.5]).into_iter().enumerate() {
            let slice = slice
                .text(tags::ECHO_NUMBERS, VR::IS, echo)
                .text(tags::SOP_INSTANCE_UID, VR::UI, &format!("1.2.3.4.{index}.{place}"))
                .numbers(tags::RESCALE_INTERCEPT, &[0.0])
                .pixels(&[index as u16; 12]);
            slices.push(slice);
        }
    }
    slices
}

fn series(slices: Vec<Made>) -> (tempfile::TempDir, Series) {
    let folder = tempfile::tempdir().unwrap();
    save_all(slices, folder.path());
    let series = series_of(folder.path()).unwrap();
    (folder, series)
}

fn only(name: &str, value: &str) -> Where {
    Where::from([(name.to_owned(), value.to_owned())])
}

#[test]
fn one_echo_of_a_series_is_a_volume() {
    let (_folder, series) = series(echoes(&["1", "2"]));
    for (value, expected) in [("1", 0.0), ("2", 1.0), ("2.0", 1.0)] {
        let volume = Volume::read(&series.clone().only(&only("EchoNumbers", value)).unwrap()).unwrap();
        assert_eq!((volume.shape_ijk, volume.values.to_f64()), ([4, 3, 3], vec![expected; 36]));
    }
    let text = series.clone().only(&only("EchoNumbers", "7")).unwrap_err().to_string();
    assert_eq!(text, "no slice has {\"EchoNumbers\": \"7\"}; the series has EchoNumbers 1, 2");
    let text = series.only(&only("PatientName", "x")).unwrap_err().to_string();
    assert!(text.starts_with("PatientName is none of the attributes that tell volumes apart: EchoNumbers, "), "{text}");
}

#[test]
fn a_series_is_told_apart_by_value() {
    let (_folder, whole) = series(echoes(&["10", "9", "1"]));
    let parts = whole.clone().apart(&["EchoNumbers".to_owned()]).unwrap();
    let values: Vec<&str> = parts.iter().map(|part| part.chosen["EchoNumbers"].as_str()).collect();
    assert_eq!(values, ["1", "9", "10"]);
    assert!(parts.iter().all(|part| part.heads.len() == 3 && Volume::read(part).is_ok()));
    // What no slice has tells nothing apart.
    let parts = whole.apart(&["TriggerTime".to_owned()]).unwrap();
    assert_eq!((parts.len(), parts[0].heads.len()), (1, 9));
}

#[test]
fn frames_of_one_file_are_told_apart() {
    let frame = |index: usize| {
        let position = Made::item().numbers(tags::IMAGE_POSITION_PATIENT, &[0.0, 0.0, (index / 2) as f64 * 3.0]);
        let b_value = Made::item().numbers(tags::DIFFUSION_B_VALUE, &[[0.0, 1000.0][index % 2]]);
        Made::item().items(tags::PLANE_POSITION_SEQUENCE, vec![position]).items(tags::MR_DIFFUSION_SEQUENCE, vec![b_value])
    };
    let size = usize::from(ROWS * COLUMNS);
    let pixels: Vec<u16> = (0..6 * size).map(|place| (place / size) as u16).collect();
    let made = Made::slice(1, [0.0; 3])
        .text(tags::NUMBER_OF_FRAMES, VR::IS, "6")
        .numbers(tags::RESCALE_INTERCEPT, &[0.0])
        .items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, (0..6).map(frame).collect())
        .pixels(&pixels);
    let (_folder, whole) = series(vec![made]);
    let text = Volume::read(&whole).unwrap_err().to_string();
    assert!(text.contains("DiffusionBValue tells them apart (0, 1000)"), "{text}");
    let volume = Volume::read(&whole.only(&only("DiffusionBValue", "1000")).unwrap()).unwrap();
    assert_eq!((volume.shape_ijk, volume.affine[2]), ([4, 3, 3], [0.0, 0.0, 3.0, 0.0]));
    assert_eq!(volume.values.to_f64().into_iter().step_by(12).collect::<Vec<_>>(), [1.0, 3.0, 5.0]);
}
