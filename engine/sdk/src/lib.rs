//! The author's side of the plugin contract, in reading order.
//!
//! A plugin is a crate of type `cdylib` whose operators are structs of parameters; `docs/write-a-plugin.md` shows one whole.
//! The feature `torch` (on by default) adds tensors and volumes; without it a plugin needs no libtorch.

extern crate self as voxloom_sdk;

pub mod border;
mod call;
mod cause;
mod entry;
mod error;
mod export;
mod json;
mod kind;
mod module;
mod operator;
pub mod params;
mod record;
mod runs;
pub mod runtime;
mod shape;
#[cfg(feature = "torch")]
mod torch;
mod value;

pub use call::{Call, Context};
pub use entry::{Access, DeviceKind, Entry, Mode, Port, Threads};
pub use error::{Error, Result};
pub use module::{Bound, Module, ModuleHandle, State, Store, Uses, gather, scatter};
pub use operator::{Accumulator, Cursor, Gather, Operator, Scatter};
pub use params::{ParamType, Params};
pub use record::Record;
pub use runs::Runs;
pub use shape::Shape;
#[cfg(feature = "torch")]
pub use tch;
#[cfg(feature = "torch")]
pub use torch::{
    Affine, LIBTORCH, Torch, Volume, Weight, WeightsStore, dtype_name, extra_of_file, kind_of, tensor_of, tensor_of_file,
};
pub use value::{FromValue, IntoValue, Payload, Value};
pub use voxloom_abi as abi;
pub use voxloom_abi::Kind as ErrorKind;
pub use voxloom_sdk_derive::{Choice, Params};

/// A JSON value.
pub type Json = serde_json::Value;
/// A JSON object; keys keep their order.
pub type JsonMap = serde_json::Map<String, Json>;

/// The runtime that [`export!`] uses.
#[cfg(feature = "torch")]
pub type DefaultRuntime = torch::Torch;
/// The runtime that [`export!`] uses.
#[cfg(not(feature = "torch"))]
pub type DefaultRuntime = runtime::Plain;

/// What an operator's file needs: `use voxloom_sdk::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Access, Accumulator, Bound, Call, Choice, Context, Cursor, DeviceKind, Entry, Error, ErrorKind, Gather, Json, JsonMap,
        Mode, Module, ModuleHandle, Operator, Params, Port, Record, Result, Runs, Scatter, State, Threads, Uses, gather, scatter,
    };
    #[cfg(feature = "torch")]
    pub use crate::{Affine, Volume, Weight};
    pub use serde_json::json;
    #[cfg(feature = "torch")]
    pub use tch::{Device, Kind, Tensor};
}
