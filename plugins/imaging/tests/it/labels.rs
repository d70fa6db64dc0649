//! Labels plane by plane against the naive way: all scores of the volume, resampled whole, then the highest one.

use crate::reference::u;
use voxloom_imaging::blend::{Average, Weighting};
use voxloom_imaging::geometry::{IDENTITY, Matrix, multiply};
use voxloom_imaging::labels::{Painter, PlaneBlend, Rule, Step};
use voxloom_imaging::resample::{Alignment, Border, Interpolation, gaussian, resample};
use voxloom_imaging::windows::Layout;

const CHANNELS: usize = 5;
const GRID: [usize; 3] = [13, 17, 15];
const WINDOW: [usize; 3] = [6, 8, 7];

/// Smooth scores of each window, so that labels form regions; windows disagree a little where they overlap.
fn patches(layout: &Layout) -> Vec<([usize; 3], Vec<f32>)> {
    let whole: Vec<f64> = (0..CHANNELS)
        .flat_map(|c| gaussian(&u(&format!("labels/{c}"), GRID.iter().product()), GRID, [1.5; 3], 4.0, Border::Reflect, 1))
        .collect();
    let n: usize = GRID.iter().product();
    (0..layout.len())
        .map(|i| {
            let corner = layout.corner(i).expect("in range");
            let noise = u(&format!("labels/window {i}"), CHANNELS * WINDOW.iter().product::<usize>());
            let patch = noise.iter().enumerate().map(|(k, noise)| {
                let m: usize = WINDOW.iter().product();
                let at = [k % m / (WINDOW[1] * WINDOW[2]), k / WINDOW[2] % WINDOW[1], k % WINDOW[2]];
                let [z, y, x] = [0, 1, 2].map(|axis| corner[axis] + at[axis]);
                (whole[k / m * n + (z * GRID[1] + y) * GRID[2] + x] + 0.02 * noise) as f32
            });
            (corner, patch.collect())
        })
        .collect()
}

fn naive(patches: &[([usize; 3], Vec<f32>)], weight: &[f32], alignment: &Alignment, rule: &Rule) -> Vec<u8> {
    let mut average = Average::new(CHANNELS, GRID);
    patches.iter().for_each(|(corner, patch)| assert!(average.add(patch, weight, WINDOW, *corner)));
    let scores: Vec<Vec<f32>> = average
        .finish()
        .chunks(GRID.iter().product())
        .map(|channel| resample(channel, GRID, &alignment.maps, Interpolation::Linear, Border::Edge, 1))
        .collect();
    let [_, b, c] = alignment.maps.map(|map| map.n);
    let labels = (0..scores[0].len()).map(|i| {
        let place = [i / (b * c), i / c % b, i % c];
        let inside = (0..3).all(|axis| (-0.5..=GRID[axis] as f64 - 0.5).contains(&alignment.maps[axis].at(place[axis])));
        match rule {
            _ if !inside => 0,
            Rule::Argmax { labels } => {
                let best = (0..CHANNELS).rev().max_by(|&p, &q| scores[p][i].total_cmp(&scores[q][i]));
                labels[best.expect("there are channels")] as u8
            }
            Rule::Thresholds(steps) => steps
                .iter()
                .filter(|step| scores[step.channel][i] > step.threshold)
                .map(|step| step.label as u8)
                .next_back()
                .unwrap_or(0),
        }
    });
    alignment.to_target(labels.collect())
}

fn streamed(patches: &[([usize; 3], Vec<f32>)], weight: &[f32], alignment: &Alignment, rule: &Rule, threads: usize) -> Vec<u8> {
    let mut planes = PlaneBlend::new(CHANNELS, GRID);
    let mut painter: Painter<u8> = Painter::new(GRID, alignment.clone(), rule.clone(), threads);
    for (corner, patch) in patches {
        planes.add(patch, weight, WINDOW, *corner, |z, plane| painter.plane(z, plane)).expect("windows are ordered");
    }
    planes.finish(|z, plane| painter.plane(z, plane));
    painter.finish()
}

/// The target's voxel `(i, j, k)` in the voxels of the scores' grid: which axis, step and start for each.
fn grid(rows: [(usize, f64, f64); 3]) -> Matrix {
    let mut matrix = IDENTITY;
    for (row, (column, step, start)) in rows.into_iter().enumerate() {
        matrix[row] = [0.0; 4];
        matrix[row][column] = step;
        matrix[row][3] = start;
    }
    matrix
}

#[test]
fn equal_to_the_naive_way_on_every_kind_of_grid() {
    let layout = Layout::new(GRID, WINDOW, [0.5; 3]).expect("fits");
    let patches = patches(&layout);
    let weight = Weighting::Gaussian { sigma_scale: 0.125 }.map(WINDOW);
    let scores_grid = [[-1.5, 0.0, 0.2, 30.0], [0.0, 1.4, 0.0, -8.0], [0.1, 0.0, 2.5, 4.0], [0.0, 0.0, 0.0, 1.0]];
    let rules = [
        Rule::Argmax { labels: vec![0, 3, 7, 200, 4] },
        Rule::Thresholds(vec![
            Step { channel: 1, threshold: 0.05, label: 1 },
            Step { channel: 4, threshold: 0.0, label: 2 },
            Step { channel: 1, threshold: 0.12, label: 3 },
        ]),
    ];
    let targets: [(&str, Matrix, [usize; 3]); 6] = [
        ("the same", IDENTITY, GRID),
        ("finer", grid([(0, 0.43, -0.285), (1, 0.5, -0.25), (2, 0.65, -0.175)]), [20, 34, 35]),
        ("coarser", grid([(0, 2.5, 0.75), (1, 2.0, 0.5), (2, 1.625, 0.3125)]), [8, 8, 6]),
        ("the scores were cropped", grid([(0, 0.9, -4.1), (1, 1.0, -3.0), (2, 0.8, -5.3)]), [29, 25, 26]),
        ("the scores were padded", grid([(0, 1.0, 2.0), (1, 1.0, 3.0), (2, 1.0, 1.0)]), [9, 10, 11]),
        ("turned over", grid([(2, -0.7, 14.2), (0, 1.1, -0.4), (1, -0.9, 12.3)]), [21, 14, 15]),
    ];
    for (name, target, shape) in targets {
        let affine = multiply(&scores_grid, &target);
        let alignment = Alignment::between((&scores_grid, GRID), (&affine, shape)).expect("parallel");
        for rule in &rules {
            let expected = naive(&patches, &weight, &alignment, rule);
            assert!(expected.iter().collect::<std::collections::BTreeSet<_>>().len() > 3, "{name}: the case is too plain");
            for threads in [1, 2, 3] {
                assert_eq!(streamed(&patches, &weight, &alignment, rule, threads), expected, "{name} {rule:?}");
            }
        }
    }
}
