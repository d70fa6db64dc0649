//! The shipped pipelines on real volumes: what the main job leaves, and training that is interrupted.

use crate::stage::{root, voxloom};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

fn pipelines() -> PathBuf {
    root().join("pipelines/dodnet")
}

/// The first `n` cases of a list, written where the test may.
fn some_cases(list: &str, n: usize, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(pipelines().join("hippocampus").join(list)).unwrap();
    let mut cases: Vec<Json> = serde_json::from_str(&text).unwrap();
    cases.truncate(n);
    for case in &mut cases {
        for key in ["image", "label"] {
            case[key] = json!(pipelines().join("hippocampus").join(case[key].as_str().unwrap()));
        }
    }
    let file = folder.join(list);
    std::fs::write(&file, json!(cases).to_string()).unwrap();
    file
}

fn run(file: &str, sets: &[String], words: &[&str], folder: &Path) -> (i32, String) {
    let mut command = voxloom();
    command.arg("run").arg(pipelines().join(file)).args(words).current_dir(folder);
    for set in sets {
        command.args(["--set", set]);
    }
    let output = command.output().unwrap();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_main_job_finds_both_structures_and_leaves_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut list = std::fs::read_to_string(some_cases("test.json", 2, folder.path())).unwrap();
    // A third case whose image is no image: it fails alone, and the table is made of the others.
    std::fs::write(folder.path().join("broken.nii.gz"), b"not a volume").unwrap();
    list.truncate(list.rfind(']').unwrap());
    let broken =
        json!({ "name": "broken", "image": folder.path().join("broken.nii.gz"), "label": folder.path().join("broken.nii.gz") });
    std::fs::write(folder.path().join("cases.json"), format!("{list},{broken}]")).unwrap();
    let (code, stderr) = run("segment.json", &["input=cases.json".into(), "output=out".into()], &[], folder.path());
    assert_eq!(code, 1, "{stderr}");
    let read =
        |name: &str| -> Json { serde_json::from_slice(&std::fs::read(folder.path().join("out").join(name)).unwrap()).unwrap() };
    let table = read("metrics.json");
    let rows = table["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 4, "two structures of two cases: {table}");
    for row in rows {
        // The figures of all 20 test cases lie between 0.81 and 0.95 (pipelines/dodnet/README.md).
        assert!(row["dice"].as_f64().unwrap() > 0.8 && row["hd95_mm"].as_f64().unwrap() < 4.0, "{row}");
    }
    let report = read("report.json");
    assert_eq!((&report["items"]["done"], &report["items"]["failed"]), (&json!(2), &json!(1)));
    let failures = report["failures"].as_array().unwrap();
    assert!(failures.iter().any(|one| one["cause"].as_str().unwrap().contains("broken.nii.gz")), "{failures:?}");
    let name = rows[0]["case"].as_str().unwrap();
    for ending in ["nii.gz", "json", "png"] {
        assert!(folder.path().join(format!("out/{name}.{ending}")).exists(), "{name}.{ending} is missing");
    }
}

#[test]
fn interrupted_training_goes_on_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let (cases, validate) = (some_cases("train.json", 6, folder.path()), some_cases("validate.json", 1, folder.path()));
    let train = |output: &str, rounds: u32, words: &[&str]| {
        let mut sets = vec![format!("cases={}", cases.display()), format!("validate={}", validate.display())];
        sets.extend(["width=0.125", "size=[16,16,16]", "round=10", "steps=20"].map(str::to_owned));
        sets.extend([format!("output={output}"), format!("rounds={rounds}")]);
        let (code, stderr) = run("train-hippocampus.json", &sets, &[&["--seed", "5"], words].concat(), folder.path());
        assert_eq!(code, 0, "{stderr}");
    };
    let file = |path: &str| std::fs::read(folder.path().join(path)).unwrap();
    train("whole", 2, &["--lanes", "1"]);
    train("parts", 1, &["--lanes", "4"]);
    assert_ne!(file("whole/last/net.safetensors"), file("parts/last/net.safetensors"), "ten more steps change the weights");
    train("parts", 2, &["--resume", "parts/last", "--lanes", "2"]);
    for module in ["net", "optimizer", "sampler"] {
        let name = format!("last/{module}.safetensors");
        assert_eq!(
            file(&format!("whole/{name}")),
            file(&format!("parts/{name}")),
            "{module} differs after 10 + resume + 10 steps"
        );
    }
}

#[test]
fn a_loss_that_is_not_finite_stops_and_keeps_the_last_good_save() {
    let folder = tempfile::tempdir().unwrap();
    let (cases, validate) = (some_cases("train.json", 4, folder.path()), some_cases("validate.json", 1, folder.path()));
    let train = |lr: &str, rounds: u32, words: &[&str]| {
        let mut sets = vec![format!("cases={}", cases.display()), format!("validate={}", validate.display()), format!("lr={lr}")];
        sets.extend(["width=0.125", "size=[16,16,16]", "round=3", "steps=60", "output=out"].map(str::to_owned));
        sets.push(format!("rounds={rounds}"));
        run("train-hippocampus.json", &sets, words, folder.path())
    };
    let (code, stderr) = train("0.002", 1, &[]);
    assert_eq!(code, 0, "{stderr}");
    let good = std::fs::read(folder.path().join("out/last/net.safetensors")).unwrap();
    // A rate that throws the weights out of float32 within a few steps.
    let (code, stderr) = train("1e38", 20, &["--resume", "out/last"]);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("node `update`, step 5: the loss is NaN"), "names what happened and the node: {stderr}");
    let kept = std::fs::read(folder.path().join("out/last/net.safetensors")).unwrap();
    assert_eq!(kept, good, "the last good save stays");
}
