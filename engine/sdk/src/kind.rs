//! Of what kind a failure is, found out where it comes from.

use std::error::Error;
use voxloom_abi::Kind;

/// The kind of an error by the facts in the chain of its sources; of libtorch by its words, as it gives no more.
pub fn kind_of_error(error: &(dyn Error + 'static)) -> Kind {
    Kind::of_error_or(error, of_torch_error)
}

#[cfg(feature = "torch")]
fn of_torch_error(error: &(dyn Error + 'static)) -> Kind {
    use tch::TchError;
    match error.downcast_ref::<TchError>() {
        // Transparent: its own source is what stands behind the error of the file system.
        Some(TchError::Io(error)) => Kind::of_io(error),
        Some(TchError::Torch(message)) => kind_of_torch(message),
        _ => Kind::Other,
    }
}

#[cfg(not(feature = "torch"))]
fn of_torch_error(_: &(dyn Error + 'static)) -> Kind {
    Kind::Other
}

/// The kind of a failure that libtorch told in these words.
pub fn kind_of_torch(message: &str) -> Kind {
    let says = |words: &str| message.contains(words);
    if says("out of memory") || says("can't allocate memory") {
        Kind::Exhausted
    } else if says("CUDA error") {
        Kind::Unavailable
    } else {
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libtorchs_words_for_memory_and_devices_are_known() {
        let cpu = "[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.";
        assert_eq!(kind_of_torch(cpu), Kind::Exhausted);
        assert_eq!(kind_of_torch("CUDA out of memory. Tried to allocate 2.00 GiB"), Kind::Exhausted);
        assert_eq!(kind_of_torch("CUDA error: unspecified launch failure"), Kind::Unavailable);
        assert_eq!(kind_of_torch("The size of tensor a (3) must match the size of tensor b (4)"), Kind::Other);
    }

    #[cfg(feature = "torch")]
    #[test]
    fn an_error_of_tch_is_known_wherever_it_stands() {
        use tch::TchError;
        let memory = || TchError::Torch("DefaultCPUAllocator: can't allocate memory".into());
        assert_eq!(kind_of_error(&memory()), Kind::Exhausted);
        assert_eq!(kind_of_error(&std::io::Error::other(memory())), Kind::Exhausted);
        let gone = TchError::Io(std::io::ErrorKind::NotFound.into());
        assert_eq!(kind_of_error(&gone), Kind::Unavailable);
    }
}
