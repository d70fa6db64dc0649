//! What the command line can say. The sentences here are the program's help.

use crate::commands::watch::arguments::Watch;
use crate::device::Wanted;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Runs deep learning on medical images from pipeline files.
///
/// Results go to standard output, everything else to standard error.
/// Exit codes: 0 done, 1 some items failed, 2 wrong command line or pipeline file, 3 plugin or libtorch trouble,
/// 4 stopped before the end, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "voxloom", version, propagate_version = true, max_term_width = 100)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Args, Clone, Debug)]
pub struct Global {
    /// A folder of plugins, searched before `VOXLOOM_PLUGINS`, the folder `plugins` beside the program, and the user's;
    /// may be given several times
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub plugins: Vec<PathBuf>,
    /// How much to say on standard error
    #[arg(long, global = true, value_name = "LEVEL", default_value = "info")]
    pub log_level: LogLevel,
    /// Say only what went wrong; no progress
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

impl LogLevel {
    /// As programs are told it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warning",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a pipeline
    Run(Run),
    /// Run a pipeline on everything that arrives in a folder, once each, for as long as it is left running
    Watch(Box<Watch>),
    /// Check pipeline files without running them: every fault at once, with line and column
    Check(Check),
    /// Draw a pipeline
    Graph(Graph),
    /// The plugins and the operators they hold
    #[command(subcommand)]
    Plugins(Plugins),
    /// Look into files of weights (safetensors, PyTorch's .pth) and make smaller ones
    #[command(subcommand)]
    Weights(Weights),
    /// Print the JSON Schema of pipeline files for editors, made from the installed operators
    Schema,
    /// Print a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Args, Debug)]
pub struct Run {
    /// The pipeline file
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    #[command(flatten)]
    pub set: Set,
    /// Where nodes run side by side: CUDA streams, or CPU workers [default: 2 streams; one worker a core, at least 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub lanes: Option<u32>,
    /// Threads that all CPU work together may use [default: the cores that affinity and cgroup allow]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// `cpu`, `cuda`, `cuda:1`; `auto` takes a GPU where there is one
    #[arg(long, value_name = "DEVICE", default_value = "auto")]
    pub device: Wanted,
    /// Seed of all randomness
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Most memory that values between nodes may take, such as `4GiB`
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
    /// Stop at the first item that fails
    #[arg(long)]
    pub strict: bool,
    /// Continue from the folder that a `save` of the schedule has written
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    pub resume: Option<PathBuf>,
    /// Where the report goes [default: report.json, in the folder that the parameter `output` names if there is one]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
    /// Write a trace for Perfetto or chrome://tracing, one track a lane
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub trace: Option<PathBuf>,
    /// Print the report as JSON instead of tables
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct Check {
    /// Pipeline files
    #[arg(required = true, value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub set: Set,
    /// Print the faults as JSON
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct Graph {
    /// The pipeline file
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    #[command(flatten)]
    pub set: Set,
    #[arg(long, default_value = "dot")]
    pub format: GraphFormat,
    /// Show the times of the run that this report is of
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Dot,
    Svg,
}

#[derive(Args, Debug)]
pub struct Set {
    /// Give a parameter of the pipeline a value; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub values: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub enum Plugins {
    /// Every plugin that is found, with its operators, and why one is left out
    List {
        /// Print the full descriptions as JSON
        #[arg(long)]
        json: bool,
    },
    /// All about one operator: ports, parameters, entries
    Inspect {
        /// `family.name`
        operator: String,
        /// Print the description as JSON
        #[arg(long)]
        json: bool,
    },
    /// Try a plugin against the contract, in a process of its own
    Check {
        /// The shared library
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print the verdicts as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the catalogue of all installed operators as Markdown
    Catalog,
    /// Print what one library holds as JSON; what the scan runs in a process of its own
    #[command(hide = true)]
    Scan { file: PathBuf },
    /// Run the conformance cases in this process; what `check` runs in a process of its own
    #[command(hide = true)]
    Conform { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum Weights {
    /// Every tensor with its type and shape; nothing in the file is executed
    Show {
        /// The file
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the same tensors as safetensors
    Convert {
        /// The file to read
        #[arg(value_hint = ValueHint::FilePath)]
        file: PathBuf,
        /// The safetensors file to write
        #[arg(value_hint = ValueHint::FilePath)]
        output: PathBuf,
        /// Round float32 to float16: half the size, 11 significant bits
        #[arg(long)]
        half: bool,
    },
}

/// `4GiB`, `500MB`, `1048576`.
pub fn size(text: &str) -> Result<u64, String> {
    let size: bytesize::ByteSize = text.parse().map_err(|_| "expected a size such as 4GiB or 500MB".to_owned())?;
    if size.as_u64() == 0 { Err("must be above 0".into()) } else { Ok(size.as_u64()) }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, size};
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(size("4GiB"), Ok(4 << 30));
        assert_eq!(size("500MB"), Ok(500_000_000));
        assert!(size("0").is_err());
        assert!(size("much").is_err());
    }
}
