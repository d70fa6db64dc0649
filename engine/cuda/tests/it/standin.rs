//! Builds and reads the stand-in library.

use libloading::os::unix::Library;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock};
use voxloom_cuda::Places;

/// The library with its log; one test at a time holds it.
pub struct StandIn {
    _turn: MutexGuard<'static, ()>,
    library: &'static Library,
    pub places: Places,
}

/// What the library was asked: a word and two numbers.
pub type Line = (String, usize, usize);

static TURN: Mutex<()> = Mutex::new(());
static LIBRARY: OnceLock<(Library, PathBuf)> = OnceLock::new();

impl StandIn {
    /// The library, which counts so many devices and has seen nothing.
    pub fn new(devices: c_int) -> Self {
        let turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (library, path) = LIBRARY.get_or_init(build);
        // SAFETY: the function takes a number.
        unsafe { library.get::<unsafe extern "C" fn(c_int)>(b"standin_clear").expect("its own symbol")(devices) };
        Self { _turn: turn, library, places: Places { torch_cuda: path.clone(), cudart: vec![path.clone()] } }
    }

    pub fn log(&self) -> Vec<Line> {
        // SAFETY: the text is the library's own and ends with 0; no lane runs any more.
        let text = unsafe {
            CStr::from_ptr(self.library.get::<unsafe extern "C" fn() -> *const c_char>(b"standin_log").expect("its own symbol")())
        };
        let number = |word: Option<&str>| usize::from_str_radix(word.expect("three words"), 16).expect("a number");
        let line = |line: &str| {
            let mut words = line.split(' ');
            (words.next().expect("a word").to_owned(), number(words.next()), number(words.next()))
        };
        text.to_str().expect("UTF-8").lines().map(line).collect()
    }
}

/// Writes a line of the test's own into the log.
pub fn note(what: &str, a: *mut c_void, b: *mut c_void) {
    let (library, _) = LIBRARY.get_or_init(build);
    let what = CString::new(what).expect("no 0");
    // SAFETY: the function copies the text.
    unsafe {
        library.get::<unsafe extern "C" fn(*const c_char, *mut c_void, *mut c_void)>(b"standin_note").expect("its own symbol")(
            what.as_ptr(),
            a,
            b,
        );
    }
}

/// Makes another stream the current one, as a careless operator might.
pub fn take_another_stream() {
    let (library, _) = LIBRARY.get_or_init(build);
    // SAFETY: the stand-in takes any pointer.
    unsafe {
        library.get::<unsafe extern "C" fn(*mut c_void, i32) -> i32>(b"torch_set_current_cuda_stream").expect("its own symbol")(
            std::ptr::without_provenance_mut(0x99),
            0,
        );
    }
}

fn build() -> (Library, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder").keep();
    let path = folder.join("libstandin.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/standin.c");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"])
        .arg(&path)
        .arg(&source)
        .status();
    assert!(built.expect("a C compiler").success());
    // SAFETY: the library is the one above.
    let library = unsafe { Library::new(&path) }.expect("it loads");
    (library, path)
}
