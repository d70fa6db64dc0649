//! The engine's side of a call, as quiet as can be.

use std::ffi::c_void;
use std::path::PathBuf;
use std::ptr::{null, null_mut};
use voxloom_abi::{Context, Level, Sink, Status, Str, status};

/// What a call is told: CPU, one intra-op thread, item 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Host {
    pub seed: u64,
    /// True where outputs must carry gradients.
    pub grad: bool,
}

impl Host {
    /// The context of a call; valid for the program's whole life. Log and progress go nowhere, nothing is ever cancelled.
    pub fn context(&self) -> Context {
        static ITEM: [u64; 1] = [0];
        Context {
            struct_size: size_of::<Context>() as u32,
            lane: 0,
            host: null_mut(),
            log,
            progress,
            cancelled,
            scratch,
            ability,
            seed: self.seed,
            item: ITEM.as_ptr(),
            item_len: ITEM.len(),
            node: Str::new("conformance"),
            device: Str::new("cpu"),
            stream: null_mut(),
            threads: 1,
            grad: u8::from(self.grad),
            reserved: [0; 3],
        }
    }
}

/// A folder of this process below the system's temporary folder.
pub fn scratch_folder() -> PathBuf {
    std::env::temp_dir().join(format!("voxloom-conformance-{}", std::process::id()))
}

unsafe extern "C" fn log(_: *mut c_void, _: Level, _: Str) {}
unsafe extern "C" fn progress(_: *mut c_void, _: u64, _: u64) {}
unsafe extern "C" fn cancelled(_: *mut c_void) -> u8 {
    0
}
unsafe extern "C" fn scratch(_: *mut c_void, sink: *const Sink) -> Status {
    let folder = scratch_folder();
    if std::fs::create_dir_all(&folder).is_err() {
        return status::FAILED;
    }
    // SAFETY: the sink is the caller's, on the caller's thread.
    unsafe { (*sink).push(&folder.to_string_lossy()) };
    status::OK
}
unsafe extern "C" fn ability(_: *mut c_void, _: Str) -> *const c_void {
    null()
}
