//! What conformance found.

use serde::{Deserialize, Serialize};
use std::fmt;

/// All cases of one plugin.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    pub plugin: String,
    pub version: String,
    pub cases: Vec<Case>,
}

/// One case of one operator or entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Case {
    /// `family.name`, with `.entry` where the case is about one entry of a module.
    pub subject: String,
    /// What is claimed: `bad parameters are refused`.
    pub claim: String,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How a case went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", content = "reason", rename_all = "kebab-case")]
pub enum Outcome {
    Passed,
    /// The plugin breaks the contract, as told.
    Failed(String),
    /// The case could not be run, as told; nothing is known.
    NotExercised(String),
}

impl Report {
    /// True where no case failed.
    pub fn passed(&self) -> bool {
        !self.cases.iter().any(|case| matches!(case.outcome, Outcome::Failed(_)))
    }

    /// Number of cases that passed, failed and were not exercised.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for case in &self.cases {
            counts[match case.outcome {
                Outcome::Passed => 0,
                Outcome::Failed(_) => 1,
                Outcome::NotExercised(_) => 2,
            }] += 1;
        }
        counts
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subject, claim, outcome } = self;
        match outcome {
            Outcome::Passed => write!(f, "passed         {subject}: {claim}"),
            Outcome::Failed(reason) => write!(f, "FAILED         {subject}: {claim}: {reason}"),
            Outcome::NotExercised(reason) => write!(f, "not exercised  {subject}: {claim}: {reason}"),
        }
    }
}

/// Why a case did not pass; the `?` of the cases.
pub(crate) enum Problem {
    Failed(String),
    NotExercised(String),
}

pub(crate) type Verdict<T = ()> = Result<T, Problem>;

pub(crate) fn failed<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Problem::Failed(reason.into()))
}

pub(crate) fn skip<T>(reason: impl Into<String>) -> Verdict<T> {
    Err(Problem::NotExercised(reason.into()))
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Ok(()) => Self::Passed,
            Err(Problem::Failed(reason)) => Self::Failed(reason),
            Err(Problem::NotExercised(reason)) => Self::NotExercised(reason),
        }
    }
}
