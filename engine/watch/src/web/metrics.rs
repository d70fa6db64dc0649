//! Numbers in Prometheus' text format.

use super::Step;
use crate::live::Now;
use crate::status::Status;
use std::fmt::Write;

pub fn metrics(now: &Now, status: Option<&Status>, steps: &[Step]) -> String {
    let mut text = String::new();
    let mut put = |name: &str, kind: &str, help: &str, value: f64| {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "# HELP voxloom_watch_{name} {help}\n# TYPE voxloom_watch_{name} {kind}\nvoxloom_watch_{name} {value}\n"
        );
    };
    put("done_total", "counter", "Inputs done since this process began.", now.done as f64);
    put("known_total", "counter", "Inputs answered by an earlier result.", now.same as f64);
    put("passed_over_total", "counter", "Inputs that there was nothing to do with.", now.passed_over as f64);
    put("failed_total", "counter", "Inputs set aside.", now.failed as f64);
    put("retries_total", "counter", "Attempts that failed and are made again.", now.retried as f64);
    put("work_seconds_total", "counter", "Time spent on inputs that were done.", now.work_s);
    put("queued", "gauge", "Complete inputs in memory that wait for a worker.", now.queued as f64);
    put("later", "gauge", "Inputs that wait for another attempt or another watcher.", now.later as f64);
    put("settling", "gauge", "Files not known to be complete.", now.settling as f64);
    put("held", "gauge", "Series and folders that wait for an empty or unfinished file beside them.", now.held.len() as f64);
    put("workers", "gauge", "Workers.", now.lanes.len() as f64);
    put("workers_busy", "gauge", "Workers with an input.", now.lanes.iter().flatten().count() as f64);
    put("paused", "gauge", "1 while nothing starts.", f64::from(u8::from(now.paused.is_some())));
    put(
        "events",
        "gauge",
        "1 where the system tells of changes, 0 where the folder is polled.",
        f64::from(u8::from(now.has_events)),
    );
    put("events_lost_total", "counter", "Times that events were lost and everything was looked through.", now.lost as f64);
    put("scans_total", "counter", "Looks through the whole folder.", now.scans as f64);
    put("scan_seconds", "gauge", "Duration of the last one.", now.scan_s);
    if let Some(status) = status {
        put("oldest_waiting_seconds", "gauge", "Age of the oldest input that waits.", status.oldest_waiting_s.unwrap_or(0.0));
        let oldest = status.oldest_not_complete_s.unwrap_or(0.0);
        put("oldest_not_complete_seconds", "gauge", "Age of the oldest file that is not known to be complete.", oldest);
        text.push_str("# HELP voxloom_watch_inputs Inputs in the ledger by state.\n# TYPE voxloom_watch_inputs gauge\n");
        let states = [
            ("waiting", status.waiting),
            ("running", status.running),
            ("done", status.done),
            ("passed_over", status.passed_over),
            ("failed", status.failed),
        ];
        for (state, count) in states {
            let _ = writeln!(text, "voxloom_watch_inputs{{state=\"{state}\"}} {count}");
        }
    }
    family(&mut text, steps, "node_calls_total", "Calls of a node since this pipeline is in use.", |step| step.calls as f64);
    family(&mut text, steps, "node_seconds_total", "Time of its calls.", |step| step.total_s);
    text
}

fn family(text: &mut String, steps: &[Step], name: &str, help: &str, value: impl Fn(&Step) -> f64) {
    if steps.is_empty() {
        return;
    }
    let _ = write!(text, "# HELP voxloom_watch_{name} {help}\n# TYPE voxloom_watch_{name} counter\n");
    for step in steps {
        let node = step.name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = writeln!(text, "voxloom_watch_{name}{{node=\"{node}\"}} {}", value(step));
    }
}

#[cfg(test)]
mod tests {
    use super::metrics;
    use crate::live::Now;
    use crate::status::Status;
    use crate::web::Step;

    #[test]
    fn every_line_is_a_comment_or_a_number() {
        let step = Step { name: "a \"b\"\n".into(), calls: 2, total_s: 0.5, ..Step::default() };
        let text = metrics(
            &Now { done: 3, held: vec![("a".into(), "b.part is still being written".into())], ..Now::default() },
            Some(&Status { failed: 2, ..Status::default() }),
            &[step],
        );
        assert!(text.contains("node_seconds_total{node=\"a \\\"b\\\"\\n\"} 0.5\n"), "{text}");
        assert!(text.contains("\nvoxloom_watch_held 1\n"));
        assert!(text.contains("\nvoxloom_watch_done_total 3\n") && text.contains("{state=\"failed\"} 2\n"));
        for line in text.lines() {
            assert!(
                line.starts_with("# ") || line.rsplit_once(' ').is_some_and(|(_, number)| number.parse::<f64>().is_ok()),
                "{line}"
            );
        }
    }
}
