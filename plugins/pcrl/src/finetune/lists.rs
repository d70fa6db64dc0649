//! Lists of labelled images: read, split by patient, and shortened to few labels.

use crate::{Fault, Result};
use rand::Rng;
use rand::seq::SliceRandom;
use std::collections::BTreeSet;

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub file: String,
    /// 0 or 1 a finding.
    pub labels: Vec<u8>,
}

impl Row {
    /// What stands before the first `_` of the file's name, as in NIH's lists; the whole name without its ending otherwise.
    pub fn patient(&self) -> &str {
        let name = self.file.rsplit('/').next().unwrap_or(&self.file);
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        stem.split_once('_').map_or(stem, |(patient, _)| patient)
    }
}

/// Reads lines of a file name and 0 or 1 for each of `findings`, parted by commas or blanks. The first line may be a header;
/// numbers behind the findings are left out.
///
/// # Errors
/// A line with too few numbers, or others than 0 and 1.
pub fn parse(text: &str, findings: usize) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut fields = line.split([',', ' ', '\t']).map(str::trim).filter(|field| !field.is_empty());
        let file = fields.next().unwrap_or_default().to_owned();
        let labels: Option<Vec<u8>> = fields.take(findings).map(|field| field.parse().ok().filter(|label| *label < 2)).collect();
        match labels {
            Some(labels) if labels.len() == findings => rows.push(Row { file, labels }),
            _ if number == 0 => {}
            _ => {
                let text = format!("line {} must hold a file name and {findings} times 0 or 1, got `{line}`", number + 1);
                return Err(Fault::Value { what: "list", text });
            }
        }
    }
    Ok(rows)
}

/// Parts by patient: no patient is in two parts. `shares` are of the patients, in the order of the parts; the last part gets the rest.
pub fn split(rows: &[Row], shares: &[f64], rng: &mut impl Rng) -> Vec<Vec<Row>> {
    let mut patients: Vec<&str> = rows.iter().map(Row::patient).collect::<BTreeSet<_>>().into_iter().collect();
    patients.shuffle(rng);
    let mut left = patients.as_slice();
    let mut parts = Vec::new();
    for (i, share) in shares.iter().enumerate() {
        let count = (patients.len() as f64 * share).round() as usize;
        let count = if i + 1 == shares.len() { left.len() } else { count.min(left.len()) };
        let (own, rest) = left.split_at(count);
        let own: BTreeSet<&str> = own.iter().copied().collect();
        parts.push(rows.iter().filter(|row| own.contains(row.patient())).cloned().collect());
        left = rest;
    }
    parts
}

/// Patients that two lists share.
pub fn overlap(a: &[Row], b: &[Row]) -> usize {
    let patients = |rows: &[Row]| rows.iter().map(|row| row.patient().to_owned()).collect::<BTreeSet<_>>();
    patients(a).intersection(&patients(b)).count()
}

/// The leading share of a list, at least one line.
pub fn labelled<T: Clone>(rows: &[T], share: f64) -> Vec<T> {
    let count = ((rows.len() as f64 * share).round() as usize).clamp(1.min(rows.len()), rows.len());
    rows[..count].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    fn rows(patients: usize) -> Vec<Row> {
        (0..3 * patients).map(|i| Row { file: format!("{:04}_{}.png", i / 3, i % 3), labels: vec![(i % 2) as u8] }).collect()
    }

    #[test]
    fn no_patient_is_in_two_parts_and_none_is_lost() {
        let parts = split(&rows(50), &[0.7, 0.1, 0.2], &mut rand_chacha::ChaCha8Rng::seed_from_u64(1));
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [105, 15, 30]);
        assert_eq!([overlap(&parts[0], &parts[1]), overlap(&parts[0], &parts[2]), overlap(&parts[1], &parts[2])], [0; 3]);
        assert_eq!(overlap(&parts[0], &parts[0]), 35);
    }

    #[test]
    fn few_labels_are_the_head_of_the_list() {
        assert_eq!([0.1, 0.3, 1.0, 0.0].map(|share| labelled(&rows(10), share).len()), [3, 9, 30, 1]);
        assert!(labelled::<Row>(&[], 0.5).is_empty());
    }

    #[test]
    fn both_forms_of_lists_are_read() {
        let nih = parse("00000001_000.png 0 1 0\n00000001_001.png 0 1 1\n", 3).unwrap();
        assert_eq!((nih.len(), nih[1].labels.as_slice(), nih[1].patient()), (2, &[0, 1, 1][..], "00000001"));
        let table = parse("file,abnormal,balanced\na/b.png,1,0\n", 1).unwrap();
        assert_eq!(table, [Row { file: "a/b.png".into(), labels: vec![1] }]);
        let fault = parse("a.png 1\nb.png 2\n", 1).unwrap_err().to_string();
        assert_eq!(fault, "list: line 2 must hold a file name and 1 times 0 or 1, got `b.png 2`");
    }
}
