//! `data*`, `augment*`, `respacing*`: what a case becomes before the network sees it.

use crate::support::{golden, tensor, values};
use tch::{Kind, Tensor};
use voxloom_dodnet::augment::{self, GammaForm};
use voxloom_dodnet::data::{Draws, SampleRule, channels, cut, extent, padded, starts, window};
use voxloom_dodnet::respace::{self, MOTS_SPACING_MM, Manner};
use voxloom_dodnet::tasks::TaskTable;
use voxloom_testkit::golden::{Golden, integers, numbers, u, up};

/// Rounded as numpy does: half to even.
fn hounsfield(name: &str, count: usize, scale: f64) -> Vec<f64> {
    u(name, count).into_iter().map(|v| (scale * v).round_ties_even()).collect()
}

/// Label values 0, 1, 2.
fn thirds(name: &str, count: usize) -> Vec<f64> {
    u(name, count).into_iter().map(|v| ((v + 1.0) * 1.5).floor()).collect()
}

#[test]
fn data() {
    let table = TaskTable::mots().expect("the shipped table");
    for file in Golden::all("dodnet", "data") {
        let case = file.name.as_str();
        let count = |key: &str| file.shape3(key).iter().product::<usize>();
        let shape = |key: &str| file.shape3(key).map(|n| n as i64);

        let hu = hounsfield(&format!("{case}/hu"), count("normalise.out"), 1200.0);
        file.close("normalise.out", &values(&window(&tensor(&hu, &shape("normalise.out"), Kind::Float), -325.0, 325.0)), 1e-5);

        let label = thirds(&format!("{case}/label"), count("label_map.in"));
        file.equal("label_map.in", &label);
        let label = tensor(&label, &shape("label_map.in"), Kind::Float);
        let maps: Vec<Tensor> = table.tasks().iter().map(|task| channels(&label, task, 2)).collect();
        file.equal("label_map.out", &values(&Tensor::stack(&maps, 0)));

        let hu = hounsfield(&format!("{case}/pad"), 5 * 9 * 4, 100.0);
        file.equal("pad.out", &values(&padded(&tensor(&hu, &[5, 9, 4], Kind::Float), [8.0, 7.0, 6.4], 0.0)));

        crop_ranges(&file);
        for (name, about) in file.meta("e2e").as_object().expect("cases by name") {
            end_to_end(&file, &table, name, about);
        }
    }
}

/// Rows of `crop.config`: crop D, H, W; volume H, W, D, as it is after padding; foreground min, max along H, W, D; scaler.
fn crop_ranges(file: &Golden) {
    let mut found = Vec::new();
    for row in file.values("crop.config").chunks(13) {
        // The scaler was 1.3, not float32's 1.2999999523.
        let scaler: f64 = row[12].to_string().parse().expect("a number");
        let row: Vec<i64> = row.iter().map(|v| *v as i64).collect();
        let (crop, volume, foreground) =
            (&row[..3], [row[5], row[3], row[4]], [(row[10], row[11]), (row[6], row[7]), (row[8], row[9])]);
        let range = |axis: usize| starts(volume[axis], (crop[axis] as f64 * scaler).trunc() as i64, foreground[axis], 32, true);
        let pairs = |pick: &dyn Fn(usize) -> (i64, i64)| {
            (0..3).flat_map(|axis| [pick(axis).0 as f64, pick(axis).1 as f64]).collect::<Vec<_>>()
        };
        found.extend(pairs(&|axis| range(axis).foreground));
        found.extend(pairs(&|axis| range(axis).anywhere));
    }
    file.equal("crop.ranges", &found);
}

fn end_to_end(file: &Golden, table: &TaskTable, name: &str, about: &serde_json::Value) {
    let hwd: [usize; 3] =
        integers(&about["hwd"]).iter().map(|&n| n as usize).collect::<Vec<_>>().try_into().expect("three sizes");
    let task = about["task"].as_u64().expect("a task") as usize;
    let cell = about["cell"].as_u64().expect("a size") as usize;
    let hu = hounsfield(&format!("{}/{name}/hu", file.name), hwd.iter().product(), 800.0);
    let small = hwd.map(|n| n / cell);
    let mut label = up(&thirds(&format!("{}/{name}/label", file.name), small.iter().product()), small, cell);
    if matches!(task, 4..=6) {
        label.iter_mut().for_each(|value| *value = f64::from(u8::from(*value == 2.0)));
    }
    for (i, value) in label.iter_mut().enumerate() {
        let at = [i / (hwd[1] * hwd[2]), i / hwd[2] % hwd[1], i % hwd[2]];
        let inside = (8..32).contains(&at[0]) && (8..28).contains(&at[1]) && (4..16).contains(&at[2]);
        *value = if inside { *value } else { 0.0 };
    }
    let case = |values: &[f64]| tensor(values, &hwd.map(|n| n as i64), Kind::Float).permute([2, 0, 1]);
    let (image, label, task) = (window(&case(&hu), -325.0, 325.0), case(&label), &table.tasks()[task]);

    let flip = integers(&about["flip_whd"]);
    let three = |list: &[i64]| <[i64; 3]>::try_from(list).expect("three numbers");
    let rule = SampleRule { size: three(&integers(&about["crop_dhw"])), pad_value: 0.0, compat: true, ..SampleRule::default() };
    let draws = Draws {
        zoom: about["scaler"].as_f64().expect("a factor"),
        foreground: true,
        place: numbers(&about["fractions_dhw"]).try_into().expect("three fractions"),
        mirror: [flip[2] == 1, flip[1] == 1, flip[0] == 1],
    };
    let (image, label) = cut(&rule, &draws, &image, &label, extent(&label, task));
    file.close(&format!("{name}.image"), &values(&image), 1e-5);
    file.close(&format!("{name}.label"), &values(&channels(&label, task, 2)), 1e-5);
}

