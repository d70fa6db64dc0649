//! Operators called across the border, as the engine calls them.

use crate::support::values;
use serde_json::{Value as Json, json};
use tch::{Device, Kind, Tensor};
use voxloom_dodnet::operators::{Augment, Conditioning, DodNet, Ensemble, Labels, PartialLoss, Postprocess, Prepare, Sample};
use voxloom_sdk::abi::OperatorTable;
use voxloom_sdk::border::{Exported, MapOf, ModuleOf};
use voxloom_sdk::{Affine, IntoValue, Record, Torch, Volume, tensor_of};
use voxloom_testkit::calls::Instance;
use voxloom_testkit::host::Host;
use voxloom_testkit::value::Value;

pub static NETWORK: OperatorTable = <ModuleOf<DodNet> as Exported<Torch>>::TABLE;
static CONDITIONING: OperatorTable = <ModuleOf<Conditioning> as Exported<Torch>>::TABLE;
static LOSS: OperatorTable = <MapOf<PartialLoss> as Exported<Torch>>::TABLE;
static PREPARE: OperatorTable = <MapOf<Prepare> as Exported<Torch>>::TABLE;
static SAMPLE: OperatorTable = <MapOf<Sample> as Exported<Torch>>::TABLE;
static AUGMENT: OperatorTable = <MapOf<Augment> as Exported<Torch>>::TABLE;
static ENSEMBLE: OperatorTable = <MapOf<Ensemble> as Exported<Torch>>::TABLE;
static LABELS: OperatorTable = <MapOf<Labels> as Exported<Torch>>::TABLE;
static POSTPROCESS: OperatorTable = <MapOf<Postprocess> as Exported<Torch>>::TABLE;

/// One call of an operator that is made for it.
pub fn call(
    table: &'static OperatorTable,
    params: &Json,
    entry: (&str, &Json),
    inputs: Vec<Option<voxloom_sdk::Value>>,
) -> Result<Vec<Value>, String> {
    let instance = Instance::create(table, params, Host { seed: 3, grad: false }).map_err(|refusal| refusal.message)?;
    call_of(&instance, entry, inputs)
}

pub fn call_of(instance: &Instance, entry: (&str, &Json), inputs: Vec<Option<voxloom_sdk::Value>>) -> Result<Vec<Value>, String> {
    // The values are handed over whole.
    let inputs = inputs.into_iter().map(|value| value.and_then(|value| unsafe { Value::adopt(value.into_raw()) })).collect();
    let mut items = instance.call(entry.0, entry.1, inputs, Host { seed: 3, grad: false }).map_err(|refusal| refusal.message)?;
    Ok(items.pop().expect("one item"))
}

pub fn tensor(value: &Value) -> Tensor {
    tensor_of(voxloom_sdk::Value::borrow(&value.raw())).expect("a tensor")
}

/// The voxels of a volume.
pub fn voxels(value: &Value) -> Tensor {
    let record = Record::read(voxloom_sdk::Value::borrow(&value.raw())).expect("a record");
    tensor_of(record.field("data").expect("a volume has data")).expect("a tensor")
}

fn affine(value: &Value) -> Vec<f64> {
    let record = Record::read(voxloom_sdk::Value::borrow(&value.raw())).expect("a record");
    values(&tensor_of(record.field("affine").expect("a volume has an affine")).expect("a tensor"))
}

fn text(value: &Value) -> Json {
    serde_json::from_str(&value.text().expect("a json value")).expect("JSON")
}

pub fn volume(data: Tensor) -> Option<voxloom_sdk::Value> {
    Some(Volume::new(data, Affine::upright([1.0; 3], [0.0; 3])).into_value())
}

pub fn ramp(shape: &[i64]) -> Tensor {
    Tensor::arange(shape.iter().product::<i64>(), (Kind::Float, Device::Cpu)).view(shape)
}

pub fn two_tasks() -> Json {
    json!([{ "name": "anterior", "channels": [{ "name": "anterior", "labels": [1] }] },
           { "name": "posterior", "channels": [{ "name": "posterior", "labels": [2] }] }])
}

