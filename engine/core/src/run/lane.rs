//! Where nodes run: a device gives lanes, a lane has a stream, a stream has events. What a device is stays outside.

use std::ffi::c_void;
use std::sync::Arc;

/// A device that can open lanes, such as one GPU.
pub trait Device: Send + Sync {
    /// As operators see it: `cuda:0`.
    fn name(&self) -> &str;

    /// Opens lane number `index`, counted from 0 on this device. May be called from any thread.
    ///
    /// # Errors
    /// One sentence that says why there is no such lane.
    fn lane(&self, index: usize) -> Result<Arc<dyn Lane>, String>;
}

/// A queue of work on a device. Work that is queued on one lane runs in the order in which it was queued.
///
/// All functions may be called from any thread; `enter` and `intact` are about the calling one.
pub trait Lane: Send + Sync {
    /// As operators see it: `cpu`, `cuda:0`.
    fn device(&self) -> &str;

    /// The lane's `cudaStream_t`, or null.
    fn stream(&self) -> *mut c_void;

    /// Makes the lane's stream the current one of the calling thread.
    ///
    /// # Errors
    /// What the device said.
    fn enter(&self) -> Result<(), String>;

    /// Whether the lane's stream is still the current one of the calling thread, which must be the lane's.
    ///
    /// # Errors
    /// A call has left another stream behind; or what the device said.
    fn intact(&self) -> Result<(), String>;

    /// Marks the end of what is queued by now; `None` where calls return only when their work is done.
    ///
    /// # Errors
    /// What the device said.
    fn record(&self) -> Result<Option<StreamEvent>, String>;

    /// Holds back what is queued from now on until `event` has happened. A lane without a stream holds back the caller.
    ///
    /// # Errors
    /// What the device said.
    fn wait(&self, event: &StreamEvent) -> Result<(), String>;

    /// Holds back the caller until all that is queued is done.
    ///
    /// # Errors
    /// What the device said.
    fn synchronize(&self) -> Result<(), String>;
}

/// A moment on a lane. The last holder gives the event back to its device.
pub type StreamEvent = Arc<dyn Moment>;

/// What a device knows of a moment.
pub trait Moment: Send + Sync {
    /// The device's own handle (`cudaEvent_t`).
    fn handle(&self) -> *mut c_void;

    /// Holds back the caller until the moment has come.
    ///
    /// # Errors
    /// What the device said.
    fn synchronize(&self) -> Result<(), String>;
}

/// A lane without a stream: a call returns when its work is done.
pub(crate) struct CpuLane;

impl Lane for CpuLane {
    fn device(&self) -> &str {
        "cpu"
    }

    fn stream(&self) -> *mut c_void {
        std::ptr::null_mut()
    }

    fn enter(&self) -> Result<(), String> {
        Ok(())
    }

    fn intact(&self) -> Result<(), String> {
        Ok(())
    }

    fn record(&self) -> Result<Option<StreamEvent>, String> {
        Ok(None)
    }

    fn wait(&self, event: &StreamEvent) -> Result<(), String> {
        event.synchronize()
    }

    fn synchronize(&self) -> Result<(), String> {
        Ok(())
    }
}
