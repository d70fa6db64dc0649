//! Text across the border: borrowed in, written out.

use std::ffi::c_void;

/// Borrowed UTF-8, not NUL-terminated, valid for the call unless its owner says `static`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub data: *const u8,
    pub len: usize,
}

impl Str {
    /// Text that lives as long as the library.
    pub const fn new(text: &'static str) -> Self {
        Self { data: text.as_ptr(), len: text.len() }
    }

    /// Lends `text`; the result must not outlive it.
    pub const fn lend(text: &str) -> Self {
        Self { data: text.as_ptr(), len: text.len() }
    }

    /// The text, or `None` where it is not UTF-8.
    ///
    /// # Safety
    /// `data` must point to `len` readable bytes that stay unchanged for `'a`, or `len` must be 0.
    pub unsafe fn get<'a>(self) -> Option<&'a str> {
        if self.len == 0 {
            return Some("");
        }
        // SAFETY: the caller vouches for data and len.
        std::str::from_utf8(unsafe { std::slice::from_raw_parts(self.data, self.len) }).ok()
    }
}

// SAFETY: a Str is a borrowed pointer to immutable bytes; sharing it is as safe as sharing `&str`.
unsafe impl Send for Str {}
// SAFETY: as above.
unsafe impl Sync for Str {}

/// A receiver of text: the caller owns the storage, the callee only writes.
///
/// Several writes append. `write` may be called on the thread of the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Sink {
    pub data: *mut c_void,
    pub write: unsafe extern "C" fn(data: *mut c_void, text: Str),
}

impl Sink {
    /// A sink that appends to `text`; it must not outlive it.
    pub fn to(text: &mut String) -> Self {
        unsafe extern "C" fn write(data: *mut c_void, text: Str) {
            // SAFETY: `data` is the String that `to` was given; a callee that passes bad text loses it, no more.
            unsafe {
                if text.len > 0 && !text.data.is_null() {
                    let bytes = std::slice::from_raw_parts(text.data, text.len);
                    (*data.cast::<String>()).push_str(&String::from_utf8_lossy(bytes));
                }
            }
        }
        Self { data: std::ptr::from_mut(text).cast(), write }
    }

    /// Appends `text`.
    ///
    /// # Safety
    /// The sink's owner must still be alive, and this must be the thread of the call.
    pub unsafe fn push(&self, text: &str) {
        // SAFETY: by this function's own condition.
        unsafe { (self.write)(self.data, Str::lend(text)) }
    }
}