#[test]
fn the_network_gives_the_same_scores_on_every_way() {
    let params = json!({ "tasks": two_tasks(), "width": 0.125 });
    let net = Instance::create(&NETWORK, &params, Host { seed: 3, grad: false }).expect("the parameters are right");
    let none = json!({});
    let image = || (ramp(&[1, 1, 16, 16, 32]) * 0.01).sin();
    let one = |entry: (&str, &Json), inputs| call_of(&net, entry, inputs).expect("the inputs are right");

    let features = one(("features", &none), vec![Some(image().into_value())]);
    assert_eq!(tensor(&features[0]).size(), [1, 8, 16, 16, 32]);
    let given = || features.iter().map(|value| Some(tensor(value).into_value())).collect();
    let all = tensor(&one(("heads", &none), given())[0]);
    assert_eq!(all.size(), [1, 2, 16, 16, 32]);
    let posterior = tensor(&one(("heads", &json!({ "tasks": ["posterior"] })), given())[0]);
    assert!(posterior.equal(&all.narrow(1, 1, 1)));

    let forward = |task: Json| tensor(&one(("forward", &none), vec![Some(image().into_value()), Some(task.into_value())])[0]);
    let gap = |a: &Tensor, b: &Tensor| (a - b).abs().max().double_value(&[]);
    assert!(gap(&forward(json!([1])), &posterior) < 1e-5);
    assert!(gap(&forward(json!("anterior")), &all.narrow(1, 0, 1)) < 1e-5);

    let scores = tensor(&one(("scores", &json!({ "flips": false })), vec![Some(image().into_value())])[0]);
    assert!(gap(&scores, &all.sigmoid()) < 1e-5);
    let whole = one(("segment", &json!({ "flips": false, "size": [16, 16, 32] })), vec![volume(image().view([16, 16, 32]))]);
    assert!(gap(&voxels(&whole[0]), &scores.squeeze_dim(0)) < 1e-5);
}

#[test]
fn the_network_refuses_what_it_cannot_do() {
    let params = json!({ "tasks": two_tasks(), "width": 0.125 });
    let refused = |entry: (&str, &Json), inputs| call(&NETWORK, &params, entry, inputs).err().expect("it cannot");
    let image = || Some(ramp(&[1, 1, 16, 16, 16]).into_value());
    let message = refused(("features", &json!({})), vec![Some(ramp(&[1, 1, 16, 20, 16]).into_value())]);
    assert_eq!(message, "`image` is [1, 1, 16, 20, 16]: H is 20, it must be divisible by 16");
    let message = refused(("forward", &json!({})), vec![image(), Some(json!([2]).into_value())]);
    assert_eq!(message, "`task`: task: no task 2; there are 0 to 1: anterior, posterior");
    let message = refused(("forward", &json!({})), vec![image(), Some(json!([0, 1]).into_value())]);
    assert_eq!(message, "`task` names 2 tasks for 1 samples; give one a sample");
    let message = refused(("heads", &json!({ "tasks": ["middle"] })), Vec::new());
    assert!(message.contains("no task \"middle\""), "{message}");
    let message = Instance::create(&NETWORK, &json!({ "tasks": "most" }), Host::default()).err().expect("no such table").message;
    assert!(message.starts_with("tasks") && message.contains("no table is called `most`"), "{message}");
}

