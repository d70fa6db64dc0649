//! The goldens of the paper, file by file, and the operators in pipelines of their own.

mod fill;
mod forward;
mod learning;
mod support;
mod unit_ops;
