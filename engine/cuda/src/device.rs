//! One GPU.

use crate::lane::CudaLane;
use crate::library::{Absent, Libraries, Places};
use std::sync::Arc;
use voxloom_core::run::{Device, Lane};

/// A CUDA device that opens lanes.
pub struct Cuda {
    libraries: Libraries,
    index: i32,
    name: String,
}

impl Cuda {
    /// Opens device number `index`. The libraries stay loaded, also when there is no such device.
    ///
    /// Must come before anything else asks libtorch for CUDA: libtorch looks for it once.
    ///
    /// # Errors
    /// What is missing: a library, a symbol, a driver, a device.
    pub fn open(places: &Places, index: u32) -> Result<Self, Absent> {
        let libraries = Libraries::load(places)?;
        let mut count = 0;
        // SAFETY: `count` lives for the call.
        let code = unsafe { (libraries.runtime.cudaGetDeviceCount)(&raw mut count) };
        libraries.runtime_said(code, "cudaGetDeviceCount").map_err(|reason| Absent::Device { reason })?;
        let count = u32::try_from(count).unwrap_or(0);
        if count == 0 {
            return Err(Absent::Device { reason: "it counts none".into() });
        }
        if index >= count {
            return Err(Absent::Index { index, count });
        }
        Ok(Self { libraries, index: index as i32, name: format!("cuda:{index}") })
    }
}

impl Device for Cuda {
    fn name(&self) -> &str {
        &self.name
    }

    fn lane(&self, _index: usize) -> Result<Arc<dyn Lane>, String> {
        Ok(Arc::new(CudaLane::open(self.libraries, self.index, &self.name)?))
    }
}
