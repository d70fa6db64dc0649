//! A full disk: work pauses, says so, and goes on by itself; no attempt is lost to it.

use crate::stage::{Copy, Heard, Stage, copy};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use voxloom_watch::job::Failure;
use voxloom_watch::notice::{Moment, Notice, Observer};
use voxloom_watch::retire::After;

#[test]
fn a_full_disk_pauses_and_goes_on() {
    let stage = Stage::new();
    (0..3).for_each(|index| stage.put(format!("case {index}"), format!("{index}")));
    let is_full = Arc::new(AtomicBool::new(true));
    let full = Arc::clone(&is_full);
    let job = Copy(move |work| {
        if full.load(Ordering::SeqCst) {
            let error = std::io::Error::from_raw_os_error(28);
            return Err(Failure::of_io(&work.output, &error));
        }
        Ok(())
    });
    let watching = stage.watch(job, |_| {});
    watching.wait("Paused { why: \"the disk is full\" }");
    std::thread::sleep(std::time::Duration::from_millis(300));
    is_full.store(false, Ordering::SeqCst);
    watching.wait("Resumed");
    ["done case 0 1", "done case 1 1", "done case 2 1"].iter().for_each(|line| watching.wait(line));
    assert_eq!(watching.heard.count("failed"), 0);
}

/// A disk of one mebibyte, where this may be mounted (as root): the same with a true full disk, for results and ledger.
#[test]
fn a_small_disk_that_is_truly_full() {
    let stage = Stage::new();
    let disk = stage.folder.path().join("out");
    std::fs::create_dir(&disk).unwrap();
    if !mount_small(&disk) {
        // The test above has the same claims, with a fault that is made up.
        return;
    }
    std::fs::write(disk.join("ballast"), vec![0; 700 << 10]).unwrap();
    (0..3).for_each(|index| stage.put(format!("case {index}"), vec![index; 120 << 10]));
    let watching = stage.watch(copy(), |parts| parts.ledger = parts.place.output.join("ledger.sqlite"));
    watching.wait("Paused { why: \"the disk is full\" }");
    let seen =
        std::fs::read_dir(&disk).unwrap().flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("case"));
    for entry in seen {
        assert_eq!(std::fs::metadata(entry.path().join("copy0")).unwrap().len(), 120 << 10, "half a result is seen");
    }
    std::fs::remove_file(disk.join("ballast")).unwrap();
    for index in 0..3 {
        watching.wait(&format!("done case {index} "));
        assert_eq!(std::fs::read(disk.join(format!("case {index}/copy0"))).unwrap(), vec![index; 120 << 10]);
    }
    assert_eq!(watching.heard.count("failed"), 0);
    drop(watching);
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
}

/// The ledger's disk becomes full at the moment at which a result is in its place and not yet recorded.
#[test]
fn a_result_that_could_not_be_recorded_is_done_and_no_copy_of_itself() {
    let stage = Stage::new();
    let disk = stage.folder.path().join("small");
    std::fs::create_dir(&disk).unwrap();
    if !mount_small(&disk) {
        eprintln!("passed over: a small disk can be mounted by root only");
        return;
    }
    stage.put("case", "x");
    let filler = Arc::new(Filler { heard: Heard::default(), ballast: disk.join("ballast"), is_full: AtomicBool::new(false) });
    let watching = stage.watch(copy(), |parts| {
        parts.ledger = disk.join("ledger.sqlite");
        parts.config.after = After::Move;
        parts.observer = Arc::clone(&filler) as Arc<dyn Observer>;
    });
    filler.heard.wait("Paused { why: \"the disk is full\" }");
    assert!(stage.output("case/copy0").exists() && stage.input("case").exists(), "shown, and not put away");
    std::fs::remove_file(disk.join("ballast")).unwrap();
    filler.heard.wait("done case 1");
    let summary = watching.stop();
    assert_eq!((summary.done, summary.same), (1, 0), "{:?}", filler.heard.lines());
    assert_eq!(filler.heard.count("started"), 1, "it was not worked on again");
    assert!(stage.input("done/case").exists());
    let ledger = rusqlite::Connection::open(disk.join("ledger.sqlite")).unwrap();
    let row = |row: &rusqlite::Row| Ok((row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, Option<String>>(2)?));
    let found = ledger.query_row("SELECT state, attempts, same_as FROM item", [], row).unwrap();
    assert_eq!(found, ("done".into(), 1, None));
    drop(ledger);
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
}

/// Fills a disk once, when a result has been shown.
struct Filler {
    heard: Heard,
    ballast: PathBuf,
    is_full: AtomicBool,
}

impl Observer for Filler {
    fn notice(&self, notice: &Notice) {
        self.heard.notice(notice);
    }

    fn moment(&self, moment: Moment, _name: &Path) {
        if moment == Moment::Published && !self.is_full.swap(true, Ordering::SeqCst) {
            let mut ballast = std::fs::File::create(&self.ballast).unwrap();
            while ballast.write_all(&[0; 4096]).is_ok() {}
        }
    }
}

/// A disk of one mebibyte in memory, where this process may mount one.
fn mount_small(folder: &Path) -> bool {
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(folder).output();
    mounted.is_ok_and(|output| output.status.success())
}
