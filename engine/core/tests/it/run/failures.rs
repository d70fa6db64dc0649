//! A failure takes its item, and no other.

use super::probe::Probe;
use super::{go, lanes};
use serde_json::{Value as Json, json};
use voxloom_core::run::{Outcome, Report, RunOptions};

/// Cases, each with one node that may misbehave.
fn cases(n: u64, params: Json) -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": n } },
        "read": { "op": "plain.mix", "in": { "x": "case" }, "params": params },
        "out": { "op": "plain.tell", "in": { "x": "read" } }
    } })
}

/// Cases with windows that come together again.
fn windows(params: Json) -> Json {
    json!({ "voxloom": 1, "graph": {
        "case": { "op": "plain.count", "params": { "n": 4 } },
        "window": { "op": "plain.each", "in": { "x": "case" }, "params": { "n": 5 } },
        "feature": { "op": "plain.mix", "in": { "x": "window" }, "params": params },
        "score": { "op": "plain.collect", "in": { "x": "feature" } },
        "out": { "op": "plain.tell", "in": { "x": "score" } }
    } })
}

fn facts(report: &Report) -> Vec<(&str, &[u64], &str, &str)> {
    let failures = report.failures.iter();
    failures.map(|one| (one.node.as_str(), one.item.as_slice(), one.status.as_str(), one.cause.as_str())).collect()
}

fn without(report: Report, item: u64) -> Vec<voxloom_core::run::ItemResults> {
    report.results.into_iter().filter(|result| result.item != [item]).collect()
}

#[test]
fn a_failing_item_leaves_the_others_whole() {
    let report = go(&cases(5, json!({ "fail": [[3]] })), &lanes(2));
    assert_eq!((report.outcome, report.items.done, report.items.failed), (Outcome::Failed, 4, 1));
    assert_eq!(facts(&report), [("read", &[3][..], "failed", "fail was asked for")]);
    assert_eq!((report.failures[0].operator.as_str(), report.failures[0].plugin.as_str()), ("plain.mix", "plain"));
    assert_eq!(report.results, without(go(&cases(5, json!({})), &lanes(2)), 3));
}

#[test]
fn a_node_that_fails_in_the_middle_of_a_chain_is_the_one_that_is_named() {
    let mut file = cases(3, json!({}));
    file["graph"]["more"] = json!({ "op": "plain.mix", "in": { "x": "read" }, "params": { "fail": [[0], [2]] } });
    file["graph"]["out"]["in"]["x"] = "more".into();
    let report = go(&file, &lanes(1));
    let cause = "fail was asked for";
    assert_eq!(facts(&report), [("more", &[0][..], "failed", cause), ("more", &[2][..], "failed", cause)]);
    let calls: Vec<u64> = report.nodes.iter().map(|node| node.calls).collect();
    assert_eq!(report.nodes.iter().map(|node| node.node.as_str()).collect::<Vec<_>>(), ["case", "read", "out", "more"]);
    assert_eq!(calls, [4, 3, 1, 3]);
}

#[test]
fn a_gather_that_lost_an_item_fails_its_own_item_with_the_cause() {
    let report = go(&windows(json!({ "fail": [[2, 3]] })), &lanes(2));
    assert_eq!((report.outcome, report.items.done, report.items.failed), (Outcome::Failed, 3, 1));
    assert_eq!(
        facts(&report),
        [
            ("feature", &[2, 3][..], "failed", "fail was asked for"),
            ("score", &[2][..], "lost", "item [2, 3] did not come: node `feature`: fail was asked for")
        ]
    );
    assert_eq!(report.results, without(go(&windows(json!({})), &lanes(2)), 2));
}

#[test]
fn a_gather_over_all_cases_is_lost_and_the_cases_are_not() {
    let mut file = cases(5, json!({ "fail": [[1]] }));
    file["graph"]["all"] = json!({ "op": "plain.collect", "in": { "x": "read" } });
    file["graph"]["table"] = json!({ "op": "plain.tell", "in": { "x": "all" } });
    let report = go(&file, &lanes(2));
    assert_eq!((report.items.done, report.items.failed), (4, 1));
    assert_eq!(facts(&report)[1], ("all", &[][..], "lost", "item [1] did not come: node `read`: fail was asked for"));
    assert_eq!(report.results.iter().map(|result| result.item[0]).collect::<Vec<_>>(), [0, 2, 3, 4]);
}

#[test]
fn a_gather_that_can_do_without_takes_the_items_that_came() {
    let some = |fail: Json, n| {
        let mut file = cases(6, json!({ "fail": fail }));
        file["graph"]["all"] = json!({ "op": "plain.collect_some", "in": { "x": "read" } });
        file["graph"]["table"] = json!({ "op": "plain.tell", "in": { "x": "all" } });
        go(&file, &RunOptions { delays: Some(n as u64), ..lanes(n) })
    };
    let numbers = |report: &Report| {
        let own = report.results.iter().find(|result| result.item.is_empty()).expect("the graph's own item has its table");
        own.results["table"]["numbers"]["numbers"].as_array().expect("a list").clone()
    };
    let whole = numbers(&some(json!([]), 1));
    for fail in [vec![1], vec![0], vec![5], vec![0, 2, 3, 5], vec![0, 1, 2, 3, 4, 5]] {
        let report = some(fail.iter().map(|item| vec![*item]).collect::<Vec<_>>().into(), fail.len() + 1);
        assert_eq!((report.items.done, report.items.failed), (6 - fail.len() as u64, fail.len() as u64));
        assert_eq!(facts(&report).len(), fail.len(), "only the items themselves are to blame");
        let kept: Vec<Json> =
            whole.iter().enumerate().filter(|(index, _)| !fail.contains(index)).map(|(_, n)| n.clone()).collect();
        assert_eq!(numbers(&report), kept, "without {fail:?}");
    }
}

