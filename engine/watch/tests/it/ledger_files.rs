//! The ledger as a file: whose it is, what is refused, and what happens when it is taken away.

use crate::stage::{Stage, copy, unprivileged};
use voxloom_watch::error::Error;
use voxloom_watch::place::Place;
use voxloom_watch::status::Looker;
use voxloom_watch::watcher::Parts;

#[test]
fn a_ledger_belongs_to_one_pair_of_folders() {
    let stage = Stage::new();
    let (here, ledger) = (|name: &str| stage.folder.path().join(name), stage.folder.path().join("ledger.sqlite"));
    stage.put("a", "x");
    stage.once(copy(), |_| {});
    std::fs::create_dir(here("other")).unwrap();
    for (input, output) in [("in", "out 2"), ("other", "out")] {
        let place = Place::new(&here(input), &here(output)).unwrap();
        let refused = stage.opened(|parts| parts.place = place.clone()).map(drop).unwrap_err();
        let text = refused.to_string();
        assert!(matches!(refused, Error::LedgerElsewhere { .. }) && refused.is_refusal(), "{text}");
        assert!(text.contains("/in with results in ") && text.contains("/out;") && text.contains("--moved"), "{text}");
        assert!(Looker::open(&ledger).unwrap().belongs_to(&place.input, &place.output).is_err());
    }
    // The folder has another name now: the ledger goes with it, and knows what was done.
    std::fs::rename(here("in"), here("renamed")).unwrap();
    std::fs::create_dir(here("in")).unwrap();
    let place = Place::new(&here("renamed"), &here("out")).unwrap();
    let change = |parts: &mut Parts, moved| (parts.place, parts.config.moved) = (place.clone(), moved);
    for moved in [true, false] {
        let (summary, heard) = stage.once(copy(), |parts| change(parts, moved));
        assert_eq!((summary.done, heard.len()), (0, 0), "{heard:?}");
    }
    assert!(Looker::open(&ledger).unwrap().belongs_to(&place.input, &place.output).is_ok());
}

#[test]
fn a_ledger_that_is_taken_away_stops_the_watcher() {
    for (which, by) in [("ledger.sqlite", None), ("ledger.sqlite-wal", None), ("ledger.sqlite", Some("other.sqlite"))] {
        let stage = Stage::new();
        let watching = stage.watch(copy(), |_| {});
        stage.put("a", "x");
        watching.wait("done a ");
        let ledger = stage.folder.path().join(which);
        match by {
            None => std::fs::remove_file(&ledger).unwrap(),
            Some(other) => {
                std::fs::copy(&ledger, stage.folder.path().join(other)).unwrap();
                std::fs::rename(stage.folder.path().join(other), &ledger).unwrap();
            }
        }
        stage.put("b", "y");
        let error = watching.ended().unwrap_err();
        assert!(matches!(error, Error::LedgerGone { .. }) && !error.is_refusal(), "{which}: {error}");
        // The next start has a new one, and finds what is there.
        if by.is_none() {
            ["", "-wal", "-shm"]
                .iter()
                .for_each(|end| drop(std::fs::remove_file(stage.folder.path().join(format!("ledger.sqlite{end}")))));
            // A worker that was just ending may hold the old one for a moment.
            while matches!(stage.opened(|_| {}), Err(Error::LedgerInUse { .. })) {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let (summary, heard) = stage.once(copy(), |_| {});
            assert_eq!(summary.done + summary.same, 2, "{heard:?}");
            assert!(summary.same >= 1 && stage.output("b/copy0").exists(), "{heard:?}");
        }
    }
}

/// What is said of a file that is given as the ledger; it is left as it is unless it is a ledger.
fn refused(bytes: &[u8]) -> Error {
    let stage = Stage::new();
    let path = stage.folder.path().join("ledger.sqlite");
    std::fs::write(&path, bytes).unwrap();
    let refused = stage.opened(|_| {}).map(drop).unwrap_err();
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "it is left as it is");
    let looked = Looker::open(&path).and_then(|looker| looker.look(0.0, 1)).map(drop).unwrap_err();
    assert_eq!(looked.to_string(), refused.to_string(), "status says the same");
    assert_eq!(refused.to_string().lines().count(), 1, "{refused}");
    refused
}

fn database(sql: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(sql).unwrap();
    connection.close().unwrap();
    std::fs::read(path).unwrap()
}

fn is_foreign(error: &Error) -> bool {
    matches!(error, Error::LedgerForeign { .. }) && error.is_refusal() && error.to_string().contains("--ledger")
}

#[test]
fn files_of_other_programs_are_no_ledgers() {
    let others = [
        "CREATE TABLE item (x)",
        "CREATE TABLE users (x); PRAGMA user_version = 7",
        "PRAGMA application_id = 5; PRAGMA user_version = 2",
        "CREATE TABLE item (x); CREATE TABLE file (x); CREATE TABLE history (x); PRAGMA user_version = 3",
    ];
    assert!(is_foreign(&refused(&b"no database, but long enough to be read as one. ".repeat(40))));
    for sql in others {
        let error = refused(&database(sql));
        assert!(is_foreign(&error), "{sql}: {error}");
    }
    let stage = Stage::new();
    std::fs::create_dir(stage.folder.path().join("ledger.sqlite")).unwrap();
    let error = stage.opened(|_| {}).map(drop).unwrap_err().to_string();
    assert!(error.contains("is it a folder") && error.lines().count() == 1, "{error}");
}

#[test]
fn a_later_layout_and_a_damaged_ledger_say_what_to_do() {
    let stage = Stage::new();
    for index in 0..60 {
        stage.put(format!("{index}"), format!("{index}"));
    }
    stage.once(copy(), |_| {});
    let whole = std::fs::read(stage.folder.path().join("ledger.sqlite")).unwrap();
    let mut later = whole.clone();
    later[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let error = refused(&later);
    assert!(matches!(error, Error::LedgerVersion { found: 99, .. }) && error.is_refusal(), "{error}");
    let mut damaged = whole;
    damaged[100..4096].fill(0xa5);
    let error = refused(&damaged);
    assert!(matches!(error, Error::Ledger { .. }) && error.to_string().contains("move it away"), "{error}");
}

#[test]
fn who_may_only_read_sees_the_status_of_a_watcher_that_does_not_run() {
    let stage = Stage::new();
    stage.put("a", "x");
    let folder = stage.folder.path().join("a%b?c #");
    let path = folder.join("ledger.sqlite");
    stage.once(copy(), |parts| parts.ledger = path.clone());
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o555)).unwrap();
    let read = || {
        unprivileged();
        assert!(std::fs::write(folder.join("new"), "").is_err());
        Looker::open(&path).and_then(|looker| looker.look(0.0, 5)).map(|status| status.done)
    };
    let done = std::thread::scope(|scope| scope.spawn(read).join().unwrap());
    assert_eq!(done.map_err(|error| error.to_string()), Ok(1));
}
