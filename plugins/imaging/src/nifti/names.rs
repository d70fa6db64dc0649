//! File names: halves of a pair, and the name of a case.

use std::path::{Path, PathBuf};

/// Endings of files that can be read, longest first.
const ENDINGS: [&str; 6] = [".nii.gz", ".hdr.gz", ".img.gz", ".nii", ".hdr", ".img"];

/// Where the halves of a `.hdr`/`.img` pair may lie, in the order in which they are tried.
#[derive(Debug, PartialEq, Eq)]
pub struct Pair {
    pub headers: [PathBuf; 2],
    pub images: [PathBuf; 2],
}

impl Pair {
    /// The pair that `path` is half of, by its name; `None` for other names. The partner may be gzipped or not.
    pub fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (stem, ending) = split(name)?;
        if ending.to_ascii_lowercase().starts_with(".nii") {
            return None;
        }
        let upper = ending[1..2] == *ending[1..2].to_ascii_uppercase();
        let beside = |part: &str| {
            let part = if upper { part.to_ascii_uppercase() } else { part.to_owned() };
            path.with_file_name(format!("{stem}{part}"))
        };
        let order = |part: &str| match ending.to_ascii_lowercase().ends_with(".gz") {
            true => [beside(&format!("{part}.gz")), beside(part)],
            false => [beside(part), beside(&format!("{part}.gz"))],
        };
        Some(Self { headers: order(".hdr"), images: order(".img") })
    }
}

/// The file name without its NIfTI ending: `liver_4.nii.gz` is the case `liver_4`.
pub fn case_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    split(&name).map_or_else(|| name.to_string(), |(stem, _)| stem.to_owned())
}

/// Whether a file's name says NIfTI. The second half of a pair does not count, so that a pair is one image.
pub fn is_image_name(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    split(&name).is_some_and(|(_, ending)| !ending.to_ascii_lowercase().starts_with(".img"))
}

fn split(name: &str) -> Option<(&str, &str)> {
    let lower = name.to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(**ending) && lower.len() > ending.len())?;
    Some(name.split_at(name.len() - ending.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_ending() {
        for (file, name) in [
            ("a/liver_4.nii.gz", "liver_4"),
            ("b.c.NII", "b.c"),
            ("x.hdr", "x"),
            ("x.img.gz", "x"),
            ("raw", "raw"),
            (".nii", ".nii"),
        ] {
            assert_eq!(case_name(Path::new(file)), name);
        }
    }

    #[test]
    fn a_pair_counts_once() {
        assert!(is_image_name(Path::new("a.hdr")) && is_image_name(Path::new("a.nii.gz")));
        assert!(!is_image_name(Path::new("a.img")) && !is_image_name(Path::new("a.txt")));
    }

    #[test]
    fn partners_are_tried_like_the_given_half_first() {
        let pair = Pair::of(Path::new("d/x.img.gz")).unwrap();
        assert_eq!(pair.headers, [PathBuf::from("d/x.hdr.gz"), PathBuf::from("d/x.hdr")]);
        assert_eq!(Pair::of(Path::new("X.HDR")).unwrap().images[0], PathBuf::from("X.IMG"));
        assert_eq!(Pair::of(Path::new("x.nii.gz")), None);
    }
}
