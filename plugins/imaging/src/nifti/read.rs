//! From a path to a volume.

use super::foreign::not_nifti;
use super::header::Header;
use super::{DataType, Error, Extension, Fault, Pair, Placement, Scaling, Source, Voxels, parse_extensions, place};
use std::path::{Path, PathBuf};

/// One volume as the file holds it.
#[derive(Clone, Debug)]
pub struct Image {
    pub header: Header,
    /// What lies between header and voxels, from the extension flag on; as found.
    pub extension_bytes: Vec<u8>,
    pub extensions: Vec<Extension>,
    /// Sizes along i, j, k; the last of the voxels' axes is i, the fastest.
    pub shape_ijk: [usize; 3],
    pub placement: Placement,
    /// Element type in the file.
    pub stored: DataType,
    /// Set where the header scales; the voxels are scaled already.
    pub scaling: Option<Scaling>,
    pub voxels: Voxels,
    pub warnings: Vec<String>,
}

impl Image {
    /// All bytes of the header as found: the fixed part, then what lies before the voxels.
    pub fn header_bytes(&self) -> Vec<u8> {
        [self.header.bytes.as_slice(), self.extension_bytes.as_slice()].concat()
    }
}

/// What a header says of its volume, without the voxels.
#[derive(Clone, Debug)]
pub struct Head {
    pub shape_ijk: [usize; 3],
    pub placement: Placement,
}

/// The most that may lie between header and voxels.
const MOST_EXTENSION: u64 = 256 << 20;

/// Reads a volume: `.nii`, or either half of a `.hdr`/`.img` pair, gzipped or not, NIfTI-1 or 2, any byte order.
///
/// # Errors
/// Anything that is not one whole scalar volume; see [`Fault`]. The error names the file and says what to do.
pub fn read(path: &Path) -> Result<Image, Error> {
    let (header_path, start) = start(path)?;
    let at_header = |fault| Error::at(&header_path, fault);
    if start.header.single {
        return start.finish(None).map_err(at_header);
    }
    let Some(pair) = Pair::of(path) else {
        let what = "says that its voxels lie in an .img file (magic ni1 or ni2), but is not named .hdr";
        return Err(at_header(Fault::Foreign { what: what.into(), remedy: "name the pair NAME.hdr and NAME.img" }));
    };
    let plan = start.plan().map_err(at_header)?;
    let image_path = partner(path, &pair.images)?;
    let image = Source::open(&image_path).map_err(|fault| Error::at(&image_path, fault))?;
    start.read_planned(plan, Some(image)).map_err(|fault| Error::at(&image_path, fault))
}

/// Reads the header alone.
///
/// # Errors
/// As [`read`], as far as the header goes.
pub fn read_head(path: &Path) -> Result<Head, Error> {
    let (header_path, start) = start(path)?;
    let plan = start.plan().map_err(|fault| Error::at(&header_path, fault))?;
    Ok(Head { shape_ijk: plan.shape_ijk, placement: plan.placement })
}

/// Opens the file that holds the header: the path itself, or its partner where it is an `.img`.
fn start(path: &Path) -> Result<(PathBuf, Start), Error> {
    let header_path = match Pair::of(path) {
        Some(pair) if !pair.headers.iter().any(|header| header == path) => partner(path, &pair.headers)?,
        _ => path.to_owned(),
    };
    let start = Source::open(&header_path).and_then(Start::read).map_err(|fault| Error::at(&header_path, fault))?;
    Ok((header_path, start))
}

fn partner(path: &Path, candidates: &[PathBuf; 2]) -> Result<PathBuf, Error> {
    candidates.iter().find(|candidate| candidate.is_file()).cloned().ok_or_else(|| {
        let names =
            candidates.each_ref().map(|candidate| candidate.file_name().unwrap_or_default().to_string_lossy().into_owned());
        Error::at(path, Fault::NoPartner { looked_for: names.join(" or ") })
    })
}

/// The same from streams: a single file, or header and voxels.
///
/// # Errors
/// As [`read`], without the file's name.
pub fn read_sources(header: Source, image: Option<Source>) -> Result<Image, Fault> {
    let start = Start::read(header)?;
    if !start.header.single && image.is_none() {
        return Err(Fault::NoPartner { looked_for: "the .img file".into() });
    }
    start.finish(image)
}

/// A file of which the fixed header was read.
struct Start {
    header: Header,
    source: Source,
}

/// What the header promises, checked.
struct Plan {
    shape_ijk: [usize; 3],
    n_voxels: usize,
    n_bytes: u64,
    stored: DataType,
    placement: Placement,
    offset: u64,
}

impl Start {
    fn read(mut source: Source) -> Result<Self, Fault> {
        let mut bytes = source.take(348)?;
        let first = bytes.first_chunk().copied();
        match first.and_then(Header::kind) {
            Some((version, _)) => bytes.extend(source.take((version.size() - 348) as u64)?),
            None => return Err(not_nifti(&bytes)),
        }
        Ok(Self { header: Header::parse(&bytes)?, source })
    }

