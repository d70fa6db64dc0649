//! The Python names that a checkpoint may ask for. Everything else is refused by name.

use crate::{Dtype, Fault};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Global {
    /// `torch._utils._rebuild_tensor`, `_v2` and `_v3`: storage, offset, shape, strides, …
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`: tensor, …
    RebuildParameter,
    OrderedDict,
    /// A storage class; `None` where it is untyped.
    Storage(Option<Dtype>),
    Dtype(Dtype),
    /// Known and without effect; what it makes is set aside.
    SetAside,
}

/// What `module.name` stands for here.
///
/// # Errors
/// [`Fault::Refused`] for every name that is not on the list, [`Fault::Unsupported`] for storages of other element types.
pub(crate) fn lookup(module: &str, name: &str) -> Result<Global, Fault> {
    match (module, name) {
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2" | "_rebuild_tensor_v3") => Ok(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => Ok(Global::RebuildParameter),
        ("collections", "OrderedDict" | "defaultdict" | "Counter") | ("builtins" | "__builtin__", "dict") => {
            Ok(Global::OrderedDict)
        }
        ("torch" | "torch.storage", "UntypedStorage" | "_UntypedStorage") => Ok(Global::Storage(None)),
        ("torch" | "torch.cuda", storage) if storage.ends_with("Storage") => {
            let word = storage.trim_end_matches("Storage");
            Dtype::from_torch_storage(word).map(|dtype| Global::Storage(Some(dtype))).ok_or_else(|| {
                Fault::Unsupported(format!("the checkpoint holds tensors of PyTorch's {word} type, which is not read"))
            })
        }
        ("torch", "Size" | "device") => Ok(Global::SetAside),
        ("torch", name) => Dtype::from_torch(name).map(Global::Dtype).ok_or_else(|| refused(module, name)),
        ("builtins" | "__builtin__", "set" | "frozenset" | "complex" | "int" | "float" | "bool" | "str" | "list" | "slice")
        | ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar" | "_reconstruct")
        | ("numpy", "dtype" | "ndarray")
        | ("_codecs", "encode")
        | ("argparse", "Namespace")
        | ("pathlib", "PosixPath" | "WindowsPath" | "PurePosixPath")
        | ("datetime", "datetime" | "date" | "timedelta") => Ok(Global::SetAside),
        _ => Err(refused(module, name)),
    }
}

fn refused(module: &str, name: &str) -> Fault {
    // Names come from the file: shown as text that cannot disturb a terminal, and not without end.
    Fault::Refused(format!("{module}.{name}").chars().take(200).flat_map(char::escape_debug).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_tensors_and_refuses_all_that_acts() {
        assert_eq!(lookup("torch", "HalfStorage").unwrap(), Global::Storage(Some(Dtype::F16)));
        assert_eq!(lookup("torch", "float32").unwrap(), Global::Dtype(Dtype::F32));
        for (module, name) in [
            ("posix", "system"),
            ("os", "system"),
            ("builtins", "eval"),
            ("builtins", "getattr"),
            ("torch.storage", "_load_from_bytes"),
            ("torch", "load"),
            ("subprocess", "Popen"),
            ("numpy.testing._private.utils", "runstring"),
        ] {
            let text = lookup(module, name).unwrap_err().to_string();
            assert!(text.contains(&format!("`{module}.{name}`")) && text.contains("nothing was executed"), "{text}");
        }
    }

    #[test]
    fn names_element_types_that_it_does_not_read() {
        assert!(lookup("torch", "ComplexFloatStorage").unwrap_err().to_string().contains("PyTorch's ComplexFloat type"));
    }
}