#[test]
fn weights_for_other_tasks_are_refused() {
    let make =
        |tasks: Json| Instance::create(&NETWORK, &json!({ "tasks": tasks, "width": 0.125 }), Host::default()).expect("right");
    let folder = std::env::temp_dir().join(format!("voxloom-dodnet-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let file = folder.join("net.safetensors");
    make(two_tasks()).save(&file).expect("saves");
    let same = make(two_tasks());
    same.load(&file).expect("loads");
    assert_eq!(same.state(), make(two_tasks()).state(), "the same seed began both");
    let mut renamed = two_tasks();
    renamed[0]["name"] = "head".into();
    let message = make(renamed).load(&file).expect_err("another task").message;
    assert!(message.contains("these weights were learned with `tasks`"), "{message}");
    let message = make(json!("mots")).load(&file).expect_err("another shape").message;
    assert!(message.contains("controller.weight"), "{message}");
    let params = json!({ "tasks": "mots", "width": 0.125, "transfer": true });
    let other = Instance::create(&NETWORK, &params, Host { seed: 9, grad: false }).expect("right");
    other.load(&file).expect("the trunk is taken");
    let state =
        |instance: &Instance, wanted: &str| instance.state().expect("a state").into_iter().find(|(name, _)| name == wanted);
    assert_eq!(state(&other, "layer2.0.conv1.weight"), state(&same, "layer2.0.conv1.weight"));
    assert_ne!(state(&other, "controller.weight"), state(&same, "controller.weight"));
    // Its own file it takes whole, so that a run can be resumed.
    other.save(&file).expect("saves");
    let again = Instance::create(&NETWORK, &params, Host { seed: 10, grad: false }).expect("right");
    again.load(&file).expect("loads");
    assert_eq!(again.state(), other.state());
    std::fs::remove_dir_all(folder).expect("the test's own folder");
}

#[test]
fn a_checkpoint_with_a_prefix_loads() {
    let params = json!({ "tasks": two_tasks(), "width": 0.125 });
    let (first, second) = (1, 2);
    let make = |seed| Instance::create(&NETWORK, &params, Host { seed, grad: false }).expect("right");
    let folder = std::env::temp_dir().join(format!("voxloom-dodnet-prefix-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let [plain, prefixed] = ["plain", "prefixed"].map(|name| folder.join(name).with_extension("safetensors"));
    make(first).save(&plain).expect("saves");
    let tensors = Tensor::read_safetensors(&plain).expect("safetensors");
    let named: Vec<(String, Tensor)> = tensors.into_iter().map(|(name, tensor)| (format!("module.{name}"), tensor)).collect();
    Tensor::write_safetensors(&named, &prefixed).expect("writes");
    let other = make(second);
    assert_ne!(other.state(), make(first).state());
    other.load(&prefixed).expect("the prefix of DataParallel is known");
    assert_eq!(other.state(), make(first).state());
    std::fs::remove_dir_all(folder).expect("the test's own folder");
}

#[test]
fn a_volume_is_prepared_for_ct_and_for_mr() {
    let prepared = |params: Json, data: Tensor| call(&PREPARE, &params, ("run", &json!({})), vec![volume(data)]).expect("right");
    let ct = prepared(json!({}), ramp(&[4, 4, 4]) * 50.0 - 1000.0);
    assert_eq!((voxels(&ct[0]).min().double_value(&[]), voxels(&ct[0]).max().double_value(&[])), (-1.0, 1.0));
    let mr = prepared(json!({ "intensity": "z_score" }), ramp(&[4, 4, 4]) * 1e4);
    assert!(voxels(&mr[0]).mean(Kind::Double).double_value(&[]).abs() < 1e-6);
    let finer = prepared(json!({ "spacing_mm": [2.0, 0.5, 1.0], "intensity": "none" }), ramp(&[4, 4, 4]));
    assert_eq!(voxels(&finer[0]).size(), [2, 8, 4]);
    // x, y, z of the first voxel's centre: half a new voxel from the corner that stays.
    let affine = affine(&finer[0]);
    assert_eq!([affine[3], affine[7], affine[11]], [0.0, -0.25, 0.5]);
    let labels = prepared(json!({ "content": "label", "spacing_mm": [2.0, 2.0, 2.0] }), ramp(&[4, 4, 4]).to_kind(Kind::Uint8));
    assert_eq!((voxels(&labels[0]).kind(), voxels(&labels[0]).size()), (Kind::Uint8, vec![2, 2, 2]));
    let message = call(&PREPARE, &json!({ "window": [100, -100] }), ("run", &json!({})), vec![volume(ramp(&[4, 4, 4]))]).err();
    assert_eq!(message.as_deref(), Some("window must not fall, got 100 to -100"));
}

#[test]
fn a_sample_shows_its_own_task_alone() {
    let label = ramp(&[20, 20, 20]).remainder(3.0).to_kind(Kind::Uint8);
    let sampled = |task: Option<Json>| {
        let params = json!({ "tasks": two_tasks(), "size": [16, 16, 16] });
        let inputs = vec![volume(ramp(&[20, 20, 20])), volume(label.shallow_clone()), None, task.map(IntoValue::into_value)];
        call(&SAMPLE, &params, ("run", &json!({})), inputs)
    };
    let anterior = sampled(Some(json!("anterior"))).expect("right");
    assert_eq!(
        (tensor(&anterior[0]).size(), tensor(&anterior[1]).size(), text(&anterior[2])),
        (vec![1, 16, 16, 16], vec![1, 16, 16, 16], json!(0))
    );
    let posterior = sampled(Some(json!(1))).expect("right");
    // The same seed, the same window, another structure: the two never overlap.
    assert!(tensor(&anterior[0]).equal(&tensor(&posterior[0])));
    assert_eq!((tensor(&anterior[1]) * tensor(&posterior[1])).max().double_value(&[]), 0.0);
    assert!(tensor(&posterior[1]).max().double_value(&[]) == 1.0);
    let message = sampled(None).err().expect("the task is not known");
    assert!(message.contains("does not say which task it shows"), "{message}");
    assert!(sampled(Some(json!("middle"))).is_err_and(|message| message.contains("there are 0 to 1: anterior, posterior")));
}

#[test]
fn the_task_of_a_case_is_in_its_meta() {
    let params = json!({ "tasks": two_tasks(), "size": [16, 16, 16] });
    let case = Record::new("case").with("meta", json!({ "name": "a", "task": "posterior" }));
    let data = || ramp(&[16, 16, 16]);
    let inputs = vec![volume(data()), volume(data().remainder(3.0).to_kind(Kind::Uint8)), Some(case.into_value()), None];
    assert_eq!(text(&call(&SAMPLE, &params, ("run", &json!({})), inputs).expect("right")[2]), json!(1));
}

#[test]
fn augmentation_changes_each_sample_by_itself() {
    let params = json!({ "noise_probability": 1.0, "gamma_probability": 1.0 });
    let batch = (ramp(&[1, 1, 8, 8, 8]) * 0.1).sin().repeat([2, 1, 1, 1, 1]);
    let out = call(&AUGMENT, &params, ("run", &json!({})), vec![Some(batch.into_value())]).expect("right");
    let out = tensor(&out[0]);
    assert_eq!(out.size(), [2, 1, 8, 8, 8]);
    assert!(!out.get(0).equal(&out.get(1)));
    let fallen = call(&AUGMENT, &json!({ "gamma": [1.5, 0.7] }), ("run", &json!({})), Vec::new());
    assert_eq!(fallen.err().as_deref(), Some("gamma must not fall, got 1.5 to 0.7"));
}

#[test]
fn the_loss_says_its_terms() {
    let logits = || Some(Tensor::zeros([1, 2, 2, 2, 2], (Kind::Float, Device::Cpu)).into_value());
    let label = |value: f64| Some(Tensor::full([1, 2, 2, 2, 2], value, (Kind::Float, Device::Cpu)).into_value());
    let out = call(&LOSS, &json!({}), ("run", &json!({})), vec![logits(), label(1.0)]).expect("right");
    let terms = text(&out[1]);
    assert!((terms["bce"].as_f64().expect("a number") - 2f64.ln()).abs() < 1e-6);
    assert!((terms["dice"].as_f64().expect("a number") - (1.0 - 8.0 / 13.0)).abs() < 1e-6);
    assert_eq!(tensor(&out[0]).size(), [0i64; 0]);
    let nothing = call(&LOSS, &json!({}), ("run", &json!({})), vec![logits(), label(-1.0)]).expect("right");
    assert_eq!((tensor(&nothing[0]).double_value(&[]), &text(&nothing[1])["labelled"]), (0.0, &json!(0)));
}

#[test]
fn an_ensemble_is_the_mean_of_its_scores() {
    let score = |value: f64| volume(Tensor::full([2, 2, 2, 2], value, (Kind::Float, Device::Cpu)));
    let out = call(&ENSEMBLE, &json!({}), ("run", &json!({})), vec![score(0.5), score(1.0), None, score(0.0)]).expect("right");
    assert_eq!(values(&voxels(&out[0])), [0.5; 16]);
    let elsewhere =
        Volume::new(Tensor::zeros([2, 2, 2, 2], (Kind::Float, Device::Cpu)), Affine::upright([2.0; 3], [0.0; 3])).into_value();
    let message = call(&ENSEMBLE, &json!({}), ("run", &json!({})), vec![score(0.5), Some(elsewhere), None, None])
        .err()
        .expect("another grid");
    assert!(message.starts_with("`second` lies on another grid"), "{message}");
}

#[test]
fn labels_lie_on_the_grid_of_the_input() {
    let scores = Tensor::from_slice(&[0.9f32, 0.2, 0.6, 0.7]).view([2, 1, 1, 2]);
    let score = Volume::new(scores, Affine::upright([2.0, 1.0, 1.0], [0.5, 0.0, 0.0])).into_value();
    let like = volume(ramp(&[1, 1, 4]).to_kind(Kind::Int16));
    let params = json!({ "tasks": two_tasks() });
    let out = call(&LABELS, &params, ("run", &json!({})), vec![Some(score), like]).expect("right");
    assert_eq!(values(&voxels(&out[0])), [1.0, 1.0, 2.0, 2.0]);
    assert_eq!(voxels(&out[0]).kind(), Kind::Uint8);
    let message =
        call(&LABELS, &json!({}), ("run", &json!({})), vec![volume(ramp(&[3, 2, 2, 2])), None]).err().expect("14 channels");
    assert!(message.contains("`score` is [3, 2, 2, 2], expected [14, D, H, W]"), "{message}");
}

#[test]
fn labels_are_cleaned_task_by_task() {
    let row = |labels: &[i64]| volume(Tensor::from_slice(labels).to_kind(Kind::Uint8).view([1, 1, -1]));
    let cleaned = |params: Json, labels: &[i64]| {
        let out = call(&POSTPROCESS, &params, ("run", &json!({})), vec![row(labels)]).expect("right");
        values(&voxels(&out[0])).into_iter().map(|label| label as i64).collect::<Vec<_>>()
    };
    // Liver 1 with tumour 2 in one piece, a stray liver voxel; spleen 11 twice.
    assert_eq!(cleaned(json!({}), &[1, 2, 1, 0, 1, 0, 11, 0, 11, 11]), [1, 2, 1, 0, 0, 0, 0, 0, 11, 11]);
    assert_eq!(cleaned(json!({ "show": ["liver"] }), &[1, 2, 1, 0, 1, 0, 11, 0, 11, 11]), [1, 2, 1, 0, 0, 0, 11, 0, 11, 11]);
    // One task in the authors' way: a colon's tumour is 2, whatever comes before it in the table.
    assert_eq!(cleaned(json!({ "show": ["colon"], "compat": true }), &[2, 0, 2, 2]), [0, 0, 2, 2]);
}

#[test]
fn conditioning_tells_when_tasks_coincide_and_collapse() {
    let params = json!({ "tasks": two_tasks(), "rounds": 2 });
    let module = Instance::create(&CONDITIONING, &params, Host::default()).expect("right");
    let report = |a: f64, b: f64| {
        let half = Tensor::cat(
            &[
                Tensor::full([1, 2, 4, 4], 1.0, (Kind::Float, Device::Cpu)),
                Tensor::zeros([1, 2, 4, 4], (Kind::Float, Device::Cpu)),
            ],
            1,
        );
        let scores = Tensor::cat(&[&half * a, &half * b], 0);
        let out = call_of(&module, ("measure", &json!({})), vec![volume(scores)]).expect("right");
        text(&out[0])
    };
    let same = report(0.9, 0.8);
    assert_eq!((&same["ok"], &same["coincide"][0]["tasks"]), (&json!(false), &json!(["anterior", "posterior"])));
    assert_eq!((&same["overlap"][0][0][1], &same["volumes"]), (&json!(1.0), &json!(2)));
    assert_eq!(report(0.9, 0.0)["ok"], json!(true), "one empty round is no collapse");
    assert_eq!(report(0.9, 0.0)["collapsed"], json!(["posterior"]));
    assert_eq!(report(0.9, 0.4)["ok"], json!(true));
}
