//! The goldens of the paper, file by file, its invariants, and the operators across the border.

mod conformance;
mod degrade;
mod inference;
mod invariants;
mod learning;
mod model;
mod narrow;
mod operators;
mod pipeline;
mod quality;
mod real;
mod seab;
mod state;
mod support;

/// This binary is its own scanning and conformance process.
#[test]
fn serves_the_other_tests() {
    voxloom_testkit::harness::serve();
}
