//! The goldens of the paper, file by file, and the operators across the border.

mod conformance;
mod contrast;
mod finetuned;
mod finetuning;
mod forward;
mod keys;
mod narrow;
mod official;
mod pictures;
mod pipeline;
mod steps;
mod support;
mod views;
mod volumes;

/// This binary is its own scanning and conformance process.
#[test]
fn serves_the_other_tests() {
    voxloom_testkit::harness::serve();
}
