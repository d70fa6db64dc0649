//! A DICOM series is one input, wherever its files lie; every other file is one by itself.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use voxloom_dicom::{Fault, Holds, Origin};
use voxloom_watch::grouping::{Belongs, Grouping};
use voxloom_watch::stamp::Stamp;

/// Puts DICOM files together by SeriesInstanceUID; all series of a study are quiet together.
#[derive(Debug, Default)]
pub struct Series {
    known: Mutex<Known>,
}

/// Endings that no DICOM file has: such files are not even opened, which takes long on network drives.
const OTHERS: [&str; 9] = [".nii", ".nii.gz", ".hdr", ".mha", ".mhd", ".nrrd", ".png", ".json", ".txt"];

impl Grouping for Series {
    fn belongs(&self, relative: &Path, file: &Path, stamp: &Stamp) -> Belongs {
        if is_of_other_kind(relative) {
            return Belongs::Alone;
        }
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(belongs) = lock().get(relative, stamp) {
            return (*belongs).clone();
        }
        let belongs = match Origin::of(file) {
            Ok(origin) => belongs(origin, relative),
            Err(Fault::NotDicom { .. }) => Belongs::Alone,
            // Not written so far yet, or damaged: what lies in its folder may lack it.
            Err(_) => return Belongs::Unknown,
        };
        lock().put(relative, stamp, belongs.clone());
        belongs
    }

    fn reads(&self, relative: &Path) -> bool {
        !is_of_other_kind(relative)
    }

    fn names_count(&self) -> bool {
        false
    }

    fn is_unique(&self, group: &Path) -> bool {
        !group.as_os_str().as_encoded_bytes().starts_with(OF_A_FOLDER.as_bytes())
    }
}

/// Begins the names of groups that are only called after their folder.
const OF_A_FOLDER: &str = "no-series-uid-";

fn is_of_other_kind(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes().to_ascii_lowercase();
    OTHERS.iter().any(|ending| name.ends_with(ending.as_bytes()))
}

fn belongs(origin: Origin, relative: &Path) -> Belongs {
    if origin.holds == Holds::Directory {
        return Belongs::Ignored;
    }
    let name = match (origin.series_uid, relative.parent().filter(|folder| !folder.as_os_str().is_empty())) {
        (Some(uid), _) => uid,
        // As the reader does: the slices of one folder. Its name may be a patient's, so it is not taken over.
        (None, Some(folder)) => {
            let hash = format!("{:x}", Sha256::digest(folder.as_os_str().as_encoded_bytes()));
            format!("{OF_A_FOLDER}{}", &hash[..12])
        }
        (None, None) => return Belongs::Alone,
    };
    Belongs::To { quiet_with: origin.study_uid.unwrap_or_else(|| name.clone()), name }
}

/// What was found out of files that wait in the folder, so that looking through it again reads none of them.
#[derive(Debug, Default)]
struct Known {
    hasher: RandomState,
    young: HashMap<u64, Entry>,
    /// What was asked for since `young` was begun is taken over; the rest goes when that is full.
    old: HashMap<u64, Entry>,
    last: Option<Arc<Belongs>>,
}

#[derive(Clone, Debug)]
struct Entry {
    stamp: u64,
    belongs: Arc<Belongs>,
}

/// Files in each of both halves. An entry takes some 40 bytes.
const MOST: usize = 250_000;

impl Known {
    fn get(&mut self, path: &Path, stamp: &Stamp) -> Option<Arc<Belongs>> {
        let key = self.hasher.hash_one(path);
        let (entry, is_old) = match self.young.get(&key) {
            Some(entry) => (entry, false),
            None => (self.old.get(&key)?, true),
        };
        let entry = Some(entry.clone()).filter(|entry| entry.stamp == stamp.hash())?;
        if is_old {
            self.insert(key, entry.clone());
        }
        Some(entry.belongs)
    }

