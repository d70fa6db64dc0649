//! `imaging.write`: a volume as a NIfTI file in its input's own geometry, with label names inside and beside, as PNG, or as DICOM SEG.

mod picture;
mod target;

pub(crate) use target::{output_path, refuse_input, write_whole};

use crate::dicom::{self, Segments};
use crate::nifti::{self, Content, LabelStats, Output};
use crate::place::{NOWHERE, is_placed};
use crate::raster;
use crate::volume_file::to_voxels;
use std::collections::BTreeMap;
use std::path::PathBuf;
use voxloom_sdk::prelude::*;

/// What the voxels mean.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Whole numbers that name structures; stored in the smallest type that holds them.
    Labels,
    /// Measured or computed values; stored in the type they have.
    Image,
}

/// What kind of file is written.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Kind {
    Nifti,
    Png,
    /// Labels as a DICOM segmentation object that refers to the case's DICOM images.
    DicomSeg,
}

/// Writes a volume as NIfTI in its input's own geometry, byte for byte, or a slice as PNG, and reads it back before it counts.
///
/// # Files
/// `<folder>/<case><suffix>.nii.gz`, and for labels a `.json` of the same name with every label's name, voxels, volume and
/// centroid. A file appears whole or not at all; an input is never overwritten.
///
/// # PNG
/// Labels take 8 bits, or 16 where one is above 255. Images of uint8 take 8 bits, of other whole numbers 16. Floats are scaled to 16 bits: `range`
/// goes onto 0 to 65535, and values outside of it are refused. Colours that were read from a picture are one file; other channels are files of
/// their own, `<case><suffix>_0.png` and so on, all or none. A PNG has no place in space and no size of pixels, and the report says so
/// (`placed_by: none`); so does a NIfTI file of a picture (no sform, no qform, unit unknown).
///
/// # DICOM SEG
/// `<case><suffix>.dcm`: one binary segment a label, with its name; patient, study and frame of reference are those of the source, and every frame names
/// the image it lies on. The label map must lie on its source's grid, but for flips and the order of axes.
#[derive(Debug, Params)]
#[param(check)]
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
    /// What kind of file. Left out, what was read from PNG is written as PNG, and everything else as NIfTI.
    pub format: Option<Kind>,
    /// Values that become 0 and 65535 in a PNG of floats.
    #[param(default = [0.0, 1.0])]
    pub range: [f64; 2],
    /// Whether a NIfTI file is gzipped (`.nii.gz`).
    #[param(default = true)]
    pub compress: bool,
    /// How hard gzip tries: 1 is fast, 9 is small, 2 nearly both.
    #[param(default = 2, min = 1, max = 9)]
    pub level: u32,
    /// Whether labels, and PNG files of scaled values, get a JSON file beside them.
    #[param(default = true)]
    pub sidecar: bool,
}

impl Operator for Write {
    const NAME: &'static str = "imaging.write";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W]; labels are whole numbers; channels for PNG only"))
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
        let of_input = if volume.meta.get("format").and_then(Json::as_str) == Some("png") { Kind::Png } else { Kind::Nifti };
        let mut report = match self.format.unwrap_or(of_input) {
            Kind::Nifti => self.nifti(name, &volume, &case)?,
            Kind::Png => self.png(name, &volume, &case)?,
            Kind::DicomSeg => self.dicom(name, &volume, &case)?,
        };
        // Paths are of this machine: they go into the report and not into the file beside.
        let paths = report.as_object_mut().and_then(|report| report.remove("paths")).unwrap_or_default();
        if self.sidecar && (self.content == Meaning::Labels || report.get("scale").is_some()) {
            let beside = output_path(&self.folder, name, &self.suffix, ".json")?;
            if beside.ends_with("report.json") {
                return Err(Error::item(
                    "the run's report is called report.json, as the file beside these labels would be: rename the case, give a `suffix`, or set \
                     `sidecar` to false",
                ));
            }
            write_whole(&beside, format!("{report:#}\n").as_bytes())?;
        }
        match paths {
            Json::Array(paths) if paths.len() == 1 => report["path"] = paths[0].clone(),
            paths => report["paths"] = paths,
        }
        call.output("file", report)
    }
}

impl Write {
    fn check_relations(&self) -> Result<()> {
        if self.format == Some(Kind::DicomSeg) && self.content != Meaning::Labels {
            return Err(Error::param("format", "dicom_seg holds labels; set `content` to labels, or write the image as nifti"));
        }
        let [low, high] = self.range;
        match low < high {
            true => Ok(()),
            false => Err(Error::param("range", format!("must run from low to high, got [{low}, {high}]"))),
        }
    }

