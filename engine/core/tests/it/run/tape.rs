//! A network and a backward pass that note what libtorch notes of a graph for gradients: each operation, numbered by thread.

use super::bag;
use super::operators::{optional, plain, port, stir};
use super::plain::{Call, Fail, Plain};
use serde_json::{Value as Json, json};
use std::cell::Cell;
use voxloom_abi::Context;

thread_local! {
    static NEXT: Cell<i64> = const { Cell::new(0) };
}

/// A number of this thread, as autograd gives one to each operation.
fn number() -> i64 {
    NEXT.replace(NEXT.get() + 1)
}

/// What a bag holds of a graph for gradients: each operation's value and number.
fn operations(call: &Call, port: usize) -> Vec<i64> {
    call.optional(port).unwrap_or_default()
}

/// A network that notes each call as an operation.
pub struct Net;

impl Plain for Net {
    const NAME: &'static str = "tape.net";
    fn describe() -> Json {
        let mut description = plain("map", vec![port("x"), optional("y")], vec![port("x")]);
        description["module"] = true.into();
        description["entries"][0]["name"] = "forward".into();
        description["entries"][0]["access"] = "read".into();
        description
    }
    fn create(_: &Json, _: &Context) -> Self {
        Self
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        let value = stir(call.context.seed, &call.bag(0));
        call.give_bag(0, vec![value, number()]);
        Ok(())
    }
}

/// Joins two graphs for gradients by another operation.
pub struct Join;

impl Plain for Join {
    const NAME: &'static str = "tape.join";
    fn describe() -> Json {
        plain("map", vec![port("a"), optional("b")], vec![port("x")])
    }
    fn create(_: &Json, _: &Context) -> Self {
        Self
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        let own = [call.context.seed as i64, number()];
        call.give_bag(0, [&operations(call, 0)[..], &operations(call, 1), &own].concat());
        Ok(())
    }
}

/// Goes through a graph by its numbers, the youngest first.
pub struct Backward;

impl Plain for Backward {
    const NAME: &'static str = "tape.backward";
    fn describe() -> Json {
        let mut description = plain("map", vec![port("x")], vec![json!({ "name": "log", "type": "json" })]);
        description["entries"][0]["backward"] = true.into();
        description
    }
    fn create(_: &Json, _: &Context) -> Self {
        Self
    }
    fn run(&self, call: &mut Call) -> Result<(), Fail> {
        let all = operations(call, 0);
        let mut operations: Vec<(i64, i64)> = all.chunks(2).map(|pair| (pair[1], pair[0])).collect();
        operations.sort_unstable_by(|a, b| b.cmp(a));
        let values: Vec<i64> = operations.iter().map(|(_, value)| *value).collect();
        call.give(0, bag::json(&json!({ "sum": stir(7, &values), "operations": values.len() })));
        Ok(())
    }
}
