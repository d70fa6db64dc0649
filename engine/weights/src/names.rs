//! Do the tensors of a file fit the network that wants them?

use crate::Tensor;
use std::collections::HashMap;
use std::fmt;

/// A name with another shape than the network's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misshapen {
    pub name: String,
    pub expected: Vec<usize>,
    pub found: Vec<usize>,
}

/// Everything that does not fit, in the order of the network, then of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Wanted by the network, absent in the file.
    pub missing: Vec<String>,
    /// In the file, unknown to the network.
    pub unexpected: Vec<String>,
    /// In both, with different shapes.
    pub misshapen: Vec<Misshapen>,
    /// Names that fit.
    pub fitting: usize,
}

/// Holds the tensors found against the names and shapes expected.
///
/// # Errors
/// A [`Mismatch`] that lists every missing, unexpected and misshapen name; its text shows the first eight of each.
pub fn match_names(expected: &[(String, Vec<usize>)], found: &[Tensor]) -> Result<(), Mismatch> {
    let by_name: HashMap<&str, &Tensor> = found.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect();
    let wanted: HashMap<&str, ()> = expected.iter().map(|(name, _)| (name.as_str(), ())).collect();
    let mut mismatch = Mismatch::default();
    for (name, shape) in expected {
        match by_name.get(name.as_str()) {
            None => mismatch.missing.push(name.clone()),
            Some(tensor) if tensor.shape != *shape => {
                mismatch.misshapen.push(Misshapen { name: name.clone(), expected: shape.clone(), found: tensor.shape.clone() })
            }
            Some(_) => mismatch.fitting += 1,
        }
    }
    mismatch.unexpected = found.iter().filter(|t| !wanted.contains_key(t.name.as_str())).map(|t| t.name.clone()).collect();
    let fits = mismatch.missing.is_empty() && mismatch.unexpected.is_empty() && mismatch.misshapen.is_empty();
    if fits { Ok(()) } else { Err(mismatch) }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let misshapen: Vec<String> =
            self.misshapen.iter().map(|m| format!("{} (expected {:?}, found {:?})", m.name, m.expected, m.found)).collect();
        let parts: Vec<String> = [("missing", &self.missing), ("unexpected", &self.unexpected), ("misshapen", &misshapen)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{} {what}: {}", names.len(), first(names)))
            .collect();
        write!(f, "the weights do not fit the network: {}; {} fit", parts.join("; "), self.fitting)
    }
}

fn first(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    fn tensor(name: &str, shape: &[usize]) -> Tensor {
        Tensor::new(name, Dtype::U8, shape.to_vec(), vec![0; shape.iter().product()])
    }

    #[test]
    fn lists_missing_unexpected_and_misshapen_names() {
        let expected = [("a", vec![2]), ("b", vec![2, 2]), ("c", vec![1])].map(|(name, shape)| (name.to_owned(), shape));
        let fault = match_names(&expected, &[tensor("b", &[4]), tensor("c", &[1]), tensor("d", &[])]).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the weights do not fit the network: 1 missing: a; 1 unexpected: d; 1 misshapen: b (expected [2, 2], found [4]); 1 fit"
        );
        assert_eq!(match_names(&expected[2..], &[tensor("c", &[1])]), Ok(()));
    }

    #[test]
    fn shows_the_first_eight_and_counts_the_rest() {
        let expected: Vec<_> = (0..11).map(|i| (format!("w{i}"), vec![])).collect();
        let text = match_names(&expected, &[]).unwrap_err().to_string();
        assert!(text.contains("11 missing: w0, w1, w2, w3, w4, w5, w6, w7 and 3 more"), "{text}");
    }
}
