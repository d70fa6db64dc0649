//! Files in which nothing was written: empty ones, and holes that a crash or a broken transfer left.

use std::path::Path;

/// Endings that slices go by, where they have one that is no number.
const ENDINGS: [&str; 8] = ["dcm", "dicom", "dic", "ima", "ct", "mr", "pt", "nm"];
/// What must be zero for a file to count as a hole; larger ones begin with it.
const HOLE: usize = 4096;
/// Sound files may begin with so many zeros; one that ends before the mark behind them has nothing else.
const PREAMBLE: usize = 128;
const MARK: usize = 4;

/// What is wrong with a file that nothing was written in, and that is called as slices are. Others are none of DICOM's concern:
/// programs leave empty files as marks.
pub fn blank(path: &Path, bytes: &[u8]) -> Option<&'static str> {
    let hole = if bytes.len() < PREAMBLE + MARK { PREAMBLE } else { HOLE };
    let what = match bytes {
        [] => "is empty",
        _ if bytes.iter().take(hole).all(|byte| *byte == 0) => "holds nothing but zeros, as files do that were never written out",
        _ => return None,
    };
    is_named_as_slice(path).then_some(what)
}

/// Slices are numbered, one way or another, and end in a number, in nothing, or as DICOM files do.
fn is_named_as_slice(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()) else { return false };
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends_well = match name.rsplit_once('.') {
        Some((_, ending)) => ending.bytes().all(|byte| byte.is_ascii_digit()) || ENDINGS.contains(&ending),
        None => true,
    };
    ends_well && name.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::blank;
    use std::path::Path;

    #[test]
    fn only_what_is_called_as_slices_are_is_missed() {
        let is_missed = |name: &str| blank(Path::new(name), b"").is_some();
        for name in ["im019", "IM-0001-0019.DCM", "1.2.840.10008.5", "x/00000012", "a3f9e1", "i19.dcm.gz", "7.IMA"] {
            assert!(is_missed(name), "{name}");
        }
        for name in ["DONE", "_SUCCESS", "study 12.ok", "1.2.840.done", "notes 3.txt", "a1.nii.gz", "7.png", "20/ready"] {
            assert!(!is_missed(name), "{name}");
        }
    }

    #[test]
    fn a_hole_is_a_file_that_begins_with_nothing_but_zeros() {
        let is_hole = |bytes: &[u8]| blank(Path::new("im1"), bytes).is_some();
        let preamble = [&[0; 128][..], b"DICM"].concat();
        assert!(is_hole(&[0]) && is_hole(&[0; 10_000]) && is_hole(&[&[0; 5000][..], b"x"].concat()));
        assert!(!is_hole(&preamble) && !is_hole(b"0"));
    }
}
