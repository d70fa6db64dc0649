//! The author's side of the plugin contract: operators, parameters, ports, values, modules, the export macro.
//!
//! In reading order. Tensors and volumes are in `voxloom-sdk`, which re-exports all of this; a plugin that needs no
//! tensors can stay with this crate and needs no libtorch.

extern crate self as voxloom_sdk_plain;

mod error;
pub mod params;
mod entry;
mod shape;
mod value;
mod json;
mod record;
mod call;
mod operator;
mod module;
pub mod runtime;
pub mod border;
mod export;

pub use call::{Call, Context};
pub use entry::{Access, DeviceKind, Entry, Mode, Port, Threads};
pub use error::{Error, Result};
pub use module::{Bound, Module, ModuleHandle, State, Store, Uses, gather, scatter};
pub use operator::{Accumulator, Cursor, Gather, Operator, Scatter};
pub use params::{ParamType, Params};
pub use record::Record;
pub use runtime::Plain;
pub use shape::Shape;
pub use value::{FromValue, IntoValue, Payload, Value};
pub use voxloom_abi as abi;
pub use voxloom_sdk_derive::{Choice, Params};

/// A JSON value.
pub type Json = serde_json::Value;
/// A JSON object; keys keep their order.
pub type JsonMap = serde_json::Map<String, Json>;
