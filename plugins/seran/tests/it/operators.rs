//! Operators called across the border, as the engine calls them.

use crate::support::{gap, image, small, values};
use serde_json::{Value as Json, json};
use tch::{Kind, Tensor};
use voxloom_parts::Builder;
use voxloom_sdk::abi::OperatorTable;
use voxloom_sdk::border::{Exported, MapOf, ModuleOf};
use voxloom_sdk::{Affine, IntoValue, Record, Torch, Volume, tensor_of};
use voxloom_seran::degrade::{bicubic_down, bicubic_up};
use voxloom_seran::network::{Mode, Network, NetworkConfig, Placement};
use voxloom_seran::operators::{Degrade, Guard, Seran, Upsample};
use voxloom_testkit::calls::Instance;
use voxloom_testkit::host::Host;
use voxloom_testkit::value::Value;

pub static NETWORK: OperatorTable = <ModuleOf<Seran> as Exported<Torch>>::TABLE;
static GUARD: OperatorTable = <ModuleOf<Guard> as Exported<Torch>>::TABLE;
static DEGRADE: OperatorTable = <MapOf<Degrade> as Exported<Torch>>::TABLE;
static UPSAMPLE: OperatorTable = <MapOf<Upsample> as Exported<Torch>>::TABLE;

pub const HOST: Host = Host { seed: 3, grad: false };

pub fn instance(table: &'static OperatorTable, params: &Json) -> Result<Instance, String> {
    Instance::create(table, params, HOST).map_err(|refusal| refusal.message)
}

pub fn call(instance: &Instance, (entry, params): (&str, Json), inputs: Vec<voxloom_sdk::Value>) -> Result<Vec<Value>, String> {
    // SAFETY: the values are handed over whole.
    let inputs = inputs.into_iter().map(|value| unsafe { Value::adopt(value.into_raw()) }).collect();
    let mut items = instance.call(entry, &params, inputs, HOST).map_err(|refusal| refusal.message)?;
    Ok(items.pop().expect("one item"))
}

fn tensor(value: &Value) -> Tensor {
    tensor_of(voxloom_sdk::Value::borrow(&value.raw())).expect("a tensor")
}

pub fn field(value: &Value, name: &str) -> Tensor {
    let record = Record::read(voxloom_sdk::Value::borrow(&value.raw())).expect("a record");
    tensor_of(record.field(name).expect("a volume has it")).expect("a tensor")
}

fn text(value: &Value) -> Json {
    serde_json::from_str(&value.text().expect("a json value")).expect("JSON")
}

/// Slices 3 mm apart, pixels of 0.6 mm, seen from an oblique direction.
fn affine() -> Affine {
    Affine([[0.0, 0.6, 0.3, 7.0], [0.6, 0.0, 0.1, -3.0], [0.0, 0.0, 2.98, 2.0], [0.0, 0.0, 0.0, 1.0]])
}

pub fn voxels() -> Tensor {
    image("operators/volume", &[5, 12, 10]) * 900.0
}

pub fn volume(voxels: Tensor) -> voxloom_sdk::Value {
    Volume::new(voxels, affine()).into_value()
}

fn tiny() -> Json {
    json!({ "n_feats": 8, "n_resgroups": 1, "n_resblocks": 1, "c_n": 4 })
}

#[test]
fn a_volume_is_upscaled_as_its_slices_are() {
    let net = instance(&NETWORK, &tiny()).expect("right parameters");
    let run = |params: Json| {
        let out = call(&net, ("upscale", params), vec![volume(voxels())]).expect("right inputs");
        (field(&out[0], "data"), values(&field(&out[0], "affine")))
    };
    let (fine, place) = run(json!({ "slices": 2 }));
    assert_eq!(fine.size(), [5, 24, 20]);
    let unit = voxels().max().double_value(&[]) / 255.0;
    for slice in [0, 4] {
        let one = vec![(voxels().narrow(0, slice, 1).unsqueeze(1) / unit).into_value()];
        let one = tensor(&call(&net, ("forward", json!({})), one).expect("right inputs")[0]) * unit;
        assert!(gap(&one.squeeze_dim(1), &fine.narrow(0, slice, 1)) < 1e-3 * unit);
    }
    let expected = affine().scaled([1.0, 0.5, 0.5]).0;
    assert_eq!(place, expected.iter().flatten().copied().collect::<Vec<f64>>());
    let corner = run(json!({ "alignment": "corner" })).1;
    assert_eq!([corner[3], corner[7], corner[11]], [7.0, -3.0, 2.0], "the origin stays");

    // Along another axis: the same slices, stood up.
    let (side, _) = run(json!({ "axis": "x" }));
    assert_eq!(side.size(), [10, 24, 10]);
    // Quarters as large as the slice are the slice; true quarters are not.
    assert!(run(json!({ "slices": 2, "chop": true, "chop_shave": 6 })).0.equal(&fine));
    let chopped = run(json!({ "chop": true, "chop_shave": 1 })).0;
    assert!(chopped.size() == fine.size() && !chopped.equal(&fine));
}

