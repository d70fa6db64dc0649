//! The C symbols, as the headers of libtorch 2.11 (`torch/csrc/stable/c/shim.h`,
//! `torch/csrc/inductor/aoti_torch/c/shim.h`) and of CUDA's runtime declare them.

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};
use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::path::{Path, PathBuf};

/// Where the libraries are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    pub torch_cuda: PathBuf,
    /// Tried one after the other; a bare name is looked up among the loaded libraries first.
    pub cudart: Vec<PathBuf>,
}

impl Places {
    /// Of a libtorch whose `lib` folder is `lib`: a wheel of PyPI, with CUDA's runtime in it, beside it or in the system.
    pub fn of_libtorch(lib: &Path) -> Self {
        // libtorch_cuda.so has brought its own runtime along: its bare name finds exactly that one.
        let names = ["libcudart.so.13", "libcudart.so.12"];
        let mut cudart: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        for folder in [lib.to_owned(), lib.join("../../nvidia/cu13/lib"), lib.join("../../nvidia/cuda_runtime/lib")] {
            cudart.extend(names.iter().map(|name| folder.join(name)));
        }
        Self { torch_cuda: lib.join("libtorch_cuda.so"), cudart }
    }
}

/// Why there are no CUDA lanes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Absent {
    #[error("{library} cannot be loaded: {reason}")]
    Library { library: String, reason: String },
    #[error("{library} has no symbol `{symbol}`: it is of another version than libtorch 2.11 with CUDA 12 or 13")]
    Symbol { library: String, symbol: String },
    #[error("CUDA finds no device: {reason}")]
    Device { reason: String },
    #[error("there is no device {index}: CUDA counts {count}")]
    Index { index: u32, count: u32 },
}

/// `AOTITorchError` and `cudaError_t`: 0 is success.
type Code = c_int;

macro_rules! symbols {
    ($(#[$about:meta])* $table:ident { $($name:ident: fn($($arg:ty),*) -> $result:ty,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy)]
        #[allow(non_snake_case, reason = "the names are the symbols")]
        pub(crate) struct $table {
            $(pub $name: unsafe extern "C" fn($($arg),*) -> $result,)*
        }

        impl $table {
            fn find(library: &Library, path: &Path) -> Result<Self, Absent> {
                // SAFETY: the types are those of the headers.
                unsafe { Ok(Self { $($name: symbol(library, path, stringify!($name))?,)* }) }
            }
        }
    };
}

symbols! {
    /// Of `libtorch_cuda.so`.
    Torch {
        torch_get_cuda_stream_from_pool: fn(bool, i32, *mut *mut c_void) -> Code,
        torch_set_current_cuda_stream: fn(*mut c_void, i32) -> Code,
        torch_cuda_stream_synchronize: fn(*mut c_void, i32) -> Code,
        aoti_torch_get_current_cuda_stream: fn(i32, *mut *mut c_void) -> Code,
    }
}

symbols! {
    /// Of `libcudart.so`.
    Runtime {
        cudaGetDeviceCount: fn(*mut c_int) -> Code,
        cudaSetDevice: fn(c_int) -> Code,
        cudaEventCreateWithFlags: fn(*mut *mut c_void, c_uint) -> Code,
        cudaEventRecord: fn(*mut c_void, *mut c_void) -> Code,
        cudaStreamWaitEvent: fn(*mut c_void, *mut c_void, c_uint) -> Code,
        cudaEventQuery: fn(*mut c_void) -> Code,
        cudaEventSynchronize: fn(*mut c_void) -> Code,
        cudaEventDestroy: fn(*mut c_void) -> Code,
        cudaGetErrorString: fn(c_int) -> *const c_char,
    }
}

/// Both libraries. They are never unloaded.
#[derive(Clone, Copy)]
pub(crate) struct Libraries {
    pub torch: Torch,
    pub runtime: Runtime,
}

impl Libraries {
    pub fn load(places: &Places) -> Result<Self, Absent> {
        let library = open(&places.torch_cuda)?;
        let torch = Torch::find(&library, &places.torch_cuda)?;
        let mut last = None;
        for place in &places.cudart {
            match open(place) {
                Ok(library) => {
                    let runtime = Runtime::find(&library, place)?;
                    std::mem::forget(library);
                    last = Some(Ok(runtime));
                    break;
                }
                Err(absent) => last = last.or(Some(Err(absent))),
            }
        }
        std::mem::forget(library);
        let none = || Absent::Library { library: "libcudart.so".into(), reason: "no place was given".into() };
        Ok(Self { torch, runtime: last.ok_or_else(none)?? })
    }

    /// An answer of libtorch.
    pub fn torch_said(&self, code: Code, what: &str) -> Result<(), String> {
        if code == 0 { Ok(()) } else { Err(format!("{what} failed (libtorch's status {code})")) }
    }

    /// An answer of CUDA's runtime.
    pub fn runtime_said(&self, code: Code, what: &str) -> Result<(), String> {
        if code == 0 {
            return Ok(());
        }
        // SAFETY: the function takes any code and returns static text or null.
        let text = unsafe { (self.runtime.cudaGetErrorString)(code) };
        // SAFETY: as above.
        let text = if text.is_null() { "?".into() } else { unsafe { CStr::from_ptr(text) }.to_string_lossy() };
        Err(format!("{what}: {text} ({code})"))
    }
}

fn open(path: &Path) -> Result<Library, Absent> {
    // SAFETY: loading libtorch's and CUDA's libraries runs their constructors, which is what we want.
    unsafe { Library::open(Some(path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| Absent::Library { library: path.display().to_string(), reason: error.to_string() })
}

/// # Safety
/// `T` must be the type of the function that the symbol names.
unsafe fn symbol<T: Copy>(library: &Library, path: &Path, name: &str) -> Result<T, Absent> {
    // SAFETY: by this function's own condition.
    let found = unsafe { library.get::<T>(name.as_bytes()) };
    found.map(|symbol| *symbol).map_err(|_| Absent::Symbol { library: path.display().to_string(), symbol: name.into() })
}
