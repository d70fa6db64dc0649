//! Where files come from, told from little of them.

use super::folders;
use super::make::Made;
use dicom_core::VR;
use dicom_dictionary_std::tags;
use voxloom_dicom::{Depth, Fault, File, Head, Holds, Origin};

#[test]
fn origins_are_those_of_whole_heads() {
    let mut n_images = 0;
    for path in folders().iter().flat_map(|folder| std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path())) {
        if path.is_dir() {
            continue;
        }
        let head = File::open(&path, Depth::Head).and_then(|file| Head::of(&file));
        let origin = Origin::of(&path);
        match head {
            Ok(head) => {
                let origin = origin.unwrap_or_else(|fault| panic!("{fault}"));
                // What is no UID is shown as a label.
                let alike = |shown: &str, uid: &str| shown == uid || shown.starts_with("odd-uid-") && uid.len() > 63;
                assert!(alike(&origin.series_uid.unwrap_or_default(), &head.series_uid), "{}", path.display());
                assert!(alike(&origin.study_uid.unwrap_or_default(), &head.study_uid), "{}", path.display());
                assert_eq!(origin.holds, if head.localiser { Holds::Localiser } else { Holds::Image }, "{}", path.display());
                n_images += 1;
            }
            Err(Fault::NotImage { class, .. }) => assert_eq!(origin.unwrap().holds, Holds::Other(class), "{}", path.display()),
            Err(Fault::NotDicom { .. }) => assert!(matches!(origin, Err(Fault::NotDicom { .. })), "{}", path.display()),
            // What is wrong lies behind what an origin needs.
            Err(Fault::Damaged { .. }) => assert!(matches!(origin, Ok(_) | Err(Fault::Damaged { .. })), "{}", path.display()),
            Err(other) => panic!("{other}"),
        }
    }
    assert!(n_images > 15, "{n_images}");
}

#[test]
fn pixels_are_not_read_and_names_are_no_uids() {
    let folder = tempfile::tempdir().unwrap();
    let path = Made::slice(1, [0.0; 3]).save(&folder.path().join("a"));
    // Mebibytes of pixels by the thousand, as far as the file system says; nobody could read them in a test's time.
    std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let origin = Origin::of(&path).unwrap();
    assert_eq!(
        (origin.series_uid.as_deref(), origin.study_uid.as_deref(), origin.holds),
        (Some("1.2.3.4"), Some("1.2.3"), Holds::Image)
    );

    let odd = Made::slice(1, [0.0; 3]).text(tags::SERIES_INSTANCE_UID, VR::UI, "Nobody^Known").text(
        tags::IMAGE_TYPE,
        VR::CS,
        "ORIGINAL\\PRIMARY\\LOCALIZER",
    );
    let origin = Origin::of(&odd.save(&path)).unwrap();
    assert!(origin.series_uid.as_deref().is_some_and(|label| label.starts_with("odd-uid-")), "{origin:?}");
    assert_eq!(origin.holds, Holds::Localiser);
    let list = Made::item().text(tags::SOP_CLASS_UID, VR::UI, "1.2.840.10008.1.3.10").text(tags::SOP_INSTANCE_UID, VR::UI, "1.2");
    assert_eq!(Origin::of(&list.save(&path)).unwrap().holds, Holds::Directory);
}
