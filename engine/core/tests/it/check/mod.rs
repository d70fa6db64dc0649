//! The check: wrong files are refused with the exact text of every fault, good files become pipelines.

mod draw;
mod good;
mod mutate;
mod operators;
mod schema;
mod speed;
mod suite;
