//! `imaging.write`: a volume as a NIfTI file in its input's own geometry, with label names inside and beside.

use crate::nifti::{self, Content, Output, Written};
use crate::volume_file::to_voxels;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use voxloom_sdk::prelude::*;

/// What the voxels mean.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Whole numbers that name structures; stored in the smallest type that holds them.
    Labels,
    /// Measured or computed values; stored in the type they have.
    Image,
}

/// Writes a volume as NIfTI in its input's own geometry, byte for byte, and reads it back before it counts.
///
/// # Files
/// `<folder>/<case><suffix>.nii.gz`, and for labels a `.json` of the same name with every label's name, voxels, volume and
/// centroid. A file appears whole or not at all; an input is never overwritten.
#[derive(Debug, Params)]
pub struct Write {
    /// Where the files go; made where it is missing.
    #[param(path)]
    pub folder: PathBuf,
    /// What stands behind the case's name in the file's name.
    #[param(default = "")]
    pub suffix: String,
    /// What the voxels mean.
    #[param(default = Meaning::Labels)]
    pub content: Meaning,
    /// Names of label 1, 2, 3, and so on; where empty, `labels` of the volume's meta (`{"1": "liver"}`) are taken.
    #[param(default = Vec::new())]
    pub names: Vec<String>,
    /// Whether the file is gzipped (`.nii.gz`).
    #[param(default = true)]
    pub compress: bool,
    /// How hard gzip tries: 1 is fast, 9 is small, 2 nearly both.
    #[param(default = 2, min = 1, max = 9)]
    pub level: u32,
    /// Whether labels get a JSON file beside them.
    #[param(default = true)]
    pub sidecar: bool,
}

impl Operator for Write {
    const NAME: &'static str = "imaging.write";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W]; labels are whole numbers"))
            .input(Port::of("case", "case").optional().about("names the file; the volume's own name otherwise"))
            .output(Port::json("file").about("path, type, and each label's voxels, volume and centroid"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let case = match call.optional::<Record>("case")? {
            Some(case) => case.get::<JsonMap>("meta", call)?,
            None => JsonMap::new(),
        };
        let name = case.get("name").and_then(Json::as_str).unwrap_or_else(|| volume.name());
        let path = output_path(&self.folder, name, &self.suffix, if self.compress { ".nii.gz" } else { ".nii" })?;
        let inputs = ["image", "label"].iter().filter_map(|key| case.get(*key)).chain(volume.meta.get("source"));
        refuse_input(&path, inputs.filter_map(Json::as_str))?;

        let (voxels, shape_ijk) = to_voxels(&volume.data).map_err(|fault| Error::item(format!("{name}: the volume {fault}")))?;
        let names = self.label_names(&volume);
        let header = volume
            .header
            .as_ref()
            .map(|header| Vec::<u8>::try_from(header.to_device(Device::Cpu).contiguous().view(-1)))
            .transpose()?;
        let content = match self.content {
            Meaning::Labels => Content::Labels(names.clone()),
            Meaning::Image => Content::Image,
        };
        let output = Output {
            header: header.as_deref(),
            affine: volume.affine.0,
            shape_ijk,
            voxels: &voxels,
            content,
            gzip_level: self.level,
        };
        let written = nifti::write(&path, &output)?;
        let mut report = self.report(&path, &written, &volume, &names);
        if self.sidecar && self.content == Meaning::Labels {
            let beside = path.with_file_name(format!("{name}{}.json", self.suffix));
            write_whole(&beside, format!("{report:#}\n").as_bytes())?;
        }
        report["path"] = path.to_string_lossy().into();
        call.output("file", report)
    }
}

impl Write {
    fn label_names(&self, volume: &Volume) -> BTreeMap<i64, String> {
        let numbered = self.names.iter().zip(1..).filter(|(name, _)| !name.is_empty()).map(|(name, label)| (label, name.clone()));
        if !self.names.is_empty() {
            return numbered.collect();
        }
        let meta = volume.meta.get("labels").and_then(Json::as_object);
        let pairs = meta.into_iter().flatten().filter_map(|(label, name)| Some((label.parse().ok()?, name.as_str()?.to_owned())));
        pairs.collect()
    }

    fn report(&self, path: &Path, written: &Written, volume: &Volume, names: &BTreeMap<i64, String>) -> Json {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let mut report = json!({ "file": file, "dtype": written.stored.name(), "n_bytes": written.n_bytes });
        if self.content == Meaning::Labels {
            let voxel_ml = volume.affine.determinant().abs() / 1000.0;
            let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
            let labels = written.labels.iter().map(|(label, stats)| {
                let centroid = stats.centroid_mm(&volume.affine.0).map(rounded);
                let entry = json!({
                    "name": names.get(label),
                    "n_voxels": stats.n_voxels,
                    "volume_ml": rounded(stats.n_voxels as f64 * voxel_ml),
                    "centroid_mm": centroid,
                });
                (label.to_string(), entry)
            });
            report["labels"] = Json::Object(labels.collect());
        }
        report
    }
}

/// `<folder>/<name><suffix><ending>`.
///
/// # Errors
/// A name that leaves the folder.
pub(crate) fn output_path(folder: &Path, name: &str, suffix: &str, ending: &str) -> Result<PathBuf> {
    let file = format!("{name}{suffix}{ending}");
    if name.is_empty() || name == "?" || file.contains(['/', '\\']) || file.starts_with("..") {
        return Err(Error::item(format!("\"{name}{suffix}\" cannot name a file; connect `case`, and keep folders in `folder`")));
    }
    Ok(folder.join(file))
}

/// # Errors
/// The path is one of the inputs.
pub(crate) fn refuse_input<'a>(path: &Path, inputs: impl Iterator<Item = &'a str>) -> Result<()> {
    let Ok(target) = path.canonicalize() else { return Ok(()) };
    for input in inputs {
        if Path::new(input).canonicalize().is_ok_and(|input| input == target) {
            return Err(Error::item(format!(
                "{} is an input and is not overwritten; give another `folder` or a `suffix`",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Writes a file beside its place, then moves it there.
///
/// # Errors
/// The system refuses.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".voxloom-").suffix(".part").tempfile_in(folder)?;
    file.write_all(bytes)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| Error::item(format!("{}: {}", path.display(), error.error)))?;
    Ok(())
}