#[test]
fn augmentation() {
    for file in Golden::all("dodnet", "augment") {
        let shape: [usize; 3] =
            file.integers("shape")[1..].iter().map(|&n| n as usize).collect::<Vec<_>>().try_into().expect("three sizes");
        let image: Vec<f32> =
            u(&format!("{}/x", file.name), shape.iter().product()).iter().map(|v| (0.7 * v + 0.2) as f32).collect();
        let check = |key: &str, values: &[f32], tolerance: f64| {
            file.close(key, &values.iter().map(|v| f64::from(*v)).collect::<Vec<_>>(), tolerance);
        };
        let changed = |change: &dyn Fn(&mut [f32])| {
            let mut image = image.clone();
            change(&mut image);
            image
        };
        for (name, params) in file.meta("params").as_object().expect("transforms by name") {
            let number = |key: &str| params[key].as_f64().unwrap_or_else(|| panic!("{name}: no `{key}`"));
            let out = format!("{name}.out");
            match name.split('_').next().unwrap_or(name) {
                "blur" => check(&out, &augment::blur(&image, shape, number("sigma")), 1e-5),
                "brightness" => check(&out, &changed(&|x| augment::multiply(x, number("factor"))), 1e-5),
                "contrast" => check(&out, &changed(&|x| augment::contrast(x, number("factor"))), 1e-5),
                "gamma" => {
                    check(&out, &changed(&|x| augment::gamma(x, number("gamma"), GammaForm::Restored)), 1e-5);
                    check(
                        &format!("{name}_v020.out"),
                        &changed(&|x| augment::gamma(x, number("gamma"), GammaForm::Shifted)),
                        1e-5,
                    );
                }
                "lowres" => {
                    let (small, size) = augment::low_resolution_down(&image, shape, number("zoom"));
                    assert_eq!(size.map(|n| n as i64).to_vec(), integers(&params["target"]));
                    check(&format!("{name}.down"), &small, 1e-5);
                    check(&out, &augment::low_resolution(&image, shape, number("zoom")), 1e-4);
                }
                other => panic!("transform `{other}` is not known"),
            }
        }
    }
}

#[test]
fn respacing() {
    for file in Golden::all("dodnet", "respacing") {
        for (name, about) in file.meta("cases").as_object().expect("cases by name") {
            let shape: [usize; 3] =
                integers(&about["shape_zyx"]).iter().map(|&n| n as usize).collect::<Vec<_>>().try_into().expect("three sizes");
            let spacing: [f64; 3] = numbers(&about["spacing_zyx"]).try_into().expect("three sizes");
            let hu = hounsfield(&format!("{}/{name}/hu", file.name), shape.iter().product(), 500.0);
            let label = grown(&format!("{}/{name}/label", file.name), shape);
            let size = respace::new_size(shape, spacing, MOTS_SPACING_MM, Manner::Compat);
            assert_eq!(size, file.shape3(&format!("{name}.image")), "{name}: size");
            file.equal(&format!("{name}.label"), &respace::label(&label, shape, size, Manner::Compat));
            let image = respace::image(&hu, shape, size, Manner::Compat);
            file.close(&format!("{name}.image"), &image, 1.0);
            let other = image.iter().zip(file.values(&format!("{name}.image"))).filter(|(a, b)| **a != f64::from(**b)).count();
            assert!(other * 100 <= image.len(), "{name}: {other} of {} voxels differ", image.len());
        }
    }
}

/// Cells of two voxels, the last one repeated where a size is odd.
fn grown(name: &str, shape: [usize; 3]) -> Vec<f64> {
    let small = shape.map(|n| n / 2);
    let cells = thirds(name, small.iter().product());
    let at = |i: usize, axis: usize| (i / 2).min(small[axis] - 1);
    let [_, h, w] = shape;
    let index = |i: usize| (at(i / (h * w), 0) * small[1] + at(i / w % h, 1)) * small[2] + at(i % w, 2);
    (0..shape.iter().product()).map(|i| cells[index(i)]).collect()
}

#[test]
fn a_golden_reads_as_a_tensor() {
    let file = &Golden::all("dodnet", "data")[0];
    assert_eq!(golden(file, "pad.out").size(), [8, 9, 7]);
}
