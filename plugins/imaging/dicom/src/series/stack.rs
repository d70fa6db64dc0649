//! From slices to a grid: order along the normal, steps by positions, everything that does not fit refused.

use super::examined;
use super::find::Series;
use super::gaps;
use super::head::{Frame, Head};
use super::plane::Plane;
use crate::Fault;
use crate::vector::{Vector, add, dot, norm, scale, sub};

/// What is known of where a stack lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Position and orientation in the patient.
    Patient,
    /// The size of pixels only; the attribute that gave it.
    Spacing(&'static str),
    /// Nothing: pixels of 1 mm at the origin are a convention.
    Nowhere,
}

/// The slices of one volume, in order, and the grid they make.
#[derive(Clone, Debug)]
pub struct Stack {
    /// Head and frame of every slice.
    pub slices: Vec<(usize, usize)>,
    /// Voxels along columns, rows, slices.
    pub shape_ijk: [usize; 3],
    /// From indices i, j, k to millimetres, RAS.
    pub affine: [[f64; 4]; 4],
    pub place: Place,
    pub warnings: Vec<String>,
}

/// Farther apart than this (as a difference of unit vectors), two orientations are two.
const SAME_DIRECTION: f64 = 2e-3;

/// Stacks all frames of a series.
///
/// # Errors
/// Files are damaged, slices are of several patients or studies, have no place, other sizes or orientations than the rest, lie at one place, or leave gaps; all are named.
pub fn stack(series: &Series) -> Result<Stack, Fault> {
    let heads = &series.heads;
    if !series.damaged.is_empty() {
        let names: Vec<String> = series.damaged.iter().map(|file| file.why.clone()).collect();
        let what = format!("files that may be slices of this volume are damaged: {}", few(&names));
        // One that is refused now may be whole another time.
        return Err(match series.damaged.iter().find_map(|file| file.error.clone()) {
            Some(error) => Fault::Unread { what, error },
            None => fault(what),
        });
    }
    let mut slices = series.slices();
    let mut warnings: Vec<String> = heads.iter().flat_map(|head| head.warnings.clone()).collect();
    warnings.dedup();
    let first = heads.first().ok_or_else(|| fault("the series has no images".into()))?;
    examined::check(heads).map_err(fault)?;
    same_format(heads)?;
    if let ([(0, 0)], None) = (slices.as_slice(), first.frames[0].plane) {
        return Ok(flat(first, warnings));
    }
    let planes = planes(heads, &slices)?;
    same_plane(heads, &slices, &planes)?;
    let normal = planes[0].normal();
    let mut order: Vec<usize> = (0..slices.len()).collect();
    order.sort_by(|a, b| dot(planes[*a].position, normal).total_cmp(&dot(planes[*b].position, normal)));
    slices = order.iter().map(|index| slices[*index]).collect();
    let planes: Vec<Plane> = order.iter().map(|index| planes[*index]).collect();

    let step = match slices.len() {
        1 => {
            let thickness = frame(heads, slices[0]).thickness;
            if thickness.is_none() {
                warnings.push("one slice without SliceThickness; taken as 1 mm thick".into());
            }
            scale(normal, thickness.unwrap_or(1.0))
        }
        n => {
            let depths: Vec<f64> = planes.iter().map(|plane| dot(plane.position, normal)).collect();
            gaps::check(heads, &slices, &depths).map_err(fault)?;
            // Rationale: both ends exactly, not the median step: positions are written with few digits, and the rounding of one
            // step would add up over the stack.
            scale(sub(planes[n - 1].position, planes[0].position), 1.0 / (n as f64 - 1.0))
        }
    };
    straight(heads, &slices, &planes, step)?;
    warnings.extend(tilt(&planes, step));
    Ok(Stack {
        shape_ijk: [first.format.columns, first.format.rows, slices.len()],
        affine: affine(&planes[0], step),
        place: Place::Patient,
        slices,
        warnings,
    })
}

fn fault(what: String) -> Fault {
    Fault::Stack { what }
}

fn frame(heads: &[Head], slice: (usize, usize)) -> &Frame {
    &heads[slice.0].frames[slice.1]
}

fn name(heads: &[Head], slice: (usize, usize)) -> String {
    heads[slice.0].name(slice.1)
}

/// The first few of a list of slices, and how many more.
pub(super) fn few(names: &[String]) -> String {
    let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=8 => shown,
        n => format!("{shown} and {} more", n - 8),
    }
}

fn same_format(heads: &[Head]) -> Result<(), Fault> {
    let kind = |head: &Head| (head.format.rows, head.format.columns, head.format.samples, head.format.number);
    let common = most_common(heads.iter().map(kind));
    let odd: Vec<String> = heads.iter().filter(|head| Some(kind(head)) != common).map(|head| head.name(0)).collect();
    match odd.is_empty() {
        true => Ok(()),
        false => Err(fault(format!("the slices have different sizes or types; odd ones: {}", few(&odd)))),
    }
}

pub(super) fn most_common<T: PartialEq + Copy>(kinds: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for kind in kinds {
        match counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => counts.push((kind, 1)),
        }
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(kind, _)| kind)
}

