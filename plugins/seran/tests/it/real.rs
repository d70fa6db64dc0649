//! Real slices of a patient who trained nothing, with the weights beside the pipelines.

use crate::operators::{HOST, NETWORK, call, field};
use crate::support::values;
use serde_json::json;
use std::path::Path;
use tch::Tensor;
use voxloom_imaging::metrics::{Named, Protocol};
use voxloom_imaging::read::Read;
use voxloom_sdk::params::ParamType;
use voxloom_sdk::{IntoValue, JsonMap, Volume};
use voxloom_seran::operators::{Degrade, Upsample};
use voxloom_testkit::calls::Instance;

fn slab() -> Volume {
    let path = folder().join("ljubljana/test/mni1mm-patient19-T2-slab.nii.gz");
    let case = json!({ "name": "slab", "image": path });
    let volume = Read::parse(&json!({})).expect("no parameters").read(case.as_object().unwrap_or(&JsonMap::new()));
    let volume = volume.expect("the slab can be read");
    // A few slices from the middle are enough.
    volume.with_grid(volume.data.narrow(0, 5, 4), volume.affine.shifted([5.0, 0.0, 0.0]))
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pipelines/seran")
}

#[test]
fn shipped_weights_beat_interpolation_by_more_than_a_decibel() {
    tch::set_num_threads(1);
    let (lr, hr) = Degrade::parse(&json!({})).expect("right").apply(&slab()).expect("large enough");
    let bicubic = Upsample::parse(&json!({})).expect("right").apply(&lr).expect("right").data;
    let params = json!({ "n_feats": 32, "n_resgroups": 2, "n_resblocks": 3, "c_n": 16 });
    let net = Instance::create(&NETWORK, &params, HOST).map_err(|refusal| refusal.message).expect("right");
    net.load(&folder().join("mr-x2.safetensors")).map_err(|refusal| refusal.message).expect("the weights fit");
    let restored = |self_ensemble: bool| {
        let coarse = lr.with_data(lr.data.shallow_clone()).into_value();
        let out = call(&net, ("upscale", json!({ "self_ensemble": self_ensemble })), vec![coarse]);
        let out = out.expect("right inputs");
        let place = values(&field(&out[0], "affine"));
        let expected: Vec<f64> = hr.affine.0.iter().flatten().copied().collect();
        assert!(place.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "back on the original's grid");
        field(&out[0], "data")
    };
    let range = hr.data.max().double_value(&[]);
    let named = Named { protocol: Protocol::Volume, window: None, border: 0, range };
    let [d, h, w] = hr.size_zyx().expect("a volume").map(|n| n as usize);
    let quality = |found: &Tensor| {
        let found = named.measure(&values(found), &values(&hr.data), [d, h, w], 1).expect("the window fits");
        ["psnr_db", "ssim"].map(|key| found[key].as_f64().expect("a number"))
    };
    let [baseline, single, ensemble] = [bicubic, restored(false), restored(true)].map(|found| quality(&found));
    assert!(single[0] > baseline[0] + 1.0 && single[1] > baseline[1], "{baseline:?} {single:?}");
    assert!(ensemble[0] >= single[0] && ensemble[1] >= single[1], "{single:?} {ensemble:?}");
}
