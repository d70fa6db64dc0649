//! `imaging.preview`: a PNG of slices with the outlines of labels, to look at results without a viewer.

mod picture;
mod render;
mod shade;
mod slice;

pub use picture::Picture;
pub use render::{Look, Plane, Scene, render};

use crate::geometry::corner_distance;
use crate::place::is_placed;
use crate::reorient::{SAME_GRID, shape_ijk, turn_grid};
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
/// patient's right is. Voxels keep their proportions in millimetres. A picture without a place is shown as it lies, RGB in its colours; of a volume
/// of one slice `planes` shows that slice alone. `labels` are outlined in one colour each; `truth` in the same colours, paler and
/// beneath; channels of them each as a mask, in the colours of label 1, 2, 3, and so on. A `map` lies beside, as heat from black over
/// red and yellow to white. Nothing is written on the picture.
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
    /// Values of `map` that are shown black and white. Left out, its smallest and its largest.
    pub map_range: Option<[f64; 2]>,
    /// Width and height that a slice may have.
    #[param(default = 256, min = 16, max = 4096, unit = "px")]
    pub size_px: usize,
}

impl Operator for Preview {
    const NAME: &'static str = "imaging.preview";

    fn entry() -> Entry {
        Entry::map()
            .input(
                Port::volume("volume")
                    .about("the grey picture; of several channels the first, but colours of a picture as they are"),
            )
            .input(Port::volume("labels").optional().about("outlined in strong colours; of several channels each a mask"))
            .input(Port::volume("truth").optional().about("outlined in pale colours, beneath; of several channels each a mask"))
            .input(
                Port::volume("map")
                    .optional()
                    .about("shown beside as heat, such as an uncertainty; of several channels the first"),
            )
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
        let labels = call
            .optional::<Volume>("labels")?
            .map(|labels| labels_on(&volume, &labels, "labels"))
            .transpose()?
            .unwrap_or_default();
        let truth =
            call.optional::<Volume>("truth")?.map(|truth| labels_on(&volume, &truth, "truth")).transpose()?.unwrap_or_default();
        let map = call.optional::<Volume>("map")?.map(|map| map_on(&volume, &map)).transpose()?;
        let scene = Scene { labels, truth, map, ..scene(&volume)? };
        let picture = render(&scene, &self.look(&scene, is_placed(&volume))).map_err(Error::item)?;
        write_whole(&path, &picture.png()?)?;
        call.output("file", json!({ "path": path.to_string_lossy(), "width": picture.width, "height": picture.height }))
    }
}

impl Preview {
    fn check_relations(&self) -> Result<()> {
        for (name, [low, high]) in
            [("window", self.window), ("percentiles", Some(self.percentiles)), ("map_range", self.map_range)]
                .into_iter()
                .filter_map(|(name, range)| Some((name, range?)))
        {
            if low >= high {
                return Err(Error::param(name, format!("must run from low to high, got [{low}, {high}]")));
            }
        }
        Ok(())
    }

    fn look(&self, scene: &Scene, placed: bool) -> Look {
        // A slice alone has one plane in which there is something to see.
        let flat: Vec<Plane> = Plane::ALL.into_iter().filter(|plane| scene.size_zyx[plane.normal()] == 1).collect();
        let (planes, n_slices, n_columns) = match (self.layout, &flat[..]) {
            (Layout::Grid, _) => (vec![self.plane], self.n_slices, self.n_columns),
            (Layout::Planes, [plane]) => (vec![*plane], 1, 1),
            (Layout::Planes, _) => (Plane::ALL.to_vec(), 1, 3),
        };
        Look {
            planes,
            n_slices,
            n_columns,
            // Pictures lie such that this view changes nothing.
            right_is_left: self.view == View::Radiological || !placed,
            percentiles: self.percentiles,
            window: self.window,
            map_range: self.map_range,
            size_px: self.size_px,
        }
    }
}

/// # Errors
/// A volume that is not on the grid of `volume`.
fn expect_on(volume: &Volume, other: &Volume, port: &str) -> Result<()> {
    let (shape, found) = (shape_ijk(volume)?, shape_ijk(other)?);
    let distance = corner_distance(&volume.affine.0, &other.affine.0, shape);
    if shape != found || distance > SAME_GRID {
        return Err(Error::item(format!(
            "`{port}` is not on the grid of `volume` ({found:?} and {shape:?} voxels, {distance:.2} voxels apart)"
        )));
    }
    Ok(())
}

/// The labels in RAS as numbers: one layer, or one a channel.
fn labels_on(volume: &Volume, labels: &Volume, port: &str) -> Result<Vec<Vec<i64>>> {
    expect_on(volume, labels, port)?;
    let turned = turn_grid(labels, *b"RAS")?.data.to_device(Device::Cpu);
    if turned.dim() == 3 {
        return Ok(vec![Vec::try_from(turned.to_kind(Kind::Int64).contiguous().view(-1))?]);
    }
    let layer = |channel: i64| {
        let mask = turned.select(0, channel).ne(0).to_kind(Kind::Int64) * (channel + 1);
        Ok(Vec::try_from(mask.contiguous().view(-1))?)
    };
    (0..turned.size()[0]).map(layer).collect()
}

fn map_on(volume: &Volume, map: &Volume) -> Result<Vec<f32>> {
    expect_on(volume, map, "map")?;
    let turned = turn_grid(map, *b"RAS")?.data;
    values(&if turned.dim() == 4 { turned.select(0, 0) } else { turned })
}

fn values(data: &Tensor) -> Result<Vec<f32>> {
    Ok(Vec::try_from(data.detach().to_device(Device::Cpu).to_kind(Kind::Float).contiguous().view(-1))?)
}

/// The volume upright, without anything on it.
fn scene(volume: &Volume) -> Result<Scene> {
    let turned = turn_grid(volume, *b"RAS")?;
    let spacing_zyx = turned.affine.spacing_zyx();
    let size_zyx = turned.size_zyx()?.map(|size| size as usize);
    let colour = volume.meta.get("colour").and_then(Json::as_str).is_some_and(|colour| colour != "grey");
    let colours = colour && turned.data.dim() == 4 && turned.data.size()[0] == 3;
    let whole = match turned.data.kind() {
        Kind::Uint8 if colours => Some((0.0, 255.0)),
        Kind::Int if colours => Some((0.0, 65_535.0)),
        _ => None,
    };
    let data = if turned.data.dim() == 4 && !colours { turned.data.select(0, 0) } else { turned.data };
    Ok(Scene { image: values(&data)?, whole, labels: Vec::new(), truth: Vec::new(), map: None, size_zyx, spacing_zyx })
}
