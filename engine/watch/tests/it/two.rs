//! Several watchers on one folder, each with its own ledger, one of them killed now and again.

use crate::stage::Stage;
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

#[test]
fn two_watchers_share_a_folder() {
    for after in ["after=keep", "after=move"] {
        let (stage, n) = (Stage::new(), 150);
        stage.fill(n);
        let words = ["lanes=2", "quiet_ms=10", "talk=1", after];
        let watchers = [stage.victim("one", &words), stage.victim("two", &words)];
        let mut done = 0;
        for watcher in watchers {
            let output = watcher.wait_with_output().unwrap();
            assert!(output.status.success());
            done += String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.starts_with("Done")).count();
        }
        stage.assert_all_done(n);
        assert_eq!(done, n, "each input is worked on once ({after})");
    }
}

#[test]
fn what_kills_the_process_is_set_aside_at_the_third_time_whoever_tried() {
    let stage = Stage::new();
    stage.put("a.nii", "good");
    stage.put("b.nii", "crash, please");
    for ledger in ["one", "two", "one"] {
        let output = stage.victim(ledger, &[]).wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(9), "{ledger}");
    }
    let output = stage.victim("two", &["talk=1"]).wait_with_output().unwrap();
    assert!(output.status.success(), "it was not tried a fourth time");
    let error = std::fs::read_to_string(stage.input("failed/b.nii/error.json")).unwrap();
    assert!(error.contains("ended 3 times") && error.contains("\"attempts\": 3"), "{error}");
    assert!(stage.output("a.nii/same").exists() && stage.input("failed/b.nii/b.nii").exists());
}

#[test]
fn what_a_dead_watcher_held_is_taken_over() {
    let (stage, n) = (Stage::new(), 200);
    stage.fill(n);
    let steady = stage.victim("one", &["quiet_ms=5"]);
    for round in 0..4 {
        let mut other = stage.victim("two", &["quiet_ms=5", "lanes=2"]);
        std::thread::sleep(Duration::from_millis(80 + 60 * round));
        other.kill().unwrap();
        other.wait().unwrap();
    }
    assert!(steady.wait_with_output().unwrap().status.success());
    assert!(stage.victim("two", &[]).wait_with_output().unwrap().status.success());
    stage.assert_all_done(n);
}
