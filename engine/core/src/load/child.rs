//! Asking a child process: code that may crash or hang runs there, and one line comes back.

use super::{Fault, Libtorch};
use serde_json::Value as Json;
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Begins the line of the answer; whatever else a library prints while it loads is passed over.
const MARK: &str = "voxloom-answer: ";
/// A child says more than this only when it has gone wild.
const MOST_BYTES: u64 = 64 << 20;

/// The line that a child prints on standard output.
pub fn answer(json: &Json) -> String {
    format!("\n{MARK}{json}")
}

/// Runs `command` with `file` as its last word and returns its answer. The child finds `torch` as `VOXLOOM_LIBTORCH`.
///
/// The child has no standard input. It is killed after `timeout`. An answer counts even if the child crashes while it ends.
///
/// # Errors
/// [`Fault::Crashed`] where it ends without an answer, [`Fault::Hung`], or [`Fault::NoScanner`].
pub fn ask(command: &[OsString], file: &Path, torch: Option<&Libtorch>, timeout: Duration) -> Result<Json, Fault> {
    let (program, words) = command.split_first().ok_or_else(|| Fault::NoScanner("no command was given".to_owned()))?;
    let mut child = Command::new(program)
        .args(words)
        .arg(file)
        .envs(torch.map(|torch| ("VOXLOOM_LIBTORCH", &torch.folder)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Fault::NoScanner(format!("{}: {error}", Path::new(program).display())))?;
    let output = read_beside(child.stdout.take());
    let talk = read_beside(child.stderr.take());
    let ended = wait(&mut child, timeout);
    if ended.is_none() {
        // Its pipes may be held open by processes that it started: they are not waited for.
        let said = if talk.is_finished() { last_line(talk) } else { String::new() };
        return Err(Fault::Hung { after: timeout, said });
    }
    let output = output.join().unwrap_or_default();
    match output.lines().rev().find_map(|line| line.strip_prefix(MARK)) {
        Some(line) => serde_json::from_str(line).map_err(|error| Fault::NoScanner(format!("its answer is not JSON: {error}"))),
        None => Err(Fault::Crashed { how: ended.map_or_else(String::new, how), said: last_line(talk) }),
    }
}

/// Reads a pipe to its end on a thread of its own, so that the child never blocks on a full pipe.
fn read_beside(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // A broken pipe ends the text; what came before it still counts.
            let _ = pipe.take(MOST_BYTES).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The child's end, or `None` after it was killed for being late.
fn wait(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    let mut nap = Duration::from_micros(200);
    loop {
        match child.try_wait() {
            Ok(Some(ended)) => return Some(ended),
            Ok(None) if start.elapsed() < timeout => std::thread::sleep(nap),
            Ok(None) | Err(_) => {
                // It may have ended meanwhile; either way it is collected.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
        nap = (nap * 2).min(Duration::from_millis(10));
    }
}

fn last_line(talk: JoinHandle<String>) -> String {
    let talk = talk.join().unwrap_or_default();
    talk.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default().chars().take(300).collect()
}

fn how(ended: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match ended.signal() {
        Some(11) => "signal 11, SIGSEGV".to_owned(),
        Some(6) => "signal 6, SIGABRT".to_owned(),
        Some(7) => "signal 7, SIGBUS".to_owned(),
        Some(8) => "signal 8, SIGFPE".to_owned(),
        Some(4) => "signal 4, SIGILL".to_owned(),
        Some(9) => "signal 9, SIGKILL; out of memory?".to_owned(),
        Some(number) => format!("signal {number}"),
        None => format!("it ended the process with code {}", ended.code().unwrap_or_default()),
    }
}
