//! The program `voxloom`: the only place that prints or exits.

mod arguments;
mod catalog;
mod commands;
mod conformance;

mod device;
mod exit;
mod installed;
mod progress;
mod results;
mod rows;
mod signals;
mod table;
mod talk;

use arguments::{Arguments, Command};
use clap::Parser;
use commands::{check, completions, graph, plugins, run, schema, watch, weights};
use exit::Exit;
use std::process::ExitCode;
use talk::{Talk, told};

fn main() -> ExitCode {
    voxloom_core::allocator::keep_freed_memory();
    let Arguments { global, command } = Arguments::parse();
    let talk = Talk::new(&global);
    let ended = match &command {
        Command::Run(arguments) => run::run(arguments, &global, &talk),
        Command::Watch(arguments) => watch::watch(arguments, &global, &talk),
        Command::Check(arguments) => check::check(arguments, &global, &talk),
        Command::Plugins(command) => plugins::plugins(command, &global, &talk),
        Command::Graph(arguments) => graph::graph(arguments, &global, &talk),
        Command::Weights(command) => weights::weights(command, &talk),
        Command::Schema => schema::schema(&global, &talk),
        Command::Completions { shell } => completions::completions(*shell),
    };
    let exit = ended.unwrap_or_else(|error| {
        talk.error(&told(&error));
        Exit::Stopped
    });
    exit.into()
}
