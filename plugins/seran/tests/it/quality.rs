//! `metrics`: PSNR and SSIM as `imaging.similarity` defines them, by named protocol.

use crate::support::file;
use serde_json::Value as Json;
use voxloom_imaging::metrics::{Named, Protocol, WindowName};
use voxloom_testkit::golden::Golden;

fn volume(file: &Golden, key: &str) -> Vec<f64> {
    file.values(key).iter().map(|value| f64::from(*value)).collect()
}

/// `psnr_db` and `ssim` of a range of slices.
fn measure(file: &Golden, slices: std::ops::Range<usize>, named: Named) -> (f64, f64) {
    let [_, h, w] = file.shape3("met.gt");
    let part = |key: &str| volume(file, key)[slices.start * h * w..slices.end * h * w].to_vec();
    let found = named.measure(&part("met.pred"), &part("met.gt"), [slices.len(), h, w], 1).expect("the window fits");
    let number = |key: &str| found.get(key).and_then(Json::as_f64).expect("a number");
    (number("psnr_db"), number("ssim"))
}

#[track_caller]
fn check(file: &Golden, key: &str, found: &[f64]) {
    // 1e-4 dB; SSIM 1e-6.
    file.close(key, found, if key.contains("psnr") { 1e-4 } else { 1e-6 });
}

#[test]
fn every_protocol() {
    let file = file("metrics");
    let named = |protocol, window, border, range| Named { protocol, window, border, range };
    let largest = volume(&file, "met.gt").into_iter().fold(f64::MIN, f64::max);

    let whole = named(Protocol::Volume, None, 0, largest);
    check(&file, "met.psnr_volume_Lmax", &[measure(&file, 0..3, whole).0]);
    check(&file, "met.ssim_volume_Lmax_uniform7", &[measure(&file, 0..3, whole).1]);
    let gaussian = Named { window: Some(WindowName::Gaussian11), ..whole };
    check(&file, "met.ssim_volume_Lmax_gaussian11", &[measure(&file, 0..3, gaussian).1]);

    let each = |named: Named| -> (Vec<f64>, Vec<f64>) { (0..3).map(|i| measure(&file, i..i + 1, named)).unzip() };
    for border in [0, 2] {
        for (name, window) in [("gaussian11", WindowName::Gaussian11), ("uniform7", WindowName::Uniform7)] {
            let (psnr, ssim) = each(named(Protocol::Slice, Some(window), border, 1.0));
            check(&file, &format!("met.psnr_slice_L1_shave{border}"), &psnr);
            check(&file, &format!("met.ssim_{name}_slice_L1_shave{border}"), &ssim);
            let mean = measure(&file, 0..3, named(Protocol::Slice, Some(window), border, 1.0));
            assert!((mean.0 - psnr.iter().sum::<f64>() / 3.0).abs() < 1e-12);
            assert!((mean.1 - ssim.iter().sum::<f64>() / 3.0).abs() < 1e-12);
        }
    }
    let (psnr, ssim) = each(named(Protocol::Slice8Bit, None, 0, 1.0));
    check(&file, "met.psnr_slice_u8_L255", &psnr);
    check(&file, "met.ssim_gaussian11_slice_u8_L255", &ssim);
}
