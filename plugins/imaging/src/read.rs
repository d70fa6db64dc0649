//! `imaging.read`: a file of a case, or several, as a volume. What is legal in a file is decided in `nifti`, `raster` and `voxloom-dicom`.

mod channels;
mod load;

use crate::dicom::{self, Slices};
use crate::formats::Format;
use crate::write::Meaning;
use load::{fit, load};
use std::path::{Path, PathBuf};
use voxloom_sdk::prelude::*;

/// Reads a file of a case as a volume: NIfTI-1 and 2 (gzipped or not, or a .hdr/.img pair), a PNG picture, or a DICOM series.
///
/// # Values
/// Integers stay integers (uint16 becomes int32); scaled NIfTI becomes float32, or float64 where the stored type needs it. Labels must hold
/// whole numbers and lie on the image's grid. Nothing is reoriented or resampled. A list of files becomes channels.
///
/// # Pictures
/// Grey is `[1, H, W]`, RGB `[3, 1, H, W]`, rows from the top. A picture has no place in space (`placed_by` of its meta is `none`): pixels of
/// 1 mm are a convention, and what needs real sizes refuses it.
///
/// # DICOM
/// A folder that holds one series, a file (of one frame or many), or a list of slices (`slices` of a case, or a list under `files`). Slices are ordered
/// by their positions, which also give the spacing; values are rescaled slice by slice, and a tilted stack keeps its shear in the affine. Missing,
/// doubled and differing slices are refused and named; where several volumes share a series, `where` of the case (`{"EchoNumbers": 2}`) says
/// which is meant. As a label, a SEG is put onto its image's grid. See `docs/dicom.md`.
#[derive(Debug, Params)]
pub struct Read {
    /// Which file of the case: `image`, `label`, or a name under the case's `files`.
    #[param(default = "image")]
    pub which: String,
    /// Whether the file holds labels (then numbers of a palette count, not its colours) or an image. Left out, `label` holds labels and
    /// everything else an image.
    pub content: Option<Meaning>,
}

impl Operator for Read {
    const NAME: &'static str = "imaging.read";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::of("case", "case").about("the case to read"))
            .output(Port::volume("volume").shape("[…, D, H, W]").about("voxels, their place, and the header of the file"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let meta: JsonMap = call.input::<Record>("case")?.get("meta", call)?;
        let volume = self.read(&meta)?;
        if let Some(Json::Array(warnings)) = volume.meta.get("warnings") {
            for warning in warnings {
                call.warn(&format!("{}: {}", volume.name(), warning.as_str().unwrap_or_default()));
            }
        }
        call.output("volume", volume)
    }
}

/// The files that are meant.
enum Files {
    One(PathBuf),
    /// Channels, in their order.
    Many(Vec<PathBuf>),
}

impl Read {
    /// Reads what the parameters mean of a case.
    ///
    /// # Errors
    /// The case has no such file, or it cannot be read; the text names case or file.
    pub fn read(&self, case: &JsonMap) -> Result<Volume> {
        let name = case.get("name").and_then(Json::as_str).unwrap_or("?");
        let content = self.content.unwrap_or(if self.which == "label" { Meaning::Labels } else { Meaning::Image });
        let slices = Slices::of_case(case)?;
        let image = case.get("image").and_then(Json::as_str).map(Path::new);
        if let (Some(image), Some(slices), "image") = (image, &slices, self.which.as_str()) {
            return dicom::volume(name, image, Some(slices));
        }
        let image = image.filter(|_| content == Meaning::Labels && self.which != "image").map(|image| (image, slices.as_ref()));
        let one = |path: PathBuf| {
            let volume = load(name, &path, content, image)?;
            let volume = match image {
                Some(image) => fit(volume, &path, image)?,
                None => volume,
            };
            Ok::<_, Error>((path, volume))
        };
        match self.files(case, name)? {
            Files::One(path) => one(path).map(|(_, volume)| volume),
            Files::Many(paths) if content == Meaning::Image && paths.iter().all(|path| Format::of(path) == Format::Dicom) => {
                dicom::volume(name, &paths[0].clone(), Some(&Slices::of_files(paths)))
            }
            Files::Many(paths) => channels::join(paths.into_iter().map(one).collect::<Result<_>>()?),
        }
    }

    fn files(&self, case: &JsonMap, name: &str) -> Result<Files> {
        let which = self.which.as_str();
        if which == "image" || which == "label" {
            let path = case.get(which).and_then(Json::as_str).map(|path| Files::One(path.into()));
            return path.ok_or_else(|| match which {
                "image" => Error::item(format!("case {name} has no image")),
                _ => Error::item(format!("case {name} has no label; give `imaging.cases` the labels' folder")),
            });
        }
        let files = case.get("files").and_then(Json::as_object);
        let wrong = |what: &str| {
            Error::item(format!("case {name} has {what} as `{which}` under `files`, expected a path or a list of paths"))
        };
        match files.and_then(|files| files.get(which)) {
            Some(Json::String(path)) => Ok(Files::One(path.into())),
            Some(Json::Array(paths)) if !paths.is_empty() => {
                let path = |path: &Json| path.as_str().map(PathBuf::from).ok_or_else(|| wrong(&path.to_string()));
                paths.iter().map(path).collect::<Result<_>>().map(Files::Many)
            }
            Some(other) => Err(wrong(&other.to_string())),
            None => {
                let known: Vec<&str> = files.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let known = if known.is_empty() { "it has no `files`".into() } else { format!("they are {}", known.join(", ")) };
                Err(Error::item(format!("case {name} has no `{which}` under `files`: {known}")))
            }
        }
    }
}
