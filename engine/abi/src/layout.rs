//! The layout, asserted when the crate is compiled: what a 64-bit C compiler makes of `include/voxloom.h`.
//!
//! `tests/layout.rs` asks the C compiler for every field; these lines stop a build that drifts even where no C compiler is.

use crate::{Context, ModuleRef, OperatorTable, Plugin, Sink, StateSink, Str, Value, ValueTable};
use std::mem::{align_of, offset_of, size_of};

const WORD: usize = size_of::<usize>();
const _: () = assert!(WORD == 8, "the contract is laid out for 64-bit machines");

const _: () = assert!(size_of::<Str>() == 2 * WORD && align_of::<Str>() == WORD);
const _: () = assert!(size_of::<Sink>() == 2 * WORD && offset_of!(Sink, write) == WORD);
const _: () = assert!(size_of::<StateSink>() == 2 * WORD && offset_of!(StateSink, put) == WORD);
const _: () = assert!(size_of::<Value>() == 4 * WORD && offset_of!(Value, table) == 3 * WORD);
const _: () = assert!(size_of::<ValueTable>() == 12 * WORD && offset_of!(ValueTable, field) == 11 * WORD);
const _: () = assert!(size_of::<ModuleRef>() == 4 * WORD && offset_of!(ModuleRef, table) == 3 * WORD);
const _: () = assert!(size_of::<OperatorTable>() == 18 * WORD && offset_of!(OperatorTable, load) == 17 * WORD);
const _: () = assert!(size_of::<Plugin>() == 10 * WORD && offset_of!(Plugin, operators) == 9 * WORD);
const _: () = assert!(size_of::<Context>() == 16 * WORD && offset_of!(Context, seed) == 7 * WORD);
