//! Which files hold volumes: NIfTI and PNG by their names, DICOM by its name or its beginning.

use crate::{dicom, nifti};
use std::path::Path;

/// What reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Nifti,
    Png,
    Dicom,
}

impl Format {
    /// PNG where the name ends in `.png`; DICOM for a folder, and for a file whose name or beginning says so; NIfTI otherwise.
    pub fn of(path: &Path) -> Self {
        match is_picture_name(path) {
            true => Self::Png,
            false if !nifti::is_image_name(path) && dicom::is_dicom(path) => Self::Dicom,
            false => Self::Nifti,
        }
    }
}

/// Whether a file's name says PNG.
pub fn is_picture_name(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"))
}

/// Whether a file's name says that a volume is in it. The second half of a pair does not count.
pub fn is_volume_name(path: &Path) -> bool {
    is_picture_name(path) || nifti::is_image_name(path)
}

/// The file name without its ending: `liver_4.nii.gz` is the case `liver_4`, `eye.png` the case `eye`.
pub fn case_name(path: &Path) -> String {
    match path.file_stem() {
        Some(stem) if is_picture_name(path) || dicom::has_ending(path) => stem.to_string_lossy().into_owned(),
        _ => nifti::case_name(path),
    }
}

/// Whether files of a folder belong to a data set of pictures: PNG files beside NIfTI files are previews.
pub(crate) fn are_pictures(files: &[impl AsRef<Path>]) -> bool {
    !files.iter().any(|file| nifti::is_image_name(file.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_reads_a_file() {
        let rows = [
            ("a/eye.PNG", "eye", Format::Png, true),
            ("b.nii.gz", "b", Format::Nifti, true),
            ("c.txt", "c.txt", Format::Nifti, false),
            ("d.dcm", "d", Format::Dicom, false),
        ];
        for (path, name, format, volume) in rows {
            let path = Path::new(path);
            assert_eq!((case_name(path).as_str(), Format::of(path), is_volume_name(path)), (name, format, volume));
        }
        assert!(are_pictures(&["a.png", "notes.txt"]) && !are_pictures(&["a.png", "a.nii"]));
    }
}
