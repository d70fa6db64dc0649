//! The operators of the tests. Their arithmetic does not commute, so that any change of order changes the numbers.

use super::bag;
use super::plain::{Call, Fail, Flow, Plain, fail, operator};
use super::probe::Probe;
use serde_json::{Value as Json, json};
use std::sync::Arc;
use voxloom_abi::{Context, status};
use voxloom_core::operators::Operators;

pub fn all() -> Operators {
    let mut all: Operators =
        [operator::<Count>(), operator::<Each>(), operator::<Mix>(), operator::<Pair>()].into_iter().collect();
    all.extend([
        operator::<Collect>(),
        operator::<CollectSome>(),
        operator::<Tell>(),
        operator::<Odd>(),
        operator::<Even>(),
        operator::<Heavy>(),
    ]);
    all.extend([
        operator::<super::learning::Sampler>(),
        operator::<super::learning::Model>(),
        operator::<super::learning::Optimizer>(),
    ]);
    all.extend([operator::<Gpu>(), operator::<Ordered>(), operator::<Exclusive>()]);
    all.extend([operator::<super::tape::Net>(), operator::<super::tape::Join>(), operator::<super::tape::Backward>()]);
    all
}

pub fn port(name: &str) -> Json {
    json!({ "name": name, "type": bag::TYPE })
}

pub fn optional(name: &str) -> Json {
    json!({ "name": name, "type": bag::TYPE, "optional": true })
}

/// One entry `run` of a plain operator, with parameters of any kind.
pub fn plain(kind: &str, inputs: Vec<Json>, outputs: Vec<Json>) -> Json {
    json!({ "about": "", "params": anything(), "entries": [
        { "name": "run", "kind": kind, "params": nothing(), "inputs": inputs, "outputs": outputs }
    ] })
}

pub fn nothing() -> Json {
    json!({ "type": "object", "properties": {} })
}

pub fn anything() -> Json {
    let names = [
        "n",
        "probe",
        "fail",
        "fatal",
        "panic",
        "poisoned",
        "sleep_us",
        "meet",
        "mark",
        "cancel",
        "wrong",
        "per_item",
        "until_cancelled",
    ];
    let mut properties = serde_json::Map::new();
    for name in names {
        properties.insert(name.into(), json!({ "nullable": true, "default": null }));
    }
    json!({ "type": "object", "properties": properties })
}

/// A number that depends on all before it, and on their order.
pub fn stir(seed: u64, numbers: &[i64]) -> i64 {
    let mix = |state: u64, number: &i64| (state ^ *number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
    numbers.iter().fold(seed, mix) as i64
}

/// What a test asks of a call besides its work.
#[derive(Clone)]
pub struct Behaviour {
    params: Json,
    probe: Option<Arc<Probe>>,
}

impl Behaviour {
    pub fn new(params: &Json) -> Self {
        Self { params: params.clone(), probe: params["probe"].as_str().map(Probe::named) }
    }

    fn names(&self, key: &str, item: &[u64]) -> bool {
        self.params[key] == true || self.params[key].as_array().is_some_and(|items| items.contains(&json!(item)))
    }

    pub fn act(&self, call: &Call) -> Result<(), Fail> {
        let item = call.item().to_vec();
        if let Some(probe) = &self.probe {
            probe.enter();
            let name = unsafe { call.context.node.get() }.unwrap_or("?");
            probe.write(format!("{name} {item:?} threads {} grad {}", call.context.threads, call.context.grad));
            if let Some(mark) = self.params["mark"].as_str() {
                probe.mark(format!("{mark} {item:?}"));
            }
            if let Some(meet) = self.params["meet"].as_object() {
                // What to wait for, by item.
                if let Some(what) = meet.get(&format!("{item:?}")).and_then(Json::as_str)
                    && !probe.meet(what)
                {
                    return fail(format!("{what} never came"));
                }
            }
        }
        if let Some(micros) = self.params["sleep_us"].as_u64() {
            std::thread::sleep(std::time::Duration::from_micros(micros));
        }
        if self.names("until_cancelled", &item) {
            if let Some(probe) = &self.probe {
                probe.cancel.store(true, std::sync::atomic::Ordering::SeqCst);
            }
            while !call.cancelled() {
                std::thread::yield_now();
            }
            return Err(Fail(status::CANCELLED, String::new()));
        }
        if let Some(probe) = &self.probe {
            probe.leave();
        }
        for (key, code) in
            [("fail", status::FAILED), ("fatal", status::FATAL), ("panic", status::PANICKED), ("poisoned", status::POISONED)]
        {
            if self.names(key, &item) {
                return Err(Fail(code, format!("{key} was asked for")));
            }
        }
        Ok(())
    }
}

/// Gives `n` bags of one number.
pub struct Count(Behaviour, u64);

impl Plain for Count {
    const NAME: &'static str = "plain.count";
    fn describe() -> Json {
        plain("scatter", vec![optional("x")], vec![port("x")])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params), params["n"].as_u64().unwrap_or(u64::MAX))
    }
    fn open(&self, _: &mut Call) -> Result<Box<dyn Flow>, Fail> {
        Ok(Box::new(Counting { behaviour: self.0.clone(), left: self.1 }))
    }
}

