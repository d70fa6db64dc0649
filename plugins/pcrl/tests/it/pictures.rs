//! `aug_pil2d`, `aug_cutout`, `aug_spatial`: what is done to pictures, and the transformation that the indicator tells.

use crate::support::{golden, near, pattern, uniform, values};
use tch::{Kind, Tensor};
use voxloom_pcrl::augment::picture::{
    CropBox, brightness, contrast, crop_resized, gaussian_blur, grey, hue, mirrored, rotated, saturation,
};
use voxloom_pcrl::augment::{Picture, Turn, cut, normalised};
use voxloom_testkit::golden::{Golden, integers};

/// The golden's 8-bit picture.
fn input(file: &Golden) -> Picture {
    let levels = ((pattern("gpil/rgb", &[1, 3, 40, 56]).get(0).to_kind(Kind::Double) + 1.0) * 127.99).floor();
    file.equal("input", &values(&levels));
    Picture::new(&levels.to_kind(Kind::Uint8)).expect("three channels")
}

fn levels(picture: &Picture) -> Vec<f64> {
    (0..3).flat_map(|channel| picture.channel(channel).iter().map(|&value| f64::from(value))).collect()
}

/// At most `most` levels apart, and equal in at least this share of the values.
#[track_caller]
fn nearly(file: &Golden, key: &str, found: &[f64], most: f64, share: f64) {
    file.close(key, found, most);
    let equal = found.iter().zip(file.values(key)).filter(|(a, b)| **a == f64::from(**b)).count();
    let found = equal as f64 / found.len() as f64;
    assert!(found >= share, "{key}: {found} of the values are equal, expected {share}");
}

#[test]
fn eight_bit_operations_round_as_pillow() {
    let file = golden("aug_pil2d");
    let (picture, params) = (input(&file), file.meta("params"));
    let number = |key: &str| params[key].as_f64().expect("a number");
    file.equal("hflip", &levels(&mirrored(&picture)));
    file.equal("grayscale", &levels(&grey(&picture)));
    file.equal("gaussian_blur", &levels(&gaussian_blur(&picture, number("sigma"))));
    file.equal("brightness", &levels(&brightness(&picture, number("b"))));
    file.equal("contrast", &levels(&contrast(&picture, number("c"))));
    file.equal("saturation", &levels(&saturation(&picture, number("s"))));
    nearly(&file, "hue", &levels(&hue(&picture, number("h"))), 3.0, 0.99);
    near(&file, "normalized", &values(&normalised(&picture)), 1e-6);
    nearly(&file, "rotate", &levels(&rotated(&picture, number("angle"))), 255.0, 0.995);
    let [top, left, height, width] = integers(&params["crop"]).iter().map(|n| *n as usize).collect::<Vec<_>>()[..] else {
        panic!("a crop is four numbers")
    };
    let side = number("out") as usize;
    nearly(&file, "resized_crop", &levels(&crop_resized(&picture, CropBox { top, left, height, width }, [side; 2])), 1.0, 0.99);
}

#[test]
fn cutout_holes_are_the_authors() {
    let file = golden("aug_cutout");
    let centres: Vec<[i64; 2]> = file
        .meta("centres_yx")
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| integers(c).try_into().expect("two numbers"))
        .collect();
    let length = file.meta("length").as_i64().expect("a number");
    file.equal("out", &values(&cut(&uniform("gcut/cut", &[3, 40, 36]), &centres, length)));
}

/// All combinations of flips and turns.
#[test]
fn every_turn_and_its_indicator_are_exact() {
    let file = golden("aug_spatial");
    let images: [(&str, Tensor); 2] = [("2d", uniform("gaug/img2d", &[3, 6, 6])), ("3d", uniform("gaug/img3d", &[1, 5, 5, 3]))];
    let mut compared = 0;
    for (name, image) in images {
        let axes = image.dim() - 1;
        for combination in 0..4 << axes {
            let flips: Vec<bool> = (0..axes).map(|axis| combination >> axis & 1 == 1).collect();
            let turn = Turn { flips, quarters: combination >> axes };
            let flags: String = turn.flips.iter().map(|flip| if *flip { '1' } else { '0' }).collect();
            let key = format!("{name}/f{flags}_r{}", turn.quarters);
            file.equal(&format!("{key}/img"), &values(&turn.apply(&image).expect("a square plane")));
            file.equal(&format!("{key}/vec"), &values(&turn.indicator()));
            compared += 1;
        }
    }
    assert_eq!(compared, 16 + 32);
}
