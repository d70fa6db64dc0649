//! The page of the running program in a real browser: its pipeline's graph with times, also when the file is read again.

use crate::browser::Browser;
use crate::watch::{PIPELINE, Place, signal};
use serde_json::Value as Json;
use std::io::{BufRead, BufReader};
use std::process::Child;

/// A watcher that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The address that the program says it listens at; what it says afterwards is thrown away.
fn address(watcher: &mut Running) -> String {
    let mut lines = BufReader::new(watcher.0.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut told = lines.by_ref().map(|line| serde_json::from_str::<Json>(&line).unwrap());
    let listening = told.find(|line| line["event"] == "listening").expect("an address");
    let address = listening["text"].as_str().unwrap().to_owned();
    std::thread::spawn(move || lines.for_each(drop));
    address
}

#[test]
fn in_the_browser_the_pipeline_in_use_is_shown_with_its_times() {
    let place = Place::new();
    let preview = r#""file":   "#;
    let shown = format!(
        r#""look": {{ "op": "imaging.preview", "in": {{ "volume": "image", "case": "case" }}, "params": {{ "folder": "${{output}}" }} }},
    {preview}"#
    );
    let pipeline = PIPELINE.replacen(preview, &shown, 1);
    std::fs::write(place.path("watch.json"), &pipeline).unwrap();
    let mut watcher = Running(place.start(&["--listen", "127.0.0.1:0", "--done"]));
    let address = address(&mut watcher);
    let mut browser = Browser::start();
    browser.wide(1280, 3000);
    browser.open(&address);
    for node in ["case", "image", "look", "file", "volume", "slice", "work"] {
        let there = format!("[...document.querySelectorAll('.graph text')].some(text => text.textContent === '{node}')");
        assert_eq!(browser.value(&there), true, "{node} is in the graph");
    }
    browser.value("window.same = true");
    std::fs::write(place.path("in/bad.nii"), "no volume").unwrap();
    place.arrive("good.nii", 3);
    browser.wait("document.querySelectorAll('.done li').length === 1 && document.images.length === 1");
    browser.wait("[...document.images].every(image => image.complete && image.naturalWidth > 0)");
    browser.wait("document.querySelector('.failures .name')?.textContent === 'bad.nii'");
    // Three slices of the good one, and three of the bad one, whose other nodes ran all the same.
    browser.wait(&cells("work", "calls[0] >= 3 && calls[1] !== '0 µs'"));

    // From now on every slice takes long, in a node with another name.
    let slow = pipeline.replace("\"work\":", "\"toil\":").replace("\"default\": 0 }", "\"default\": 60000 }");
    std::fs::write(place.path("watch.json"), slow).unwrap();
    signal(&watcher.0, "HUP");
    browser.wait("[...document.querySelectorAll('.graph text')].some(text => text.textContent === 'toil')");
    browser.wait(&cells("toil", "calls[0] === '0'"));
    place.arrive("slow.nii", 4);
    browser.wait("document.querySelectorAll('.graph .runs').length === 1");
    browser.wait("[...document.querySelectorAll('.lanes tbody tr')].some(row => row.children[1].textContent === 'toil')");
    browser.wait("document.querySelector('.worker .name')?.textContent === 'slow.nii'");

    // A file that is wrong is not taken into use, and the page says so.
    std::fs::write(place.path("watch.json"), "{ <b>").unwrap();
    signal(&watcher.0, "HUP");
    browser.wait("document.querySelector('main .note.bad')?.textContent.includes('the one in use stays')");
    assert_eq!(browser.value("[...document.querySelectorAll('.graph text')].some(text => text.textContent === 'toil')"), true);
    assert_eq!(browser.value("window.same"), true, "it was never loaded anew");
    assert_eq!(browser.complaints, [""; 0]);
}

/// Whether something is true of `calls`: the numbers in a node's row of the table.
fn cells(node: &str, what: &str) -> String {
    format!(
        "(() => {{ const row = [...document.querySelectorAll('.job tbody tr')].find(row => row.firstChild.textContent === '{node}');\
         const calls = [...(row?.querySelectorAll('.number') ?? [])].map(cell => cell.textContent); return Boolean(row && {what}); }})()"
    )
}
