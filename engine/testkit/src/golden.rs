//! Goldens of the papers: the rule that fills weights and inputs, files, comparison. No tensor library.
//!
//! The rule and the form of the files are described in `tests/goldens/dodnet/README.md`. What is wrong with a golden is a
//! mistake of whoever placed it, so the functions here panic, with the file and the key in the message.

use safetensors::{Dtype, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// FNV-1a over the bytes of a name: where its numbers start.
pub fn hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// `count` numbers in [-1, 1): splitmix64 from [`hash`].
pub fn u(name: &str, count: usize) -> Vec<f64> {
    let start = hash(name);
    (1..=count as u64)
        .map(|i| {
            let mut z = start.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            (z >> 11) as f64 * 2f64.powi(-53) * 2.0 - 1.0
        })
        .collect()
}

/// Values of a parameter or buffer, before they are rounded to float32: what it is follows from the end of its name and its number
/// of dimensions.
pub fn fill(name: &str, shape: &[i64]) -> Vec<f64> {
    let count = shape.iter().product::<i64>() as usize;
    let last = name.rsplit('.').next().unwrap_or(name);
    let value: &dyn Fn(f64) -> f64 = match (last, shape) {
        ("num_batches_tracked", _) => &|_| 0.0,
        ("running_mean", _) => &|u| 0.1 * u,
        ("running_var", _) => &|u| 1.0 + 0.5 * u.abs(),
        (_, [_, rest @ ..]) if !rest.is_empty() => {
            let scale = (3.0 / rest.iter().product::<i64>() as f64).sqrt();
            &move |u| u * scale
        }
        _ if last.ends_with("weight") => &|u| 1.0 + 0.1 * u,
        _ => &|u| 0.1 * u,
    };
    u(name, count).into_iter().map(value).collect()
}

/// Every element repeated `k` times along each of three axes.
pub fn up<T: Copy>(values: &[T], shape: [usize; 3], k: usize) -> Vec<T> {
    let [d, h, w] = shape.map(|n| n * k);
    let at = |z: usize, y: usize, x: usize| values[(z / k * shape[1] + y / k) * shape[2] + x / k];
    (0..d * h * w).map(|i| at(i / (h * w), i / w % h, i % w)).collect()
}

/// Elements `floor(i·n/count)`; all of them where there are no more.
pub fn sample<T: Copy>(values: &[T], count: usize) -> Vec<T> {
    let n = values.len();
    if n <= count { values.to_vec() } else { (0..count).map(|i| values[i * n / count]).collect() }
}

/// Norm, mean, population standard deviation, least, greatest.
pub fn stats(values: &[f64]) -> [f64; 5] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>();
    let norm = square(&mut values.iter().copied()).sqrt();
    let std = (square(&mut values.iter().map(|value| value - mean)) / n).sqrt();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    [norm, mean, std, least, values.iter().copied().fold(f64::NEG_INFINITY, f64::max)]
}

/// The folder of one paper's goldens: in `VOXLOOM_GOLDENS`, or the repository's copy.
pub fn folder(paper: &str) -> PathBuf {
    let root = std::env::var_os("VOXLOOM_GOLDENS").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/goldens"));
    assert!(root.join(paper).is_dir(), "no folder `{paper}` in {}: VOXLOOM_GOLDENS names a folder that has one", root.display());
    root.join(paper)
}

