//! `inference*`, `postprocess*`: from windows to label volumes, and how they are scored.

use crate::support::{golden, input, network, tensor, values};
use tch::{Device, Kind, Tensor};
use voxloom_dodnet::inference::{Tiling, averaged_over_flips, merge_task, soft_dice, stitch};
use voxloom_dodnet::postprocess::clean;
use voxloom_dodnet::tasks::TaskTable;
use voxloom_imaging::blend::Weighting;
use voxloom_imaging::metrics::{Overlap, hd95_official};
use voxloom_testkit::golden::{Golden, sample, stats, u};

/// The task of a case, which the authors' code reads from its name.
fn task_of(name: &str) -> usize {
    let starts = ["liver", "case", "hepatic", "pancreas", "colon", "lung", "spleen"];
    starts.iter().position(|start| name.starts_with(start)).unwrap_or_else(|| panic!("no task for `{name}`"))
}

#[test]
fn gaussian_weights() {
    for file in Golden::all("dodnet", "inference") {
        for key in file.keys().filter(|key| key.starts_with("gauss_")) {
            let sizes: Vec<usize> = key.split(['_', '.']).filter_map(|part| part.parse().ok()).collect();
            let map = Weighting::Gaussian { sigma_scale: 0.125 }.map(sizes.try_into().expect("three sizes"));
            let map: Vec<f64> = map.into_iter().map(f64::from).collect();
            match key.rsplit('.').next() {
                Some("stats") => file.close(key, &stats(&map), 1e-3 * stats(&map)[0]),
                Some("sample") => file.close(key, &sample(&map, file.values(key).len()), 1e-6),
                _ => file.close(key, &map, 1e-6),
            }
        }
    }
}

#[test]
fn stitching() {
    tch::no_grad(|| {
        for file in Golden::all("dodnet", "inference") {
            let nets = [true, false].map(|weight_std| network(file.text("weights_prefix"), weight_std, Kind::Float));
            for (case, about) in file.meta("cases").as_object().expect("cases by name") {
                let tile: [i64; 3] = voxloom_testkit::golden::integers(&about["tile"]).try_into().expect("three sizes");
                let task = about["task"].as_i64().expect("a task");
                let tiling = Tiling { tile, pad_value: 0.0, compat: true };
                let key = format!("{case}.probs");
                if case == "ensemble" {
                    // The same volume as the stitched one, its first tile.
                    let vol = voxloom_testkit::golden::integers(&file.meta("cases")["stitch_model"]["vol"]);
                    let patch = input(&format!("{}/stitch_model/x", file.name), &vol, Kind::Float);
                    let patch = (0..3).fold(patch, |x, axis| x.narrow(axis + 2, 0, tile[axis as usize]));
                    let mean = averaged_over_flips(&patch, |x| {
                        let [a, b] = [&nets[0], &nets[1]].map(|net| net.forward(x, &[task]));
                        Ok((a?.sigmoid() + b?.sigmoid()) / 2.0)
                    });
                    file.close(&key, &values(&mean.expect("the tile fits")), 2e-4);
                    continue;
                }
                let vol = voxloom_testkit::golden::integers(&about["vol"]);
                let volume = input(&format!("{}/{case}/x", file.name), &vol, Kind::Float).view(&vol[2..]);
                let predict =
                    |x: &Tensor| if case.starts_with("stitch_fake") { Ok(fake(x, task)) } else { nets[0].forward(x, &[task]) };
                let probs = stitch(&volume, &tiling, |patch| averaged_over_flips(patch, |x| Ok(predict(x)?.sigmoid())));
                let tolerance = if case.starts_with("stitch_fake") { 1e-5 } else { 2e-4 };
                file.close(&key, &values(&probs.expect("the tile fits")), tolerance);
            }
        }
    });
}

/// Logits that depend on value, place and task.
fn fake(x: &Tensor, task: i64) -> Tensor {
    let size = x.size();
    let along = |axis: usize| {
        let mut shape = [1; 5];
        shape[axis] = size[axis];
        Tensor::arange(size[axis], (Kind::Float, Device::Cpu)).view(shape)
    };
    let organ = x * 1.5 + along(4) * 0.05 - along(3) * 0.03;
    let tumour = along(2) * 0.04 - x + (0.1 * task as f64 - 0.5);
    Tensor::cat(&[organ, tumour], 1)
}

