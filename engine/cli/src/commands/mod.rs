//! One file a command. Each gives the way the program ends, or an error that says itself.

pub mod check;
pub mod completions;
pub mod graph;
pub mod plugins;
pub mod run;
pub mod schema;
pub mod watch;
pub mod weights;
