//! Tensors that are known only once a network is (moments, averages) to and from safetensors.
//!
//! Rationale: the SDK's store fills tensors that a module already has. An optimizer learns of its tensors at its first step,
//! which is after `load`; so it takes what the file holds and compares at that step.

use std::collections::BTreeMap;
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_sdk::prelude::*;
use voxloom_weights::{self as weights, Dtype};

/// Metadata key of what is not a tensor. Not the SDK's: a network that loads averages must not take this for its own.
const EXTRA: &str = "voxloom.train";

/// Writes tensors and `extra` in one step.
///
/// # Errors
/// The disk refuses.
pub fn save(path: &Path, tensors: &[(String, Tensor)], extra: &Json) -> Result<()> {
    let tensors = tensors.iter().map(|(name, tensor)| to_weights(name, tensor)).collect::<Result<Vec<_>>>()?;
    let metadata = BTreeMap::from([(EXTRA.to_owned(), extra.to_string())]);
    Ok(weights::write_safetensors(path, &tensors, &metadata)?)
}

/// Reads all tensors and what [`save`] took as `extra` (`Null` from files of others).
///
/// # Errors
/// The file cannot be read.
pub fn load(path: &Path) -> Result<(BTreeMap<String, Tensor>, Json)> {
    let found = weights::read(path)?;
    let extra = match found.metadata.get(EXTRA) {
        Some(text) => serde_json::from_str(text)?,
        None => Json::Null,
    };
    let tensors = found.tensors.iter().map(|tensor| Ok((tensor.name.clone(), from_weights(tensor)?)));
    Ok((tensors.collect::<Result<_>>()?, extra))
}

fn to_weights(name: &str, tensor: &Tensor) -> Result<weights::Tensor> {
    let dtype = KINDS.iter().find(|(kind, _)| *kind == tensor.kind()).map(|(_, dtype)| *dtype);
    let dtype = dtype.ok_or_else(|| Error::fatal(format!("`{name}` is {:?}, which is not saved", tensor.kind())))?;
    let tensor = tensor.detach().to_device(Device::Cpu).contiguous();
    let mut bytes = vec![0; tensor.numel() * dtype.size()];
    tensor.f_copy_data_u8(&mut bytes, tensor.numel())?;
    let shape = tensor.size().iter().map(|&size| usize::try_from(size)).collect::<std::result::Result<_, _>>()?;
    Ok(weights::Tensor::new(name, dtype, shape, bytes))
}

fn from_weights(tensor: &weights::Tensor) -> Result<Tensor> {
    let kind = KINDS.iter().find(|(_, dtype)| *dtype == tensor.dtype).map_or(Kind::Float, |(kind, _)| *kind);
    let shape = tensor.shape.iter().map(|&size| i64::try_from(size)).collect::<std::result::Result<Vec<_>, _>>()?;
    Ok(Tensor::f_from_data_size(&tensor.bytes, &shape, kind)?)
}

const KINDS: [(Kind, Dtype); 10] = [
    (Kind::Bool, Dtype::Bool),
    (Kind::Uint8, Dtype::U8),
    (Kind::Int8, Dtype::I8),
    (Kind::Int16, Dtype::I16),
    (Kind::Half, Dtype::F16),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Int, Dtype::I32),
    (Kind::Float, Dtype::F32),
    (Kind::Int64, Dtype::I64),
    (Kind::Double, Dtype::F64),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.safetensors");
        let base = Tensor::from_slice(&[-1.5f64, 0.1, 3.0, 1e-3]).view([2, 2]);
        let tensors: Vec<_> = KINDS.iter().map(|(kind, _)| (format!("{kind:?}"), base.to_kind(*kind).transpose(0, 1))).collect();
        save(&path, &tensors, &json!({"step": 3})).unwrap();
        let (found, extra) = load(&path).unwrap();
        assert_eq!(extra["step"], 3);
        assert_eq!(found.len(), KINDS.len());
        for (name, tensor) in &tensors {
            assert_eq!(found[name].kind(), tensor.kind());
            assert!(found[name].equal(tensor), "{name}");
        }
        save(&path, &[("empty".to_owned(), Tensor::zeros([0, 3], (Kind::Float, Device::Cpu)))], &Json::Null).unwrap();
        assert_eq!(load(&path).unwrap().0["empty"].size(), [0, 3]);
    }
}
