//! Results belong to their inputs: what becomes of one input never changes what another one's result says.

use crate::stage::{Stage, copy};
use std::os::unix::process::ExitStatusExt;
use voxloom_watch::job::{Failure, Job, Work};
use voxloom_watch::mark::{MARK, Mark};
use voxloom_watch::outcome::passed_over;
use voxloom_watch::place::Place;
use voxloom_watch::retire::After;
use voxloom_watch::status::Looker;
use voxloom_watch::watcher::Parts;

fn read(stage: &Stage, name: &str) -> String {
    std::fs::read_to_string(stage.output(name)).unwrap_or_else(|error| error.to_string())
}

fn mark(stage: &Stage, result: &str) -> Mark {
    Mark::read(&stage.output(result)).unwrap_or_else(|| panic!("{result} is no result"))
}

#[test]
fn what_is_known_has_a_result_of_its_own_that_stays_when_the_first_is_replaced() {
    let stage = Stage::new();
    stage.put("a", "one");
    stage.put("b", "one");
    let (summary, heard) = stage.once(copy(), |_| {});
    assert_eq!((summary.done, summary.same), (1, 1), "{heard:?}");
    stage.put("a", "two");
    stage.once(copy(), |_| {});
    stage.once(copy(), |_| {});
    assert_eq!([read(&stage, "a/copy0"), read(&stage, "b/copy0")], ["two", "one"]);
    assert_eq!((mark(&stage, "a").input, mark(&stage, "b").input), ("a".into(), "b".into()));
    // What is known of `b` is told to others, after `a` has changed.
    stage.put("c", "one");
    let (_, heard) = stage.once(copy(), |_| {});
    assert!(heard.contains(&"same c b".to_owned()), "{heard:?}");
    assert_eq!((read(&stage, "c/copy0"), mark(&stage, "c").copy_of), ("one".into(), Some("b".into())));
}

#[test]
fn killed_at_any_step_of_a_copy_the_next_start_shows_the_right_result() {
    for moment in ["Claimed", "Hashed", "Sealed", "Published", "Recorded", "Retired"] {
        let stage = Stage::new();
        stage.put("a", "one");
        assert!(stage.victim("ledger", &[]).wait_with_output().unwrap().status.success());
        stage.put("b", "one");
        let killed = stage.victim("ledger", &[&format!("die={moment}:1")]).wait_with_output().unwrap();
        assert_eq!(killed.status.signal(), Some(9), "{moment}");
        let shown = stage.output("b").exists();
        assert!(!shown || read(&stage, "b/same") == "one", "{moment}");
        stage.put("a", "two");
        assert!(stage.victim("ledger", &[]).wait_with_output().unwrap().status.success(), "{moment}");
        assert_eq!([read(&stage, "a/same"), read(&stage, "b/same")], ["two", "one"], "{moment}");
        assert_eq!((mark(&stage, "a").input, mark(&stage, "b").input), ("a".into(), "b".into()), "{moment}");
    }
}

#[test]
fn a_result_that_another_watcher_copied_stays_when_its_first_is_replaced() {
    let stage = Stage::new();
    let victim = |ledger| assert!(stage.victim(ledger, &[]).wait_with_output().unwrap().status.success());
    stage.put("a", "one");
    victim("first");
    stage.put("b", "one");
    victim("second");
    stage.put("a", "two");
    victim("first");
    assert_eq!([read(&stage, "a/same"), read(&stage, "b/same")], ["two", "one"]);
    victim("second");
    assert_eq!([read(&stage, "a/same"), read(&stage, "b/same")], ["two", "one"]);
}

#[test]
fn no_result_lies_within_another_and_none_is_removed_for_another() {
    let stage = Stage::new();
    let once = || assert_eq!(stage.once(copy(), |_| {}).0.done, 1);
    stage.put("scan", "one");
    once();
    std::fs::remove_file(stage.input("scan")).unwrap();
    stage.put("scan/b", "two");
    once();
    assert_eq!(read(&stage, "scan.2/b/copy0"), "two");
    assert!(!stage.output("scan/b").exists());
    // The file again, and of another content: it takes the place of its own result only.
    std::fs::remove_dir_all(stage.input("scan")).unwrap();
    stage.put("scan", "three");
    once();
    assert_eq!([read(&stage, "scan/copy0"), read(&stage, "scan.2/b/copy0")], ["three", "two"]);
    // The other way round: a folder of results, and then an input called as it is.
    stage.put("study/x", "four");
    once();
    std::fs::remove_dir_all(stage.input("study")).unwrap();
    stage.put("study", "five");
    once();
    assert_eq!([read(&stage, "study/x/copy0"), read(&stage, "study.2/copy0")], ["four", "five"]);
    // It is found again where it lies.
    stage.put("study", "six");
    once();
    assert_eq!([read(&stage, "study/x/copy0"), read(&stage, "study.2/copy0")], ["four", "six"]);
    assert!(!stage.output("study.3").exists());
}

#[test]
fn a_numbered_result_is_not_taken_for_that_of_an_input_called_so() {
    let stage = Stage::new();
    for content in ["one", "two"] {
        stage.put("a", content);
        stage.once(copy(), |parts| parts.config.after = After::Move);
    }
    stage.put("a.2", "three");
    stage.once(copy(), |_| {});
    assert_eq!([read(&stage, "a.2/copy0"), read(&stage, "a.2.2/copy0")], ["two", "three"]);
    // What was there before the watcher is nobody's to remove.
    std::fs::create_dir(stage.output("theirs")).unwrap();
    std::fs::write(stage.output("theirs/notes"), "do not lose").unwrap();
    stage.put("theirs", "four");
    let (_, heard) = stage.once(copy(), |_| {});
    assert!(heard.iter().any(|line| line.contains("its result is called theirs.2")), "{heard:?}");
    assert_eq!([read(&stage, "theirs/notes"), read(&stage, "theirs.2/copy0")], ["do not lose", "four"]);
}

