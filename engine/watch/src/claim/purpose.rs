//! What a watcher does with inputs, so that others of the same folder can tell whether they rob each other.

use super::Owner;
use crate::retire::After;
use serde::{Deserialize, Serialize};

/// Stands in each claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Purpose {
    /// Hash of what the job is made of; empty where it is not known.
    pub job: String,
    /// Inputs that are done do not stay where they lie.
    pub takes_away: bool,
}

impl Purpose {
    pub fn new(identity: &str, after: After) -> Self {
        Self { job: blake3::hash(identity.as_bytes()).to_hex()[..16].to_owned(), takes_away: after != After::Keep }
    }

    /// True where each input would be worked on by one of both only, and their results differ.
    pub fn robs(&self, other: &Self) -> bool {
        let is_known = !self.job.is_empty() && !other.job.is_empty();
        is_known && self.job != other.job && (self.takes_away || other.takes_away)
    }

    /// What to tell of one whose purpose robs.
    pub fn clash(rival: &Owner) -> String {
        format!(
            "another watcher (process {} on {}) works on the inputs of this folder with another pipeline, or with other parameters, \
             plugins or weights, and they do not stay: each gets the result of one of both only. Give each pipeline a folder of its \
             own, or start both with --keep",
            rival.pid, rival.host
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Purpose;
    use crate::retire::After;

    #[test]
    fn watchers_of_two_jobs_rob_each_other_only_where_one_takes_inputs_away() {
        let robs = |a, b| {
            let (a, b) = (Purpose::new("a", a), Purpose::new("b", b));
            assert_eq!(a.robs(&b), b.robs(&a));
            a.robs(&b)
        };
        assert!(robs(After::Move, After::Keep) && robs(After::Delete, After::Move) && !robs(After::Keep, After::Keep));
        let one = Purpose::new("a", After::Move);
        assert!(!one.robs(&one), "the same job");
        assert!(!one.robs(&Purpose::default()), "a claim of an earlier version");
    }
}
