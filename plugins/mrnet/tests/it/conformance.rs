//! Every operator keeps the contract.

#[test]
fn the_plugin_passes_all_cases() {
    voxloom_testkit::harness::conforms("voxloom_mrnet", 40);
}
