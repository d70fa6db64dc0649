//! Area under the ROC curve, Dice.

/// Probability that a positive scores above a negative, ties one half; none where one of the two is missing.
///
/// # Panics
/// Lists of different lengths.
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    assert_eq!(scores.len(), positive.len(), "a score a label");
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let positives = positive.iter().filter(|flag| **flag).count();
    let negatives = positive.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    // Ranks from 1; equal scores share the mean of theirs.
    let mut ranks = 0.0;
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let rank = start as f64 + (tied.len() + 1) as f64 / 2.0;
        ranks += rank * tied.iter().filter(|&&i| positive[i]).count() as f64;
        start += tied.len();
    }
    let (p, n) = (positives as f64, negatives as f64);
    Some((ranks - p * (p + 1.0) / 2.0) / (p * n))
}

/// Mean over what is there.
pub fn macro_mean(values: &[Option<f64>]) -> Option<f64> {
    let there: Vec<f64> = values.iter().flatten().copied().collect();
    (!there.is_empty()).then(|| there.iter().sum::<f64>() / there.len() as f64)
}

/// `2 |A ∩ B| / (|A| + |B|)`; two empty masks agree: 1.
///
/// # Panics
/// Masks of different lengths.
pub fn dice(a: &[bool], b: &[bool]) -> f64 {
    assert_eq!(a.len(), b.len(), "masks of one size");
    let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
    let sum = a.iter().chain(b).filter(|flag| **flag).count();
    if sum == 0 { 1.0 } else { 2.0 * both as f64 / sum as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_count_one_half() {
        let labels = [false, true, false, true];
        assert_eq!(auc(&[0.1, 0.9, 0.2, 0.8], &labels), Some(1.0));
        assert_eq!(auc(&[0.5; 4], &labels), Some(0.5));
        assert_eq!(auc(&[0.1, 0.1, 0.2, 0.3], &labels), Some(0.625));
        assert_eq!(auc(&[0.1, 0.2], &[true, true]), None);
        assert_eq!(macro_mean(&[Some(0.5), None, Some(1.0)]), Some(0.75));
        assert_eq!(macro_mean(&[None]), None);
    }

    #[test]
    fn two_empty_masks_agree() {
        assert_eq!(dice(&[false; 3], &[false; 3]), 1.0);
        assert_eq!(dice(&[true, true, false], &[true, false, false]), 2.0 / 3.0);
        assert_eq!(dice(&[true, false], &[false, false]), 0.0);
    }
}
