//! Reading safetensors: the crate of that name checks header and offsets.

use crate::{Dtype, Fault, Tensor, Tensors};
use bytes::Bytes;
use safetensors::SafeTensors;

/// What `format` says in the metadata of files that this crate wrote.
pub(crate) const FORMAT: &str = "voxloom";

pub(crate) fn read(file: &Bytes) -> Result<Tensors, Fault> {
    let (header, metadata) = SafeTensors::read_metadata(file).map_err(|e| Fault::damaged(format!("safetensors: {e}")))?;
    let data = file.slice(8 + header..);
    let mut tensors = Vec::new();
    for name in metadata.offset_keys() {
        let Some(info) = metadata.info(&name) else {
            return Err(Fault::damaged(format!("safetensors: `{name}` has no entry")));
        };
        let Some(dtype) = Dtype::from_name(&info.dtype.to_string()) else {
            return Err(Fault::Unsupported(format!("`{name}` has element type {}, which is not read", info.dtype)));
        };
        let (start, end) = info.data_offsets;
        tensors.push(Tensor { name, dtype, shape: info.shape.clone(), bytes: data.slice(start..end) });
    }
    let metadata = metadata.metadata().clone().unwrap_or_default().into_iter().collect();
    Ok(Tensors { tensors, metadata, left_out: Vec::new() })
}
