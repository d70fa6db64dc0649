//! Calls across the border.

use crate::host::{Host, describe};
use crate::operators::{Counter, Gain, Join, Rows, Sum, Want};
use tch::{Kind, Tensor};
use voxloom_sdk::abi::{OperatorTable, status};
use voxloom_sdk::border::{Exported, GatherOf, MapOf, ModuleOf, ScatterOf};
use voxloom_sdk::{ErrorKind, IntoValue, Torch, tch, tensor_of};

static GAIN: OperatorTable = <MapOf<Gain> as Exported<Torch>>::TABLE;
static SUM: OperatorTable = <MapOf<Sum> as Exported<Torch>>::TABLE;
static WANT: OperatorTable = <MapOf<Want> as Exported<Torch>>::TABLE;
static ROWS: OperatorTable = <ScatterOf<Rows> as Exported<Torch>>::TABLE;
static JOIN: OperatorTable = <GatherOf<Join> as Exported<Torch>>::TABLE;
static COUNTER: OperatorTable = <ModuleOf<Counter> as Exported<Torch>>::TABLE;

fn ones(rows: i64) -> Tensor {
    Tensor::ones([rows, 2], (Kind::Float, tch::Device::Cpu))
}

#[test]
fn one_declaration_feeds_the_description() {
    let json = describe(&GAIN);
    assert_eq!(json["name"], "test.gain");
    assert_eq!(json["about"], "Multiplies by a factor.");
    let params = &json["params"]["properties"];
    assert_eq!(
        params["factor"],
        serde_json::json!({"type": "number", "description": "What every element is multiplied by.", "minimum": 0.0, "unit": "1", "default": 2.0})
    );
    assert_eq!(params["limit"]["nullable"], true);
    assert_eq!(json["params"]["required"], serde_json::json!([]));
    assert_eq!(describe(&COUNTER)["params"]["required"], serde_json::json!(["start"]));
    assert_eq!(json["entries"][0]["inputs"][0]["shape"], "[N, 2]");
    assert_eq!(json["deterministic"], true);
    let module = describe(&COUNTER);
    assert_eq!((&module["deterministic"], &module["deterministic_on"]), (&false.into(), &serde_json::json!(["cpu"])));
}

