//! CUDA lanes against a stand-in library that records what it is asked.

#[allow(dead_code, reason = "shared with the core's tests")]
#[path = "../../../core/tests/it/run/bag.rs"]
mod bag;
#[allow(dead_code, reason = "shared with the core's tests")]
#[path = "../../../core/tests/it/run/learning.rs"]
mod learning;
#[allow(dead_code, reason = "shared with the core's tests")]
#[path = "../../../core/tests/it/run/operators.rs"]
mod operators;
#[allow(dead_code, reason = "shared with the core's tests")]
#[path = "../../../core/tests/it/run/plain.rs"]
mod plain;
#[allow(dead_code, reason = "shared with the core's tests")]
#[path = "../../../core/tests/it/run/probe.rs"]
mod probe;
#[allow(dead_code, reason = "shared with the core's tests")]
#[path = "../../../core/tests/it/run/tape.rs"]
mod tape;

mod absent;
mod marked;
mod standin;
mod streams;
