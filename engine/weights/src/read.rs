//! Reading: which form a file has is told by its first bytes, never by its name.

use crate::{Fault, Result, Tensors, safetensors, torch};
use bytes::Bytes;
use std::path::Path;

/// Reads all tensors of a safetensors file or of a PyTorch checkpoint (zip form, or the pickle form from before 1.6).
///
/// `DataParallel`'s prefix `module.` is taken off where all names have it, except from safetensors that this crate wrote.
/// Where a checkpoint nests its weights, `torch/tree.rs` says which map is taken.
///
/// # Errors
/// The file cannot be read, is no weights, is damaged, asks for Python names that weights do not need, holds element types
/// that [`crate::Dtype`] does not name, or leaves open which of its maps is meant. Each names the file.
pub fn read(path: &Path) -> Result<Tensors> {
    bytes(path).and_then(read_bytes).map_err(|fault| fault.at(path))
}

/// The map of tensors under one key of a PyTorch checkpoint's dictionary, for checkpoints that hold several networks; no tensors
/// where it has no such key, or is safetensors.
///
/// # Errors
/// As [`read`].
pub fn read_part(path: &Path, key: &str) -> Result<Tensors> {
    let part = |file: Bytes| match form(&file)? {
        Form::Safetensors => Ok(Tensors::default()),
        Form::TorchZip => torch::read_zip(&file, Some(key)),
        Form::TorchLegacy => torch::read_legacy(&file, Some(key)),
    };
    let tensors = bytes(path).and_then(part).map_err(|fault| fault.at(path));
    tensors.map(|mut tensors| {
        tensors.strip_prefix("module.");
        tensors
    })
}

fn bytes(path: &Path) -> std::result::Result<Bytes, Fault> {
    if std::fs::metadata(path)?.is_file() {
        Ok(std::fs::read(path)?.into())
    } else {
        Err(Fault::NotWeights("it is not a file".to_owned()))
    }
}

/// As [`read`], from memory.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(file: Bytes) -> std::result::Result<Tensors, Fault> {
    let (mut tensors, ours) = match form(&file)? {
        Form::Safetensors => {
            let tensors = safetensors::read(&file)?;
            let ours = tensors.metadata.get("format").is_some_and(|format| format == safetensors::FORMAT);
            (tensors, ours)
        }
        Form::TorchZip => (torch::read_zip(&file, None)?, false),
        Form::TorchLegacy => (torch::read_legacy(&file, None)?, false),
    };
    if !ours {
        tensors.strip_prefix("module.");
    }
    Ok(tensors)
}

enum Form {
    Safetensors,
    TorchZip,
    TorchLegacy,
}

fn form(file: &[u8]) -> std::result::Result<Form, Fault> {
    let found = match file {
        [b'P', b'K', 3, 4, ..] => return Ok(Form::TorchZip),
        [0x80, 2..=5, ..] => return Ok(Form::TorchLegacy),
        [_, _, _, _, _, _, _, _, b'{', ..] => return Ok(Form::Safetensors),
        [] => "the file is empty".to_owned(),
        [b'v', b'e', b'r', b's', b'i', b'o', b'n', b' ', b'h', b't', b't', b'p', ..] => {
            "it is a Git LFS pointer, the file itself was not fetched (`git lfs pull`)".to_owned()
        }
        _ if file.get(257..262) == Some(b"ustar") => "it is a tar file, as PyTorch wrote before 0.2".to_owned(),
        _ => format!("its first bytes are {:02x?}", &file[..file.len().min(8)]),
    };
    Err(Fault::NotWeights(found))
}
