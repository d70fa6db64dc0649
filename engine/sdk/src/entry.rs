//! What an entry looks like from outside: its ports, how it touches modules, how its calls may overlap.

use crate::{Json, Params, Shape};
use serde_json::json;

/// How calls of one operator may overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Several at once.
    #[default]
    Parallel,
    /// One at a time.
    Exclusive,
    /// One at a time, in item order.
    Ordered,
}

/// How many intra-op threads a call is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Threads {
    #[default]
    One,
    /// All that the run has: for heavy tensor arithmetic.
    All,
}

/// Where an operator runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceKind {
    #[default]
    Cpu,
    /// Wherever its lane is: inputs are brought to [`crate::Call`]'s device.
    Any,
}

/// How an entry touches a module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    #[default]
    None,
    Read,
    Write,
}

macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal),* }) => {
        impl $type {
            /// The word for it in descriptions.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}
words!(Mode { Parallel => "parallel", Exclusive => "exclusive", Ordered => "ordered" });
words!(Threads { One => "one", All => "all" });
words!(DeviceKind { Cpu => "cpu", Any => "any" });
words!(Access { None => "none", Read => "read", Write => "write" });

/// An input or an output.
#[derive(Clone, Debug)]
pub struct Port {
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) shape: Option<Shape>,
    pub(crate) dtype: Option<String>,
    unit: Option<String>,
    pub(crate) optional: bool,
    pub(crate) gathered: bool,
    about: String,
}

impl Port {
    /// A port of a type by name: `tensor`, `json`, `volume`, `case`, a private id, or `any`.
    pub fn of(name: &str, type_name: &str) -> Self {
        Self {
            name: name.into(),
            type_name: type_name.into(),
            shape: None,
            dtype: None,
            unit: None,
            optional: false,
            gathered: false,
            about: String::new(),
        }
    }

    pub fn tensor(name: &str) -> Self {
        Self::of(name, "tensor")
    }

    pub fn volume(name: &str) -> Self {
        Self::of(name, "volume")
    }

    pub fn json(name: &str) -> Self {
        Self::of(name, "json")
    }

    /// One sentence on what flows here.
    #[must_use]
    pub fn about(mut self, about: &str) -> Self {
        self.about = about.into();
        self
    }

    /// `"[N, 1, D%16, H, W]"`: symbols are equal across the ports of an entry, `%` asks for divisibility, `…` stands for any leading dimensions.
    ///
    /// # Panics
    /// Where the text is not a shape: a mistake of the author, found by the first look at the operator.
    #[must_use]
    pub fn shape(mut self, shape: &str) -> Self {
        self.shape = Some(Shape::parse(shape).unwrap_or_else(|fault| panic!("port `{}`: {fault}", self.name)));
        self
    }

    /// `float32`, `int64`, …: PyTorch's words.
    #[must_use]
    pub fn dtype(mut self, dtype: &str) -> Self {
        self.dtype = Some(dtype.into());
        self
    }

    #[must_use]
    pub fn unit(mut self, unit: &str) -> Self {
        self.unit = Some(unit.into());
        self
    }

    /// May be left unconnected.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Comes from the deeper level, item by item.
    #[must_use]
    pub fn gathered(mut self) -> Self {
        self.gathered = true;
        self
    }

    fn describe(&self) -> Json {
        let mut json = json!({ "name": self.name, "type": self.type_name });
        let texts =
            [("shape", self.shape.as_ref().map(ToString::to_string)), ("dtype", self.dtype.clone()), ("unit", self.unit.clone())];
        for (key, text) in texts {
            if let Some(text) = text {
                json[key] = text.into();
            }
        }
        json["optional"] = self.optional.into();
        json["gather"] = self.gathered.into();
        json["about"] = self.about.as_str().into();
        json
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Map,
    Scatter,
    Gather,
}

/// One way to use an operator.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(crate) name: String,
    about: String,
    pub(crate) kind: Kind,
    access: Access,
    backward: bool,
    partial: bool,
    params: Json,
    pub(crate) inputs: Vec<Port>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) uses: Vec<(String, Json)>,
}

impl Entry {
    fn new(kind: Kind) -> Self {
        Self {
            name: "run".into(),
            about: String::new(),
            kind,
            access: Access::None,
            backward: false,
            partial: false,
            params: crate::params::ObjectSchema::default().finish(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            uses: Vec::new(),
        }
    }

    /// One item in, one item out.
    pub fn map() -> Self {
        Self::new(Kind::Map)
    }

    /// One item in, many out.
    pub fn scatter() -> Self {
        Self::new(Kind::Scatter)
    }

    /// Many items in, one out.
    pub fn gather() -> Self {
        Self::new(Kind::Gather)
    }

    /// A module's entries have names; a plain operator's only entry is `run`.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    #[must_use]
    pub fn about(mut self, about: &str) -> Self {
        self.about = about.into();
        self
    }

    /// Reads its own module's state.
    #[must_use]
    pub fn reads(mut self) -> Self {
        self.access = Access::Read;
        self
    }

    /// Changes its own module's state.
    #[must_use]
    pub fn writes(mut self) -> Self {
        self.access = Access::Write;
        self
    }

    /// Differentiates: what leads here runs with gradients on.
    #[must_use]
    pub fn backward(mut self) -> Self {
        self.backward = true;
        self
    }

    /// A gather whose result is right without the items that failed: a table of cases, but not a volume of windows.
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// Parameters of this entry, set at the node.
    #[must_use]
    pub fn params<P: Params>(mut self) -> Self {
        self.params = P::schema();
        self
    }

    #[must_use]
    pub fn input(mut self, port: Port) -> Self {
        self.inputs.push(port);
        self
    }

    #[must_use]
    pub fn output(mut self, port: Port) -> Self {
        self.outputs.push(port);
        self
    }

    /// Takes another module.
    #[must_use]
    pub fn uses(self, name: &str, access: Access, about: &str) -> Self {
        self.using(name, access, false, about)
    }

    /// Takes one or more other modules under one name.
    #[must_use]
    pub fn uses_many(self, name: &str, access: Access, about: &str) -> Self {
        self.using(name, access, true, about)
    }

    fn using(mut self, name: &str, access: Access, many: bool, about: &str) -> Self {
        let json = json!({ "name": name, "access": access.word(), "many": many, "optional": false, "about": about });
        self.uses.push((name.into(), json));
        self
    }

    pub(crate) fn describe(&self) -> Json {
        let kind = match self.kind {
            Kind::Map => "map",
            Kind::Scatter => "scatter",
            Kind::Gather => "gather",
        };
        json!({
            "name": self.name,
            "about": self.about,
            "kind": kind,
            "access": self.access.word(),
            "backward": self.backward,
            "partial": self.partial,
            "params": self.params,
            "inputs": self.inputs.iter().map(Port::describe).collect::<Vec<_>>(),
            "outputs": self.outputs.iter().map(Port::describe).collect::<Vec<_>>(),
            "uses": self.uses.iter().map(|(_, json)| json.clone()).collect::<Vec<_>>(),
        })
    }
}
