//! What the engine tells a call, and what a call may ask of the engine.

use crate::{Sink, Status, Str};
use std::ffi::c_void;

/// Weight of a log line, as in syslog and `log`.
pub type Level = i32;

/// Given to every call; valid until it returns, on its thread only.
#[repr(C)]
pub struct Context {
    /// `sizeof` of the context that the engine knows; fields beyond it are absent.
    pub struct_size: u32,
    /// Number of the lane that runs the call.
    pub lane: u32,
    /// To be handed back to the functions below.
    pub host: *mut c_void,
    /// One line for the log: level 1 error, 2 warning, 3 information, 4 debug.
    pub log: unsafe extern "C" fn(host: *mut c_void, level: Level, text: Str),
    /// How far the call has come, in units of its own; `total` 0 where it is unknown.
    pub progress: unsafe extern "C" fn(host: *mut c_void, done: u64, total: u64),
    /// 1 where the call should leave early with `CANCELLED`.
    pub cancelled: unsafe extern "C" fn(host: *mut c_void) -> u8,
    /// Writes the path of a folder that lives as long as the run.
    pub scratch: unsafe extern "C" fn(host: *mut c_void, sink: *const Sink) -> Status,
    /// A later ability by its id (`voxloom.parallel-for/1`), or null.
    pub ability: unsafe extern "C" fn(host: *mut c_void, id: Str) -> *const c_void,
    /// From (run seed, node, item): the same on any lane and in any order.
    pub seed: u64,
    /// Index at every level, outermost first.
    pub item: *const u64,
    pub item_len: usize,
    /// Name of the node, or of the module for `create`, `save` and `load`.
    pub node: Str,
    /// `cpu`, `cuda:0`, ...
    pub device: Str,
    /// The lane's `cudaStream_t`; null on a CPU lane.
    pub stream: *mut c_void,
    /// Intra-op threads that the call may use.
    pub threads: u32,
    /// 1 where the outputs must carry gradients.
    pub grad: u8,
    pub reserved: [u8; 3],
}
