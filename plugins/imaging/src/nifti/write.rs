//! From a volume to a file: the input's geometry byte for byte, written beside, read back, then moved into place.

use super::fresh::{fresh, placeless};
use super::layout::Layout;
use super::{
    DataType, Endian, Error, Extension, Fault, Header, LABEL_TABLE_CODE, LabelStats, Source, Version, Voxels, extension,
    label_stats, label_table, place, read_sources,
};
use crate::geometry::{Matrix, corner_distance, spacing};
use crate::whole::{beside, show};
use flate2::{Compression, GzBuilder};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::Path;

/// What the voxels mean.
#[derive(Clone, Debug)]
pub enum Content {
    /// Whole numbers that name structures; stored in the smallest type, with their names where known.
    Labels(BTreeMap<i64, String>),
    /// Measured or computed values; stored in the type they have.
    Image,
}

/// A volume to be written.
pub struct Output<'a> {
    /// The fixed header (and what follows) of the file whose geometry this volume has; a new header is made without.
    pub header: Option<&'a [u8]>,
    /// `None` for voxels without a place: the new header then has no sform, no qform and no unit.
    pub affine: Option<Matrix>,
    pub shape_ijk: [usize; 3],
    pub voxels: &'a Voxels,
    pub content: Content,
    /// From 0 (none) to 9 (smallest); only where the name ends in `.gz`.
    pub gzip_level: u32,
}

/// What lies in the file now.
#[derive(Debug)]
pub struct Written {
    pub stored: DataType,
    pub n_bytes: u64,
    /// Of a label volume: every label but 0.
    pub labels: BTreeMap<i64, LabelStats>,
}

/// Writes a NIfTI file (gzipped where the name ends in `.gz`). NIfTI-2 is taken where the input was, or where an axis is too
/// long for NIfTI-1. The file appears under its name only when it was read back as it should be.
///
/// # Errors
/// The header is not this volume's, labels are not whole numbers, the system refuses, or the file reads back differently;
/// then no file is left.
pub fn write(path: &Path, output: &Output<'_>) -> Result<Written, Error> {
    write_checked(path, output).map_err(|fault| Error::at(path, fault))
}

fn write_checked(path: &Path, output: &Output<'_>) -> Result<Written, Fault> {
    let narrowed = narrow(output)?;
    let voxels = narrowed.as_ref().unwrap_or(output.voxels);
    let expected_n: usize = output.shape_ijk.iter().product();
    if voxels.len() != expected_n {
        return Err(Fault::Mismatch(format!("{} voxels for a volume of {:?}", voxels.len(), output.shape_ijk)));
    }
    let (head, endian) = encode_head(output, voxels)?;
    let mut file = beside(path)?;
    let gzip = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let buffer = BufWriter::with_capacity(1 << 17, file.as_file_mut());
    if gzip {
        // No time and no name inside: the same volume gives the same bytes.
        let mut encoder = GzBuilder::new().mtime(0).write(buffer, Compression::new(output.gzip_level.min(9)));
        put(&mut encoder, &head, voxels, endian)?;
        encoder.finish()?.flush()?;
    } else {
        let mut buffer = buffer;
        put(&mut buffer, &head, voxels, endian)?;
        buffer.flush()?;
    }
    file.as_file().sync_all()?;
    let labels = read_back(file.path(), output, voxels)?;
    let n_bytes = file.as_file().metadata()?.len();
    show(file, path)?;
    Ok(Written { stored: voxels.data_type(), n_bytes, labels })
}

fn put(sink: &mut impl Write, head: &[u8], voxels: &Voxels, endian: Endian) -> std::io::Result<()> {
    sink.write_all(head)?;
    voxels.encode(endian, |raw| sink.write_all(raw))
}

/// Labels in the smallest type; `None` where the voxels have it already.
fn narrow(output: &Output<'_>) -> Result<Option<Voxels>, Fault> {
    if matches!(output.content, Content::Image) {
        return Ok(None);
    }
    if !output.voxels.are_integers() {
        let what = "labels must be whole numbers, these are floats; write them as an image, or round them first";
        return Err(Fault::Mismatch(what.into()));
    }
    Ok(output.voxels.narrowed())
}

