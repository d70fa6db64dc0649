//! Killed at every step of an input, and at random times: nothing is lost, nothing is done twice, nothing is half.

use crate::stage::{Stage, content, tree};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;
use voxloom_watch::notice::Moment;

#[test]
fn killed_after_any_step_the_next_start_goes_on() {
    std::thread::scope(|scope| {
        for after in ["keep", "move", "delete"] {
            // One input at a time, and several, which are committed together.
            for lanes in ["lanes=1", "lanes=3"] {
                scope.spawn(move || Moment::ALL.iter().for_each(|moment| killed_after(*moment, after, lanes)));
            }
        }
    });
}

fn killed_after(moment: Moment, after: &str, lanes: &str) {
    let stage = Stage::new();
    stage.fill(4);
    let (die, after_word) = (format!("die={moment:?}:2"), format!("after={after}"));
    let killed = stage.victim("ledger", &[&die, &after_word, lanes]).wait_with_output().unwrap();
    assert_eq!(killed.status.signal(), Some(9), "{moment:?}: it was to be killed");
    let ended = stage.victim("ledger", &[&after_word, lanes]).wait_with_output().unwrap();
    assert!(ended.status.success(), "{moment:?}");
    let told = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(told.contains("same: 0"), "{moment:?}: an input's own result is no copy: {told}");
    stage.assert_all_done(4);
    let inputs: Vec<_> = tree(&stage.input("")).into_keys().filter(|path| !path.starts_with(".voxloom")).collect();
    let n_moved = inputs.iter().filter(|path| path.starts_with("done")).count();
    let expected = match after {
        "keep" => (4, 0),
        "move" => (4, 4),
        _ => (0, 0),
    };
    assert_eq!((inputs.len(), n_moved), expected, "{moment:?} {after}: {inputs:?}");
    assert!(tree(&stage.input(".voxloom/trash")).is_empty(), "{moment:?}");
}

#[test]
fn a_thousand_inputs_survive_kills_at_random_times() {
    let (stage, n) = (Stage::new(), 1000);
    stage.fill(n);
    let mut seed = 88_172_645_463_325_252_u64;
    // Where the machine is busy, the same input may be at work at several kills: that is not its fault.
    let words = ["lanes=3", "quiet_ms=5", "crashes=1000"];
    let mut kills = 0;
    loop {
        let mut victim = stage.victim("ledger", &words);
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        std::thread::sleep(Duration::from_millis(60 + seed % 700));
        if victim.try_wait().unwrap().is_some() {
            break;
        }
        victim.kill().unwrap();
        victim.wait().unwrap();
        kills += 1;
        for (path, bytes) in tree(&stage.output("")) {
            if !path.starts_with(".voxloom") && path.ends_with("same") {
                let index: usize = path.parent().unwrap().file_stem().unwrap().to_str().unwrap()[5..].parse().unwrap();
                assert_eq!(bytes, content(index), "half a result is seen: {}", path.display());
            }
        }
        // Towards the end it is left in peace, so that slow disks do not make this test endless.
        if kills == 20 {
            assert!(stage.victim("ledger", &words).wait_with_output().unwrap().status.success());
            break;
        }
    }
    assert!(kills >= 3, "only {kills} kills");
    stage.assert_all_done(n);
}

#[test]
fn what_kills_the_process_is_set_aside_at_the_third_time() {
    let stage = Stage::new();
    stage.put("a.nii", "good");
    stage.put("b.nii", "crash, please");
    stage.put("c.nii", "good, too");
    for _ in 0..3 {
        let output = stage.victim("ledger", &[]).wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(9));
    }
    let output = stage.victim("ledger", &["talk=1"]).wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(stage.output("a.nii/same").exists() && stage.output("c.nii/same").exists() && !stage.output("b.nii").exists());
    let error = std::fs::read_to_string(stage.input("failed/b.nii/error.json")).unwrap();
    assert!(error.contains("ended 3 times") && error.contains("\"attempts\": 3"), "{error}");
    assert!(stage.input("failed/b.nii/b.nii").exists() && !stage.input("b.nii").exists());
}

#[test]
fn what_runs_beside_it_is_not_set_aside_for_it() {
    let stage = Stage::new();
    stage.put("a.nii", "wait, it takes longer than its neighbour lives");
    stage.put("b.nii", "crash, please");
    for _ in 0..3 {
        let output = stage.victim("ledger", &["lanes=2"]).wait_with_output().unwrap();
        assert_eq!(output.status.signal(), Some(9));
    }
    assert!(stage.victim("ledger", &["lanes=2"]).wait_with_output().unwrap().status.success());
    assert!(stage.output("a.nii/same").exists() && !stage.input("failed/a.nii").exists());
    assert!(stage.input("failed/b.nii/error.json").exists());
}

#[test]
fn a_death_after_the_job_has_ended_is_no_fault_of_its_input() {
    for moment in ["Ran", "Sealed"] {
        let stage = Stage::new();
        stage.put("a.nii", "good");
        for _ in 0..4 {
            let output = stage.victim("ledger", &[&format!("die={moment}:1")]).wait_with_output().unwrap();
            assert_eq!(output.status.signal(), Some(9), "{moment}");
        }
        assert!(stage.victim("ledger", &[]).wait_with_output().unwrap().status.success());
        assert!(stage.output("a.nii/same").exists() && !stage.input("failed").exists(), "{moment}");
    }
}
