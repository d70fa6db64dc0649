//! What `voxloom watch` can be told.

use crate::arguments::{Set, size};
use crate::device::Wanted;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Watch {
    #[command(subcommand)]
    pub command: Option<Watching>,
    /// The pipeline file; it has a parameter for the input and one for the folder of results
    #[arg(required = true, value_hint = ValueHint::FilePath)]
    pub pipeline: Option<PathBuf>,
    #[command(flatten)]
    pub folders: Folders,
    #[command(flatten)]
    pub set: Set,
    /// Name of the pipeline's parameter that takes the input
    #[arg(long, value_name = "NAME", default_value = "input")]
    pub input_param: String,
    /// Name of the pipeline's parameter that takes the folder for results
    #[arg(long, value_name = "NAME", default_value = "output")]
    pub output_param: String,
    /// Seconds for which a file must be quiet before it is taken for complete
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = seconds)]
    pub settle: Duration,
    /// Seconds for which all files of a study, or of a folder, must be quiet
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub settle_groups: Duration,
    /// What one input is
    #[arg(long, value_name = "WHAT", default_value = "series")]
    pub group: Group,
    /// Work also on inputs that the ledger knows as done; where inputs stay, on all of them at every start
    #[arg(long)]
    pub again: bool,
    /// Leave inputs that are done where they are (the default)
    #[arg(long, group = "after")]
    pub keep: bool,
    /// Move inputs that are done to the folder `done` below the watched one
    #[arg(long, group = "after")]
    pub done: bool,
    /// Delete inputs that are done, when their results are on the disk
    #[arg(long, group = "after")]
    pub delete: bool,
    /// Inputs worked on at one time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub items: u32,
    /// As for `voxloom run`, for each input
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub lanes: Option<u32>,
    /// Threads of each input [default: the cores, divided by `--items`]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// `cpu`, `cuda`, `cuda:1`; `auto` takes a GPU where there is one
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: Wanted,
    /// Seed of all randomness
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Most memory that values between nodes may take, for each input, such as `4GiB`
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
    /// Look through the folder every so many seconds and ask for no events: for network drives
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2", value_parser = seconds)]
    pub poll: Option<Duration>,
    /// Look through the folder every so many seconds although there are events
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub rescan: Duration,
    /// Most inputs kept in memory; the others wait in the folder
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub queue: u32,
    /// Attempts at an input where a fault may pass (disk, memory, vanished files)
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub attempts: u32,
    /// Seconds before the second attempt; each further pause is four times as long, at most half an hour
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub pause: Duration,
    /// Seconds without a sign of life after which another watcher's claim is taken over
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    pub lease: Duration,
    /// Seconds that work under way may take when the watcher is told to stop; then it is cancelled, which may take 5 s more
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub grace: Duration,
    /// Start nothing while the disk of the results has less free
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = size)]
    pub min_free: u64,
    /// Serve a page, metrics for Prometheus, and health, read-only [a port alone: on this machine only]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub listen: Option<SocketAddr>,
    /// How each input is told of on standard error; as `json` every line is an object
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub log: LogFormat,
    /// The ledger given with `--ledger`, or the results in OUT, are those of these folders, which had other names: take them over
    #[arg(long)]
    pub moved: bool,
    /// Stop when nothing is left to do
    #[arg(long)]
    pub once: bool,
}

#[derive(Args, Clone, Debug)]
pub struct Folders {
    /// The folder to watch
    #[arg(long = "in", value_name = "FOLDER", value_hint = ValueHint::DirPath, required = true)]
    pub input: Option<PathBuf>,
    /// The folder for results: one folder an input
    #[arg(long = "out", value_name = "FOLDER", value_hint = ValueHint::DirPath, required = true)]
    pub output: Option<PathBuf>,
    /// The ledger, on a disk of this machine [default: below the user's state folder, named by both folders]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ledger: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Watching {
    /// What a watcher has done and has to do, from its ledger, while it runs or not
    Status(Status),
}

#[derive(Args, Debug)]
pub struct Status {
    /// The folder that is watched
    #[arg(long = "in", value_name = "FOLDER", value_hint = ValueHint::DirPath, required_unless_present = "ledger")]
    pub input: Option<PathBuf>,
    /// The folder for results
    #[arg(long = "out", value_name = "FOLDER", value_hint = ValueHint::DirPath, required_unless_present = "ledger")]
    pub output: Option<PathBuf>,
    /// The ledger, where the watcher was given one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ledger: Option<PathBuf>,
    /// Print it as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Group {
    /// The files of a DICOM series, wherever they lie; every other file by itself
    Series,
    /// Every file by itself, DICOM too
    File,
    /// A folder directly below the watched one, with all its files
    Folder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// `5`, `0.5`, `2m`, `1h`.
fn seconds(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (
            number,
            if text.ends_with('m') {
                60.0
            } else if text.ends_with('h') {
                3600.0
            } else {
                1.0
            },
        ),
        None => (text, 1.0),
    };
    let seconds = number.parse::<f64>().ok().and_then(|number| Duration::try_from_secs_f64(number * unit).ok());
    seconds.ok_or_else(|| "expected seconds such as 5 or 0.5, or 2m, 1h".to_owned())
}

/// `8080` is that port of the loopback; `0.0.0.0:8080` says otherwise.
fn address(text: &str) -> Result<SocketAddr, String> {
    let port = text.parse::<u16>().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    port.or_else(|_| text.parse()).map_err(|_| "expected a port, or an address and a port such as 127.0.0.1:8080".into())
}

#[cfg(test)]
mod tests {
    use super::{address, seconds};
    use std::time::Duration;

    #[test]
    fn times_and_addresses_are_short() {
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!((seconds("2m"), seconds("1h")), (Ok(Duration::from_secs(120)), Ok(Duration::from_secs(3600))));
        assert!(["", "-1", "x", "nan"].iter().all(|text| seconds(text).is_err()));
        assert_eq!(address("80").unwrap().to_string(), "127.0.0.1:80");
        assert!(address("0.0.0.0:81").is_ok() && address("here").is_err());
    }
}
