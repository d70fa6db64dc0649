//! `--device`: which device the nodes run on that take any.

use crate::talk::Talk;
use std::sync::Arc;
use voxloom_core::run::Device;

/// The device, or `None` for CPU lanes.
///
/// # Errors
/// One sentence that says why the device that was asked for cannot be used.
pub fn choose(name: &str, _talk: &Talk) -> Result<Option<Arc<dyn Device>>, String> {
    match name {
        "cpu" | "auto" => Ok(None),
        other => Err(format!("there is no device `{other}`; `cpu` and `auto` there are")),
    }
}