#[test]
fn merging() {
    for file in Golden::all("dodnet", "inference") {
        let case = &file.name;
        let names: Vec<&str> = file.before(".pred").into_iter().filter_map(|key| key.strip_prefix("merge.")).collect();
        let probs: Vec<f64> = u(&format!("{case}/merge/probs"), 2 * 5 * 6 * 7).iter().map(|v| 0.5 + 0.5 * v).collect();
        let label: Vec<f64> =
            u(&format!("{case}/merge/label"), 2 * 5 * 6 * 7).iter().map(|v| f64::from(u8::from(*v > 0.0))).collect();
        let probs = tensor(&probs, &[2, 5, 6, 7], Kind::Float);
        let label = tensor(&label, &[2, 5, 6, 7], Kind::Float);
        for name in names {
            // The authors' code writes the organ of colon and lung too, trained or not; a spleen has no second channel.
            let shown = [true, task_of(name) != 6];
            let hidden = match task_of(name) {
                4 | 5 => Some(0),
                6 => Some(1),
                _ => None,
            };
            let label = label.copy();
            if let Some(channel) = hidden {
                let _ = label.get(channel).fill_(-1.0);
            }
            let stored = |merged: Tensor| values(&if task_of(name) == 1 { merged } else { merged.permute([1, 2, 0]) });
            file.equal(&format!("merge.{name}.pred"), &stored(merge_task(&probs, 0.5, &shown)));
            file.equal(&format!("merge.{name}.label"), &stored(merge_task(&label, 0.5, &shown)));
        }
        let dice = [0, 1].map(|channel| soft_dice(&probs.get(channel), &label.get(channel)));
        file.close("merge.soft_dice", &dice, 1e-5);
    }
}

#[test]
fn postprocess() {
    let table = TaskTable::mots().expect("the shipped table");
    for file in Golden::all("dodnet", "postprocess") {
        for number in file.before(".pred_in").into_iter().filter_map(|key| key.strip_prefix("task")) {
            let task = &table.tasks()[number.parse::<usize>().expect("a task")];
            let key = |part: &str| format!("task{number}.{part}");
            let shape = file.shape3(&key("pred_in"));
            let map = |part: &str| file.values(&key(part)).iter().map(|v| *v as u8).collect::<Vec<_>>();
            let (label, cleaned) = (map("label_in"), clean(&map("pred_in"), shape, task));
            let mut scores = [-999.0, -999.0, 999.0, 999.0];
            for (place, channel) in task.labelled() {
                let mask = cleaned[place].as_ref().expect("a labelled channel has a mask");
                let parts = task.parts_of(channel);
                let truth: Vec<bool> = label.iter().map(|l| parts.iter().any(|part| usize::from(*l) == part + 1)).collect();
                let name = ["organ", "tumor"][place];
                file.equal(&key(name), &mask.iter().map(|m| f64::from(u8::from(*m))).collect::<Vec<_>>());
                scores[place] = Overlap::count(mask, &truth).dice_official();
                scores[2 + place] = hd95_official(mask, &truth, shape);
            }
            file.close(&key("metrics"), &scores, 1e-5);
        }
        metric_edges(&file);
    }
}

fn metric_edges(file: &Golden) {
    let cuboid = |z: std::ops::Range<usize>, y: std::ops::Range<usize>, x: std::ops::Range<usize>| -> Vec<bool> {
        (0..216).map(|i| z.contains(&(i / 36)) && y.contains(&(i / 6 % 6)) && x.contains(&(i % 6))).collect()
    };
    let (none, a, b) = (vec![false; 216], cuboid(1..4, 1..4, 1..4), cuboid(2..6, 2..5, 1..4));
    let hd95 = |p: &[bool], l: &[bool]| hd95_official(p, l, [6; 3]);
    let found = [hd95(&none, &none), hd95(&a, &none), hd95(&none, &a), hd95(&a, &a), hd95(&a, &b)];
    file.close("metric_edge.hd95", &found, 1e-4);
    let dice = |p: &[bool], l: &[bool]| Overlap::count(p, l).dice_official();
    file.close("metric_edge.dice", &[dice(&none, &none), dice(&a, &none), dice(&a, &a), dice(&a, &b)], 1e-6);
}

#[test]
fn goldens_are_whole() {
    // Every file that the README names is there and was read by one of these tests.
    for prefix in [
        "augment",
        "data",
        "fill_check",
        "forward_",
        "grads",
        "inference",
        "loss",
        "postprocess",
        "respacing",
        "train_steps",
        "unit_ops",
    ] {
        assert!(!Golden::all("dodnet", prefix).is_empty());
    }
    assert_eq!(golden(&Golden::all("dodnet", "loss")[0], "full.terms").size(), [3]);
}
