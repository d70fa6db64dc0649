//! The SDK seen from the engine's side of the border: tables, values, descriptions, panics.

mod border;
mod host;
mod operators;