#[test]
fn a_cursor_that_fails_keeps_what_it_gave() {
    let mut file = cases(5, json!({}));
    file["graph"]["case"]["params"]["fail"] = json!([[2]]);
    let report = go(&file, &lanes(2));
    assert_eq!(facts(&report), [("case", &[2][..], "failed", "fail was asked for")]);
    assert_eq!((report.items.done, report.items.failed), (2, 0));
}

#[test]
fn a_cursor_that_fails_inside_an_item_fails_the_item() {
    let mut file = windows(json!({}));
    file["graph"]["window"]["params"]["fail"] = json!([[1, 2]]);
    let report = go(&file, &lanes(2));
    assert_eq!(facts(&report), [("window", &[1, 2][..], "failed", "fail was asked for")]);
    assert_eq!((report.items.done, report.items.failed), (3, 1));
}

#[test]
fn a_failure_above_keeps_the_level_closed() {
    let mut file = windows(json!({}));
    file["graph"]["setup"] = json!({ "op": "plain.count", "params": { "n": 1 } });
    file["graph"]["broken"] = json!({ "op": "plain.mix", "in": { "x": "setup_all" }, "params": { "fail": true } });
    file["graph"]["setup_all"] = json!({ "op": "plain.collect", "in": { "x": "setup" } });
    file["graph"]["feature"]["in"]["y"] = json!("broken");
    let report = go(&file, &lanes(2));
    assert_eq!(facts(&report), [("broken", &[][..], "failed", "fail was asked for")]);
    assert_eq!(report.items.done, 1, "the item of `setup` and none of `case`");
}

#[test]
fn strict_stops_at_the_first_failure() {
    let report = go(&cases(1000, json!({ "fail": [[3], [5]] })), &RunOptions { strict: true, in_flight: Some(2), ..lanes(1) });
    assert_eq!((report.outcome, report.failures.len()), (Outcome::Stopped, 1));
    assert!(report.items.done < 10, "nothing new began, got {}", report.items.done);
}

#[test]
fn a_fatal_node_stops_the_run_and_is_named() {
    let report = go(&cases(1000, json!({ "fatal": [[3]] })), &RunOptions { in_flight: Some(2), ..lanes(2) });
    assert_eq!(report.outcome, Outcome::Fatal);
    assert_eq!(report.message.as_deref(), Some("node `read` (plain.mix), item [3]: fatal was asked for"));
    assert!(report.items.done < 10);
}

#[test]
fn after_a_panic_the_instance_takes_no_further_calls() {
    let report = go(&cases(3, json!({ "panic": [[0]], "probe": "panic" })), &RunOptions { in_flight: Some(2), ..lanes(1) });
    let (panicked, poisoned) = ("panic was asked for", "panicked earlier and takes no further calls");
    assert_eq!(
        facts(&report),
        [
            ("read", &[0][..], "panicked", panicked),
            ("read", &[1][..], "poisoned", poisoned),
            ("read", &[2][..], "poisoned", poisoned)
        ]
    );
    assert_eq!(Probe::named("panic").lines().len(), 1, "the operator was called once");
}

#[test]
fn a_plugin_that_breaks_the_contract_fails_its_item() {
    let report = go(&cases(1, json!({ "wrong": "type" })), &lanes(1));
    assert_eq!(facts(&report), [("read", &[0][..], "contract", "its output `x` must be `plain.bag`, got `json`")]);
    let report = go(&cases(1, json!({ "wrong": "nothing" })), &lanes(1));
    assert_eq!(facts(&report), [("read", &[0][..], "contract", "said it was done, but did not write its output `x`")]);
}

#[test]
fn a_cancelled_run_ends_cleanly_with_a_report_and_a_trace() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.json");
    let probe = Probe::named("cancel");
    let options = RunOptions { cancel: std::sync::Arc::clone(&probe.cancel), trace: Some(trace.clone()), ..lanes(2) };
    let file = cases(1_000_000, json!({ "until_cancelled": [[4]], "probe": "cancel" }));
    let report = go(&file, &options);
    assert_eq!((report.outcome, report.message.as_deref()), (Outcome::Cancelled, Some("cancelled")));
    assert_eq!(report.failures, [], "leaving early because it was asked for is no failure");
    assert_eq!(report.items.failed, 0, "what was left is not counted as failed");
    let path = folder.path().join("report.json");
    report.write(&path).expect("a report");
    let read: Report = serde_json::from_slice(&std::fs::read(path).expect("a report")).expect("as it was written");
    assert_eq!(read.results, report.results);
    assert!(super::overlap::spans(&trace).iter().any(|span| span.1 == [4]), "the trace is whole");
}

#[test]
fn failures_are_the_same_on_any_lanes() {
    let file = windows(json!({ "fail": [[0, 1], [2, 4], [3, 0]] }));
    let first = go(&file, &lanes(1));
    for n in [2, 4, 8] {
        let report = go(&file, &RunOptions { delays: Some(n as u64), ..lanes(n) });
        assert_eq!(report.results, first.results);
        assert_eq!((report.items, report.outcome), (first.items, first.outcome));
    }
}
