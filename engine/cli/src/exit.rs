//! How the program ends: the exit codes of `docs/cli.md`.

use std::io::Write;
use std::process::ExitCode;

/// One way to end. The number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All that was asked for is done.
    Done = 0,
    /// The run went to its end, and some items failed.
    SomeFailed = 1,
    /// The command line, the pipeline file or an override is wrong; nothing ran.
    Usage = 2,
    /// A plugin or libtorch cannot be loaded, or does not keep its contract.
    Plugin = 3,
    /// The run stopped before its end: a fatal error, or the first error under `--strict`.
    Stopped = 4,
    /// Ctrl-C, as shells write it: 128 + SIGINT.
    Interrupted = 130,
}

impl Exit {
    /// Leaves without destructors. Threads may still be at work in libraries whose globals those would take away: that ends
    /// in panics, or worse.
    pub fn at_once(self) -> ! {
        // Nobody is left to be told when standard output is gone.
        let _ = std::io::stdout().flush();
        signal_hook::low_level::exit(self as i32)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
