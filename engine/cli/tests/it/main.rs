//! The whole program, as people use it: what it prints where, and how it ends.

mod check;
mod combine;
mod generated;
mod hippocampus;
mod plugins;
mod run;
mod stage;
