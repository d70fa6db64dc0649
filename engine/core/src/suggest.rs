//! The nearest right name for a wrong one.

/// Longer names are not compared: nobody mistypes them, and the cost grows with the square of their length.
const LONGEST: usize = 64;
/// More candidates than this are not compared, so that a huge file with a fault a line stays fast.
const MOST: usize = 1000;
/// A list of this many names still fits in a hint.
const LISTED: usize = 10;

/// The candidate that `name` was most likely meant to be; the first of several equally near.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = name.to_lowercase();
    let length = typed.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let allowed = (length / 3).max(1);
    candidates
        .into_iter()
        .take(MOST)
        .filter_map(|candidate| Some((distance(&typed, length, candidate, allowed)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Number of edits between two names, or a number above all edits where one contains the other (`resample` and
/// `imaging.resample`).
fn distance(typed: &str, length: usize, candidate: &str, allowed: usize) -> Option<usize> {
    let right = candidate.to_lowercase();
    let right_length = right.chars().count();
    if length.abs_diff(right_length) <= allowed {
        let distance = strsim::osa_distance(typed, &right);
        if distance <= allowed {
            return Some(distance);
        }
    }
    let contained = length.min(right_length) >= 3 && (right.contains(typed) || typed.contains(&right));
    contained.then(|| LONGEST + length.abs_diff(right_length))
}

/// ``did you mean `x`?``, or else the whole list where it is short: ``ports are `a`, `b` ``.
pub(crate) fn hint<'a>(name: &str, what: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(right) = nearest(name, candidates.clone()) {
        return Some(format!("did you mean `{right}`?"));
    }
    let names: Vec<&str> = candidates.take(LISTED + 1).collect();
    match names.len() {
        0 => Some(format!("there are no {what}")),
        1 => Some(format!("the only one is `{}`", names[0])),
        n if n <= LISTED => Some(format!("{what} are {}", quoted(names))),
        _ => None,
    }
}

/// The right names that wrong ones among `given` were most likely meant to be: those are not missing as well.
pub(crate) fn meant<'a>(
    given: impl Iterator<Item = &'a str> + Clone,
    right: impl Iterator<Item = &'a str> + Clone,
) -> Vec<&'a str> {
    let wrong = given.clone().filter(|name| !right.clone().any(|right| right == *name));
    wrong.filter_map(|name| nearest(name, right.clone())).filter(|right| !given.clone().any(|name| name == *right)).collect()
}

/// `` `a`, `b`, `c` ``
pub(crate) fn quoted<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["imaging.resample", "imaging.read", "imaging.reorient", "dodnet.network"];
        for (typed, right) in [
            ("imaging.resampel", Some("imaging.resample")),
            ("imaging.raed", Some("imaging.read")),
            ("Imaging.Read", Some("imaging.read")),
            ("resample", Some("imaging.resample")),
            ("seran.network", None),
            ("pcrl.momentum", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), right, "{typed}");
        }
    }

    #[test]
    fn lists_few_names_and_not_many() {
        assert_eq!(hint("zzz", "ports", ["a", "b"].into_iter()).as_deref(), Some("ports are `a`, `b`"));
        assert_eq!(hint("zzz", "ports", ["image"].into_iter()).as_deref(), Some("the only one is `image`"));
        assert_eq!(hint("zzz", "ports", [].into_iter()).as_deref(), Some("there are no ports"));
        let many = ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2"];
        assert_eq!(hint("zzz", "ports", many.into_iter()), None);
    }
}
