//! Names, shapes and numbers of the three networks; checkpoints by name.

use crate::support::{coarse, fill, golden, perception, reconstruction, tensor, uniform, values};
use std::collections::BTreeMap;
use tch::Tensor;
use voxloom_mrnet::network::gaussian;
use voxloom_parts::Entries;
use voxloom_sdk::{Store, WeightsStore};
use voxloom_testkit::golden::folder;

/// Strict: no entry more, none less.
fn check(entries: &Entries, file: &str, count: usize, numbers: i64) {
    let text = std::fs::read_to_string(folder("mrnet").join(file)).expect("a golden");
    let expected: BTreeMap<String, Vec<i64>> = serde_json::from_str(&text).expect("names and shapes");
    let found: BTreeMap<String, Vec<i64>> = entries.iter().map(|named| (named.name.clone(), named.tensor.size())).collect();
    for (name, shape) in &expected {
        assert_eq!(found.get(name), Some(shape), "{name}");
    }
    assert_eq!((found.len(), entries.numbers()), (count, numbers));
    assert_eq!(expected.len(), count);
    assert!(
        entries
            .iter()
            .filter(|named| named.name.ends_with("num_batches_tracked"))
            .all(|named| named.tensor.kind() == tch::Kind::Int64)
    );
}

#[test]
fn networks_have_the_published_entries() {
    check(coarse().entries(), "state_dict_coarse.json", 262, 40_928_648);
    check(reconstruction().entries(), "state_dict_recon.json", 180, 40_115_525);
    check(perception(true).entries(), "state_dict_refine.json", 27, 145_414);
}

#[test]
fn the_generator_the_fill_rule_and_the_kernel_are_those_of_the_goldens() {
    let file = golden("fill_check");
    file.equal("uniform.check", &values(&uniform("check", &[8], 1.0)));
    file.equal("uniform.a.weight", &values(&uniform("a.weight", &[2, 3], 1.0)));
    for key in file.keys().filter(|key| key.starts_with("fill.")).map(str::to_owned).collect::<Vec<_>>() {
        file.equal(&key, &values(&fill(&key["fill.".len()..], &tensor(&file, &key).size())));
    }
    let kernel: Vec<f64> = gaussian().into_iter().map(f64::from).collect();
    file.close("gaussian_31_4", &kernel, 1e-9);
}

#[test]
fn checkpoints_load_by_name_with_and_without_the_prefix_of_several_devices() {
    let folder = tempfile::tempdir().expect("a folder");
    let source = perception(false);
    let save = |prefix: &str, skip: &str, more: &[(&str, Tensor)]| {
        let path = folder.path().join(format!("att{}{}{}.safetensors", prefix.len(), skip.len(), more.len()));
        let mut named: Vec<(String, Tensor)> = source
            .entries()
            .iter()
            .filter(|named| named.name != skip)
            .map(|named| (format!("{prefix}{}", named.name), named.tensor.detach().copy()))
            .collect();
        named.extend(more.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.copy())));
        Tensor::write_safetensors(&named, &path).expect("a file");
        path
    };
    for prefix in ["", "module."] {
        let target = perception(true);
        WeightsStore.load(&target.entries().states(), &save(prefix, "", &[])).expect("all names are there");
        let kernel = "Soft.gaussian_kernel";
        assert_eq!(target.entries().get(kernel), source.entries().get(kernel));
    }
    let target = perception(true);
    let fault = WeightsStore.load(&target.entries().states(), &save("", "pred.bias", &[])).expect_err("one is missing");
    assert!(fault.to_string().contains("pred.bias"), "{fault}");
    let other = [("pred2.bias", Tensor::from_slice(&[1f32]))];
    let fault = WeightsStore.load(&target.entries().states(), &save("", "", &other)).expect_err("one is unknown");
    assert!(fault.to_string().contains("pred2.bias"), "{fault}");
}
