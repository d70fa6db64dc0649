//! One stream of libtorch's pool, and what orders it with others.

use crate::event::CudaEvent;
use crate::library::Libraries;
use std::ffi::c_void;
use std::sync::Arc;
use voxloom_core::run::{Lane, StreamEvent};

/// A lane on a CUDA stream.
pub(crate) struct CudaLane {
    libraries: Libraries,
    device: i32,
    name: String,
    /// Of libtorch's pool, which keeps it.
    stream: *mut c_void,
}

// SAFETY: CUDA's and libtorch's functions on streams may be called from any thread.
unsafe impl Send for CudaLane {}
// SAFETY: as above.
unsafe impl Sync for CudaLane {}

impl CudaLane {
    pub fn open(libraries: Libraries, device: i32, name: &str) -> Result<Self, String> {
        let mut stream = std::ptr::null_mut();
        // SAFETY: `stream` lives for the call.
        let code = unsafe { (libraries.torch.torch_get_cuda_stream_from_pool)(false, device, &raw mut stream) };
        libraries.torch_said(code, "torch_get_cuda_stream_from_pool")?;
        Ok(Self { libraries, device, name: name.into(), stream })
    }

    /// Events belong to the device that is current when they are made; a foreign thread may have another.
    fn set_device(&self) -> Result<(), String> {
        // SAFETY: takes any number.
        self.libraries.runtime_said(unsafe { (self.libraries.runtime.cudaSetDevice)(self.device) }, "cudaSetDevice")
    }
}

impl Lane for CudaLane {
    fn device(&self) -> &str {
        &self.name
    }

    fn stream(&self) -> *mut c_void {
        self.stream
    }

    fn enter(&self) -> Result<(), String> {
        self.set_device()?;
        let torch = &self.libraries.torch;
        // SAFETY: the stream is libtorch's own.
        let code = unsafe { (torch.torch_set_current_cuda_stream)(self.stream, self.device) };
        self.libraries.torch_said(code, "torch_set_current_cuda_stream")?;
        self.intact()
    }

    fn intact(&self) -> Result<(), String> {
        let mut current = std::ptr::null_mut();
        // SAFETY: `current` lives for the call.
        let code = unsafe { (self.libraries.torch.aoti_torch_get_current_cuda_stream)(self.device, &raw mut current) };
        self.libraries.torch_said(code, "aoti_torch_get_current_cuda_stream")?;
        if current == self.stream { Ok(()) } else { Err("the lane's stream is not libtorch's current one".into()) }
    }

    fn record(&self) -> Result<Option<StreamEvent>, String> {
        self.set_device()?;
        let event = CudaEvent::record(self.libraries, self.stream)?;
        Ok(Some(Arc::new(event)))
    }

    fn wait(&self, event: &StreamEvent) -> Result<(), String> {
        // SAFETY: stream and event are alive; flags must be 0.
        let code = unsafe { (self.libraries.runtime.cudaStreamWaitEvent)(self.stream, event.handle(), 0) };
        self.libraries.runtime_said(code, "cudaStreamWaitEvent")
    }

    fn synchronize(&self) -> Result<(), String> {
        // SAFETY: the stream is libtorch's own.
        let code = unsafe { (self.libraries.torch.torch_cuda_stream_synchronize)(self.stream, self.device) };
        self.libraries.torch_said(code, "torch_cuda_stream_synchronize")
    }
}
