//! `imaging.cases`: every case of a file, a folder or a list, one by one, sorted by name. Reads no voxels.

mod find;
mod list;
mod select;

pub use find::{Case, Found, find, names_of_volumes};
pub use list::{read_list, resolve};
pub use select::select;

use crate::dicom::MARKS;
use std::path::PathBuf;
use voxloom_sdk::prelude::*;

/// What happens to an image that has no label where labels are wanted.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Unlabelled {
    /// The run stops and names it.
    Refuse,
    /// It is left out.
    Skip,
    /// It comes without a label.
    Keep,
}

/// Every case of a file, a folder or a list, sorted by name.
///
/// # Lists
/// A `.json` list holds objects with `image` and, as wanted, `name`, `label` and anything else (`"fold": 2`, `"task": "liver"`), which
/// goes along; paths are seen from the list. `"where": {"EchoNumbers": 2}` chooses one of several volumes in a DICOM series. Further files stand under `files`, each a path or a list of them:
/// `{"image": "a.png", "files": {"raters": ["r0.png", "r1.png"]}}`. A Decathlon `dataset.json` is such a list. A `.txt` list holds one
/// image a line.
#[derive(Debug, Params)]
#[param(check)]
pub struct Cases {
    /// A NIfTI, PNG or DICOM file, a folder of them, or a list (`.json`, `.txt`). PNG files beside NIfTI files count as previews and are left
    /// out. A folder without NIfTI and PNG is searched for DICOM series at every depth; each is a case, named by its SeriesInstanceUID.
    #[param(path)]
    pub path: PathBuf,
    /// Folder with the label files of a folder of images.
    #[param(path)]
    pub labels: Option<PathBuf>,
    /// What stands behind the case's name in names of images, as in `liver_4_0000.nii.gz`.
    #[param(default = "")]
    pub image_suffix: String,
    /// What stands behind the case's name in names of labels. Without `labels` they lie beside the images.
    #[param(default = "")]
    pub label_suffix: String,
    /// What happens to an image without a label, where labels are wanted.
    #[param(default = Unlabelled::Refuse)]
    pub unlabelled: Unlabelled,
    /// Whether folders inside the folder count.
    #[param(default = false)]
    pub recursive: bool,
    /// Attributes by which a DICOM series that holds several volumes becomes several cases, such as `EchoNumbers`, `TemporalPositionIdentifier`
    /// or `DiffusionBValue`. The values stand in the cases' names and records: `only` with `{"EchoNumbers": 2}` takes one of them.
    #[param(default = Vec::new())]
    pub split_series: Vec<String>,
    /// Only cases that have these values: `{"fold": [0, 1]}` or `{"name": "liver_4"}`.
    #[param(default = JsonMap::new())]
    pub only: JsonMap,
    /// No cases that have these values.
    #[param(default = JsonMap::new())]
    pub except: JsonMap,
    /// A JSON file of names: `{"train": [...], "val": [...]}`, or a list of such, one a fold.
    #[param(path)]
    pub split: Option<PathBuf>,
    /// The part of `split` that is wanted.
    pub part: Option<String>,
    /// The fold of `split` that is wanted.
    #[param(default = 0)]
    pub fold: usize,
    /// No more cases than this, the first by name.
    #[param(min = 1)]
    pub limit: Option<usize>,
}

impl Scatter for Cases {
    const NAME: &'static str = "imaging.cases";

    fn entry() -> Entry {
        Entry::scatter().output(Port::of("case", "case").about("name, image and label of one case"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        let found = self.find().map_err(Error::into_fatal)?;
        call.info(&format!("{} cases in {}", found.cases.len(), self.path.display()));
        if !found.skipped.is_empty() {
            call.info(&format!("left out: {}", few(&found.skipped)));
        }
        let cursor = CaseCursor { n_cases: found.cases.len(), left: found.cases.into_iter() };
        cursor.tell(call);
        Ok(Box::new(cursor))
    }
}

impl Cases {
    fn check_relations(&self) -> Result<()> {
        if let Some(at) = self.split_series.iter().position(|name| !MARKS.contains(&name.as_str())) {
            let (found, known) = (&self.split_series[at], MARKS.join(", "));
            return Err(Error::param(format!("split_series[{at}]"), format!("must be one of {known}; got {found}")));
        }
        match (&self.split, &self.part) {
            (None, Some(part)) => Err(Error::param("part", format!("is \"{part}\", but there is no `split` to take it from"))),
            _ => Ok(()),
        }
    }

    /// The cases that these parameters mean.
    ///
    /// # Errors
    /// Nothing is found, a path is not there, two cases have one name, or a label is missing; the text says where and why.
    pub fn find(&self) -> Result<Found> {
        let mut found = find(self)?;
        select(self, &mut found)?;
        if found.cases.is_empty() {
            let skipped = match found.skipped.is_empty() {
                true => "it holds no NIfTI, PNG or DICOM file".to_owned(),
                false => format!("left out: {}", few(&found.skipped)),
            };
            return Err(Error::item(format!("no case found in {}: {skipped}", self.path.display())));
        }
        Ok(found)
    }
}

/// The first of a list, for a message.
fn few(texts: &[String]) -> String {
    let shown = texts.iter().take(6).cloned().collect::<Vec<_>>().join(", ");
    match texts.len() {
        0..=6 => shown,
        n => format!("{shown} and {} more", n - 6),
    }
}

struct CaseCursor {
    n_cases: usize,
    left: std::vec::IntoIter<Case>,
}

impl CaseCursor {
    /// How many cases were given, and how many there are: what a run's remaining time is told by.
    fn tell(&self, call: &Call) {
        call.progress((self.n_cases - self.left.len()) as u64, self.n_cases as u64);
    }
}

impl Cursor for CaseCursor {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        let Some(case) = self.left.next() else { return Ok(false) };
        call.output("case", Record::new("case").with("meta", case.meta()))?;
        self.tell(call);
        Ok(true)
    }
}
