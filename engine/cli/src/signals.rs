//! Ctrl-C: once to finish cleanly, twice to leave at once.

use crate::exit::Exit;
use crate::talk::Talk;
use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// From now on the first SIGINT or SIGTERM sets the flag that is returned, and the second ends the program.
///
/// # Errors
/// The operating system refuses the handlers.
pub fn watch(talk: Talk) -> Result<Arc<AtomicBool>> {
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("Ctrl-C cannot be watched for")?;
    let asked = Arc::new(AtomicBool::new(false));
    let flag = asked.clone();
    let listen = move || {
        for _signal in &mut signals {
            if flag.swap(true, Ordering::SeqCst) {
                // A library that hangs is a reason for the second Ctrl-C.
                Exit::Interrupted.at_once();
            }
            talk.warn("interrupted: nothing new begins, calls under way end; once more to leave at once");
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(listen).context("Ctrl-C cannot be watched for")?;
    Ok(asked)
}