    fn plan(&self) -> Result<Plan, Fault> {
        let header = &self.header;
        if header.is_cifti() {
            let what = format!("is CIFTI-2 (intent {}): surfaces or connectivity, not a volume", header.intent_code);
            return Err(Fault::Unsupported {
                what,
                remedy: "export a volume from it (wb_command -cifti-separate) and give that",
            });
        }
        let stored = DataType::from_code(header.datatype)?;
        let shape_ijk = header.shape_ijk()?;
        let too_many = || Fault::Damaged(format!("the sizes {shape_ijk:?} multiply to more bytes than 64 bits can count"));
        let n_voxels = shape_ijk.iter().try_fold(1_usize, |n, &size| n.checked_mul(size)).ok_or_else(too_many)?;
        let n_bytes = n_voxels.checked_mul(stored.size()).filter(|&n| i64::try_from(n).is_ok()).ok_or_else(too_many)? as u64;
        Ok(Plan { shape_ijk, n_voxels, n_bytes, stored, placement: place(header, shape_ijk)?, offset: self.offset()? })
    }

    fn offset(&self) -> Result<u64, Fault> {
        let offset = self.header.vox_offset;
        let least = match self.header.single {
            true => self.header.version.size() as f64 + 4.0,
            false => 0.0,
        };
        // Old writers of single files leave 0: the voxels follow the flag.
        let offset = if offset == 0.0 { least } else { offset };
        if !(offset >= least && offset.fract() == 0.0 && offset < 9e15) {
            return Err(Fault::Damaged(format!("vox_offset is {offset}, expected a whole number from {least} on")));
        }
        Ok(offset as u64)
    }

    fn finish(self, image: Option<Source>) -> Result<Image, Fault> {
        let plan = self.plan()?;
        self.read_planned(plan, image)
    }

    fn read_planned(self, plan: Plan, image: Option<Source>) -> Result<Image, Fault> {
        let Self { header, source: mut header_source } = self;
        let fixed = header.version.size() as u64;
        let (extension_bytes, mut source) = match image {
            Some(mut image) => {
                check_room(&image, plan.offset, plan.n_bytes)?;
                skip(&mut image, plan.offset)?;
                (header_source.take(MOST_EXTENSION)?, image)
            }
            None => {
                check_room(&header_source, plan.offset - fixed, plan.n_bytes)?;
                let size = plan.offset - fixed;
                if size > MOST_EXTENSION {
                    return Err(Fault::Damaged(format!("vox_offset is {}, expected at most {MOST_EXTENSION}", plan.offset)));
                }
                let bytes = header_source.take(size)?;
                if (bytes.len() as u64) < size {
                    return Err(Fault::Short { expected: plan.n_bytes, found: 0 });
                }
                (bytes, header_source)
            }
        };
        let scaling = Scaling::of(header.slope, header.inter);
        let voxels = Voxels::read(&mut source, plan.n_voxels, plan.stored, header.endian, scaling)?;
        match source.drain(MOST_TRAILING)? {
            0 => {}
            more => return Err(Fault::Trailing { expected: plan.n_bytes, found: plan.n_bytes.saturating_add(more) }),
        }
        let (extensions, extension_warning) = parse_extensions(&extension_bytes, header.endian);
        let mut warnings = plan.placement.warnings.clone();
        warnings.extend(extension_warning);
        if i64::from(header.bitpix) != 8 * plan.stored.size() as i64 {
            warnings.push(format!(
                "bitpix is {}, {} has {}; the type was believed",
                header.bitpix,
                plan.stored.name(),
                8 * plan.stored.size()
            ));
        }
        Ok(Image {
            header,
            extension_bytes,
            extensions,
            shape_ijk: plan.shape_ijk,
            placement: plan.placement,
            stored: plan.stored,
            scaling,
            voxels,
            warnings,
        })
    }
}

/// Bytes behind the voxels that are counted for the message.
const MOST_TRAILING: u64 = 1 << 30;

/// Refuses before any memory is taken: what a plain file holds is known, what gzip can hold is bounded.
fn check_room(source: &Source, offset: u64, n_bytes: u64) -> Result<(), Fault> {
    let room = source.bound().saturating_sub(offset);
    match room.cmp(&n_bytes) {
        std::cmp::Ordering::Less if source.is_exact() => Err(Fault::Short { expected: n_bytes, found: room }),
        std::cmp::Ordering::Less => Err(Fault::Damaged(format!(
            "the sizes promise {n_bytes} bytes of voxels, and a gzip file of this length holds {room} at most"
        ))),
        std::cmp::Ordering::Greater if source.is_exact() => Err(Fault::Trailing { expected: n_bytes, found: room }),
        _ => Ok(()),
    }
}

fn skip(source: &mut Source, n: u64) -> Result<(), Fault> {
    match source.drain(n)? == n {
        true => Ok(()),
        false => Err(Fault::Damaged(format!("vox_offset is {n}, beyond the end of the file"))),
    }
}
