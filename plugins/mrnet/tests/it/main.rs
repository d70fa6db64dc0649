//! The goldens of the paper, file by file, its invariants, and the operators across the border.

mod coarse;
mod conformance;
mod few_images;
mod inference;
mod invariants;
mod layout;
mod learning;
mod losses;
mod metrics;
mod narrow;
mod pictures;
mod pipeline;
mod precision;
mod reconstruction;
mod refinement;
mod support;

/// This binary is its own scanning and conformance process.
#[test]
fn serves_the_other_tests() {
    voxloom_testkit::harness::serve();
}
