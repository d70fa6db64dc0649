//! The kernels against numbers that scipy, scikit-image and medpy gave (`reference/make.py`).

use serde_json::Value;
use voxloom_imaging::components::{Components, Connectivity};
use voxloom_imaging::metrics::{Overlap, Ssim, SurfaceDistances, WhenEmpty, Window, psnr, squared_distances};
use voxloom_imaging::resample::{AxisMap, Border, Interpolation, gaussian, resample};

fn reference(section: &str) -> Vec<Value> {
    let text = include_str!("reference/reference.json");
    let content: Value = serde_json::from_str(text).expect("the reference is JSON");
    content[section].as_array().expect("a list of cases").clone()
}

/// Uniform values in [-1, 1) that depend on the name and the index alone, as `u` of `make.py`.
pub fn u(name: &str, n: usize) -> Vec<f64> {
    let h = name.bytes().fold(0xCBF2_9CE4_8422_2325u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    (1..=n as u64)
        .map(|i| {
            let z = h.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 * 2f64.powi(-53) * 2.0 - 1.0
        })
        .collect()
}

fn numbers<const N: usize>(value: &Value) -> [f64; N] {
    std::array::from_fn(|i| value[i].as_f64().expect("a number"))
}

fn shape_of(case: &Value) -> [usize; 3] {
    numbers(&case["shape"]).map(|n: f64| n as usize)
}

fn border_of(case: &Value) -> Border {
    match case["border"].as_str() {
        Some("edge") => Border::Edge,
        Some("mirror") => Border::Mirror,
        Some("reflect") => Border::Reflect,
        _ => Border::Constant(7.5),
    }
}

/// Element `i n / k` of the result for every stored element `i`.
fn largest_difference(result: impl IntoIterator<Item = f64>, stored: &Value) -> f64 {
    let result: Vec<f64> = result.into_iter().collect();
    let stored = stored.as_array().expect("stored values");
    let at = |i: usize| result[i * result.len() / stored.len()];
    (0..stored.len()).map(|i| (at(i) - stored[i].as_f64().expect("a number")).abs()).fold(0.0, f64::max)
}

#[test]
fn resampling_is_scipys() {
    for case in reference("resampling") {
        let shape = shape_of(&case);
        let maps: [AxisMap; 3] = std::array::from_fn(|axis| {
            let grid = &case["grid"][axis];
            match grid[0].as_str() {
                Some("zoom") => AxisMap::zoom(shape[axis], grid[1].as_u64().expect("a size") as usize),
                _ => {
                    let [start, step, n] = [1, 2, 3].map(|i: usize| grid[i].as_f64().expect("a number"));
                    AxisMap::new(start, step, n as usize)
                }
            }
        });
        let interpolation = match case["interpolation"].as_str() {
            Some("nearest") => Interpolation::Nearest,
            Some("linear") => Interpolation::Linear,
            _ => Interpolation::Cubic,
        };
        let single: Vec<f32> = u("resample", shape.iter().product()).iter().map(|v| (300.0 * v) as f32).collect();
        let double: Vec<f64> = single.iter().map(|&v| f64::from(v)).collect();
        let (border, name) = (border_of(&case), case.to_string());
        let out = resample(&double, shape, &maps, interpolation, border, 1);
        // 1e-6 of the largest value: a padded spline forgets its border to 1e-7, and scipy's own boundary sum of `reflect` is off
        // by 5e-7 on a line of five samples (its spline misses the first one).
        let error = largest_difference(out, &case["out"]);
        assert!(error < 300.0 * 1e-6, "{error:e} {name}");
        let out = resample(&single, shape, &maps, interpolation, border, 2);
        let error = largest_difference(out.into_iter().map(f64::from), &case["out"]);
        assert!(error < 300.0 * 2e-6, "{error:e} {name}");
    }
}

#[test]
fn smoothing_is_scipys() {
    for case in reference("smoothing") {
        let shape = shape_of(&case);
        let volume = u("smooth", shape.iter().product());
        let out = gaussian(&volume, shape, numbers(&case["sigma"]), 4.0, border_of(&case), 1);
        let error = largest_difference(out, &case["out"]);
        assert!(error < 1e-9, "{error:e} {}", case["border"]);
    }
}

/// Masks are stored as the places where they change.
fn mask(changes: &Value, n: usize) -> Vec<bool> {
    let mut mask = vec![false; n];
    for run in changes.as_array().expect("places").chunks(2) {
        let [start, end] = [0, 1].map(|i: usize| run[i].as_u64().expect("a place") as usize);
        mask[start..end].fill(true);
    }
    mask
}

#[test]
fn surface_metrics_are_medpys() {
    for case in reference("surfaces") {
        let shape = shape_of(&case);
        let n = shape.iter().product();
        let (a, b) = (mask(&case["a"], n), mask(&case["b"], n));
        let distances = SurfaceDistances::measure(&a, &b, shape, numbers(&case["spacing"])).expect("no mask is empty");
        for (name, value) in [
            ("dice", Overlap::count(&a, &b).dice(WhenEmpty::Skip).expect("not empty")),
            ("hd", distances.percentile(1.0)),
            ("hd95", distances.percentile(0.95)),
            ("assd", distances.assd()),
            ("masd", distances.masd()),
        ] {
            let stored = case[name].as_f64().expect("a number");
            assert!((value - stored).abs() < 1e-9, "{} {name}: {value} {stored}", case["name"]);
        }
        let field = squared_distances(&a, shape, numbers(&case["spacing"]));
        assert!(largest_difference(field.into_iter().map(f64::sqrt), &case["edt"]) < 1e-8, "{}", case["name"]);
    }
}

#[test]
fn component_counts_are_scipys() {
    for case in reference("surfaces") {
        let shape = shape_of(&case);
        let mask = mask(&case["a"], shape.iter().product());
        let found = [Connectivity::Faces, Connectivity::Edges, Connectivity::Corners]
            .map(|connectivity| Components::find(&mask, shape, connectivity).sizes().len() as f64);
        assert_eq!(found, numbers::<3>(&case["components"]), "{}", case["name"]);
    }
}

#[test]
fn similarity_is_scikit_images() {
    for case in reference("similarity") {
        let (shape, name) = (shape_of(&case), case["name"].as_str().expect("a name"));
        let a = u(&format!("{name}/a"), shape.iter().product());
        let noise = u(&format!("{name}/b"), a.len());
        let b: Vec<f64> = a.iter().zip(noise).map(|(a, noise)| 0.8 * a + 0.3 * noise).collect();
        let volume = Ssim::new(2.0);
        let slices = Ssim { volume: false, ..volume };
        let uniform = Ssim { window: Window::Uniform { size: 7 }, ..volume };
        let values = [
            ("psnr", Some(psnr(&a, &b, 2.0))),
            ("ssim", volume.mean(&a, &b, shape, 1)),
            ("ssim_slices", slices.mean(&a, &b, shape, 1)),
            ("ssim_uniform_7", uniform.mean(&a, &b, shape, 1)),
        ];
        for (metric, value) in values {
            if let Some(stored) = case[metric].as_f64() {
                let value = value.expect("the window fits");
                assert!((value - stored).abs() < 1e-9, "{name} {metric}: {value} {stored}");
            }
        }
    }
}
