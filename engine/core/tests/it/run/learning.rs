//! A network, an optimizer and a sampler, as small as can be: their numbers depend on every step and its order.

use super::bag;
use super::operators::{Behaviour, anything, plain, port, stir};
use super::plain::{Call, Fail, Flow, Plain};
use serde_json::{Value as Json, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use voxloom_abi::{Context, Kind, status};

fn write(path: &Path, json: &Json) -> Result<(), Fail> {
    std::fs::write(path, json.to_string()).map_err(|error| Fail(status::FAILED, error.to_string()))
}

fn read(path: &Path) -> Result<Json, Fail> {
    let text = std::fs::read(path).map_err(|error| Fail(status::FAILED, error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| Fail(status::FAILED, error.to_string()))
}

fn entry(name: &str, kind: &str, access: &str, inputs: Vec<Json>, outputs: Vec<Json>) -> Json {
    json!({ "name": name, "kind": kind, "access": access, "params": anything(), "inputs": inputs, "outputs": outputs })
}

fn module(entries: Vec<Json>) -> Json {
    let mut description = plain("map", vec![], vec![]);
    description["module"] = true.into();
    description["entries"] = entries.into();
    description
}

/// Gives batches of cases, for ever; its state is how far it has come.
pub struct Sampler {
    at: Arc<Mutex<u64>>,
}

impl Plain for Sampler {
    const NAME: &'static str = "plain.sampler";
    fn describe() -> Json {
        module(vec![entry("next", "scatter", "write", vec![], vec![port("cases")])])
    }
    fn create(_: &Json, context: &Context) -> Self {
        Self { at: Arc::new(Mutex::new(context.seed % 1000)) }
    }
    fn open(&self, _: &mut Call) -> Result<Box<dyn Flow>, Fail> {
        Ok(Box::new(Sampling(Arc::clone(&self.at))))
    }
    fn save(&self, path: &Path) -> Result<(), Fail> {
        write(path, &json!(*self.at.lock().expect("no panic")))
    }
    fn load(&self, path: &Path) -> Result<(), Fail> {
        *self.at.lock().expect("no panic") = read(path)?.as_u64().unwrap_or(0);
        Ok(())
    }
}

struct Sampling(Arc<Mutex<u64>>);

impl Flow for Sampling {
    fn next(&mut self, call: &mut Call) -> Result<bool, Fail> {
        let mut at = self.0.lock().expect("no panic");
        *at = stir(call.context.seed, &[*at as i64]) as u64 % 1_000_003;
        call.give_bag(0, (0..3).map(|case| (*at as i64) + case).collect());
        Ok(true)
    }
}

/// One weight. `forward` reads it, `dump` tells it.
pub struct Model {
    pub weight: Mutex<i64>,
    fail_save: bool,
}

impl Plain for Model {
    const NAME: &'static str = "plain.model";
    fn describe() -> Json {
        module(vec![
            entry("forward", "map", "read", vec![port("x")], vec![port("x")]),
            entry("dump", "map", "read", vec![], vec![json!({ "name": "state", "type": "json" })]),
            entry("poke", "map", "write", vec![port("x")], vec![port("x")]),
        ])
    }
    fn create(params: &Json, context: &Context) -> Self {
        Self { weight: Mutex::new(context.seed as i64), fail_save: params["fail"] == true }
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        Behaviour::new(call.params).act(call)?;
        let mut weight = self.weight.lock().expect("no panic");
        match call.entry {
            0 => {
                let stirred = stir(call.context.seed ^ *weight as u64, &call.bag(0));
                call.give_bag(0, vec![stirred]);
            }
            1 => {
                let state = json!({ "weight": *weight, "small": (*weight as u64 % 1000) as f64 });
                call.give(0, bag::json(&state));
            }
            _ => {
                *weight = stir(*weight as u64, &call.bag(0));
                let now = *weight;
                call.give_bag(0, vec![now]);
            }
        }
        Ok(())
    }
    fn save(&self, path: &Path) -> Result<(), Fail> {
        write(path, &json!(*self.weight.lock().expect("no panic")))?;
        if self.fail_save { Err(Fail(Kind::Full.within(status::FAILED), "no room".into())) } else { Ok(()) }
    }
    fn load(&self, path: &Path) -> Result<(), Fail> {
        *self.weight.lock().expect("no panic") = read(path)?.as_i64().unwrap_or(0);
        Ok(())
    }
}

/// Writes the weight of the network it uses; its own state is a momentum.
pub struct Optimizer {
    momentum: Mutex<i64>,
}

impl Plain for Optimizer {
    const NAME: &'static str = "plain.optimizer";
    fn describe() -> Json {
        let mut step = entry("step", "map", "write", vec![port("loss")], vec![json!({ "name": "log", "type": "json" })]);
        step["backward"] = true.into();
        step["uses"] = json!([{ "name": "net", "access": "write" }]);
        step["params"] = anything();
        module(vec![step])
    }
    fn create(_: &Json, _: &Context) -> Self {
        Self { momentum: Mutex::new(0) }
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        Behaviour::new(call.params).act(call)?;
        let net = call.module::<Model>(0);
        let (mut momentum, mut weight) = (self.momentum.lock().expect("no panic"), net.weight.lock().expect("no panic"));
        *momentum = stir(*momentum as u64, &call.bag(0));
        *weight = stir(*weight as u64, &[*momentum]);
        let log = json!({ "weight": *weight });
        drop((momentum, weight));
        call.give(0, bag::json(&log));
        Ok(())
    }
    fn save(&self, path: &Path) -> Result<(), Fail> {
        write(path, &json!(*self.momentum.lock().expect("no panic")))
    }
    fn load(&self, path: &Path) -> Result<(), Fail> {
        *self.momentum.lock().expect("no panic") = read(path)?.as_i64().unwrap_or(0);
        Ok(())
    }
}
