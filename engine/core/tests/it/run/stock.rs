//! Modules that stay loaded from one run to the next.

use super::{lanes, pipeline};
use serde_json::{Value as Json, json};
use std::fs::{File, FileTimes};
use std::path::Path;
use std::time::{Duration, SystemTime};
use voxloom_core::graph::Pipeline;
use voxloom_core::run::{Event, ItemResults, Stock, run_with};

fn results(pipeline: &Pipeline, stock: &mut Stock) -> Vec<ItemResults> {
    let report = run_with(pipeline, &lanes(2), &mut |_: &Event| {}, stock).expect("it runs");
    assert_eq!(report.memory.left_values, 0, "every value is released");
    report.results
}

fn told(pipeline: &Pipeline, stock: &mut Stock) -> Json {
    results(pipeline, stock).last().map_or(Json::Null, |item| item.results["told"]["state"]["weight"].clone())
}

fn write(path: &Path, weight: i64, modified: SystemTime) {
    std::fs::write(path, weight.to_string()).expect("a file of weights");
    let file = File::options().write(true).open(path).expect("the file of weights");
    file.set_times(FileTimes::new().set_modified(modified)).expect("its time");
}

/// A pipeline that changes its module.
fn writing(modules: &Json) -> Pipeline {
    pipeline(&json!({ "voxloom": 1, "modules": modules, "graph": {
        "case": { "op": "plain.count", "params": { "n": 1 } },
        "poked": { "call": "net.poke", "in": { "x": "case" } },
        "all": { "op": "plain.collect", "in": { "x": "poked" } },
        "end": { "op": "plain.tell", "in": { "x": "all" } }
    } }))
}

#[test]
fn weights_are_read_again_only_where_they_or_the_module_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (weights, then) = (folder.path().join("weights.json"), SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
    write(&weights, 123, then);
    let modules = json!({ "net": { "op": "plain.model", "weights": weights } });
    let reads = pipeline(&json!({ "voxloom": 1, "modules": modules, "graph": { "told": { "call": "net.dump" } } }));
    let writes = writing(&modules);
    let mut stock = Stock::default();
    assert_eq!(told(&reads, &mut stock), 123);
    // Other bytes that look the same from outside: only a module that was made anew would read them.
    write(&weights, 456, then);
    assert_eq!(told(&reads, &mut stock), 123, "the module of the first run is used");
    assert_eq!(told(&reads, &mut Stock::default()), 456);
    write(&weights, 456, then + Duration::from_secs(1));
    assert_eq!(told(&reads, &mut stock), 456, "the file changed");
    // What a run may write is not kept: the second run begins where the first began.
    let first = results(&writes, &mut stock);
    assert!(!first.is_empty());
    assert_eq!(results(&writes, &mut stock), first);
}

#[test]
fn a_pinned_stock_is_filled_before_the_first_run_and_outlives_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    let weights = folder.path().join("weights.json");
    let now = SystemTime::now();
    write(&weights, 123, now);
    let modules = json!({ "net": { "op": "plain.model", "weights": weights } });
    let reads = pipeline(&json!({ "voxloom": 1, "modules": modules, "graph": { "told": { "call": "net.dump" } } }));
    let mut stock = Stock::pinned();
    assert!(!stock.has(&reads, &lanes(2)));
    assert!(stock.fill(&reads, &lanes(2)).expect("it can be made"));
    std::fs::write(&weights, "4567 no weights").expect("a file of weights");
    assert_eq!(told(&reads, &mut stock), 123, "what was read stays");
    std::fs::remove_file(&weights).expect("it is there");
    assert_eq!(told(&reads, &mut stock), 123);
    let error = Stock::pinned().fill(&reads, &lanes(2)).expect_err("there are no weights");
    assert!(error.to_string().contains("weights.json"), "{error}");

    // What a run writes has to be made again for each.
    write(&weights, 5, now);
    let writes = writing(&modules);
    assert!(!stock.fill(&writes, &lanes(2)).expect("it can be made"));
    assert!(!stock.has(&writes, &lanes(2)));
}