#[test]
fn a_result_that_is_not_as_it_was_made_is_no_answer_for_another_input() {
    let stage = Stage::new();
    stage.put("a", "one");
    stage.once(copy(), |_| {});
    std::fs::write(stage.output("a/copy0"), "corrected by hand").unwrap();
    stage.put("b", "one");
    stage.once(copy(), |_| {});
    assert_eq!((read(&stage, "b/copy0"), mark(&stage, "b").copy_of), ("one".into(), None));
    // Of what was put away nothing is made again; but no answer is given from what is left.
    let stage = Stage::new();
    let once = |name: &str| {
        stage.put(name, "one");
        stage.once(copy(), |parts| parts.config.after = After::Move).0
    };
    once("a");
    std::fs::write(stage.output("a/copy0"), "").unwrap();
    assert_eq!(once("b").done, 1);
    assert_eq!([read(&stage, "a/copy0"), read(&stage, "b/copy0")], ["", "one"]);
    // Delivered once more it takes the place of its own, of which nothing is left.
    assert_eq!((once("a").same, read(&stage, "a/copy0"), stage.output("a.2").exists()), (1, "one".into(), false));
    // What somebody put beside a result is no part of it.
    let stage = Stage::new();
    stage.put("a", "one");
    stage.once(copy(), |_| {});
    std::fs::write(stage.output("a/notes"), "of this patient").unwrap();
    stage.put("b", "one");
    assert_eq!(stage.once(copy(), |_| {}).0.same, 1);
    assert!(stage.output("b/copy0").exists() && stage.output("b").join(MARK).exists() && !stage.output("b/notes").exists());
}

#[test]
fn what_somebody_did_to_a_result_is_kept_when_it_is_replaced() {
    let stage = Stage::new();
    ["corrected", "noted", "as it was"].iter().for_each(|name| stage.put(name, "one of ".to_owned() + name));
    stage.once(copy(), |_| {});
    std::fs::write(stage.output("corrected/copy0"), "by a radiologist").unwrap();
    std::fs::write(stage.output("noted/notes"), "by a radiologist").unwrap();
    ["corrected", "noted", "as it was"].iter().for_each(|name| stage.put(name, "two of ".to_owned() + name));
    let (_, heard) = stage.once(copy(), |_| {});
    for (name, file) in [("corrected", "copy0"), ("noted", "notes")] {
        assert_eq!(read(&stage, &format!("{name}/copy0")), format!("two of {name}"));
        let kept = stage.output(".voxloom/earlier").join(name);
        assert_eq!(std::fs::read_to_string(kept.join(file)).unwrap(), "by a radiologist");
        assert!(heard.iter().any(|line| line.contains(&kept.display().to_string())), "{heard:?}");
    }
    assert!(stage.output("as it was/copy0").exists() && !stage.output(".voxloom/earlier/as it was").exists());
}

#[test]
fn results_of_two_watched_folders_do_not_mix() {
    let stage = Stage::new();
    stage.put("a", "one");
    stage.once(copy(), |_| {});
    let other = stage.folder.path().join("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::write(other.join("a"), "two").unwrap();
    let place = Place::new(&other, &stage.output("")).unwrap();
    // Said once it is not forgotten: the new ledger is not taken for a reason to believe it.
    for _ in 0..2 {
        let change = |parts: &mut Parts| {
            (parts.place, parts.ledger) = (place.clone(), stage.folder.path().join("other.sqlite"));
        };
        let refused = stage.opened(change).map(drop).unwrap_err();
        assert!(refused.is_refusal() && refused.to_string().contains("another"), "{refused}");
    }
    assert_eq!((read(&stage, "a/copy0"), other.join(".voxloom").exists()), ("one".into(), false));
}

#[test]
fn what_was_passed_over_is_told_of_once_and_is_neither_done_nor_failed() {
    struct Choosy;
    impl Job for Choosy {
        fn identity(&self) -> &str {
            "choosy"
        }

        fn run(&self, work: &Work) -> Result<serde_json::Value, Failure> {
            let report = match work.name.ends_with("report") {
                true => passed_over("it holds no image"),
                false => serde_json::json!({ "outcome": "completed" }),
            };
            std::fs::write(work.output.join("report.json"), report.to_string()).unwrap();
            Ok(report)
        }
    }
    let stage = Stage::new();
    ["a/image", "a/report"].iter().for_each(|name| stage.put(name, name));
    let (summary, heard) = stage.once(Choosy, |_| {});
    assert_eq!((summary.done, summary.passed_over, summary.failed), (1, 1, 0), "{heard:?}");
    let of_report: Vec<_> = heard.iter().filter(|line| line.contains("a/report") && !line.starts_with("started")).collect();
    assert!(matches!(of_report[..], [line] if line.starts_with("PassedOver") && line.contains("it holds no image")), "{heard:?}");
    let status = |words: &str| {
        let status = Looker::open(&stage.folder.path().join("ledger.sqlite")).unwrap().look(0.0, 5).unwrap();
        assert_eq!((status.done, status.passed_over, status.failed, status.waiting), (1, 1, 0, 0), "{words}");
        assert!(status.last.iter().any(|entry| entry.message.as_deref() == Some("it holds no image")), "{:?}", status.last);
    };
    status("just done");
    let (summary, heard) = stage.once(Choosy, |parts| parts.config.again = true);
    assert_eq!((summary.done, summary.passed_over), (1, 1), "{heard:?}");
    status("once more");
}
