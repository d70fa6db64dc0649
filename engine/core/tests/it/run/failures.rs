//! A failure takes its item, and no other.

use super::{go, lanes};
use serde_json::json;
use voxloom_core::run::Outcome;

#[test]
fn a_failing_item_leaves_the_others_whole() {
    let file = |fail: serde_json::Value| {
        json!({ "voxloom": 1, "graph": {
            "case": { "op": "plain.count", "params": { "n": 5 } },
            "read": { "op": "plain.mix", "in": { "x": "case" }, "params": { "fail": fail } },
            "out": { "op": "plain.tell", "in": { "x": "read" } }
        } })
    };
    let whole = go(&file(json!([])), &lanes(2));
    let report = go(&file(json!([[3]])), &lanes(2));
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!((report.items.done, report.items.failed), (4, 1));
    let failure = &report.failures[0];
    assert_eq!(report.failures.len(), 1);
    assert_eq!((failure.node.as_str(), failure.operator.as_str(), failure.plugin.as_str()), ("read", "plain.mix", "plain"));
    assert_eq!((&failure.item[..], failure.status.as_str(), failure.cause.as_str()), (&[3][..], "failed", "fail was asked for"));
    let others: Vec<_> = whole.results.into_iter().filter(|result| result.item != [3]).collect();
    assert_eq!(report.results, others);
}
