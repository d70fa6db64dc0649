//! A stack with its voxels: decoded, rescaled slice by slice, in the smallest type that holds every value exactly.

use crate::Fault;
use crate::file::{Depth, File};
use crate::pixels::{Color, Number, Stored};
use crate::series::{Found, Head, Place, Rescale, Series, Stack, find, gather, stack};
use crate::values::{Kind, Values};
use std::path::{Path, PathBuf};

/// Measured values on a grid.
#[derive(Debug)]
pub struct Volume {
    /// Channel by channel, slice by slice, row by row.
    pub values: Values,
    /// 1, or 3 for colours.
    pub channels: usize,
    /// Voxels along columns, rows, slices.
    pub shape_ijk: [usize; 3],
    /// From indices i, j, k to millimetres, RAS. Tilted stacks keep their shear.
    pub affine: [[f64; 4]; 4],
    pub place: Place,
    /// The stored type, as NumPy names it.
    pub stored: String,
    pub modality: String,
    pub series_uid: String,
    pub warnings: Vec<String>,
}

/// The one series of a path: a file, or a folder that may hold other things too.
///
/// # Errors
/// There is none, or there are several; the text lists them.
pub fn series_of(path: &Path) -> Result<Series, Fault> {
    if path.is_file() {
        return one(path, Found { series: gather(&[path.to_owned()])?, passed_over: Vec::new() });
    }
    let found = find(path, false)?;
    match found.series.is_empty() {
        true => one(path, find(path, true)?),
        false => one(path, found),
    }
}

/// The one series of a list of files.
///
/// # Errors
/// As [`series_of`].
pub fn series_of_files(paths: &[PathBuf]) -> Result<Series, Fault> {
    let place = paths.first().cloned().unwrap_or_default();
    one(&place, Found { series: gather(paths)?, passed_over: Vec::new() })
}

fn one(place: &Path, found: Found) -> Result<Series, Fault> {
    let mut series = found.series;
    match (series.len(), series.pop()) {
        (1, Some(one)) => Ok(one),
        (0, _) => {
            let why = found.passed_over.iter().take(6).cloned().collect::<Vec<_>>().join("; ");
            Err(Fault::unsupported(place, format!("holds no DICOM series{}{why}", if why.is_empty() { "" } else { ": " })))
        }
        (_, last) => {
            let uids = series.into_iter().chain(last).map(|series| series.uid).collect();
            Err(Fault::Several { place: place.to_owned(), series: uids })
        }
    }
}

impl Volume {
    /// Reads the voxels of a series.
    ///
    /// # Errors
    /// The slices do not make one volume, or a file is damaged or coded in a way that is not decoded.
    pub fn read(series: &Series) -> Result<Self, Fault> {
        let heads = &series.heads;
        let stack = stack(series)?;
        let first = &heads[stack.slices[0].0];
        let mut filling = Filling::new(heads, &stack);
        let mut open: Option<(usize, Stored)> = None;
        for (head, frame) in &stack.slices {
            // Files of many frames are decoded once.
            let stored = match open.take() {
                Some((known, stored)) if known == *head => stored,
                _ => decode(&heads[*head])?,
            };
            filling.slice(&heads[*head], *frame, &stored)?;
            open = Some((*head, stored));
        }
        let Filling { channels, warnings, .. } = filling;
        Ok(Self {
            channels: channels.len(),
            values: Values::concat(channels),
            shape_ijk: stack.shape_ijk,
            affine: stack.affine,
            place: stack.place,
            stored: stored_name(first),
            modality: first.modality.clone(),
            series_uid: first.series_uid.clone(),
            warnings: [stack.warnings, warnings].concat(),
        })
    }
}