    fn put(&mut self, path: &Path, stamp: &Stamp, belongs: Belongs) {
        // Files of one series come one after the other mostly: they share what is kept of it.
        let shared = match self.last.take() {
            Some(last) if *last == belongs => last,
            _ => Arc::new(belongs),
        };
        self.last = Some(Arc::clone(&shared));
        self.insert(self.hasher.hash_one(path), Entry { stamp: stamp.hash(), belongs: shared });
    }

    fn insert(&mut self, key: u64, entry: Entry) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::{Belongs, Grouping, Holds, Known, MOST, Origin, Series, belongs};
    use std::path::Path;
    use voxloom_watch::stamp::Stamp;

    const STAMP: Stamp = Stamp { device: 0, inode: 1, size: 2, modified: 3, changed: 4 };

    fn origin(study: Option<&str>, series: Option<&str>, holds: Holds) -> Origin {
        Origin { study_uid: study.map(Into::into), series_uid: series.map(Into::into), holds }
    }

    #[test]
    fn series_are_named_by_uid_and_quiet_with_their_study() {
        let to = |name: &str, quiet_with: &str| Belongs::To { name: name.into(), quiet_with: quiet_with.into() };
        let at = |path: &str, study, series| belongs(origin(study, series, Holds::Image), Path::new(path));
        assert_eq!(at("Doe^John/1", Some("1.2"), Some("1.2.3")), to("1.2.3", "1.2"));
        assert_eq!(at("Doe^John/1", None, Some("1.2.3")), to("1.2.3", "1.2.3"));
        assert_eq!(at("1", Some("1.2"), None), Belongs::Alone);
        let Belongs::To { name, quiet_with } = at("Doe^John/1", Some("1.2"), None) else { panic!("a folder") };
        assert!(name.starts_with("no-series-uid-") && !name.contains("Doe") && quiet_with == "1.2", "{name}");
        assert_eq!(at("Doe^John/2", None, None), to(&name, &name));
        let list = belongs(origin(None, None, Holds::Directory), Path::new("x/DICOMDIR"));
        assert_eq!(list, Belongs::Ignored);
    }

    #[test]
    fn files_of_other_kinds_are_not_opened() {
        let missing = Path::new("/there/is/no/such/file");
        let of = |name: &str| Series::default().belongs(Path::new(name), missing, &STAMP);
        assert!(["a.nii", "b/A.NII.GZ", "c.png", ".hdr"].iter().all(|name| of(name) == Belongs::Alone));
        assert!(["a.gz", "a.dcm", "nii", "1.2.840"].iter().all(|name| of(name) == Belongs::Unknown));
    }

    #[test]
    fn a_file_is_read_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (relative, file) = (Path::new("a"), folder.path().join("a"));
        std::fs::write(&file, [b'x'; 200]).unwrap();
        let series = Series::default();
        assert_eq!(series.belongs(relative, &file, &STAMP), Belongs::Alone);
        std::fs::write(&file, "\x08\0\x05\0CS\x0a\0ISO").unwrap();
        assert_eq!(series.belongs(relative, &file, &STAMP), Belongs::Alone, "it was not looked at");
        let later = Stamp { size: 3, ..STAMP };
        assert_eq!(series.belongs(relative, &file, &later), Belongs::Unknown, "the beginning of a DICOM file");
        std::fs::write(&file, [b'x'; 200]).unwrap();
        assert_eq!(series.belongs(relative, &file, &later), Belongs::Alone, "what is not known is asked again");
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_used_stays() {
        let mut known = Known::default();
        let path = |index: usize| format!("{index}");
        for index in 0..3 * MOST {
            known.put(path(index).as_ref(), &STAMP, Belongs::Alone);
            assert!(known.get(path(0).as_ref(), &STAMP).is_some(), "{index}");
        }
        assert!(known.young.len() + known.old.len() <= 2 * MOST);
        assert!(known.get(path(1).as_ref(), &STAMP).is_none());
    }
}
