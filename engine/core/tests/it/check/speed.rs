//! The check grows with the file, not with its square.
//!
//! The time of a 200-node file is printed: `cargo test --release -p voxloom-core --test it check::speed -- --nocapture`.

use super::operators::operators;
use std::fmt::Write;
use std::path::Path;
use std::time::{Duration, Instant};
use voxloom_core::check::{Config, check};

/// A chain of resampling nodes; `wrong` gives every node a fault.
fn chain(n_nodes: usize, wrong: bool) -> String {
    let mut text =
        String::from("{ \"voxloom\": 1, \"params\": { \"mm\": { \"type\": \"number\", \"default\": 1.5 } },\n \"graph\": {\n");
    text.push_str("  \"n0\": { \"op\": \"imaging.phantom\" }");
    for n in 1..n_nodes {
        let (op, before) = (if wrong { "imaging.resmaple" } else { "imaging.resample" }, n - 1);
        let spacing = if wrong { "0" } else { "\"${mm}\"" };
        let params = format!("{{ \"spacing_mm\": [{spacing}, 1.0, 1.0], \"interpolation\": \"nearest\" }}");
        let _ =
            write!(text, ",\n  \"n{n}\": {{ \"op\": \"{op}\", \"in\": {{ \"volume\": \"n{before}\" }}, \"params\": {params} }}");
    }
    text.push_str("\n} }\n");
    text
}

/// The best of a few runs.
fn time(text: &str, passes: bool) -> Duration {
    let operators = operators();
    let once = || {
        let start = Instant::now();
        let result = check(Path::new("chain.json"), text.as_bytes(), &operators, &Config::default());
        let elapsed = start.elapsed();
        assert_eq!(result.is_ok(), passes);
        elapsed
    };
    (0..5).map(|_| once()).min().expect("it ran")
}

#[test]
fn two_hundred_nodes_take_less_than_the_goal() {
    let (good, wrong) = (time(&chain(200, false), true), time(&chain(200, true), false));
    println!("200 nodes: {:.2} ms, with a fault in each: {:.2} ms", good.as_secs_f64() * 1e3, wrong.as_secs_f64() * 1e3);
    assert!(good < Duration::from_millis(20), "{good:?}");
    assert!(wrong < Duration::from_millis(20), "{wrong:?}");
}

#[test]
fn a_file_of_one_long_line_is_as_fast() {
    let text = chain(5000, false);
    let (lines, line) = (time(&text, true), time(&text.replace('\n', " "), true));
    println!("5000 nodes: {:.1} ms in lines, {:.1} ms in one line", lines.as_secs_f64() * 1e3, line.as_secs_f64() * 1e3);
    assert!(line < lines * 10 + Duration::from_millis(100), "{lines:?} in lines, {line:?} in one");
}
