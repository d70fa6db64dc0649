//! Windows out of a volume and back into one, across the border as the engine calls them.

use crate::host::{Host, Ports, field, json, ports};
use crate::reference::u;
use crate::table;
use serde_json::json;
use tch::{Kind, Tensor};
use voxloom_imaging::blend::Blend;
use voxloom_imaging::labels::Labels;
use voxloom_imaging::metrics::Summary;
use voxloom_imaging::resample::Resample;
use voxloom_imaging::windows::Windows;
use voxloom_sdk::params::ParamType;
use voxloom_sdk::{Affine, IntoValue, Json, Value, Volume, tensor_of};

fn volume() -> Volume {
    let data = Tensor::from_slice(&u("patches", 9 * 12 * 11)).to_kind(Kind::Float).view([9, 12, 11]);
    Volume::new(data, Affine::upright([1.0, 2.0, 3.0], [5.0, 6.0, 7.0]))
}

fn windows(volume: Volume) -> Vec<Ports> {
    let host = Host::new(table!(scatter Windows), &json!({ "size": [4, 5, 6] })).expect("the parameters are right");
    host.scatter(&ports([("volume", volume.into_value())])).expect("the volume is large enough")
}

fn data(value: &Value) -> Tensor {
    tensor_of(&field(value, "data")).expect("a tensor")
}

/// Two channels: the voxels and their negatives.
fn two_channels(mut item: Ports) -> Ports {
    let patch = tensor_of(&item["patch"]).expect("a tensor");
    item.insert("patch".into(), Tensor::cat(&[&patch, &patch.neg()], 1).into_value());
    item
}

#[test]
fn blending_the_windows_gives_the_volume_back() {
    let items: Vec<Ports> = windows(volume()).into_iter().map(two_channels).collect();
    assert_eq!(tensor_of(&items[0]["patch"]).expect("a tensor").size(), [1, 2, 4, 5, 6]);
    for params in [json!({}), json!({ "weights": "constant" })] {
        let host = Host::new(table!(gather Blend), &params).expect("the parameters are right");
        let blended = data(&host.gather(&ports([("like", volume().into_value())]), &items).expect("the patches fit")["volume"]);
        let expected = Tensor::stack(&[&volume().data, &volume().data.neg()], 0);
        assert!((blended - expected).abs().max().double_value(&[]) < 1e-6);
    }
}

#[test]
fn a_batch_of_windows_is_taken_like_single_ones() {
    let items: Vec<Ports> = windows(volume()).into_iter().map(two_channels).collect();
    let join = |pair: &[Ports]| {
        let cat =
            |port: &str| Tensor::cat(&pair.iter().map(|item| tensor_of(&item[port]).expect("a tensor")).collect::<Vec<_>>(), 0);
        ports([("patch", cat("patch").into_value()), ("corner", cat("corner").into_value())])
    };
    let batches: Vec<Ports> = items.chunks(2).map(join).collect();
    let host = Host::new(table!(gather Blend), &json!({ "activation": "softmax" })).expect("the parameters are right");
    let blend =
        |items: &[Ports]| data(&host.gather(&ports([("like", volume().into_value())]), items).expect("they fit")["volume"]);
    assert_eq!(blend(&items), blend(&batches));
}

#[test]
fn labels_come_on_the_grid_that_is_asked_for() {
    let items: Vec<Ports> = windows(volume()).into_iter().map(two_channels).collect();
    let host = Host::new(table!(gather Labels), &json!({ "labels": [0, 300] })).expect("the parameters are right");
    let shallow = ports([("grid", volume().into_value())]);
    let labels = data(&host.gather(&shallow, &items).expect("they fit")["volume"]);
    assert_eq!(labels.kind(), Kind::Int16, "300 needs two bytes");
    assert_eq!(labels, (volume().data.lt(0.0).to_kind(Kind::Int16)) * 300i64);

    let to_fine = Resample::parse(&json!({ "size": [18, 24, 22] })).expect("the parameters are right");
    let fine = to_fine.apply(&volume(), None, 1).expect("a grid");
    let expected = fine.data.lt(0.0).to_kind(Kind::Uint8);
    let host = Host::new(table!(gather Labels), &json!({ "thresholds": [{ "channel": 1, "label": 1, "threshold": 0.0 }] }))
        .expect("right");
    let shallow = ports([("grid", volume().into_value()), ("like", fine.into_value())]);
    let labels = data(&host.gather(&shallow, &items).expect("they fit")["volume"]);
    // Scores of exactly 0 aside, which rounding may put on either side.
    assert!(labels.ne_tensor(&expected).sum(Kind::Int64).int64_value(&[]) == 0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let items: Vec<Ports> = windows(volume()).into_iter().map(two_channels).collect();
    let host = Host::new(table!(gather Labels), &json!({ "labels": [0, 1, 2] })).expect("the parameters are right");
    let fault = host.gather(&ports([("grid", volume().into_value())]), &items).err();
    assert_eq!(fault.as_deref(), Some("labels must have one label for each of the 2 channels, got 3"));
    let host = Host::new(table!(gather Labels), &json!({})).expect("the parameters are right");
    let mut disordered = items;
    disordered.reverse();
    let fault = host.gather(&ports([("grid", volume().into_value())]), &disordered).err();
    assert_eq!(
        fault.as_deref(),
        Some("windows must come ordered along z: one begins at plane 4 after planes up to 5 were finished")
    );
    let host = Host::new(table!(gather Blend), &json!({})).expect("the parameters are right");
    let small = Volume::new(Tensor::zeros([4, 5, 6], (Kind::Float, tch::Device::Cpu)), Affine::IDENTITY);
    let fault = host.gather(&ports([("like", small.into_value())]), &disordered).err();
    assert_eq!(fault.as_deref(), Some("a patch of [4, 5, 6] at [5, 7, 5] does not lie inside `like` of [4, 5, 6] voxels"));
}

#[test]
fn tables_of_cases_become_one() {
    let table =
        |dice: f64| ports([("metrics", json!({ "rows": [{ "structure": "a", "dice": dice, "n_reference": 5 }] }).into_value())]);
    let host = Host::new(table!(gather Summary), &json!({})).expect("no parameter is needed");
    let summary: Json = json(&host.gather(&Ports::new(), &[table(0.5), table(1.0)]).expect("tables")["summary"]);
    assert_eq!(summary["structures"]["a"], json!({ "dice": 0.75, "n_cases": 2 }));
    assert_eq!(summary["mean"]["dice"], json!(0.75));
}