/// One golden file, read whole.
pub struct Golden {
    /// Its name without the ending.
    pub name: String,
    meta: HashMap<String, String>,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl Golden {
    pub fn read(path: &Path) -> Self {
        let name = path.file_stem().expect("a golden is a file").to_string_lossy().into_owned();
        let bytes = std::fs::read(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let file = SafeTensors::deserialize(&bytes).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let tensors = file.iter().map(|(key, view)| {
            let values = match view.dtype() {
                Dtype::F32 => view.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect(),
                // Pictures and masks.
                Dtype::U8 => view.data().iter().map(|&byte| f32::from(byte)).collect(),
                other => panic!("{name}: {key}: {other:?}, expected float32 or uint8"),
            };
            (key.to_owned(), (view.shape().to_vec(), values))
        });
        Self { meta: header.metadata().clone().unwrap_or_default(), tensors: tensors.collect(), name }
    }

    /// Every file of a paper whose name starts with `prefix`, by name; at least one.
    pub fn all(paper: &str, prefix: &str) -> Vec<Self> {
        let folder = folder(paper);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|fault| panic!("{}: {fault}", folder.display()));
        let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        paths.retain(|path| name(path).starts_with(prefix) && name(path).ends_with(".safetensors"));
        paths.sort();
        assert!(!paths.is_empty(), "no {prefix}*.safetensors in {}", folder.display());
        paths.iter().map(|path| Self::read(path)).collect()
    }

    pub fn has(&self, key: &str) -> bool {
        self.tensors.contains_key(key)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Names that stand before `suffix`.
    pub fn before(&self, suffix: &str) -> Vec<&str> {
        self.keys().filter_map(|key| key.strip_suffix(suffix)).collect()
    }

    pub fn values(&self, key: &str) -> &[f32] {
        &self.tensors.get(key).unwrap_or_else(|| panic!("{}: no `{key}`", self.name)).1
    }

    pub fn shape(&self, key: &str) -> &[usize] {
        &self.tensors.get(key).unwrap_or_else(|| panic!("{}: no `{key}`", self.name)).0
    }

    /// A shape of three axes, whatever stands before.
    pub fn shape3(&self, key: &str) -> [usize; 3] {
        let shape = self.shape(key);
        shape[shape.len() - 3..].try_into().expect("three axes")
    }

    pub fn has_meta(&self, key: &str) -> bool {
        self.meta.contains_key(key)
    }

    /// A text of the metadata.
    pub fn text(&self, key: &str) -> &str {
        self.meta.get(key).unwrap_or_else(|| panic!("{}: no metadata `{key}`", self.name))
    }

    /// A JSON value of the metadata.
    pub fn meta(&self, key: &str) -> serde_json::Value {
        serde_json::from_str(self.text(key)).unwrap_or_else(|fault| panic!("{}: metadata `{key}`: {fault}", self.name))
    }

    /// A list of whole numbers of the metadata.
    pub fn integers(&self, key: &str) -> Vec<i64> {
        integers(&self.meta(key))
    }

    /// Within `tolerance` of the golden's values, everywhere.
    #[track_caller]
    pub fn close(&self, key: &str, found: &[f64], tolerance: f64) {
        close(&format!("{}: {key}", self.name), found, self.values(key), tolerance);
    }

    /// The golden's values exactly.
    #[track_caller]
    pub fn equal(&self, key: &str, found: &[f64]) {
        self.close(key, found, 0.0);
    }
}

/// A JSON list of whole numbers.
pub fn integers(json: &serde_json::Value) -> Vec<i64> {
    let list = json.as_array().unwrap_or_else(|| panic!("{json} is no list"));
    list.iter().map(|value| value.as_i64().unwrap_or_else(|| panic!("{value} is no whole number"))).collect()
}

/// A JSON list of numbers.
pub fn numbers(json: &serde_json::Value) -> Vec<f64> {
    let list = json.as_array().unwrap_or_else(|| panic!("{json} is no list"));
    list.iter().map(|value| value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))).collect()
}

/// The same length, and nowhere further apart than `tolerance`.
#[track_caller]
pub fn close(what: &str, found: &[f64], expected: &[f32], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}: number of values");
    let gap = |(a, b): (&f64, &f32)| if a.is_nan() { f64::INFINITY } else { (a - f64::from(*b)).abs() };
    let worst = found
        .iter()
        .zip(expected)
        .map(gap)
        .enumerate()
        .fold((0, 0.0), |worst, (i, gap)| if gap > worst.1 { (i, gap) } else { worst });
    assert!(
        worst.1 <= tolerance,
        "{what}: value {} is {}, expected {} within {tolerance} (off by {:.3e})",
        worst.0,
        found[worst.0],
        expected[worst.0],
        worst.1
    );
    if std::env::var_os("VOXLOOM_GOLDENS_SHOW").is_some() {
        println!("{what}: off by at most {:.2e} of {tolerance:.0e}", worst.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_gives_the_documented_numbers() {
        assert_eq!(hash("check"), 0x830c_f176_3726_0a67);
        let expected = [0.047_373_598_632_515, 0.978_047_713_097_580_7, 0.741_973_386_686_168_2, 0.960_765_397_289_245_4];
        assert_eq!(u("check", 4), expected);
    }

    #[test]
    fn enlarging_repeats_along_three_axes() {
        assert_eq!(up(&[1, 2], [1, 1, 2], 2), [1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2, 1, 1, 2, 2]);
    }

    #[test]
    fn a_sample_takes_every_nth() {
        assert_eq!(sample(&[0, 1, 2, 3, 4, 5, 6], 3), [0, 2, 4]);
        assert_eq!(sample(&[7, 8], 3), [7, 8]);
    }
}
