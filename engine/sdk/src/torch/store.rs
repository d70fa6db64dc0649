//! States of modules as files: written as safetensors, read from safetensors or PyTorch checkpoints.

use super::kind::{dtype_name, kind_of};
use super::tensor::tensor_of;
use crate::{Error, Json, Result, State, Store};
use std::collections::BTreeMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_weights::{Dtype, match_names};

/// The store of plugins that use tensors.
pub struct WeightsStore;

/// Metadata key of a module's state that is not a tensor.
const EXTRA: &str = "voxloom.extra";

/// PyTorch's names beside those of weight files.
const DTYPES: [(Dtype, &str); 10] = [
    (Dtype::Bool, "bool"),
    (Dtype::U8, "uint8"),
    (Dtype::I8, "int8"),
    (Dtype::I16, "int16"),
    (Dtype::F16, "float16"),
    (Dtype::BF16, "bfloat16"),
    (Dtype::I32, "int32"),
    (Dtype::F32, "float32"),
    (Dtype::I64, "int64"),
    (Dtype::F64, "float64"),
];

impl Store for WeightsStore {
    fn save(&self, state: &[State], extra: &Json, path: &Path) -> Result<()> {
        let tensors = state.iter().map(|state| to_file(&state.name, &tensor_of(&state.value)?)).collect::<Result<Vec<_>>>()?;
        let mut metadata = BTreeMap::new();
        if !extra.is_null() {
            metadata.insert(EXTRA.to_owned(), extra.to_string());
        }
        Ok(voxloom_weights::write_safetensors(path, &tensors, &metadata)?)
    }

    fn load(&self, state: &[State], path: &Path) -> Result<Json> {
        let mut file = voxloom_weights::read(path)?;
        file.strip_prefix("module.");
        let targets = state.iter().map(|state| tensor_of(&state.value)).collect::<Result<Vec<_>>>()?;
        let shape = |tensor: &Tensor| tensor.size().iter().map(|&size| size as usize).collect();
        let expected: Vec<_> = state.iter().zip(&targets).map(|(state, tensor)| (state.name.clone(), shape(tensor))).collect();
        match_names(&expected, &file.tensors).map_err(|mismatch| Error::from(mismatch).context(path.display()))?;
        let extra = extra_of_file(&file)?;
        let mut found = Vec::new();
        for (state, target) in state.iter().zip(&targets) {
            let tensor = file.get(&state.name).ok_or_else(|| Error::item(format!("`{}` is missing", state.name)))?;
            let tensor = tensor_of_file(tensor)?;
            if tensor.kind() != target.kind() && !(tensor.is_floating_point() && target.is_floating_point()) {
                let (found, expected) = (dtype_name(tensor.kind()), dtype_name(target.kind()));
                return Err(Error::item(format!("{}: `{}` is {found}, expected {expected}", path.display(), state.name)));
            }
            found.push(tensor);
        }
        // Only now, when nothing can fail any more, is the module changed.
        tch::no_grad(|| {
            for (mut target, tensor) in targets.into_iter().zip(&found) {
                target.copy_(tensor);
            }
        });
        Ok(extra)
    }
}

fn to_file(name: &str, tensor: &Tensor) -> Result<voxloom_weights::Tensor> {
    let tensor = tensor.detach().to_device(Device::Cpu).contiguous();
    let word = dtype_name(tensor.kind());
    let dtype = DTYPES.iter().find(|(_, other)| *other == word).map(|(dtype, _)| *dtype);
    let dtype = dtype.ok_or_else(|| Error::item(format!("`{name}` is {word}, which weight files cannot hold")))?;
    let n_bytes = tensor.numel() * tensor.kind().elt_size_in_bytes();
    let mut bytes = vec![0u8; n_bytes];
    if n_bytes > 0 {
        // SAFETY: a contiguous CPU tensor holds n_bytes from data_ptr on, and is alive here.
        bytes.copy_from_slice(unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast::<u8>(), n_bytes) });
    }
    Ok(voxloom_weights::Tensor::new(name, dtype, tensor.size().iter().map(|&size| size as usize).collect(), bytes))
}

/// What a saved module keeps beside its tensors; `Null` in files of others.
///
/// # Errors
/// No JSON stands where it should.
pub fn extra_of_file(file: &voxloom_weights::Tensors) -> Result<Json> {
    Ok(file.metadata.get(EXTRA).map(|text| serde_json::from_str(text)).transpose()?.unwrap_or(Json::Null))
}

/// A tensor of a weight file, in the file's type, on the CPU.
///
/// # Errors
/// A type that tensors do not have.
pub fn tensor_of_file(tensor: &voxloom_weights::Tensor) -> Result<Tensor> {
    let word = DTYPES.iter().find(|(dtype, _)| *dtype == tensor.dtype).map_or("", |(_, word)| word);
    let kind: Kind =
        kind_of(word).ok_or_else(|| Error::item(format!("`{}` has a type that tensors do not have", tensor.name)))?;
    let sizes: Vec<i64> = tensor.shape.iter().map(|&size| size as i64).collect();
    Ok(Tensor::f_from_data_size(&tensor.bytes, &sizes, kind)?)
}
