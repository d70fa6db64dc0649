//! The goldens of the paper, file by file, and the operators in pipelines of their own.

mod data;
mod fill;
mod forward;
mod inference;
mod learning;
mod support;
mod unit_ops;
