//! What a job reports of an input that there was nothing to do with: it is neither a failure nor a result.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

/// A report that says so: a job returns it, and leaves it as `report.json`.
pub fn passed_over(reason: &str) -> Json {
    json!(Report { outcome: Outcome::PassedOver, reason: reason.to_owned() })
}

/// The reason, where a report says that the input was passed over.
pub fn reason(report: &str) -> Option<String> {
    // Reports of pipelines may be long; these are not.
    let report = Some(report).filter(|report| report.len() < LONGEST)?;
    serde_json::from_str(report).ok().map(|report: Report| report.reason)
}

const LONGEST: usize = 16 * 1024;

#[derive(Serialize, Deserialize)]
struct Report {
    outcome: Outcome,
    reason: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    PassedOver,
}

#[cfg(test)]
mod tests {
    use super::{passed_over, reason};

    #[test]
    fn only_reports_that_say_so_pass_an_input_over() {
        let report = passed_over("it holds a report").to_string();
        assert_eq!(report, r#"{"outcome":"passed_over","reason":"it holds a report"}"#);
        assert_eq!(reason(&report).as_deref(), Some("it holds a report"));
        let others = [r#"{"outcome":"completed","reason":"x"}"#, r#"{"reason":"x"}"#, "{}", "null", ""];
        assert!(others.iter().all(|report| reason(report).is_none()));
    }
}