#[test]
fn what_upscale_cannot_do_is_refused() {
    let net = instance(&NETWORK, &tiny()).expect("right parameters");
    let refused = |params: Json, voxels: Tensor| call(&net, ("upscale", params), vec![volume(voxels)]).err().expect("it cannot");
    let message = refused(json!({ "alignment": "corner", "self_ensemble": true }), voxels());
    assert!(message.contains("self_ensemble must be off for `corner` alignment"), "{message}");
    let message = refused(json!({}), voxels().unsqueeze(0).repeat([3, 1, 1, 1]));
    assert!(message.contains("`volume` has 3 channels, the network takes 1"), "{message}");
    let message = instance(&NETWORK, &json!({ "scale": 6 })).err().expect("no such tail");
    assert!(message.contains("scale must be 2, 3, 4, 8 or another power of two, got 6"), "{message}");
}

#[test]
fn a_self_ensemble_has_no_side() {
    let net = instance(&NETWORK, &tiny()).expect("right parameters");
    let run = |voxels: Tensor| {
        let out = call(&net, ("upscale", json!({ "self_ensemble": true })), vec![volume(voxels)]);
        field(&out.expect("right inputs")[0], "data")
    };
    let (plain, flipped) = (run(voxels()), run(voxels().flip([2])).flip([2]));
    assert!(gap(&plain, &flipped) < 1e-5 * plain.abs().max().double_value(&[]));
}

#[test]
fn degrading_and_its_baseline_move_the_grid_there_and_back() {
    let odd = image("operators/odd", &[3, 13, 10]) * 100.0;
    for (method, back) in [("bicubic", "bicubic"), ("k_space", "zero_fill")] {
        let degrade = instance(&DEGRADE, &json!({ "method": method })).expect("right parameters");
        let pair = call(&degrade, ("run", json!({})), vec![volume(odd.copy())]).expect("right inputs");
        assert_eq!((field(&pair[0], "data").size(), field(&pair[1], "data").size()), (vec![3, 6, 5], vec![3, 12, 10]));
        assert!(field(&pair[1], "data").equal(&odd.narrow(1, 0, 12)), "rows beyond a multiple are cut off at the end");
        let upsample = instance(&UPSAMPLE, &json!({ "method": back })).expect("right parameters");
        let coarse = Record::read(voxloom_sdk::Value::borrow(&pair[0].raw())).expect("a record").clone().into_value();
        let fine = call(&upsample, ("run", json!({})), vec![coarse]).expect("right inputs");
        let (found, expected) = (values(&field(&fine[0], "affine")), values(&field(&pair[1], "affine")));
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12), "{method}");
        if method == "bicubic" {
            let slices = odd.narrow(1, 0, 12).to_kind(Kind::Double);
            assert!(gap(&field(&fine[0], "data"), &bicubic_up(&bicubic_down(&slices, 2), 2)) < 1e-3);
        }
    }
    let refused = instance(&DEGRADE, &json!({ "alignment": "corner" })).err().expect("bicubic has centres");
    assert!(refused.contains("alignment must be `center` with `bicubic`"), "{refused}");
}

#[test]
fn whole_numbers_as_in_the_benchmarks_files() {
    // One bright column: interpolation swings below 0 beside it.
    let edge = Tensor::zeros([1, 8, 12], tch::kind::FLOAT_CPU);
    let _ = edge.narrow(2, 6, 1).fill_(900.0);
    let coarse = |params: Json| {
        let degrade = instance(&DEGRADE, &params).expect("right parameters");
        field(&call(&degrade, ("run", json!({})), vec![volume(edge.copy())]).expect("right inputs")[0], "data")
    };
    assert!(coarse(json!({})).min().double_value(&[]) < -1.0);
    let whole = coarse(json!({ "round_clip": true }));
    assert!(whole.equal(&whole.round()) && whole.min().double_value(&[]) == 0.0);
}

