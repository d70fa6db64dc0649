//! The goldens of the paper, file by file, and the operators across the border.

mod conformance;
mod contrast;
mod forward;
mod keys;
mod steps;
mod support;

/// This binary is its own scanning and conformance process.
#[test]
fn serves_the_other_tests() {
    voxloom_testkit::harness::serve();
}
