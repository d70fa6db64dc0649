//! Every operator keeps the contract.

use voxloom_testkit::harness::{built, conformance};

#[test]
fn the_plugin_passes_all_cases() {
    let [plugin, synthetic] =
        ["voxloom_mrnet", "voxloom_synthetic"].map(|name| built(name).expect("cargo builds it for this test"));
    let report = conformance(&plugin, &[synthetic]).unwrap_or_else(|message| panic!("{message}"));
    let lines: Vec<String> = report.cases.iter().map(ToString::to_string).collect();
    assert!(report.passed(), "{}", lines.join("\n"));
    assert!(report.cases.len() > 40, "{}", lines.join("\n"));
}
