//! The function table of one operator.
//!
//! An *instance* holds parameters and, for a module, state. A *call* is one use of one entry in one graph: it holds the
//! entry's own parameters and the modules it uses. Entries of kind `map` are run; `scatter` opens a *cursor* and draws
//! items from it; `gather` opens an *accumulator*, takes items in order and finishes.

use crate::{Context, Sink, Status, Str, Value};
use std::ffi::c_void;

/// A module handed to a call that uses it (an optimizer's network, for example).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ModuleRef {
    /// Name of the module in the pipeline file; lives as long as the call.
    pub name: Str,
    pub instance: *mut c_void,
    pub table: *const OperatorTable,
}

/// Receives a module's state: one borrowed value a name; `trainable` is 1 where an optimizer should step it.
#[repr(C)]
pub struct StateSink {
    pub data: *mut c_void,
    pub put: unsafe extern "C" fn(data: *mut c_void, name: Str, value: Value, trainable: u8),
}

/// One operator. All functions are present unless they are an `Option`; they never let a panic or an exception out.
///
/// Threads: `check`, `describe` any; `create`, `bind`, `destroy` one at a time for an instance; `run`, `next`, `push` as
/// the operator's mode says (`parallel`: several at once; `exclusive`: one at a time; `ordered`: one at a time, in item order).
#[repr(C)]
pub struct OperatorTable {
    /// `sizeof` of the table that the plugin knew; fields beyond it are absent.
    pub struct_size: u32,
    pub reserved: u32,
    /// `family.name`; static.
    pub name: Str,
    /// Writes the description as JSON (`docs/contract.md` section 5). The same text every time.
    pub describe: unsafe extern "C" fn(sink: *const Sink),
    /// Checks complete parameters beyond what the description says; each fault is one line `path<TAB>message`.
    /// Depends on its arguments alone (no file, no clock): the engine remembers a verdict of `OK`.
    /// `entry` is the entry's index for entry parameters, or `u32::MAX` for the operator's own.
    pub check: unsafe extern "C" fn(entry: u32, params: Str, error: *const Sink) -> Status,
    /// Makes an instance from complete parameters. `context.seed` is for initial weights.
    pub create:
        unsafe extern "C" fn(context: *const Context, params: Str, instance: *mut *mut c_void, error: *const Sink) -> Status,
    pub destroy: unsafe extern "C" fn(instance: *mut c_void),
    /// Makes a call of entry number `entry`. `uses` holds one module a name of the entry's `uses`, in that order;
    /// a name that takes several modules has them in the order of the file, and `use_counts` tells how many each has.
    pub bind: unsafe extern "C" fn(
        instance: *mut c_void,
        entry: u32,
        params: Str,
        uses: *const ModuleRef,
        use_counts: *const u32,
        n_uses: usize,
        call: *mut *mut c_void,
        error: *const Sink,
    ) -> Status,
    pub unbind: unsafe extern "C" fn(call: *mut c_void),
    /// Runs a `map` entry once. `outputs` has room for all outputs of the entry; on `OK` each is written.
    pub run: unsafe extern "C" fn(
        call: *mut c_void,
        context: *const Context,
        inputs: *const Value,
        n_inputs: usize,
        outputs: *mut Value,
        n_outputs: usize,
        error: *const Sink,
    ) -> Status,
    /// Opens a cursor (`scatter`, all inputs) or an accumulator (`gather`, the inputs that are not gathered; the gathered are `NONE`).
    /// The inputs stay borrowed until `close`.
    pub open: unsafe extern "C" fn(
        call: *mut c_void,
        context: *const Context,
        inputs: *const Value,
        n_inputs: usize,
        state: *mut *mut c_void,
        error: *const Sink,
    ) -> Status,
    /// Draws the next item of a cursor: `OK` with outputs, or `END` without.
    pub next: unsafe extern "C" fn(
        state: *mut c_void,
        context: *const Context,
        outputs: *mut Value,
        n_outputs: usize,
        error: *const Sink,
    ) -> Status,
    /// Gives one item to an accumulator, in item order; the inputs that are not gathered are `NONE`.
    pub push: unsafe extern "C" fn(
        state: *mut c_void,
        context: *const Context,
        inputs: *const Value,
        n_inputs: usize,
        error: *const Sink,
    ) -> Status,
    /// Takes the result of an accumulator.
    pub finish: unsafe extern "C" fn(
        state: *mut c_void,
        context: *const Context,
        outputs: *mut Value,
        n_outputs: usize,
        error: *const Sink,
    ) -> Status,
    /// Ends a cursor or an accumulator, finished or not.
    pub close: unsafe extern "C" fn(state: *mut c_void),
    /// Lends every tensor of a module's state, in a fixed order, under the names of its checkpoints.
    pub state: Option<unsafe extern "C" fn(instance: *mut c_void, sink: *const StateSink) -> Status>,
    /// Writes the whole state of a module to `path`, so that `load` restores it bit for bit.
    pub save:
        Option<unsafe extern "C" fn(instance: *mut c_void, context: *const Context, path: Str, error: *const Sink) -> Status>,
    /// Reads state from `path`: what `save` wrote, or weights in a form that the module knows.
    pub load:
        Option<unsafe extern "C" fn(instance: *mut c_void, context: *const Context, path: Str, error: *const Sink) -> Status>,
}

// SAFETY: a table is immutable and holds only pointers to code and to static text.
unsafe impl Sync for OperatorTable {}
// SAFETY: as above.
unsafe impl Send for OperatorTable {}
