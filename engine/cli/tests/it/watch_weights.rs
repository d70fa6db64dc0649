//! Weights in the watched folder: loaded before anything is touched, kept while it runs, and threads that are left at work.

use crate::stage::root;
use crate::watch::{Place, Told, files, nifti, objects, signal};
use std::time::Duration;

/// The pipeline for volumes as they come, with weights of its own.
fn segmenting() -> Place {
    let folder = root().join("pipelines/dodnet");
    let place = Place::with(&std::fs::read_to_string(folder.join("predict.json")).unwrap());
    std::fs::copy(folder.join("hippocampus.safetensors"), place.path("hippocampus.safetensors")).unwrap();
    place
}

/// Names of volumes for it, and their bytes.
fn volumes(n: usize) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("pipelines/dodnet/hippocampus/imagesTr");
    files(&folder).into_iter().take(n).map(|name| (name.clone(), std::fs::read(folder.join(name)).unwrap())).collect()
}

#[test]
fn weights_that_cannot_be_loaded_are_told_of_before_anything_is_touched() {
    let place = segmenting();
    place.deliver("a.nii.gz", &volumes(1)[0].1);
    let weights = place.path("hippocampus.safetensors");
    let whole = std::fs::read(&weights).unwrap();
    std::fs::write(&weights, &whole[..whole.len() / 2]).unwrap();
    let (code, lines) = place.once(&[]);
    let text = lines[0]["text"].as_str().unwrap();
    assert!(code == 2 && lines.len() == 1 && text.contains("hippocampus.safetensors"), "{code}: {lines:#?}");
    assert_eq!(files(&place.path("in")), ["a.nii.gz"]);
    assert!(!place.path("out").exists() && !place.path("ledger.sqlite").exists());
    std::fs::write(&weights, &whole).unwrap();
    assert_eq!(place.once(&[]).0, 0);
}

#[test]
fn what_becomes_of_weights_meanwhile_is_no_fault_of_the_inputs() {
    let place = segmenting();
    let (file, weights) = (place.path("watch.json"), place.path("hippocampus.safetensors"));
    let (pipeline, whole) = (std::fs::read_to_string(&file).unwrap(), std::fs::read(&weights).unwrap());
    let volumes = volumes(5);
    let mut watcher = place.start(&["--done"]);
    let told = Told::by(&mut watcher);
    let works = |index: usize| {
        let (name, bytes) = &volumes[index];
        place.deliver(name, bytes);
        place.wait(&format!("out/{name}/report.json"));
    };
    told.wait("\"watching\"");
    works(0);
    std::fs::write(&weights, "no weights at all").unwrap();
    works(1);
    std::fs::remove_file(&weights).unwrap();
    works(2);
    told.wait("those that are loaded stay in use until SIGHUP");
    signal(&watcher, "HUP");
    told.wait("\"kept\"");
    // There again, but for another network.
    std::fs::write(&weights, &whole).unwrap();
    std::fs::write(&file, pipeline.replace("\"width\": 0.25", "\"width\": 0.5")).unwrap();
    signal(&watcher, "HUP");
    told.wait("do not fit");
    works(3);
    std::fs::write(&file, &pipeline).unwrap();
    signal(&watcher, "HUP");
    told.wait("\"reloaded\"");
    works(4);
    signal(&watcher, "TERM");
    let (code, text) = told.end(watcher);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\"done\":5,") && text.contains("\"failed\":0,") && !text.contains("\"again\""), "{text}");

    // As with weights that nobody touched.
    let calm = segmenting();
    volumes.iter().for_each(|(name, bytes)| calm.deliver(name, bytes));
    assert_eq!(calm.once(&[]).0, 0);
    for (name, _) in &volumes {
        let labels = |place: &Place| std::fs::read(place.path(&format!("out/{name}/{name}"))).unwrap();
        assert!(labels(&place) == labels(&calm), "{name}");
    }
}

#[test]
fn a_second_signal_leaves_a_network_at_work_and_nothing_else_is_said() {
    let place = segmenting();
    // One window, so that nothing looks whether it is told to stop.
    let pipeline = std::fs::read_to_string(place.path("watch.json")).unwrap();
    std::fs::write(place.path("watch.json"), pipeline.replace("[48, 64, 48]", "[192, 192, 192]")).unwrap();
    let mut watcher = place.start(&["--threads", "1", "--grace", "300"]);
    let told = Told::by(&mut watcher);
    told.wait("\"watching\"");
    place.deliver("large.nii", &nifti(192, |index| (index * 7 % 251) as u8));
    place.wait_for_claim();
    std::thread::sleep(Duration::from_secs(3));
    signal(&watcher, "TERM");
    told.wait("\"stopping\"");
    signal(&watcher, "TERM");
    let (code, text) = told.end(watcher);
    assert_eq!(code, 4, "{text}");
    let last = objects(&text).pop().unwrap();
    assert!(last["event"] == "stopped" && last["left"] == 1 && place.path("in/large.nii").exists(), "{text}");
}