struct Counting {
    behaviour: Behaviour,
    left: u64,
}

impl Flow for Counting {
    fn next(&mut self, call: &mut Call) -> Result<bool, Fail> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        self.behaviour.act(call)?;
        let number = call.item().last().copied().unwrap_or(0) as i64;
        call.give_bag(0, vec![number]);
        Ok(true)
    }
}

/// Gives each number of a bag, `n` times as many where asked.
pub struct Each(Behaviour, usize);

impl Plain for Each {
    const NAME: &'static str = "plain.each";
    fn describe() -> Json {
        plain("scatter", vec![port("x")], vec![port("x")])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params), params["n"].as_u64().unwrap_or(1) as usize)
    }
    fn open(&self, call: &mut Call) -> Result<Box<dyn Flow>, Fail> {
        let numbers = call.bag(0);
        let left: Vec<i64> = (0..self.1).flat_map(|_| numbers.clone()).collect();
        Ok(Box::new(Eaching { behaviour: self.0.clone(), left: left.into_iter() }))
    }
}

struct Eaching {
    behaviour: Behaviour,
    left: std::vec::IntoIter<i64>,
}

impl Flow for Eaching {
    fn next(&mut self, call: &mut Call) -> Result<bool, Fail> {
        let Some(number) = self.left.next() else { return Ok(false) };
        self.behaviour.act(call)?;
        let stirred = stir(call.context.seed, &[number]);
        call.give_bag(0, vec![stirred]);
        Ok(true)
    }
}

macro_rules! stirring {
    ($(#[$about:meta])* $name:ident, $id:literal, $edit:expr) => {
        $(#[$about])*
        pub struct $name(Behaviour);

        impl Plain for $name {
            const NAME: &'static str = $id;
            fn describe() -> Json {
                let mut description = plain("map", vec![port("x"), optional("y")], vec![port("x")]);
                let edit: fn(&mut Json) = $edit;
                edit(&mut description);
                description
            }
            fn create(params: &Json, _: &Context) -> Self {
                Self(Behaviour::new(params))
            }
            fn run(&self, call: &mut Call) -> Result<(), Fail> {
                self.0.act(call)?;
                let extra = call.optional(1).unwrap_or_default();
                // Where a test compares batches with single calls, nothing may depend on the call.
                let per_item = self.0.params["per_item"] == true;
                let seed = if per_item { 7 } else { call.context.seed };
                let numbers: Vec<i64> = call.bag(0).iter().map(|number| stir(seed, &[&[*number][..], &extra].concat())).collect();
                if self.0.params["wrong"] == "type" {
                    call.give(0, bag::json(&json!(numbers)));
                } else if self.0.params["wrong"] != "nothing" {
                    call.give_bag(0, numbers);
                }
                Ok(())
            }
        }
    };
}

stirring!(
    /// Stirs every number with the call's seed.
    Mix, "plain.mix", |_| {}
);
stirring!(
    /// The same, worth all threads.
    Heavy, "plain.heavy", |description| description["threads"] = "all".into()
);
stirring!(
    /// The same, on any device.
    Gpu, "plain.gpu", |description| description["device"] = "any".into()
);
stirring!(
    /// The same, in item order.
    Ordered, "plain.ordered", |description| description["mode"] = "ordered".into()
);
stirring!(
    /// The same, one at a time.
    Exclusive, "plain.exclusive", |description| description["mode"] = "exclusive".into()
);

/// Fails where a batch holds an odd number of a forbidden kind: the number 3.
pub struct Odd(Behaviour);

impl Plain for Odd {
    const NAME: &'static str = "plain.no_three";
    fn describe() -> Json {
        plain("map", vec![port("x")], vec![port("x")])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params))
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        self.0.act(call)?;
        let numbers = call.bag(0);
        if let Some(probe) = &self.0.probe {
            probe.write(format!("batch of {}", numbers.len()));
        }
        if numbers.contains(&3) {
            return fail("3 is not welcome");
        }
        call.give_bag(0, numbers);
        Ok(())
    }
}

