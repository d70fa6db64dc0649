//! The shipped pipelines of PCRL's pre-training: interrupted and resumed, and its ablations.

use crate::stage::{root, voxloom};
use serde_json::{Value as Json, json};
use std::path::Path;
use tempfile::TempDir;

/// Volumes of 8 bit as NIfTI, and the list of them; sizes along x, y, z.
fn volumes(n: usize, size: [usize; 3]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..n).map(|i| format!("{i}.nii")).collect();
    for (i, name) in names.iter().enumerate() {
        std::fs::write(folder.path().join(name), nifti(size, i)).unwrap();
    }
    std::fs::write(folder.path().join("cases.json"), json!(names).to_string()).unwrap();
    folder
}

/// Stripes whose width and direction depend on `kind`.
fn nifti(size: [usize; 3], kind: usize) -> Vec<u8> {
    let mut bytes = vec![0; 352];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, &348i32.to_le_bytes());
    for (i, n) in [3, size[0], size[1], size[2], 1, 1, 1, 1].into_iter().enumerate() {
        put(40 + 2 * i, &(n as i16).to_le_bytes());
    }
    put(70, &2i16.to_le_bytes());
    put(72, &8i16.to_le_bytes());
    for i in 0..8 {
        put(76 + 4 * i, &1f32.to_le_bytes());
    }
    put(108, &352f32.to_le_bytes());
    put(112, &1f32.to_le_bytes());
    put(254, &1i16.to_le_bytes());
    for row in 0..3 {
        put(280 + 20 * row, &1f32.to_le_bytes());
    }
    put(344, b"n+1\0");
    let [width, height, depth] = size;
    let voxel = |i: usize| ((i % width * (kind + 1) + i / width % height * 7 + i / (width * height) * 3) * 11 % 256) as u8;
    bytes.extend((0..width * height * depth).map(voxel));
    bytes
}

fn run(file: &str, data: &Path, sets: &[&str], words: &[&str], folder: &Path) {
    let mut command = voxloom();
    command.arg("run").arg(root().join("pipelines/pcrl").join(file)).args(words).current_dir(folder);
    command.arg("--set").arg(format!("cases={}", data.join("cases.json").display()));
    for set in sets {
        command.args(["--set", set]);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The values of every step in a log.
fn steps(folder: &Path, output: &str) -> Vec<Json> {
    let text = std::fs::read_to_string(folder.join(output).join("log/scalars.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str::<Json>(line).unwrap()["values"].clone()).collect()
}

/// `n` steps, resume, `n` steps give the files of `2n` steps.
///
/// The student is called twice in a step, so this holds only if calls with gradients keep their order on any lanes.
fn goes_on(file: &str, data: &Path, sets: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let train = |output: &str, epochs: &str, words: &[&str]| {
        let (output, epochs) = (format!("output={output}"), format!("epochs={epochs}"));
        run(file, data, &[sets, &[&output, &epochs]].concat(), &[&["--seed", "5"], words].concat(), folder.path());
    };
    let file = |path: String| std::fs::read(folder.path().join(path)).unwrap();
    train("whole", "2", &["--lanes", "4"]);
    train("parts", "1", &["--lanes", "1"]);
    let state = ["student", "teacher", "bank", "optimizer", "sampler"];
    for module in state {
        let [whole, parts] = ["whole", "parts"].map(|output| file(format!("{output}/last/{module}.safetensors")));
        assert_ne!(whole, parts, "{module} does not change in the second half");
    }
    train("parts", "2", &["--resume", "parts/last", "--lanes", "2"]);
    for module in state {
        let [whole, parts] = ["whole", "parts"].map(|output| file(format!("{output}/last/{module}.safetensors")));
        assert_eq!(whole, parts, "{module} differs after a resume");
    }
    let [whole, parts] = ["whole", "parts"].map(|output| steps(folder.path(), output));
    assert_eq!(whole, parts, "the logs tell one story, the queue's position included");
    assert!(whole.iter().all(|step| step["z"].as_i64().unwrap() > 0), "{whole:?}");
    assert_eq!(file("whole/encoder.safetensors".into()), file("parts/encoder.safetensors".into()));
}

const SMALL: [&str; 8] = ["images=24", "width=0.0625", "size=[32,32]", "batch=4", "queue=50", "epoch=3", "steps=6", "hole=5"];

#[test]
fn interrupted_pretraining_in_2d_goes_on_bit_for_bit() {
    let data = volumes(6, [40, 40, 1]);
    // 3 steps push 36 keys into 50 rows: the position wraps around after the resume.
    goes_on("pretrain-2d.json", data.path(), &SMALL);
}

#[test]
fn interrupted_pretraining_in_3d_goes_on_bit_for_bit() {
    let data = volumes(4, [24, 24, 12]);
    let sets = [
        "images=80",
        "width=0.0625",
        "size=[16,16,8]",
        "windows=[[16,16,8],[20,20,8]]",
        "depth=12",
        "pairs=2",
        "volumes=2",
        "batch=4",
        "queue=30",
        "epoch=2",
        "steps=4",
    ];
    goes_on("pretrain-3d.json", data.path(), &sets);
}

#[test]
fn ablations_are_parameters() {
    let data = volumes(6, [40, 40, 1]);
    let folder = tempfile::tempdir().unwrap();
    let last = |name: &str, set: &str| {
        let output = format!("output={name}");
        run(
            "pretrain-2d.json",
            data.path(),
            &[&SMALL[..], &[&output, set, "epochs=1"]].concat(),
            &["--seed", "5"],
            folder.path(),
        );
        steps(folder.path(), name).pop().unwrap()
    };
    let number = |step: &Json, key: &str| step[key].as_f64().unwrap_or_else(|| panic!("no `{key}` in {step}"));
    let whole = last("whole", "gate=true");
    assert!((number(&whole, "total") - number(&whole, "contrast") - number(&whole, "reconstruction")).abs() < 1e-5);
    let without_gate = last("without-gate", "gate=false");
    assert_ne!(without_gate["mse_plain"], whole["mse_plain"]);
    let contrast = last("contrast", "reconstruction=0");
    assert_eq!(contrast["total"], contrast["contrast"]);
    let reconstruction = last("reconstruction", "contrast=0");
    assert_eq!(reconstruction["total"], reconstruction["reconstruction"]);
    let without_mixup = last("without-mixup", "mixup=false");
    // The blend is the student alone. The decoder's second pass has the same input, so that both find the same.
    assert_eq!(without_mixup["mse_hybrid"], without_mixup["mse_plain"]);
    assert_eq!(without_mixup["mse_mixed_hybrid"], without_mixup["mse_mixed"]);
    assert_ne!(whole["mse_hybrid"], whole["mse_plain"]);
}
