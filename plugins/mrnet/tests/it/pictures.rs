//! `augment`: the authors' loader, stage by stage, against Pillow's own results.

use crate::support::{golden, values};
use tch::Tensor;
use voxloom_mrnet::pictures::{Draw, How, image, masks};
use voxloom_parts::pillow::{Filter, Plane, resize, rotate};
use voxloom_testkit::golden::Golden;

fn how(labels: Filter) -> How {
    How { height: 64, width: 64, labels, levels: vec![1, 255] }
}

/// Channels of `[H, W, 3]`.
fn colours(file: &Golden, key: &str) -> Vec<Plane> {
    let (shape, values) = (file.shape(key), file.values(key));
    let channel = |c: usize| values.iter().skip(c).step_by(3).map(|&value| value as u8).collect();
    (0..3).map(|c| Plane { height: shape[0], width: shape[1], values: channel(c) }).collect()
}

/// Planes of `[R, H, W]`.
fn greys(file: &Golden, key: &str) -> Vec<Plane> {
    let (shape, values) = (file.shape(key), file.values(key));
    let plane = |values: &[f32]| values.iter().map(|&value| value as u8).collect();
    values.chunks(shape[1] * shape[2]).map(|chunk| Plane { height: shape[1], width: shape[2], values: plane(chunk) }).collect()
}

fn equal(file: &Golden, key: &str, found: &[Plane], colour: bool) {
    let flat: Vec<f64> = if colour {
        (0..found[0].values.len()).flat_map(|i| found.iter().map(move |plane| f64::from(plane.values[i]))).collect()
    } else {
        found.iter().flat_map(|plane| plane.values.iter().map(|&value| f64::from(value))).collect()
    };
    file.equal(key, &flat);
}

#[test]
fn sizes_and_angles_are_pillows() {
    let file = golden("augment");
    let (picture, labels) = (colours(&file, "aug.raw_image"), greys(&file, "aug.raw_masks"));
    let sized = |planes: &[Plane], filter| -> Vec<Plane> { planes.iter().map(|plane| resize(plane, 64, 64, filter)).collect() };
    let turned =
        |planes: &[Plane], degrees, filter| -> Vec<Plane> { planes.iter().map(|plane| rotate(plane, degrees, filter)).collect() };
    let (small, marks) = (sized(&picture, Filter::Bicubic), sized(&labels, Filter::Bicubic));
    equal(&file, "aug.stage.image_resized", &small, true);
    equal(&file, "aug.stage.masks_resized", &marks, false);
    for degrees in [9, 14, -15] {
        equal(&file, &format!("aug.stage.image_rotated_{degrees}"), &turned(&small, f64::from(degrees), Filter::Bicubic), true);
        equal(&file, &format!("aug.stage.masks_rotated_{degrees}"), &turned(&marks, f64::from(degrees), Filter::Bicubic), false);
    }
    let nearest = sized(&labels, Filter::Nearest);
    equal(&file, "aug.nearest.masks_resized", &nearest, false);
    equal(&file, "aug.nearest.masks_rotated_9", &turned(&nearest, 9.0, Filter::Nearest), false);
}

#[test]
fn samples_are_the_authors() {
    let file = golden("augment");
    let (picture, labels) = (colours(&file, "aug.raw_image"), greys(&file, "aug.raw_masks"));
    for (case, flip, degrees) in
        [("plain", false, 0), ("flip", true, 0), ("rot_p9", false, 9), ("flip_rot_m15", true, -15), ("rot_0", false, 0)]
    {
        let draw = Draw { flip, degrees };
        let found = image(&picture, &how(Filter::Bicubic), draw).expect("three channels");
        file.close(&format!("aug.{case}.image"), &values(&Tensor::from_slice(&found)), 1e-5);
        let found = masks(&labels, &how(Filter::Bicubic), draw).expect("right codes");
        file.equal(&format!("aug.{case}.masks"), &values(&Tensor::from_slice(&found)));
    }
}
