//! Memory of the whole program.

/// Lets the C library keep freed memory for the next tensor instead of giving it back to the system: each training step takes and
/// frees the same tensors, and a page that is given back must be zeroed when it is taken again.
///
/// Blocks of up to 32 MiB come from the heap, and up to 256 MiB at its end stay (glibc's usual values grow to 32 and 64 MiB
/// with use). Elsewhere than with glibc this does nothing. To be called once, before there are threads.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `mallopt` takes any values; those that it refuses change nothing.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 256 << 20);
        libc::mallopt(libc::M_TOP_PAD, 16 << 20);
    }
}

/// Gives freed memory back to the system, also from between blocks that are in use.
///
/// For programs that run for weeks: threads come and go with blocks of many sizes, and without this the holes between them
/// add up, although nothing is kept. Takes milliseconds. Elsewhere than with glibc this does nothing.
pub fn give_back_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `malloc_trim` may be called at any time, from any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
