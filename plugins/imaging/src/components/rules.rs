//! Label maps cleaned by rules about connected components; the rules are data.

use super::{Components, Connectivity};
use std::fmt;

/// One rule: a mask of labels, which of its components stay, and the label that they get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// A name for later rules to refer to.
    pub name: Option<String>,
    /// Labels that form the mask.
    pub labels: Vec<i32>,
    /// Only what lies inside of the result of this earlier rule belongs to the mask.
    pub within: Option<String>,
    /// Components of at most so many voxels go.
    pub drop_up_to: usize,
    /// Dropping leaves a mask of one component as it is.
    pub spare_single: bool,
    /// Of the rest only so many stay, the largest.
    pub keep_largest: Option<usize>,
    /// Label of what stays; without it the rule only serves later ones.
    pub write: Option<i32>,
}

/// A rule refers to one that does not stand before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    /// Index of the rule that refers.
    pub rule: usize,
    pub name: String,
}

impl fmt::Display for UnknownRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refers to `{}`, but no rule before it has that name", self.name)
    }
}

impl std::error::Error for UnknownRule {}

/// The index of the rule that each one's `within` means.
///
/// # Errors
/// A `within` that no earlier rule has as its name.
pub fn resolve(rules: &[Rule]) -> Result<Vec<Option<usize>>, UnknownRule> {
    let one = |(index, rule): (usize, &Rule)| match &rule.within {
        None => Ok(None),
        Some(name) => rules[..index]
            .iter()
            .rposition(|earlier| earlier.name.as_ref() == Some(name))
            .map(Some)
            .ok_or_else(|| UnknownRule { rule: index, name: name.clone() }),
    };
    rules.iter().enumerate().map(one).collect()
}

/// Applies the rules. A voxel whose label stands in a rule gets the label of the last rule that keeps it, or 0; all other
/// voxels stay as they are.
///
/// # Shapes
/// - in, out: `labels` row-major of `shape`
///
/// # Errors
/// A `within` that no earlier rule has as its name.
pub fn clean(labels: &[i32], shape: [usize; 3], rules: &[Rule], connectivity: Connectivity) -> Result<Vec<i32>, UnknownRule> {
    let within = resolve(rules)?;
    let mut out = labels.to_vec();
    for label in out.iter_mut().filter(|label| rules.iter().any(|rule| rule.labels.contains(label))) {
        *label = 0;
    }
    let mut results: Vec<Vec<bool>> = Vec::new();
    for (rule, within) in rules.iter().zip(within) {
        let mut mask: Vec<bool> = labels.iter().map(|label| rule.labels.contains(label)).collect();
        if let Some(within) = within {
            mask.iter_mut().zip(&results[within]).for_each(|(inside, outer)| *inside &= outer);
        }
        let result = rule.apply(&mask, shape, connectivity);
        if let Some(label) = rule.write {
            out.iter_mut().zip(&result).filter(|(_, inside)| **inside).for_each(|(out, _)| *out = label);
        }
        results.push(result);
    }
    Ok(out)
}

impl Rule {
    /// What stays of a mask.
    pub fn apply(&self, mask: &[bool], shape: [usize; 3], connectivity: Connectivity) -> Vec<bool> {
        if self.keep_largest.is_none() && self.drop_up_to == 0 {
            return mask.to_vec();
        }
        let found = Components::find(mask, shape, connectivity);
        let spared = self.spare_single && found.sizes().len() == 1;
        let large: Vec<bool> = found.sizes().iter().map(|&size| spared || size > self.drop_up_to).collect();
        let kept: Vec<bool> = match self.keep_largest {
            None => large,
            // The largest are never among the dropped before a smaller one is.
            Some(k) => found.largest(k).into_iter().zip(large).map(|(largest, large)| largest && large).collect(),
        };
        found.mask(&kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(labels: &[i32], rules: &[Rule]) -> Vec<i32> {
        clean(labels, [1, 1, labels.len()], rules, Connectivity::Edges).expect("the rules are right")
    }

    #[test]
    fn an_organ_keeps_its_largest_part_and_the_tumour_inside_of_it() {
        let rules = [
            Rule { name: Some("organ".into()), labels: vec![1, 2], keep_largest: Some(1), write: Some(1), ..Rule::default() },
            Rule {
                labels: vec![2],
                within: Some("organ".into()),
                drop_up_to: 1,
                spare_single: true,
                write: Some(2),
                ..Rule::default()
            },
        ];
        assert_eq!(cleaned(&[1, 2, 2, 1, 2, 0, 2, 2, 0, 7], &rules), [1, 2, 2, 1, 1, 0, 0, 0, 0, 7]);
        assert_eq!(cleaned(&[1, 2, 1, 0, 2, 0], &rules), [1, 2, 1, 0, 0, 0], "a lone small one is spared");
    }

    #[test]
    fn all_may_be_dropped() {
        let rules = [Rule { labels: vec![1], drop_up_to: 2, spare_single: true, write: Some(1), ..Rule::default() }];
        assert_eq!(cleaned(&[1, 1, 0, 1], &rules), [0, 0, 0, 0]);
        assert_eq!(cleaned(&[1, 1, 0, 0], &rules), [1, 1, 0, 0]);
    }

    #[test]
    fn only_earlier_rules_can_be_meant() {
        let rules = [Rule { name: Some("a".into()), within: Some("a".into()), ..Rule::default() }];
        let fault = clean(&[0], [1, 1, 1], &rules, Connectivity::Faces).expect_err("itself");
        assert_eq!(fault.to_string(), "refers to `a`, but no rule before it has that name");
    }
}