    fn nifti(&self, name: &str, volume: &Volume, case: &JsonMap) -> Result<Json> {
        let path = output_path(&self.folder, name, &self.suffix, if self.compress { ".nii.gz" } else { ".nii" })?;
        refuse_input(&path, target::inputs(case, volume).into_iter())?;
        let (voxels, shape_ijk) = to_voxels(&volume.data).map_err(|fault| Error::item(format!("{name}: the volume {fault}")))?;
        let names = self.label_names(volume);
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
            affine: is_placed(volume).then_some(volume.affine.0),
            shape_ijk,
            voxels: &voxels,
            content,
            gzip_level: self.level,
        };
        let written = nifti::write(&path, &output)?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let mut report = json!({ "file": file, "dtype": written.stored.name(), "n_bytes": written.n_bytes });
        if !is_placed(volume) {
            report["placed_by"] = json!(NOWHERE);
        }
        if self.content == Meaning::Labels {
            report["labels"] = labels(&written.labels, is_placed(volume).then_some(&volume.affine), &names);
        }
        report["paths"] = json!([path.to_string_lossy()]);
        Ok(report)
    }

    fn dicom(&self, name: &str, volume: &Volume, case: &JsonMap) -> Result<Json> {
        let path = output_path(&self.folder, name, &self.suffix, dicom::ENDING)?;
        refuse_input(&path, target::inputs(case, volume).into_iter())?;
        let (voxels, shape_ijk) = to_voxels(&volume.data).map_err(|fault| Error::item(format!("{name}: the volume {fault}")))?;
        let names = &self.label_names(volume);
        let description = dicom::description(&self.suffix);
        let bytes = dicom::segments(&Segments { voxels: &voxels, shape_ijk, volume, case, names, description })?;
        write_whole(&path, &bytes)?;
        let stats = nifti::label_stats(&voxels, shape_ijk).unwrap_or_default();
        Ok(json!({
            "file": path.file_name().unwrap_or_default().to_string_lossy(),
            "dtype": "bits",
            "n_bytes": bytes.len(),
            "labels": labels(&stats, Some(&volume.affine), names),
            "paths": [path.to_string_lossy()],
        }))
    }

    fn png(&self, name: &str, volume: &Volume, case: &JsonMap) -> Result<Json> {
        let sheets =
            picture::sheets(volume, self.content, self.range).map_err(|fault| Error::item(format!("{name}: {fault}")))?;
        let several = sheets.len() > 1;
        let path = |at: usize| {
            let suffix = if several { format!("{}_{at}", self.suffix) } else { self.suffix.clone() };
            let path = output_path(&self.folder, name, &suffix, ".png")?;
            refuse_input(&path, target::inputs(case, volume).into_iter())?;
            Ok(path)
        };
        let paths = (0..sheets.len()).map(path).collect::<Result<Vec<PathBuf>>>()?;
        let pictures: Vec<_> = paths.iter().map(PathBuf::as_path).zip(sheets.iter().map(|sheet| &sheet.encoded)).collect();
        raster::write(&pictures)?;
        let names = self.label_names(volume);
        let mut files = sheets.iter().zip(&paths).map(|(sheet, path)| {
            let mut file = json!({
                "file": path.file_name().unwrap_or_default().to_string_lossy(),
                "dtype": format!("uint{}", sheet.encoded.bits),
                "n_bytes": sheet.encoded.bytes.len(),
            });
            if self.content == Meaning::Labels {
                file["labels"] = labels(&sheet.labels, None, &names);
            }
            file
        });
        let mut report = if several { json!({ "files": files.collect::<Vec<_>>() }) } else { files.next().unwrap_or_default() };
        report["placed_by"] = json!(NOWHERE);
        if sheets.iter().any(|sheet| sheet.scaled) {
            let [low, high] = self.range;
            report["scale"] = json!({ "low": low, "high": high, "value": "low + stored / 65535 * (high - low)" });
        }
        report["paths"] = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        Ok(report)
    }

    fn label_names(&self, volume: &Volume) -> BTreeMap<i64, String> {
        let numbered = self.names.iter().zip(1..).filter(|(name, _)| !name.is_empty()).map(|(name, label)| (label, name.clone()));
        if !self.names.is_empty() {
            return numbered.collect();
        }
        let meta = volume.meta.get("labels").and_then(Json::as_object);
        let pairs = meta.into_iter().flatten().filter_map(|(label, name)| Some((label.parse().ok()?, name.as_str()?.to_owned())));
        pairs.collect()
    }
}

/// What a report says of labels: with a place volumes and centroids in millimetres, without one centroids in pixels.
fn labels(stats: &BTreeMap<i64, LabelStats>, affine: Option<&Affine>, names: &BTreeMap<i64, String>) -> Json {
    let rounded = |value: f64| (value * 1000.0).round() / 1000.0;
    let entry = |(label, stats): (&i64, &LabelStats)| {
        let mut entry = json!({ "name": names.get(label), "n_voxels": stats.n_voxels });
        match affine {
            Some(affine) => {
                entry["volume_ml"] = json!(rounded(stats.n_voxels as f64 * affine.determinant().abs() / 1000.0));
                entry["centroid_mm"] = json!(stats.centroid_mm(&affine.0).map(rounded));
            }
            // Column, row and slice.
            None => entry["centroid_px"] = json!(stats.centroid_mm(&Affine::IDENTITY.0).map(rounded)),
        }
        (label.to_string(), entry)
    };
    Json::Object(stats.iter().map(entry).collect())
}
