//! A moment on a stream.

use crate::library::Libraries;
use std::ffi::{c_uint, c_void};
use voxloom_core::run::Moment;

/// `cudaEventBlockingSync | cudaEventDisableTiming`: a host that must wait sleeps, and nobody asks for times.
const FLAGS: c_uint = 0x01 | 0x02;

/// A CUDA event that has been recorded once.
pub(crate) struct CudaEvent {
    libraries: Libraries,
    event: *mut c_void,
}

// SAFETY: CUDA's functions on events may be called from any thread.
unsafe impl Send for CudaEvent {}
// SAFETY: as above.
unsafe impl Sync for CudaEvent {}

impl CudaEvent {
    pub fn record(libraries: Libraries, stream: *mut c_void) -> Result<Self, String> {
        let mut event = std::ptr::null_mut();
        // SAFETY: `event` lives for the call.
        let code = unsafe { (libraries.runtime.cudaEventCreateWithFlags)(&raw mut event, FLAGS) };
        libraries.runtime_said(code, "cudaEventCreateWithFlags")?;
        let made = Self { libraries, event };
        // SAFETY: the event was just made; the stream is alive.
        libraries.runtime_said(unsafe { (libraries.runtime.cudaEventRecord)(event, stream) }, "cudaEventRecord")?;
        Ok(made)
    }
}

impl Moment for CudaEvent {
    fn handle(&self) -> *mut c_void {
        self.event
    }

    fn synchronize(&self) -> Result<(), String> {
        let runtime = &self.libraries.runtime;
        // SAFETY: the event is alive.
        if unsafe { (runtime.cudaEventQuery)(self.event) } == 0 {
            return Ok(());
        }
        // SAFETY: as above. A query's "not ready" is no error; a real one comes again here.
        self.libraries.runtime_said(unsafe { (runtime.cudaEventSynchronize)(self.event) }, "cudaEventSynchronize")
    }
}

impl Drop for CudaEvent {
    fn drop(&mut self) {
        // SAFETY: the event is alive, and nobody else holds it. CUDA frees it when its work is done; an error here has no remedy.
        unsafe { (self.libraries.runtime.cudaEventDestroy)(self.event) };
    }
}
