//! Tables of libraries that are not open yet: they answer `check`, and open the library only where the answer is not known.
//!
//! Rationale: opening libtorch takes some 200 ms, and checking a file should take a few. The functions of a table carry no
//! pointer of their own, so each such table has a `check` of its own, made for its number. Where the numbers run out, the
//! library is opened at once, which is slower and the same otherwise.

use super::Fault;
use super::library::{Library, Offered};
use super::verdicts::Verdicts;
use crate::graph::Operator;
use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use voxloom_abi::{Context, ModuleRef, OperatorTable, Sink, Status, Str, Value, status};

/// Every operator of `library`, by name.
pub(super) fn operators(library: &Arc<Library>, verdicts: &Arc<Verdicts>) -> Result<Vec<(String, Operator)>, Fault> {
    let operators = library.operators.iter().enumerate().map(|(index, offered)| {
        let description = Arc::clone(&offered.description);
        let table = match number(Slot { library: Arc::clone(library), index, verdicts: Arc::clone(verdicts) }) {
            Some(number) => unopened(offered, number),
            None => library.table(index)?,
        };
        Ok((description.name.clone(), Operator { table, description, plugin: library.manifest.name.as_str().into() }))
    });
    operators.collect()
}

struct Slot {
    library: Arc<Library>,
    index: usize,
    verdicts: Arc<Verdicts>,
}

impl Slot {
    fn check(&self, entry: u32, params: Str, error: *const Sink) -> Status {
        // SAFETY: parameters are lent for the call.
        let text = unsafe { params.get() }.unwrap_or_default();
        let name = &self.library.operators[self.index].description.name;
        if self.verdicts.passed(&self.library.sha256, name, entry, text) {
            return status::OK;
        }
        match self.library.table(self.index) {
            Ok(table) => {
                // SAFETY: the arguments are the caller's own.
                let verdict = unsafe { (table.check)(entry, params, error) };
                if verdict == status::OK {
                    self.verdicts.pass(&self.library.sha256, name, entry, text);
                }
                verdict
            }
            Err(fault) => tell(error, &format!("\tplugin `{}` {fault}", self.library.manifest.name)),
        }
    }
}

const SLOTS: usize = 512;
static NEXT: AtomicUsize = AtomicUsize::new(0);
static TAKEN: [OnceLock<Slot>; SLOTS] = [const { OnceLock::new() }; SLOTS];

/// The slot's number; `None` where all are taken. They are never given back, as tables are never freed.
fn number(slot: Slot) -> Option<usize> {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    TAKEN.get(number).filter(|free| free.set(slot).is_ok()).map(|_| number)
}

type Check = unsafe extern "C" fn(entry: u32, params: Str, error: *const Sink) -> Status;

unsafe extern "C" fn check<const NUMBER: usize>(entry: u32, params: Str, error: *const Sink) -> Status {
    TAKEN[NUMBER].get().map_or(status::FATAL, |slot| slot.check(entry, params, error))
}

macro_rules! sixteen {
    ($row:literal) => {
        sixteen!($row: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($row:literal: $($column:literal)+) => {
        [$(check::<{ $row * 16 + $column }>),+]
    };
}
macro_rules! rows {
    ($($row:literal)+) => { [$(sixteen!($row)),+] };
}
static CHECKS: [[Check; 16]; SLOTS / 16] =
    rows!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);

/// A table for slot `number`. It lives as long as the program.
fn unopened(offered: &Offered, number: usize) -> &'static OperatorTable {
    let name: &'static str = Box::leak(offered.description.name.clone().into_boxed_str());
    Box::leak(Box::new(OperatorTable {
        struct_size: size_of::<OperatorTable>() as u32,
        reserved: 0,
        name: Str::new(name),
        describe: no_describe,
        check: CHECKS[number / 16][number % 16],
        create: no_create,
        destroy: nothing,
        bind: no_bind,
        unbind: nothing,
        run: no_run,
        open: no_open,
        next: no_outputs,
        push: no_push,
        finish: no_outputs,
        close: nothing,
        state: offered.state.then_some(no_state),
        save: offered.save.then_some(no_file),
        load: offered.load.then_some(no_file),
    }))
}

fn tell(error: *const Sink, text: &str) -> Status {
    // SAFETY: the caller's sink, on the caller's thread, for the time of the call.
    unsafe {
        if let Some(sink) = error.as_ref() {
            sink.push(text);
        }
    }
    status::FATAL
}

fn not_open(error: *const Sink) -> Status {
    tell(error, "the plugin is not loaded: Plugins::load comes before a run")
}

unsafe extern "C" fn no_describe(_: *const Sink) {}
unsafe extern "C" fn nothing(_: *mut c_void) {}
unsafe extern "C" fn no_create(_: *const Context, _: Str, _: *mut *mut c_void, error: *const Sink) -> Status {
    not_open(error)
}
unsafe extern "C" fn no_bind(
    _: *mut c_void,
    _: u32,
    _: Str,
    _: *const ModuleRef,
    _: *const u32,
    _: usize,
    _: *mut *mut c_void,
    error: *const Sink,
) -> Status {
    not_open(error)
}
unsafe extern "C" fn no_run(
    _: *mut c_void,
    _: *const Context,
    _: *const Value,
    _: usize,
    _: *mut Value,
    _: usize,
    error: *const Sink,
) -> Status {
    not_open(error)
}
unsafe extern "C" fn no_open(
    _: *mut c_void,
    _: *const Context,
    _: *const Value,
    _: usize,
    _: *mut *mut c_void,
    error: *const Sink,
) -> Status {
    not_open(error)
}
unsafe extern "C" fn no_outputs(_: *mut c_void, _: *const Context, _: *mut Value, _: usize, error: *const Sink) -> Status {
    not_open(error)
}
unsafe extern "C" fn no_push(_: *mut c_void, _: *const Context, _: *const Value, _: usize, error: *const Sink) -> Status {
    not_open(error)
}
unsafe extern "C" fn no_state(_: *mut c_void, _: *const voxloom_abi::StateSink) -> Status {
    status::FATAL
}
unsafe extern "C" fn no_file(_: *mut c_void, _: *const Context, _: Str, error: *const Sink) -> Status {
    not_open(error)
}
