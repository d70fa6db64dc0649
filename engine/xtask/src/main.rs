//! `cargo xtask`: everything that is done to this repository, one command each.
//!
//! Needs neither libtorch nor the rest of the workspace, so that it builds in seconds on a bare machine. What each
//! command does for people is in `docs/setup.md`.

mod build;
mod check;
mod demo;
mod docs;
mod gpu;
mod libtorch;
mod machine;
mod missing;
mod plugins;
mod setup;
mod snippets;
mod step;
mod test;
mod tree;

use missing::Missing;
use std::process::ExitCode;
use tree::Tree;

const HELP: &str = "\
cargo xtask COMMAND

  setup     look for all that is needed; fetch libtorch, or find the one that is here
  build     setup, then the program and its plugins into target/release
  demo      build, then the main job: DoDNet on hippocampus volumes, results under out/
  test      setup, build, all tests
  check     formatting, lints and docs, as strict as they are read
  docs      docs/catalog.md and the pipeline schema from the installed operators
  snippets  only the files that pages of docs/ show
  plugins   only put the plugins that are built beside the program
  gpu       pack what a machine with a GPU needs to try the CUDA lanes: target/voxloom-gpu.tar.gz

Each is safe to run again. Exit codes: 1 a step failed, 2 usage, 10 and up something is missing (docs/setup.md).";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next();
    let rest: Vec<String> = arguments.collect();
    let tree = Tree::of_this_checkout();
    let result = match command.as_deref() {
        Some("setup") => setup::setup(&tree, build::needs(&tree)),
        Some("build") => build::build(&tree),
        Some("demo") => demo::demo(&tree, &rest),
        Some("test") => test::test(&tree, &rest),
        Some("check") => check::check(&tree),
        Some("docs") => docs::docs(&tree),
        Some("snippets") => snippets::refresh(&tree),
        Some("plugins") => plugins::install(&tree),
        Some("gpu") => gpu::pack(&tree),
        Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("error: no command `{other}`\n\n{HELP}");
            return ExitCode::from(2);
        }
        None => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            match error.downcast_ref::<Missing>() {
                Some(missing) => {
                    eprintln!("hint: {}", missing.remedy);
                    ExitCode::from(missing.what as u8)
                }
                None => ExitCode::FAILURE,
            }
        }
    }
}
