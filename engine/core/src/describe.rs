//! What an operator says of itself (`docs/contract.md` section 5), read from its JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// One operator's description.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// `family.name`.
    pub name: String,
    pub about: String,
    /// True where instances own state and are declared under `modules`.
    #[serde(default)]
    pub module: bool,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default)]
    pub threads: Threads,
    #[serde(default)]
    pub device: DeviceKind,
    #[serde(default = "yes")]
    pub deterministic: bool,
    /// When equal inputs may give other bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Kinds of device on which they give equal bits all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deterministic_on: Vec<String>,
    /// JSON Schema of the operator's own parameters.
    pub params: Json,
    pub entries: Vec<Entry>,
}

impl Description {
    /// Whether equal inputs give equal bits on a device (`cpu`, `cuda:0`).
    pub fn is_deterministic_on(&self, device: &str) -> bool {
        let kind = device.split(':').next().unwrap_or(device);
        self.deterministic || self.deterministic_on.iter().any(|one| one == kind)
    }
}

/// One way to use an operator.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    #[serde(default)]
    pub about: String,
    #[serde(default)]
    pub kind: Kind,
    #[serde(default)]
    pub access: Access,
    #[serde(default)]
    pub backward: bool,
    /// A `gather` that gives a right result of the items that came, where others have failed.
    #[serde(default)]
    pub partial: bool,
    /// JSON Schema of the entry's parameters (empty for a plain operator).
    pub params: Json,
    #[serde(default)]
    pub inputs: Vec<Port>,
    #[serde(default)]
    pub outputs: Vec<Port>,
    #[serde(default)]
    pub uses: Vec<Use>,
}

/// An input or output.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Port {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    #[serde(default)]
    pub optional: bool,
    /// Comes from the deeper level (inputs of a `gather` entry).
    #[serde(default)]
    pub gather: bool,
    #[serde(default)]
    pub about: String,
}

/// Another module that an entry takes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Use {
    pub name: String,
    pub access: Access,
    #[serde(default)]
    pub many: bool,
    #[serde(default)]
    pub optional: bool,
    #[serde(default)]
    pub about: String,
}

/// How calls of one operator may overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Several calls at once.
    #[default]
    Parallel,
    /// One call at a time.
    Exclusive,
    /// One call at a time, in item order.
    Ordered,
}

/// How many intra-op threads a call is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Threads {
    #[default]
    One,
    All,
}

/// Where an operator runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    #[default]
    Cpu,
    Any,
}

/// What an entry does to the level of its items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Map,
    Scatter,
    Gather,
}

/// How an entry touches a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    #[default]
    None,
    Read,
    Write,
}

fn yes() -> bool {
    true
}