fn decode(head: &Head) -> Result<Stored, Fault> {
    let mut stored = Stored::of(&File::open(&head.path, Depth::Whole)?)?;
    if let Some(mosaic) = &head.mosaic {
        stored.samples = mosaic.cut(&stored.samples, &stored.format).map_err(|why| Fault::damaged(&head.path, why))?;
        stored.format = mosaic.format(&stored.format);
    }
    if stored.color == Color::Palette {
        let what = "PhotometricInterpretation PALETTE COLOR is not read: its values are places in a table of colours";
        return Err(Fault::unsupported(&head.path, what));
    }
    match stored.format == head.format {
        true => Ok(stored),
        false => Err(Fault::damaged(&head.path, "changed while it was read")),
    }
}

fn stored_name(head: &Head) -> String {
    let sign = if head.format.signed { "" } else { "u" };
    match head.format.number {
        Number::Integer => format!("{sign}int{}", head.format.bits_allocated.max(8)),
        Number::Float32 => "float32".into(),
        Number::Float64 => "float64".into(),
    }
}

/// Air in Hounsfield units, which stands where a CT has no measurement.
const AIR: f64 = -1024.0;
/// Projections, whose grey values are a matter of display: the least is the brightest in MONOCHROME1.
const PROJECTIONS: [&str; 7] = ["CR", "DX", "MG", "IO", "PX", "RF", "XA"];

/// Channels that grow slice by slice.
struct Filling {
    channels: Vec<Values>,
    warnings: Vec<String>,
}

impl Filling {
    fn new(heads: &[Head], stack: &Stack) -> Self {
        let kind = kind(heads, stack);
        // A damaged head may ask for any size; the vectors grow with what is really there.
        let size = stack.shape_ijk.iter().product::<usize>().min(1 << 28);
        let channels = (0..heads[0].format.samples).map(|_| Values::with_capacity(kind, size)).collect();
        Self { channels, warnings: Vec::new() }
    }

    fn slice(&mut self, head: &Head, frame: usize, stored: &Stored) -> Result<(), Fault> {
        let size = head.format.frame_samples();
        let samples = stored.samples.to_f64(frame * size..(frame + 1) * size);
        let inverted = stored.color == Color::Grey { inverted: true } && PROJECTIONS.contains(&head.modality.as_str());
        if inverted {
            self.warn("MONOCHROME1 turned round, so that more is brighter");
        }
        let (least, most) = head.format.range();
        let padding = head.padding.filter(|_| air(head));
        let rescale = &head.frames[frame].rescale;
        let n_channels = self.channels.len();
        for (channel, values) in self.channels.iter_mut().enumerate() {
            values.extend(samples.iter().skip(channel).step_by(n_channels).map(|sample| match padding {
                Some((from, to)) if (from as f64..=to as f64).contains(sample) => AIR,
                _ if inverted => rescale.apply(least as f64 + most as f64 - sample),
                _ => rescale.apply(*sample),
            }));
        }
        Ok(())
    }

    fn warn(&mut self, text: &str) {
        if !self.warnings.iter().any(|known| known == text) {
            self.warnings.push(text.to_owned());
        }
    }
}

/// Padding becomes air where values are Hounsfield units.
fn air(head: &Head) -> bool {
    head.modality == "CT" && head.padding.is_some() && head.format.samples == 1
}

/// The smallest type that holds all values that the slices can have.
fn kind(heads: &[Head], stack: &Stack) -> Kind {
    let mut kind = Kind::U8;
    for (head, frame) in &stack.slices {
        let head = &heads[*head];
        let rescale = &head.frames[*frame].rescale;
        let own = match head.format.number {
            Number::Float64 => Kind::F64,
            Number::Float32 if *rescale == Rescale::NONE => Kind::F32,
            Number::Float32 => Kind::F64,
            Number::Integer if rescale.keeps_integers() => {
                let (least, most) = rescale.range(head.format.range());
                let least = if air(head) { least.min(AIR) } else { least };
                Kind::of_integers(least, most)
            }
            Number::Integer if head.format.bits_stored > 24 => Kind::F64,
            Number::Integer => Kind::F32,
        };
        kind = kind.or(own);
    }
    kind
}

/// The grid of a series without its voxels.
///
/// # Errors
/// The slices do not make one volume.
pub fn grid(series: &Series) -> Result<Stack, Fault> {
    stack(series)
}
