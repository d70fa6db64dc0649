//! The ledger: one owner, every step recorded, readable while it is written.

use crate::stage::{Copy, Stage, copy};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use voxloom_watch::error::Error;
use voxloom_watch::input::Input;
use voxloom_watch::job::Failure;
use voxloom_watch::ledger::{Begun, Done, Key, Ledger};
use voxloom_watch::stamp::{Member, Stamp};
use voxloom_watch::status::Looker;

#[test]
fn a_ledger_belongs_to_one_watcher() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("below/ledger.sqlite");
    let ledger = Ledger::open(&path).unwrap();
    assert!(matches!(Ledger::open(&path), Err(Error::LedgerInUse { .. })));
    drop(ledger);
    assert!(Ledger::open(&path).is_ok());
}

fn input(name: &str) -> Input {
    let stamp = Stamp { device: 0, inode: 1, size: 1, modified: 2, changed: 3 };
    let members = vec![Member { path: name.into(), stamp }];
    Input { name: name.into(), members, beside: Vec::new(), is_group: false, complete: Duration::ZERO, seen: 0.0 }
}

#[test]
fn what_is_done_between_a_look_and_the_begin_is_not_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&folder.path().join("ledger.sqlite")).unwrap();
    let (a, b) = (input("a"), input("b"));
    let key = |seen| Key { content: "c", job: "j", seen };
    let seen = ledger.last_done("j", &b.name).unwrap();
    assert!(matches!(ledger.begin(&a, key(seen), 0, 10.0).unwrap(), Begun::Attempt { number: 1, crashes: 0 }));
    assert_eq!(ledger.begin(&b, key(seen), 0, 11.0).unwrap(), Begun::Twin, "it is under way");
    let done = Done { content: "c".into(), job: "j".into(), result: PathBuf::from("a"), same_as: None, report: None, attempt: 1 };
    ledger.done(&[(&a, &done)], 12.0).unwrap();
    assert_eq!(ledger.begin(&b, key(seen), 0, 13.0).unwrap(), Begun::Twin, "it was done since");
    // Somebody looks again, and cannot use the result.
    let seen = ledger.last_done("j", &b.name).unwrap();
    assert!(matches!(ledger.begin(&b, key(seen), 0, 14.0).unwrap(), Begun::Attempt { .. }));
}

#[test]
fn a_ledger_of_the_first_layout_is_taken_over() {
    let stage = Stage::new();
    let path = stage.folder.path().join("ledger.sqlite");
    stage.put("a.nii", "one");
    stage.once(copy(), |_| {});
    let before = rusqlite::Connection::open(&path).unwrap();
    before
        .execute_batch("ALTER TABLE item DROP COLUMN ran; DROP TABLE place; PRAGMA application_id = 0; PRAGMA user_version = 1;")
        .unwrap();
    drop(before);
    stage.put("b.nii", "two");
    let (summary, heard) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (1, 0), "{heard:?}");
    assert_eq!(Looker::open(&path).unwrap().look(0.0, 5).unwrap().done, 2);
}

#[test]
fn the_same_content_is_answered_from_the_ledger() {
    let stage = Stage::new();
    stage.put("a.nii", "one");
    let (summary, _) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (1, 0));
    // Nothing new: not even looked at.
    let (summary, heard) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same, heard.len()), (0, 0, 0));
    // Written anew with the same bytes, and under another name.
    stage.put("a.nii", "one");
    stage.put("b.nii", "one");
    let (summary, heard) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (0, 2), "{heard:?}");
    assert!(heard.contains(&"same b.nii a.nii".to_owned()), "{heard:?}");
    // The result was taken away: then there is no answer.
    ["a.nii", "b.nii"].iter().for_each(|name| std::fs::remove_dir_all(stage.output(name)).unwrap());
    std::fs::remove_file(stage.input("a.nii")).unwrap();
    stage.put("b.nii", "one");
    let (summary, _) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (1, 0));
    assert!(stage.output("b.nii/copy0").exists());
    // Asked to do it again.
    stage.put("b.nii", "one");
    let (summary, heard) = stage.once(copy(), |parts| parts.config.again = true);
    assert_eq!((summary.done, summary.same), (1, 0), "{heard:?}");
    // Also what had to wait for a worker.
    ["a.nii", "b.nii"].iter().for_each(|name| stage.put(name, format!("two of {name}")));
    stage.once(copy(), |_| {});
    ["a.nii", "b.nii"].iter().for_each(|name| stage.put(name, format!("two of {name}")));
    let slow = Copy(|_| {
        std::thread::sleep(std::time::Duration::from_millis(300));
        Ok(())
    });
    let (summary, heard) = stage.once(slow, |parts| parts.config.again = true);
    assert_eq!((summary.done, summary.same), (2, 0), "{heard:?}");
}

#[test]
fn transient_faults_are_tried_again_and_bad_data_is_not() {
    let stage = Stage::new();
    ["bad", "flaky", "never"].iter().for_each(|name| stage.put(name, name));
    let flaky = AtomicU32::new(0);
    let job = Copy(move |work| match work.name.to_str() {
        Some("bad") => Err(Failure::bad("no volume").at("reader")),
        Some("flaky") if flaky.fetch_add(1, Ordering::SeqCst) < 2 => Err(Failure::transient("busy")),
        Some("never") => Err(Failure::transient("out of memory")),
        _ => Ok(()),
    });
    let (summary, heard) = stage.once(job, |parts| {
        parts.config.retry.first = std::time::Duration::from_millis(20);
        parts.config.command = Some(["do it with ".into(), " again".into()]);
    });
    assert_eq!((summary.done, summary.failed), (1, 2), "{heard:?}");
    assert!(heard.contains(&"failed bad 1 no volume".into()) && heard.contains(&"done flaky 3".into()), "{heard:?}");
    assert!(heard.contains(&"failed never 5 out of memory".into()), "{heard:?}");
    let lies = stage.input("failed/bad/bad").canonicalize().unwrap();
    let again = format!("do it with {} again", lies.display());
    let error: serde_json::Value = serde_json::from_slice(&std::fs::read(stage.input("failed/bad/error.json")).unwrap()).unwrap();
    assert_eq!(
        (&error["node"], &error["message"], error["command"].as_str()),
        (&"reader".into(), &"no volume".into(), Some(&*again))
    );

    let status = Looker::open(&stage.folder.path().join("ledger.sqlite")).unwrap().look(f64::MAX, 5).unwrap();
    assert_eq!((status.waiting, status.running, status.done, status.failed), (0, 0, 1, 2));
    assert_eq!(status.failures.len(), 2);
    assert_eq!(status.last[0].attempts, 3);
}

#[test]
fn a_failed_input_that_is_put_back_is_tried_again() {
    let stage = Stage::new();
    stage.put("x", "bad today");
    let (summary, _) = stage.once(Copy(|_| Err(Failure::bad("not today"))), |_| {});
    assert_eq!(summary.failed, 1);
    std::fs::rename(stage.input("failed/x/x"), stage.input("x")).unwrap();
    let (summary, _) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.failed), (1, 0));
    assert!(stage.output("x/copy0").exists());
}

#[test]
fn twins_are_worked_on_once() {
    let stage = Stage::new();
    (0..6).for_each(|index| stage.put(format!("twin {index}"), "the same"));
    let job = Copy(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Ok(())
    });
    let (summary, heard) = stage.once(job, |parts| parts.config.lanes = 4);
    assert_eq!((summary.done, summary.same), (1, 5), "{heard:?}");
}