#[test]
fn a_gradient_goes_through() {
    let gain = Host::new(&GAIN, r#"{"factor": 3.0}"#).expect("the parameters are right");
    let leaf = ones(2).set_requires_grad(true);
    let output = gain.run(&[&(&leaf).into_value()], 1, true).expect("the input is right");
    tensor_of(&output[0]).expect("a tensor").sum(Kind::Float).backward();
    assert_eq!(Vec::<f32>::try_from(leaf.grad().view(-1)).expect("four numbers"), [3.0; 4]);
    let output = gain.run(&[&(&leaf).into_value()], 1, false).expect("the input is right");
    assert!(!tensor_of(&output[0]).expect("a tensor").requires_grad(), "gradients are off unless the engine asks");
}

#[test]
fn wrong_calls_are_refused_with_the_port_named() {
    let gain = Host::new(&GAIN, "{}").expect("all parameters have defaults");
    let refuse = |value| gain.run(&[&value], 1, false).expect_err("the input is wrong");
    assert_eq!(
        refuse(Tensor::zeros([3, 4], (Kind::Float, tch::Device::Cpu)).into_value()),
        (status::FAILED, "`x` is [3, 4], expected [N, 2]".into())
    );
    let message = refuse(serde_json::json!(1).into_value()).1;
    assert_eq!(message, "input `x`: holds `json`, expected `tensor/libtorch-2.11`");
    let fault = Host::new(&COUNTER, "{}").err().expect("`start` is missing");
    assert_eq!(fault, (status::INVALID, "start is missing".into()));
    let fault = Host::new(&GAIN, r#"{"times": -1}"#).err().expect("times is a count");
    assert_eq!(fault.1, "times must be a whole number of at least 0, got -1");
}

#[test]
fn after_a_panic_the_instance_refuses() {
    let gain = Host::new(&GAIN, "{}").expect("all parameters have defaults");
    let fault = gain.run(&[&ones(13).into_value()], 1, false).expect_err("it panics");
    assert_eq!(fault, (status::PANICKED, "panicked: thirteen rows".into()));
    let fault = gain.run(&[&ones(2).into_value()], 1, false).expect_err("it is poisoned");
    assert_eq!(fault.0, status::POISONED);
    let other = Host::new(&GAIN, "{}").expect("all parameters have defaults");
    assert!(other.run(&[&ones(2).into_value()], 1, false).is_ok(), "other instances go on");
}

#[test]
fn a_failure_crosses_with_its_kind() {
    let run = |params: &str| {
        let host = Host::new(&WANT, params).expect("the parameters are right");
        host.run(&[], 1, false).expect_err("there is no such thing")
    };
    let (status, message) = run(r#"{"file": "/no/such/file"}"#);
    assert_eq!(status, ErrorKind::Unavailable.within(status::FAILED));
    assert!(message.starts_with("/no/such/file: "), "{message}");
    // A folder is there, and never a file.
    assert_eq!(run(r#"{"file": "/"}"#).0, status::FAILED);
    assert_eq!(run("{}").0, ErrorKind::Exhausted.within(status::FAILED), "libtorch's own words");
    assert_eq!(run(r#"{"panics": true}"#).0, ErrorKind::Exhausted.within(status::PANICKED));
}

#[test]
fn what_libtorch_says_comes_without_its_stack() {
    let said = "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0";
    let (two, three) = (Tensor::from_slice(&[1f32; 2]).into_value(), Tensor::from_slice(&[1f32; 3]).into_value());
    let failed = Host::new(&SUM, "{}").expect("right").run(&[&two, &three], 1, false).expect_err("they do not fit");
    assert_eq!(failed, (status::FAILED, format!("Internal torch error: {said}")));
    let panicked = Host::new(&SUM, r#"{"panics": true}"#).expect("right").run(&[&two, &three], 1, false).expect_err("as above");
    assert_eq!(panicked, (status::PANICKED, format!("panicked: {said}")));
}

#[test]
fn items_go_out_and_come_back_in_order() {
    let (rows, join) = (Host::new(&ROWS, "{}").expect("no parameters"), Host::new(&JOIN, "{}").expect("no parameters"));
    let x = Tensor::arange(6, (Kind::Float, tch::Device::Cpu)).view([3, 2]);
    let value = (&x).into_value();
    let (cursor, accumulator) = (rows.open(&[&value]).expect("opens"), join.open(&[]).expect("opens"));
    while let Ok(row) = rows.next(cursor) {
        join.push(accumulator, &row).expect("a row");
    }
    assert_eq!(rows.next(cursor).expect_err("it is at its end").0, status::END);
    let joined = join.finish(accumulator).expect("rows fit");
    assert_eq!(joined.digest(), value.digest());
    unsafe {
        (ROWS.close)(cursor);
        (JOIN.close)(accumulator);
    }
}

#[test]
fn a_module_comes_back_as_it_was_saved() {
    let folder = std::env::temp_dir().join(format!("voxloom-sdk-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let path = folder.join("counter.safetensors");
    let path = path.to_str().expect("the path is UTF-8");
    let first = Host::new(&COUNTER, r#"{"start": 1.5}"#).expect("the parameters are right");
    first.run(&[], 1, false).expect("counts");
    first.store(path, true).expect("saves");
    let second = Host::new(&COUNTER, r#"{"start": 0.0}"#).expect("the parameters are right");
    second.store(path, false).expect("loads");
    let n = second.run(&[], 1, false).expect("counts");
    assert_eq!(n[0].describe(), "2");
    std::fs::remove_dir_all(folder).expect("the test's own folder");
}

#[test]
fn a_batch_is_joined_and_cut_again() {
    let (a, b) = (ones(1).into_value(), ones(2).into_value());
    let table = a.table().expect("tensors have a table");
    let (mut error, mut joined) = (String::new(), voxloom_sdk::abi::Value::NONE);
    let raw = [*a.raw(), *b.raw()];
    let sink = voxloom_sdk::abi::Sink::to(&mut error);
    unsafe {
        assert_eq!(table.concat.expect("tensors join")(raw.as_ptr(), 2, &mut joined, &sink), status::OK);
        assert_eq!(table.rows.expect("tensors have rows")(joined.handle), 3);
        let mut parts = [voxloom_sdk::abi::Value::NONE; 2];
        assert_eq!(table.split.expect("tensors split")(joined.handle, [1, 2].as_ptr(), 2, parts.as_mut_ptr(), &sink), status::OK);
        let parts = parts.map(|part| voxloom_sdk::Value::from_raw(part));
        assert_eq!([parts[0].digest(), parts[1].digest()], [a.digest(), b.digest()]);
        drop(voxloom_sdk::Value::from_raw(joined));
    }
}