fn planes(heads: &[Head], slices: &[(usize, usize)]) -> Result<Vec<Plane>, Fault> {
    let lost: Vec<String> =
        slices.iter().filter(|slice| frame(heads, **slice).plane.is_none()).map(|slice| name(heads, *slice)).collect();
    match lost.is_empty() {
        true => Ok(slices.iter().filter_map(|slice| frame(heads, *slice).plane).collect()),
        false => Err(fault(format!(
            "{} of {} slices have no ImagePositionPatient and ImageOrientationPatient, so they make no volume: {}",
            lost.len(),
            slices.len(),
            few(&lost)
        ))),
    }
}

/// One orientation and one spacing in all.
fn same_plane(heads: &[Head], slices: &[(usize, usize)], planes: &[Plane]) -> Result<(), Fault> {
    let alike = |a: &Plane, b: &Plane| norm(sub(a.row, b.row)) < SAME_DIRECTION && norm(sub(a.column, b.column)) < SAME_DIRECTION;
    // The orientation that most slices have; quadratic only in the number of orientations.
    let mut kinds: Vec<(Plane, Vec<usize>)> = Vec::new();
    for (index, plane) in planes.iter().enumerate() {
        match kinds.iter_mut().find(|(known, _)| alike(known, plane)) {
            Some((_, members)) => members.push(index),
            None => kinds.push((*plane, vec![index])),
        }
    }
    kinds.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    if kinds.len() > 1 {
        let odd: Vec<String> =
            kinds[1..].iter().flat_map(|(_, members)| members).map(|index| name(heads, slices[*index])).collect();
        return Err(fault(format!("the slices have {} orientations; apart from the most common: {}", kinds.len(), few(&odd))));
    }
    let first = planes[0].spacing;
    let other = |spacing: [f64; 2]| (0..2).any(|axis| (spacing[axis] / first[axis] - 1.0).abs() > 1e-3);
    let odd: Vec<String> =
        planes.iter().zip(slices).filter(|(plane, _)| other(plane.spacing)).map(|(_, slice)| name(heads, *slice)).collect();
    match odd.is_empty() {
        true => Ok(()),
        false => Err(fault(format!("the slices have more than one PixelSpacing; apart from {first:?}: {}", few(&odd)))),
    }
}

/// All positions on one line: a grid has no other place for them.
fn straight(heads: &[Head], slices: &[(usize, usize)], planes: &[Plane], step: Vector) -> Result<(), Fault> {
    // A quarter of a pixel, and what four digits of rounding can do.
    let most = 0.25 * planes[0].spacing[0].min(planes[0].spacing[1]) + 0.1;
    let normal = planes[0].normal();
    let aside = |index: usize| {
        let off = sub(planes[index].position, add(planes[0].position, scale(step, index as f64)));
        norm(sub(off, scale(normal, dot(off, normal))))
    };
    let odd: Vec<String> =
        (0..planes.len()).filter(|index| aside(*index) > most).map(|index| name(heads, slices[index])).collect();
    match odd.is_empty() {
        true => Ok(()),
        false => Err(fault(format!("the slices do not lie on one line; shifted aside: {}", few(&odd)))),
    }
}

/// A note where the last slice lies more than half a pixel beside the normal through the first.
fn tilt(planes: &[Plane], step: Vector) -> Option<String> {
    let normal = planes[0].normal();
    let along = dot(step, normal);
    let aside = norm(sub(step, scale(normal, along)));
    let drift = aside * (planes.len() as f64 - 1.0);
    let half = 0.5 * planes[0].spacing[0].min(planes[0].spacing[1]);
    let degrees = aside.atan2(along).to_degrees();
    (planes.len() > 1 && drift > half).then(|| format!("gantry tilt of {degrees:.1} degrees; kept as shear in the affine"))
}

/// LPS to RAS happens here and nowhere else.
fn affine(first: &Plane, step: Vector) -> [[f64; 4]; 4] {
    let (i, j) = (scale(first.row, first.spacing[1]), scale(first.column, first.spacing[0]));
    let row = |axis: usize, sign: f64| [i[axis], j[axis], step[axis], first.position[axis]].map(|value| sign * value + 0.0);
    [row(0, -1.0), row(1, -1.0), row(2, 1.0), [0.0, 0.0, 0.0, 1.0]]
}

/// A picture without place: a radiograph, a secondary capture.
fn flat(head: &Head, mut warnings: Vec<String>) -> Stack {
    let (spacing, place) = match head.flat_spacing {
        Some((spacing, name)) => (spacing, Place::Spacing(name)),
        None => ([1.0, 1.0], Place::Nowhere),
    };
    match place {
        Place::Spacing("PixelSpacing") | Place::Patient => {}
        Place::Spacing(name) => warnings.push(format!("spacing by {name}: at the detector, not in the patient")),
        Place::Nowhere => warnings.push("has no spacing; taken as 1 mm".into()),
    }
    warnings.push("has no place in the patient; put at the origin".into());
    let plane = Plane { position: [0.0; 3], row: [1.0, 0.0, 0.0], column: [0.0, 1.0, 0.0], spacing };
    let step = [0.0, 0.0, head.frames[0].thickness.unwrap_or(1.0)];
    let shape_ijk = [head.format.columns, head.format.rows, 1];
    Stack { slices: vec![(0, 0)], shape_ijk, affine: affine(&plane, step), place, warnings }
}
