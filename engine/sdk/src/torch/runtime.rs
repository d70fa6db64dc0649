//! What libtorch needs around each call: threads, gradients, shapes.

use super::kind::dtype_name;
use super::store::WeightsStore;
use super::tensor::tensor_of;
use crate::abi::type_id;
use crate::runtime::Runtime;
use crate::{Context, Error, Record, Result, Store, Value};
use tch::Device;

/// The libtorch that plugins are built for.
pub const LIBTORCH: &str = "2.11.0";

/// The runtime of plugins that use tensors.
pub struct Torch;

impl Runtime for Torch {
    const LIBTORCH: &'static str = LIBTORCH;

    fn surround<T>(context: &Context, body: impl FnOnce() -> T) -> T {
        set_threads(context.threads());
        let _grad = GradMode::set(context.grad());
        body()
    }

    fn shape(value: &Value) -> Option<(Vec<i64>, String)> {
        let tensor = match value.type_id() {
            type_id::TENSOR => tensor_of(value).ok()?,
            id if id.starts_with(type_id::RECORD) => tensor_of(Record::read(value).ok()?.field("data")?).ok()?,
            _ => return None,
        };
        Some((tensor.size(), dtype_name(tensor.kind()).to_owned()))
    }

    fn store() -> &'static dyn Store {
        &WeightsStore
    }
}

/// Intra-op threads belong to the lane's thread.
///
/// Rationale: libtorch gives a thread that it has not seen the number that any thread set last, and does so at its first
/// look. The look therefore comes first; and what was set is asked of libtorch, since other plugins set it too.
fn set_threads(threads: usize) {
    let wanted = i32::try_from(threads).unwrap_or(i32::MAX);
    if tch::get_num_threads() != wanted {
        tch::set_num_threads(wanted);
    }
}

/// Gradients on or off for a scope, then as before.
struct GradMode(bool);

impl GradMode {
    fn set(on: bool) -> Self {
        // SAFETY: a thread-local switch of libtorch, without further conditions.
        Self(unsafe { torch_sys::at_grad_set_enabled(i32::from(on)) } != 0)
    }
}

impl Drop for GradMode {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { torch_sys::at_grad_set_enabled(i32::from(self.0)) };
    }
}

impl Context<'_> {
    /// The device of a call's lane; of a module while it is made, where its tensors live.
    ///
    /// # Errors
    /// Neither `cpu` nor `cuda:N`.
    pub fn device(&self) -> Result<Device> {
        match self.device_name() {
            "cpu" => Ok(Device::Cpu),
            name => match name.strip_prefix("cuda:").and_then(|index| index.parse().ok()) {
                Some(index) => Ok(Device::Cuda(index)),
                None => Err(Error::fatal(format!("device `{name}` is not known: expected cpu or cuda:N"))),
            },
        }
    }
}

/// `cpu`, `cuda:0`.
pub fn device_name(device: Device) -> String {
    match device {
        Device::Cpu => "cpu".into(),
        Device::Cuda(index) => format!("cuda:{index}"),
        Device::Mps => "mps".into(),
        Device::Vulkan => "vulkan".into(),
    }
}
