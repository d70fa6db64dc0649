//! `aug_torchio3d`, `aug_local3d`, `luna_pairs`: what is done to windows of a CT, and which windows are cut.

use crate::support::{golden, image, near, pattern};
use tch::Kind;
use voxloom_pcrl::augment::Grid;
use voxloom_pcrl::augment::volume::{Affine3, Bezier, Block, Shuffled, affine, bezier, blur, flip_x, inpaint, outpaint, shuffle};
use voxloom_pcrl::prepare::{PairRule, Window, WindowRule, iou, resized};
use voxloom_testkit::golden::{Golden, numbers};

/// `0.5 (pattern + 1)` without its batch axis.
fn grid(name: &str, [x, y, z]: [i64; 3]) -> Grid {
    Grid::new(&image(name, &[1, 1, x, y, z]).get(0)).expect("a window")
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|&number| f64::from(number)).collect()
}

fn three(file: &Golden, key: &str) -> [f64; 3] {
    numbers(&file.meta("params")[key]).try_into().expect("three numbers")
}

/// Rows of x, y, z, dx, dy, dz.
fn blocks(file: &Golden, key: &str) -> Vec<Block> {
    let row = |row: &[f32]| {
        let n: Vec<usize> = row.iter().map(|value| *value as usize).collect();
        Block { start: [n[0], n[1], n[2]], sides: [n[3], n[4], n[5]] }
    };
    file.values(key).chunks_exact(6).map(row).collect()
}

#[test]
fn flip_affine_and_blur_are_torchios() {
    let file = golden("aug_torchio3d");
    let window = grid("gtio/tio", [24, 20, 16]);
    file.equal("flip", &wide(&flip_x(&window).values));
    let change = Affine3 { scales: three(&file, "scales"), degrees: three(&file, "degrees") };
    near(&file, "affine", &wide(&affine(&window, &change).values), 1e-5);
    near(&file, "blur", &wide(&blur(&window, three(&file, "std")).values), 1e-5);
}

#[test]
fn shuffling_and_painting_are_exact_with_given_draws() {
    let file = golden("aug_local3d");
    let window = grid("gloc/vol", [32, 32, 20]);
    let mut orders = file.values("shuffle/perms").iter().map(|&place| place as usize);
    let shuffled: Vec<Shuffled> = blocks(&file, "shuffle/blocks")
        .into_iter()
        .map(|block| Shuffled { block, order: orders.by_ref().take(block.sides.iter().product()).collect() })
        .collect();
    assert_eq!((shuffled.len(), orders.next()), (40, None));
    file.equal("shuffle/out", &wide(&shuffle(&window, &shuffled).values));

    let noisy: Vec<(Block, Vec<f32>)> = blocks(&file, "inpaint/blocks")
        .into_iter()
        .enumerate()
        .map(|(i, block)| (block, file.values(&format!("inpaint/noise{i}")).to_vec()))
        .collect();
    file.equal("inpaint/out", &wide(&inpaint(&window, &noisy).values));
    let noise = file.values("outpaint/noise0").to_vec();
    file.equal("outpaint/out", &wide(&outpaint(&window, noise, &blocks(&file, "outpaint/blocks")).values));
}

#[test]
fn the_bezier_curve_is_the_authors() {
    let file = golden("aug_local3d");
    let line = Grid { shape: [1, 1, 101], values: (0..101).map(|i| (f64::from(i) / 100.0) as f32).collect() };
    for (key, rising) in [("bezier/sorted_both", true), ("bezier/sorted_x_only", false)] {
        let curve = Bezier { points: [[0.2, 0.7], [0.6, 0.1]], rising };
        near(&file, key, &wide(&bezier(&line, &curve).values), 1e-5);
    }
}

/// Ends of a box: x0, x1, y0, y1, z0, z1.
fn window(ends: &[f32]) -> Window {
    let n: Vec<usize> = ends.iter().map(|value| *value as usize).collect();
    Window { start: [n[0], n[2], n[4]], sides: [n[1] - n[0], n[3] - n[2], n[5] - n[4]] }
}

#[test]
fn windows_overlap_and_resize_as_in_the_authors_preparation() {
    let file = golden("luna_pairs");
    let rows = file.values("iou_table").chunks_exact(13);
    let found: Vec<f64> = rows.clone().map(|row| iou(&window(&row[..6]), &window(&row[6..12]))).collect();
    let expected: Vec<f32> = rows.map(|row| row[12]).collect();
    assert!(expected.iter().any(|iou| *iou > 0.1) && expected.contains(&0.0));
    voxloom_testkit::golden::close("iou_table", &found, &expected, 1e-5);
    let small = pattern("gluna/rs", &[1, 1, 24, 20, 16]);
    let small = Grid::new(&small.get(0)).expect("a window");
    near(&file, "resize_down", &wide(&resized(&small, [16, 16, 11]).values), 1e-5);
    near(&file, "resize_up", &wide(&resized(&small, [32, 28, 20]).values), 1e-5);
}

#[test]
fn pairs_are_cut_and_measured_as_in_the_authors_preparation() {
    let file = golden("luna_pairs");
    let ct = pattern("gluna/ct", &[1, 1, 48, 48, 100]).to_kind(Kind::Double);
    let ct = Grid::new(&((ct * 900.0 + 450.0) / 2000.0).clamp(0.0, 1.0).get(0)).expect("a scan");
    let sizes = vec![[16, 16, 8], [24, 24, 12], [20, 20, 12], [12, 12, 6]];
    let windows = WindowRule { sizes: sizes.clone(), border_xy: 4, border_z: 3, extra: 3, shrink: 8, x_only: true };
    let rule = PairRule { windows, output: [16, 16, 8], iou: 0.25, tissue: 0.425, share: 0.15, tries: 1 };
    for pair in 0..3 {
        let key = |name: &str| format!("pair{pair}/{name}");
        let boxes = ["box1", "box2"].map(|name| window(file.values(&key(name))));
        assert!(boxes.iter().all(|window| sizes.contains(&window.sides)), "{boxes:?}");
        let found = rule.measure(&ct, boxes);
        assert!(found.accepted() && found.iou > rule.iou);
        file.close(&key("iou"), &[found.iou], 1e-5);
        near(&file, &key("lungsum"), &found.tissue, 1e-5);
        near(&file, &key("win1"), &wide(&found.images[0].values), 1e-5);
        near(&file, &key("win2"), &wide(&found.images[1].values), 1e-5);
    }
}