/// The bytes before the voxels.
fn encode_head(output: &Output<'_>, voxels: &Voxels) -> Result<(Vec<u8>, Endian), Fault> {
    let (mut bytes, version, endian) = match output.header {
        Some(header) => inherit(header, output)?,
        None => match &output.affine {
            Some(affine) => fresh(affine, output.shape_ijk),
            None => placeless(output.shape_ijk),
        },
    };
    let layout = Layout::of(version);
    let stored = voxels.data_type();
    endian.put_i16(&mut bytes, layout.datatype, stored.code());
    endian.put_i16(&mut bytes, layout.bitpix, 8 * stored.size() as i16);
    layout.put_real(endian, &mut bytes, layout.slope, 1.0);
    layout.put_real(endian, &mut bytes, layout.inter, 0.0);
    let (low, high) = voxels.range();
    layout.put_real(endian, &mut bytes, layout.cal_min, low);
    layout.put_real(endian, &mut bytes, layout.cal_max, high);
    let mut extensions = Vec::new();
    let intent = match &output.content {
        Content::Labels(names) => {
            if !names.is_empty() {
                extensions.push(Extension { code: LABEL_TABLE_CODE, bytes: label_table(names).into_bytes() });
            }
            1002
        }
        Content::Image => 0,
    };
    layout.put_code(endian, &mut bytes, layout.intent_code, intent);
    bytes[layout.intent_p..layout.intent_p + 3 * layout.real_size].fill(0);
    bytes[layout.intent_name..layout.intent_name + 16].fill(0);
    // Free text of the input may name a person; it is not passed on.
    bytes[layout.descrip..layout.descrip + 80].fill(0);
    bytes[layout.aux_file..layout.aux_file + 24].fill(0);
    let program = concat!("voxloom ", env!("CARGO_PKG_VERSION"));
    bytes[layout.descrip..layout.descrip + program.len()].copy_from_slice(program.as_bytes());
    layout.put_single_magic(&mut bytes);
    let mut tail = extension::encode(&extensions, endian);
    // SPM maps files into memory and wants voxels at multiples of 16.
    let offset = (bytes.len() + tail.len()).next_multiple_of(16);
    tail.resize(offset - bytes.len(), 0);
    layout.put_vox_offset(endian, &mut bytes, offset as u32);
    bytes.extend(tail);
    Ok((bytes, endian))
}

/// The input's fixed header, after a check that it describes this volume.
fn inherit(header: &[u8], output: &Output<'_>) -> Result<(Vec<u8>, Version, Endian), Fault> {
    let header = Header::parse(header)?;
    let shape = header.shape_ijk()?;
    if shape != output.shape_ijk {
        return Err(Fault::Mismatch(format!("the volume has {:?} voxels, the header it carries {shape:?}", output.shape_ijk)));
    }
    let placement = place(&header, shape)?;
    let Some(affine) = &output.affine else {
        return Err(Fault::Mismatch("the volume has no place, and the header it carries gives one".into()));
    };
    let distance = corner_distance(&placement.affine, affine, shape);
    if distance > HEADER_TOLERANCE {
        return Err(Fault::Mismatch(format!(
            "the volume lies {distance:.3} voxels off the place that the header it carries gives; a step that moves a volume must drop its header"
        )));
    }
    Ok((header.bytes, header.version, header.endian))
}

/// Voxels at a corner between a volume and the header it carries: float64 rounding, nothing else.
const HEADER_TOLERANCE: f64 = 1e-6;

/// Reads the file again and compares: voxels bit for bit, and every label's count and centroid in millimetres.
fn read_back(path: &Path, output: &Output<'_>, voxels: &Voxels) -> Result<BTreeMap<i64, LabelStats>, Fault> {
    let differs = |what: String| Err(Fault::ReadBack(what));
    let image = read_sources(Source::open(path)?, None)?;
    if image.shape_ijk != output.shape_ijk {
        return differs(format!("{:?} voxels instead of {:?}", image.shape_ijk, output.shape_ijk));
    }
    // Without a place there is none to compare: a reader's own guess serves for both sides.
    let affine = output.affine.unwrap_or(image.placement.affine);
    let labels = match &output.content {
        Content::Image => BTreeMap::new(),
        Content::Labels(_) => compare_labels(&image, &affine, voxels)?,
    };
    if !same_bits(&image.voxels, voxels) {
        return differs("some voxels have other values".into());
    }
    let distance = corner_distance(&affine, &image.placement.affine, output.shape_ijk);
    // A new NIfTI-1 header holds float32: 1e-7 of a position, 0.01 voxels at the very worst.
    if distance > 0.01 {
        return differs(format!("a corner lies {distance:.3} voxels off"));
    }
    Ok(labels)
}

fn compare_labels(image: &super::Image, affine: &Matrix, voxels: &Voxels) -> Result<BTreeMap<i64, LabelStats>, Fault> {
    let expected = label_stats(voxels, image.shape_ijk).unwrap_or_default();
    let found = label_stats(&image.voxels, image.shape_ijk).unwrap_or_default();
    let tolerance = 0.01 * spacing(affine).into_iter().fold(f64::INFINITY, f64::min);
    for (label, stats) in &expected {
        let other = found.get(label).copied().unwrap_or_default();
        let (here, there) = (stats.centroid_mm(affine), other.centroid_mm(&image.placement.affine));
        let near = here.iter().zip(&there).all(|(a, b)| (a - b).abs() <= tolerance);
        if other.n_voxels != stats.n_voxels || !near {
            let what = format!(
                "label {label} has {} voxels about {there:.2?} mm instead of {} about {here:.2?} mm",
                other.n_voxels, stats.n_voxels
            );
            return Err(Fault::ReadBack(what));
        }
    }
    match found.len() == expected.len() {
        true => Ok(expected),
        false => Err(Fault::ReadBack(format!("{} labels instead of {}", found.len(), expected.len()))),
    }
}

fn same_bits(a: &Voxels, b: &Voxels) -> bool {
    match (a, b) {
        (Voxels::F32(a), Voxels::F32(b)) => a.iter().map(|value| value.to_bits()).eq(b.iter().map(|value| value.to_bits())),
        (Voxels::F64(a), Voxels::F64(b)) => a.iter().map(|value| value.to_bits()).eq(b.iter().map(|value| value.to_bits())),
        (a, b) => a == b,
    }
}
