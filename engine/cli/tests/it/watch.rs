//! `voxloom watch`: the program itself, with its signals, files and words.

use crate::stage::{running, voxloom};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const PIPELINE: &str = r#"{
  "voxloom": 1,
  "about": "Lists the cases of an input and writes a volume that is made up",
  "params": {
    "input":  { "type": "path" },
    "output": { "type": "path" },
    "n":      { "type": "int", "default": 3 },
    "fail_at": { "type": "int", "default": -1 },
    "wait_ms": { "type": "int", "default": 0 }
  },
  "graph": {
    "case":   { "op": "imaging.cases", "params": { "path": "${input}" } },
    "image":  { "op": "imaging.read", "in": { "case": "case" } },
    "file":   { "op": "imaging.write", "in": { "volume": "image", "case": "case" }, "params": { "folder": "${output}" } },
    "volume": { "op": "synthetic.volume", "params": { "shape": ["${n}", 4, 4] } },
    "slice":  { "op": "template.slices", "in": { "volume": "volume" } },
    "work":   { "op": "probe.work", "in": { "index": "slice.index" },
                "params": { "wait_ms": "${wait_ms}", "fail_at": "${fail_at}", "stop_at": -1 } }
  }
}
"#;

/// A folder with a pipeline and `in`, and how the watcher's folders and its ledger are called in there.
pub struct Place(TempDir, [&'static str; 3]);

impl Place {
    pub fn new() -> Self {
        Self::with(PIPELINE)
    }

    pub fn with(pipeline: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("watch.json"), pipeline).unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        Self(folder, ["in", "out", "ledger.sqlite"])
    }

    /// The same with other folders and another ledger.
    pub fn called(self, input: &'static str, output: &'static str, ledger: &'static str) -> Self {
        Self(self.0, [input, output, ledger])
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A small volume comes into being under a hidden name and is renamed into place.
    pub fn arrive(&self, name: &str, value: u8) {
        self.deliver(name, &nifti(2, |_| value));
    }

    /// The same of any bytes.
    pub fn deliver(&self, name: &str, bytes: &[u8]) {
        let hidden = self.path(&format!("in/.{}", name.replace('/', "_")));
        std::fs::write(&hidden, bytes).unwrap();
        std::fs::rename(hidden, self.path("in").join(name)).unwrap();
    }

    fn words(&self, more: &[&str]) -> Vec<String> {
        let [input, output, ledger] = self.1;
        let words =
            ["watch", "watch.json", "--in", input, "--out", output, "--ledger", ledger, "--device", "cpu", "--log", "json"];
        let mut words: Vec<String> = words.map(Into::into).to_vec();
        words.extend(["--settle".into(), "0.1".into(), "--min-free".into(), "1".into()]);
        words.extend(more.iter().map(|word| (*word).to_owned()));
        words
    }

    /// Runs until nothing is left; exit code and the lines, all of them JSON.
    pub fn once(&self, more: &[&str]) -> (i32, Vec<Json>) {
        let output = voxloom().args(self.words(more)).arg("--once").current_dir(&self.0).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap_or(-1), objects(&text))
    }

    pub fn start(&self, more: &[&str]) -> Child {
        let mut command = running();
        command.args(self.words(more)).current_dir(&self.0).stderr(Stdio::piped()).stdout(Stdio::null());
        command.spawn().unwrap()
    }

    pub fn wait(&self, name: &str) {
        let began = Instant::now();
        while !self.path(name).exists() {
            assert!(began.elapsed() < Duration::from_secs(60), "{name} did not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Place {
    pub fn wait_for_claim(&self) {
        let began = Instant::now();
        while files(&self.path("in/.voxloom/claims")).iter().all(|name| name.starts_with("probe")) {
            assert!(began.elapsed() < Duration::from_secs(60), "nothing was begun");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Every line is an object.
pub fn objects(text: &str) -> Vec<Json> {
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"))).collect()
}

/// NIfTI-1 of so many bytes along each side.
pub fn nifti(side: i16, voxel: impl Fn(usize) -> u8) -> Vec<u8> {
    let mut bytes = vec![0_u8; 352];
    bytes[0..4].copy_from_slice(&348_i32.to_le_bytes());
    for (index, size) in [3_i16, side, side, side, 1, 1, 1, 1].iter().enumerate() {
        bytes[40 + 2 * index..42 + 2 * index].copy_from_slice(&size.to_le_bytes());
    }
    bytes[70..72].copy_from_slice(&2_i16.to_le_bytes());
    bytes[72..74].copy_from_slice(&8_i16.to_le_bytes());
    for index in 0..8 {
        bytes[76 + 4 * index..80 + 4 * index].copy_from_slice(&1_f32.to_le_bytes());
    }
    bytes[108..112].copy_from_slice(&352_f32.to_le_bytes());
    bytes[344..348].copy_from_slice(b"n+1\0");
    bytes.extend((0..(side as usize).pow(3)).map(voxel));
    bytes
}

pub fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

pub fn end(mut child: Child) -> (i32, String) {
    let mut text = String::new();
    child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    (child.wait().unwrap().code().unwrap_or(-1), text)
}

/// What a watcher says, while it runs.
pub struct Told {
    text: Arc<Mutex<String>>,
    reader: std::thread::JoinHandle<()>,
}

impl Told {
    pub fn by(watcher: &mut Child) -> Self {
        let lines = BufReader::new(watcher.stderr.take().unwrap()).lines().map_while(Result::ok);
        let text = Arc::<Mutex<String>>::default();
        let kept = Arc::clone(&text);
        let reader = std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push_str(&(line + "\n"))));
        Self { text, reader }
    }

    pub fn wait(&self, words: &str) {
        let began = Instant::now();
        while !self.text.lock().unwrap().contains(words) {
            assert!(began.elapsed() < Duration::from_secs(60), "{words} was not said: {}", self.text.lock().unwrap());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The exit code, and all that was said.
    pub fn end(self, mut watcher: Child) -> (i32, String) {
        let code = watcher.wait().unwrap().code().unwrap_or(-1);
        self.reader.join().unwrap();
        (code, self.text.lock().unwrap().clone())
    }
}

pub fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn what_arrives_is_run_once_and_told_in_one_line() {
    let place = Place::new();
    place.arrive("a.nii", 1);
    place.arrive("b c.nii", 2);
    let (code, lines) = place.once(&["--done"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line["event"] == "done").count(), 2, "{lines:#?}");
    assert_eq!(files(&place.path("out")), ["a.nii", "b c.nii"]);
    assert_eq!(files(&place.path("in/done")), ["a.nii", "b c.nii"]);
    let report: Json = serde_json::from_slice(&std::fs::read(place.path("out/a.nii/report.json")).unwrap()).unwrap();
    assert_eq!(report["outcome"], "completed");
    let param = |name: &str| report["params"][name].as_str().unwrap();
    assert!(param("output").ends_with("out/a.nii") && param("input").ends_with("in/a.nii"), "{}", report["params"]);
    assert!(files(&place.path("out/a.nii")).iter().any(|name| name.contains(".nii")));
    // The same content again is known, under any name.
    place.arrive("again.nii", 1);
    let (code, lines) = place.once(&["--done"]);
    assert_eq!((code, lines.iter().filter(|line| line["event"] == "known").count()), (0, 1), "{lines:#?}");
    // Another parameter is another job.
    place.arrive("again.nii", 1);
    let (_, lines) = place.once(&["--done", "--set", "n=4"]);
    assert_eq!(lines.iter().filter(|line| line["event"] == "done").count(), 1, "{lines:#?}");
}

#[test]
fn a_wrong_pipeline_touches_nothing() {
    let place = Place::new();
    let file = place.path("watch.json");
    std::fs::write(&file, PIPELINE.replace("imaging.read\"", "imaging.raed\"")).unwrap();
    place.arrive("a.nii", 1);
    let output = voxloom().args(place.words(&["--once"])).current_dir(&place.0).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("imaging.read") && text.contains("nothing was touched"), "{text}");
    assert_eq!(std::fs::read_dir(place.path("in")).unwrap().count(), 1, "not even a folder for claims");
    assert!(!place.path("out").exists() && !place.path("ledger.sqlite").exists());
    // A pipeline without the parameters that a watcher fills.
    std::fs::write(&file, PIPELINE).unwrap();
    let output = voxloom().args(place.words(&["--once", "--input-param", "inptu"])).current_dir(&place.0).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && text.contains("inptu"), "{text}");
}

#[test]
fn failures_say_node_reason_and_the_command_that_repeats_them() {
    let place = Place::new();
    std::fs::write(place.path("in/bad.nii"), "no volume").unwrap();
    place.arrive("good.nii", 3);
    let (code, lines) = place.once(&[]);
    assert_eq!(code, 1, "{lines:#?}");
    assert_eq!(files(&place.path("out")), ["good.nii"]);
    let error: Json = serde_json::from_slice(&std::fs::read(place.path("in/failed/bad.nii/error.json")).unwrap()).unwrap();
    assert_eq!((&error["kind"], &error["attempts"]), (&"bad".into(), &1.into()), "{error:#}");
    assert!(error["node"] == "image" || error["node"] == "case", "{error:#}");
    let command = error["command"].as_str().unwrap();
    assert!(command.starts_with("voxloom run /") && command.contains("failed/bad.nii/bad.nii"), "{command}");
    assert!(Path::new(error["pipeline"].as_str().unwrap()).is_absolute(), "{error:#}");

    let status = voxloom().args(["watch", "status", "--ledger", "ledger.sqlite"]).current_dir(&place.0).output().unwrap();
    let text = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(text.contains("done 1   failed 1") && text.contains("bad.nii"), "{text}");
    let status =
        voxloom().args(["watch", "status", "--json", "--ledger", "ledger.sqlite"]).current_dir(&place.0).output().unwrap();
    let status: Json = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!((&status["done"], &status["failed"], &status["waiting"]), (&1.into(), &1.into(), &0.into()));
}

#[test]
fn signals_stop_reload_and_leave_at_once() {
    let place = Place::new();
    let mut watcher = place.start(&["--done", "--listen", "0", "--grace", "30"]);
    let told = Told::by(&mut watcher);
    place.arrive("a.nii", 1);
    place.wait("out/a.nii/report.json");
    // A file that is wrong now: the old one stays.
    std::fs::write(place.path("watch.json"), "{").unwrap();
    signal(&watcher, "HUP");
    told.wait("\"kept\"");
    place.arrive("b.nii", 2);
    place.wait("out/b.nii/report.json");
    // Right again, and slower: under the first signal the input is finished.
    std::fs::write(place.path("watch.json"), PIPELINE.replace("\"default\": 0 }", "\"default\": 300 }")).unwrap();
    signal(&watcher, "HUP");
    told.wait("\"reloaded\"");
    place.arrive("c.nii", 3);
    place.wait_for_claim();
    signal(&watcher, "TERM");
    let (code, text) = told.end(watcher);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\"stopping\""), "{text}");
    assert!(place.path("out/c.nii/report.json").exists(), "{text}");

    // Work that takes long is left at once at the second signal, and done at the next start.
    let slow = PIPELINE.replace("\"default\": 0 }", "\"default\": 60000 }");
    std::fs::write(place.path("watch.json"), slow).unwrap();
    let watcher = place.start(&["--done", "--grace", "300"]);
    place.arrive("d.nii", 4);
    place.wait_for_claim();
    std::thread::sleep(Duration::from_millis(300));
    signal(&watcher, "TERM");
    std::thread::sleep(Duration::from_millis(200));
    let began = Instant::now();
    signal(&watcher, "TERM");
    let (code, text) = end(watcher);
    assert!(code == 4 || code == 130, "{code}: {text}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    std::fs::write(place.path("watch.json"), PIPELINE).unwrap();
    let (code, lines) = place.once(&["--done"]);
    assert_eq!(code, 0, "{lines:#?}");
    assert!(place.path("out/d.nii/report.json").exists(), "{lines:#?}");
}
