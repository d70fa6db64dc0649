//! `imaging.preview`: a PNG of slices with the outlines of labels, to look at results without a viewer.

mod render;

pub use render::{Look, Picture, Plane, Scene, render};

use crate::geometry::corner_distance;
use crate::reorient::{SAME_GRID, shape_ijk, turn_volume};
use crate::write::{output_path, refuse_input, write_whole};
use std::path::PathBuf;
use voxloom_sdk::prelude::*;

/// Which slices are shown.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One slice each across, along and from the side, through the middle of the labels.
    Planes,
    /// Several slices of one plane, evenly over the labels.
    Grid,
}

/// On which side of the picture the patient's right is.
#[derive(Clone, Copy, Choice, Debug, PartialEq, Eq)]
pub enum View {
    /// The patient's right is on the left of the picture, as seen from the feet.
    Radiological,
    /// The patient's right is on the right.
    Neurological,
}

/// Writes a PNG of slices with label outlines.
///
/// # Picture
/// Slices are always shown upright, however the file lies: front or head up, and from the side the front to the left; `view` says where the
/// patient's right is. Voxels keep their proportions in millimetres. `labels` are outlined in one colour each; `truth` in the same colours, paler and
/// beneath. Nothing is written on the picture.
#[derive(Debug, Params)]
#[param(check)]
pub struct Preview {
    /// Where the pictures go; made where it is missing.
    #[param(path)]
    pub folder: PathBuf,
    /// What stands behind the case's name in the file's name.
    #[param(default = "")]
    pub suffix: String,
    /// Which slices are shown.
    #[param(default = Layout::Planes)]
    pub layout: Layout,
    /// The plane of a `grid`.
    #[param(default = Plane::Axial)]
    pub plane: Plane,
    /// Slices in a `grid`.
    #[param(default = 12, min = 1, max = 400)]
    pub n_slices: usize,
    /// Slices side by side in a `grid`.
    #[param(default = 4, min = 1, max = 50)]
    pub n_columns: usize,
    /// On which side the patient's right is.
    #[param(default = View::Radiological)]
    pub view: View,
    /// Percentiles of the volume that are shown black and white. Not used with `window`.
    #[param(default = [1.0, 99.0], min = 0.0, max = 100.0)]
    pub percentiles: [f64; 2],
    /// Values that are shown black and white, such as [-160, 240] HU.
    pub window: Option<[f64; 2]>,
    /// Width and height that a slice may have.
    #[param(default = 256, min = 16, max = 4096, unit = "px")]
    pub size_px: usize,
}

impl Operator for Preview {
    const NAME: &'static str = "imaging.preview";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("the grey picture; of several channels the first"))
            .input(Port::volume("labels").optional().about("outlined in strong colours"))
            .input(Port::volume("truth").optional().about("outlined in pale colours, beneath"))
            .input(Port::of("case", "case").optional().about("names the file; the volume's own name otherwise"))
            .output(Port::json("file").about("path, width and height"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let case = match call.optional::<Record>("case")? {
            Some(case) => case.get::<JsonMap>("meta", call)?,
            None => JsonMap::new(),
        };
        let name = case.get("name").and_then(Json::as_str).unwrap_or_else(|| volume.name());
        let path = output_path(&self.folder, name, &self.suffix, ".png")?;
        refuse_input(&path, volume.meta.get("source").and_then(Json::as_str).into_iter())?;
        let labels = call.optional::<Volume>("labels")?.map(|labels| labels_on(&volume, &labels, "labels")).transpose()?;
        let truth = call.optional::<Volume>("truth")?.map(|truth| labels_on(&volume, &truth, "truth")).transpose()?;
        let picture = render(&scene(&volume, labels, truth)?, &self.look()).map_err(Error::item)?;
        write_whole(&path, &picture.png()?)?;
        call.output("file", json!({ "path": path.to_string_lossy(), "width": picture.width, "height": picture.height }))
    }
}

impl Preview {
    fn check_relations(&self) -> Result<()> {
        for (name, [low, high]) in
            self.window.map(|range| ("window", range)).into_iter().chain([("percentiles", self.percentiles)])
        {
            if low >= high {
                return Err(Error::param(name, format!("must run from low to high, got [{low}, {high}]")));
            }
        }
        Ok(())
    }

    fn look(&self) -> Look {
        Look {
            planes: match self.layout {
                Layout::Planes => vec![Plane::Axial, Plane::Coronal, Plane::Sagittal],
                Layout::Grid => vec![self.plane],
            },
            n_slices: if self.layout == Layout::Grid { self.n_slices } else { 1 },
            n_columns: if self.layout == Layout::Grid { self.n_columns } else { 3 },
            right_is_left: self.view == View::Radiological,
            percentiles: self.percentiles,
            window: self.window,
            size_px: self.size_px,
        }
    }
}

/// The labels in RAS as numbers, after a check that they lie on the volume's grid.
fn labels_on(volume: &Volume, labels: &Volume, port: &str) -> Result<Vec<i64>> {
    let (shape, other) = (shape_ijk(volume)?, shape_ijk(labels)?);
    let distance = corner_distance(&volume.affine.0, &labels.affine.0, shape);
    if shape != other || distance > SAME_GRID {
        return Err(Error::item(format!(
            "`{port}` is not on the grid of `volume` ({other:?} and {shape:?} voxels, {distance:.2} voxels apart)"
        )));
    }
    let turned = turn_volume(labels, *b"RAS")?.data;
    Ok(Vec::try_from(turned.to_device(Device::Cpu).to_kind(Kind::Int64).contiguous().view(-1))?)
}

fn scene(volume: &Volume, labels: Option<Vec<i64>>, truth: Option<Vec<i64>>) -> Result<Scene> {
    let turned = turn_volume(volume, *b"RAS")?;
    let spacing_zyx = turned.affine.spacing_zyx();
    let size_zyx = turned.size_zyx()?.map(|size| size as usize);
    let data = if turned.data.dim() == 4 { turned.data.select(0, 0) } else { turned.data };
    let image = Vec::try_from(data.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1))?;
    Ok(Scene { image, labels, truth, size_zyx, spacing_zyx })
}