#[test]
fn weights_without_seabs_and_of_another_scale_load_on_request() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (config, gains) = small();
    let plain = crate::support::network_with(NetworkConfig { placement: Placement::None, ..config.clone() }, &gains);
    let path = folder.path().join("plain.safetensors");
    let mut named: Vec<(String, Tensor)> =
        plain.entries().iter().map(|named| (named.name.clone(), named.tensor.detach())).collect();
    named.push(("sub_mean.bias".into(), Tensor::zeros([1], tch::kind::FLOAT_CPU)));
    Tensor::write_safetensors(&named, &path).expect("a file");

    let params = |extra: Json| {
        let mut params = json!({ "n_feats": 16, "n_resgroups": 2, "n_resblocks": 3, "c_m": 12, "c_n": 8, "prr_inter": 10 });
        params.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        params
    };
    let loaded = |extra: Json| {
        let net = instance(&NETWORK, &params(extra)).expect("right parameters");
        net.load(&path).map_err(|refusal| refusal.message).map(|()| net)
    };
    let lr = image("operators/lr", &[1, 1, 9, 8]);
    let run = |net: &Instance| tensor(&call(net, ("forward", json!({})), vec![lr.copy().into_value()]).expect("right inputs")[0]);
    let expected = tch::no_grad(|| plain.forward(&lr, Mode::Eval)).expect("the shape fits");
    assert!(
        run(&loaded(json!({ "load_plain": true })).expect("the backbone fits")).equal(&expected),
        "exactly the plain network"
    );
    let refused = loaded(json!({})).err().expect("the file has no SEAB");
    assert!(refused.contains("body.0.seab.scale"), "{refused}");
    let refused = loaded(json!({ "load_plain": true, "n_feats": 8 })).err().expect("another width");
    assert!(refused.contains("`head.0.weight` is [16, 1, 3, 3], expected [8, 1, 3, 3]"), "{refused}");

    // To ×4: all but what enlarges, which begins anew.
    let four = loaded(json!({ "load_plain": true, "load_other_scale": true, "scale": 4 })).expect("all but tail.0 fits");
    assert_eq!(run(&four).size(), [1, 1, 36, 32]);
    let refused = loaded(json!({ "load_plain": true, "scale": 4 })).err().expect("another tail");
    assert!(refused.contains("`tail.0.2.weight` is missing"), "{refused}");
    let second = folder.path().join("four.safetensors");
    four.save(&second).expect("a file");
    let file = Tensor::read_safetensors(&second).expect("a file");
    let kept = |name: &str| file.iter().find(|(other, _)| other == name).expect("an entry").1.shallow_clone();
    let body = Network::new(&Builder::given(|name, _| kept(name)), NetworkConfig { scale: 4, ..config }).expect("whole");
    let features = |net: &Network| tch::no_grad(|| net.features(&lr, Mode::Eval)).expect("the shape fits");
    assert!(features(&body).equal(&features(&plain)), "what does not enlarge was taken");
    let again = instance(&NETWORK, &params(json!({ "scale": 4, "data_range": 1.0 }))).expect("right parameters");
    let refused = again.load(&second).map_err(|refusal| refusal.message).expect_err("another range");
    assert!(refused.contains("`data_range` 255"), "{refused}");
}

#[test]
fn a_guard_lets_through_what_is_usual() {
    let guard = instance(&GUARD, &json!({ "ratio": 10.0, "epoch": 2 })).expect("right parameters");
    let pass = |loss: f32| {
        let loss = Tensor::from(loss).set_requires_grad(true) * 1.0;
        call(&guard, ("pass", json!({})), vec![loss.into_value()])
    };
    let taken = |loss: f32| text(&pass(loss).expect("a loss")[1])["taken"] == true;
    assert!([4.0, 2.0, 29.0].map(taken) == [true; 3]);
    assert!(!taken(31.0), "ten times the mean of the first two is 30");
    let left_out = tensor(&pass(1e9).expect("a loss")[0]);
    assert!(left_out.requires_grad() && left_out.is_leaf(), "it carries the gradient of nothing");
    let refused = pass(f32::NAN).err().expect("no number");
    assert!(refused.contains("the loss is NaN"), "{refused}");
}
