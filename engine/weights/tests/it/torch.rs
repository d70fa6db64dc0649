//! What PyTorch saved is read as it was.

use crate::data;
use voxloom_weights::{Dtype, Tensor, Tensors, read, read_part};

fn open(name: &str) -> Tensors {
    read(&data(name)).unwrap()
}

fn refusal(name: &str) -> String {
    let text = read(&data(name)).unwrap_err().to_string();
    text.split_once(&format!("{name}: ")).unwrap().1.to_owned()
}

fn f32s(tensor: &Tensor) -> Vec<f32> {
    assert_eq!(tensor.dtype, Dtype::F32);
    tensor.bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

#[track_caller]
fn check(tensors: &Tensors, name: &str, shape: &[usize], values: &[f32]) {
    let tensor = tensors.get(name).unwrap();
    assert_eq!(tensor.shape, shape, "{name}");
    assert_eq!(f32s(tensor), values, "{name}");
}

#[test]
fn both_forms_give_names_in_order_with_their_values() {
    for name in ["zip.pth", "legacy.pth"] {
        let found = open(name);
        let names: Vec<&str> = found.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(
            names,
            ["0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "2.weight", "2.bias"]
        );
        check(&found, "0.weight", &[2, 1, 1, 1, 1], &[0., 1.]);
        check(&found, "2.weight", &[3, 2], &[0., 1., 2., 3., 4., 5.]);
        let counter = found.get("1.num_batches_tracked").unwrap();
        assert_eq!((counter.dtype, counter.shape.len(), &counter.bytes[..]), (Dtype::I64, 0, &[0u8; 8][..]));
    }
}

#[test]
fn the_same_state_comes_from_every_wrapping() {
    let plain = open("zip.pth");
    for name in ["legacy.pth", "data_parallel.pth", "data_parallel_legacy.pth", "nested.pth", "nested_legacy.pth"] {
        assert_eq!(open(name).tensors, plain.tensors, "{name}");
    }
}

#[test]
fn views_become_contiguous() {
    for name in ["views.pth", "views_legacy.pth"] {
        let found = open(name);
        let count = |range: std::ops::Range<u8>| range.map(f32::from).collect::<Vec<_>>();
        check(&found, "whole", &[4, 6], &count(0..24));
        let transposed: Vec<f32> = (0..6u8).flat_map(|x| (0..4u8).map(move |y| f32::from(y * 6 + x))).collect();
        check(&found, "transposed", &[6, 4], &transposed);
        check(&found, "column", &[4], &[2., 8., 14., 20.]);
        check(&found, "rows", &[2, 6], &count(6..18));
        check(&found, "every_other", &[4, 3], &[0., 2., 4., 6., 8., 10., 12., 14., 16., 18., 20., 22.]);
        check(&found, "expanded", &[2, 3], &[0., 1., 2., 0., 1., 2.]);
        check(&found, "scalar", &[], &[7.]);
        check(&found, "empty", &[0, 4], &[]);
        check(&found, "parameter", &[2, 2], &count(0..4));
        check(&found, "channels_last", &[1, 2, 2, 3], &count(0..12));
    }
}

#[test]
fn every_element_type_keeps_its_bytes() {
    let halves = [0x0000u16, 0x3c00, 0x4000, 0x4200, 0x4400, 0x4500];
    let brains = [0x0000u16, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0];
    for name in ["types.pth", "types_legacy.pth"] {
        let found = open(name);
        let check = |name: &str, dtype, bytes: Vec<u8>| {
            assert_eq!(found.get(name), Some(&Tensor::new(name, dtype, vec![2, 3], bytes)));
        };
        check("float16", Dtype::F16, halves.iter().flat_map(|v| v.to_le_bytes()).collect());
        check("bfloat16", Dtype::BF16, brains.iter().flat_map(|v| v.to_le_bytes()).collect());
        check("float32", Dtype::F32, (0..6u8).flat_map(|v| f32::from(v).to_le_bytes()).collect());
        check("float64", Dtype::F64, (0..6u8).flat_map(|v| f64::from(v).to_le_bytes()).collect());
        check("int8", Dtype::I8, (0..6).collect());
        check("int16", Dtype::I16, (0..6i16).flat_map(i16::to_le_bytes).collect());
        check("int32", Dtype::I32, (0..6i32).flat_map(i32::to_le_bytes).collect());
        check("int64", Dtype::I64, (0..6i64).flat_map(i64::to_le_bytes).collect());
        check("uint8", Dtype::U8, (0..6).collect());
        check("bool", Dtype::Bool, vec![0, 1, 1, 1, 1, 1]);
    }
}

#[test]
fn says_why_a_file_is_not_weights() {
    for (name, text) in [
        (
            "ambiguous.pth",
            "the checkpoint holds 2 maps of tensors and nothing tells which are the weights (keys at the top: student, teacher, epoch)",
        ),
        ("no_tensors.pth", "the checkpoint holds no dictionary of named tensors (keys at the top: epoch, names)"),
        ("list.pth", "the checkpoint holds no dictionary of named tensors (keys at the top: none)"),
        ("complex.pth", "the checkpoint holds tensors of PyTorch's ComplexFloat type, which is not read"),
        (
            "whole_model.pth",
            "the pickle asks for Python's `torch.nn.modules.container.Sequential`, which weights do not need; refused, nothing was executed (save `model.state_dict()`, not the model)",
        ),
        (
            "plain.pkl",
            "no weights: it is a pickle, but not one of PyTorch's; expected safetensors or a PyTorch checkpoint (.pth, .pt)",
        ),
        ("script.pt", "it is a TorchScript program, not weights; load it in Python and save `model.state_dict()`"),
        (
            "README.md",
            "no weights: its first bytes are [23, 20, 43, 68, 65, 63, 6b, 70]; expected safetensors or a PyTorch checkpoint (.pth, .pt)",
        ),
    ] {
        assert_eq!(refusal(name), text, "{name}");
    }
    assert!(read(&data("absent.pth")).unwrap_err().to_string().ends_with("absent.pth: No such file or directory (os error 2)"));
}

#[test]
fn entries_that_are_no_tensors_are_left_out_by_name() {
    let found = open("beside.pth");
    assert_eq!(found.left_out, ["version", "note"]);
    check(&found, "a", &[2], &[0., 1.]);
    // `loss` of nested.pth lies beside the weights, not among them.
    assert!(open("nested.pth").get("loss").is_none());
}

#[test]
fn one_of_several_networks_is_read_by_its_key() {
    for (file, key) in [("ambiguous.pth", "teacher"), ("nested_legacy.pth", "model")] {
        let found = read_part(&data(file), key).unwrap();
        assert_eq!(found.tensors.len(), 8, "{file}");
        check(&found, "2.weight", &[3, 2], &[0., 1., 2., 3., 4., 5.]);
    }
    assert_eq!(read_part(&data("ambiguous.pth"), "nobody").unwrap(), Tensors::default());
    assert_eq!(read_part(&data("ambiguous.pth"), "epoch").unwrap(), Tensors::default(), "not a map");
    assert!(read_part(&data("shell.pth"), "teacher").is_err(), "a file that asks for more than weights is refused all the same");
}