/// Tells nothing and gives nothing: an end of a graph.
pub struct Even(Behaviour);

impl Plain for Even {
    const NAME: &'static str = "plain.sink";
    fn describe() -> Json {
        plain("map", vec![port("x")], vec![])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params))
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        self.0.act(call)
    }
}

/// Two bags to one.
pub struct Pair(Behaviour);

impl Plain for Pair {
    const NAME: &'static str = "plain.pair";
    fn describe() -> Json {
        plain("map", vec![port("a"), port("b")], vec![port("x")])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params))
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        self.0.act(call)?;
        let both = [call.bag(0), call.bag(1)].concat();
        call.give_bag(0, vec![stir(call.context.seed, &both)]);
        Ok(())
    }
}

/// Puts the bags of a level one behind the other.
pub struct Collect(Behaviour);

/// As `Collect`, of the items that come.
pub struct CollectSome(Collect);

impl Plain for CollectSome {
    const NAME: &'static str = "plain.collect_some";
    fn describe() -> Json {
        let mut description = Collect::describe();
        description["entries"][0]["partial"] = true.into();
        description
    }
    fn create(params: &Json, context: &Context) -> Self {
        Self(Collect::create(params, context))
    }
    fn open(&self, call: &mut Call) -> Result<Box<dyn Flow>, Fail> {
        self.0.open(call)
    }
}

impl Plain for Collect {
    const NAME: &'static str = "plain.collect";
    fn describe() -> Json {
        let mut gathered = port("x");
        gathered["gather"] = true.into();
        plain("gather", vec![gathered, optional("like")], vec![port("x")])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params))
    }
    fn open(&self, call: &mut Call) -> Result<Box<dyn Flow>, Fail> {
        Ok(Box::new(Collecting { behaviour: self.0.clone(), all: call.optional(1).unwrap_or_default() }))
    }
}

struct Collecting {
    behaviour: Behaviour,
    all: Vec<i64>,
}

impl Flow for Collecting {
    fn push(&mut self, call: &mut Call) -> Result<(), Fail> {
        self.behaviour.act(call)?;
        self.all.extend(call.bag(0));
        Ok(())
    }
    fn finish(&mut self, call: &mut Call) -> Result<(), Fail> {
        call.give_bag(0, std::mem::take(&mut self.all));
        Ok(())
    }
}

/// A bag as JSON, for the report.
pub struct Tell(Behaviour);

impl Plain for Tell {
    const NAME: &'static str = "plain.tell";
    fn describe() -> Json {
        plain("map", vec![port("x")], vec![json!({ "name": "numbers", "type": "json" })])
    }
    fn create(params: &Json, _: &Context) -> Self {
        Self(Behaviour::new(params))
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        self.0.act(call)?;
        let numbers = call.bag(0);
        call.log(&format!("{} numbers", numbers.len()));
        call.progress(1, 1);
        call.give(0, bag::json(&json!({ "n": numbers.len(), "numbers": numbers, "scratch": call.scratch().is_empty() })));
        Ok(())
    }
}
