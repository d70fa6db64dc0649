//! The goldens of the paper, file by file, and the operators across the border.

mod conformance;
mod data;
mod forward;
mod inference;
mod learning;
mod operators;
mod pipeline;
mod precision;
mod support;
mod unit_ops;

/// This binary is its own scanning and conformance process.
#[test]
fn serves_the_other_tests() {
    voxloom_testkit::harness::serve();
}
