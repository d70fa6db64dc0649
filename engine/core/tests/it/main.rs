//! Tests of the core, without libtorch.

mod check;
mod load;
mod run;
