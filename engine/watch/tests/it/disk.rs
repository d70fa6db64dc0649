//! A full disk: work pauses, says so, and goes on by itself; no attempt is lost to it.

use crate::stage::{Copy, Stage, copy};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use voxloom_watch::job::Failure;

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
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(&disk).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
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
