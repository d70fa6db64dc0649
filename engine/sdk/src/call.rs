//! One call, seen from the author: inputs by name, outputs by name, and what the engine lends.

use crate::entry::Port;
use crate::{Error, ErrorKind, FromValue, IntoValue, Result, Value};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::PathBuf;
use voxloom_abi::{self as abi, Sink, status};

/// What the engine lends for the time of a call.
pub struct Context<'a> {
    raw: &'a abi::Context,
}

impl<'a> Context<'a> {
    pub(crate) fn new(raw: &'a abi::Context) -> Self {
        Self { raw }
    }

    pub fn raw(&self) -> &abi::Context {
        self.raw
    }

    pub fn warn(&self, text: &str) {
        self.log(2, text);
    }

    pub fn info(&self, text: &str) {
        self.log(3, text);
    }

    pub fn debug(&self, text: &str) {
        self.log(4, text);
    }

    fn log(&self, level: abi::Level, text: &str) {
        // SAFETY: the context is alive for the call, and this is its thread (Context is not Send).
        unsafe { (self.raw.log)(self.raw.host, level, abi::Str::lend(text)) }
    }

    /// How far the call has come; `total` 0 where it is unknown.
    pub fn progress(&self, done: u64, total: u64) {
        // SAFETY: as for log.
        unsafe { (self.raw.progress)(self.raw.host, done, total) }
    }

    pub fn cancelled(&self) -> bool {
        // SAFETY: as for log.
        unsafe { (self.raw.cancelled)(self.raw.host) != 0 }
    }

    /// A folder that lives as long as the run.
    ///
    /// # Errors
    /// The engine could not make one.
    pub fn scratch(&self) -> Result<PathBuf> {
        let mut text = String::new();
        // SAFETY: as for log; the sink outlives the call.
        match unsafe { (self.raw.scratch)(self.raw.host, &Sink::to(&mut text)) } {
            status::OK => Ok(text.into()),
            status => Err(Error::item(format!("no scratch folder: {text}")).of_kind(ErrorKind::of(status))),
        }
    }

    /// From (run seed, node, item).
    pub fn seed(&self) -> u64 {
        self.raw.seed
    }

    /// A generator of its own for this call: the same numbers on any lane and in any order.
    pub fn rng(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.raw.seed)
    }

    /// Index at every level, outermost first.
    pub fn item(&self) -> &[u64] {
        if self.raw.item_len == 0 {
            return &[];
        }
        // SAFETY: the engine lends item_len numbers for the call.
        unsafe { std::slice::from_raw_parts(self.raw.item, self.raw.item_len) }
    }

    /// Name of the node, or of the module while it is made, saved or loaded.
    pub fn node(&self) -> &str {
        // SAFETY: the engine lends the text for the call.
        unsafe { self.raw.node.get() }.unwrap_or("?")
    }

    /// `cpu`, `cuda:0`, …
    pub fn device_name(&self) -> &str {
        // SAFETY: the engine lends the text for the call.
        unsafe { self.raw.device.get() }.unwrap_or("cpu")
    }

    /// Intra-op threads that the call may use; at least 1.
    pub fn threads(&self) -> usize {
        self.raw.threads.max(1) as usize
    }

    /// True where the outputs must carry gradients.
    pub fn grad(&self) -> bool {
        self.raw.grad != 0
    }
}

/// One call of an entry.
pub struct Call<'a> {
    context: Context<'a>,
    ports: (&'a [Port], &'a [Port]),
    inputs: &'a [abi::Value],
    outputs: Vec<Option<Value>>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(context: Context<'a>, ports: (&'a [Port], &'a [Port]), inputs: &'a [abi::Value]) -> Self {
        let outputs = ports.1.iter().map(|_| None).collect();
        Self { context, ports, inputs, outputs }
    }

    /// Reads an input.
    ///
    /// # Errors
    /// Not connected, of another type, or not to be read in this phase (an item's inputs belong to `push`, the others to `open`).
    pub fn input<T: FromValue>(&self, name: &str) -> Result<T> {
        self.optional(name)?.ok_or_else(|| Error::item(format!("input `{name}` is missing: connect it under `in`")))
    }

    /// Reads an input that may be left unconnected.
    ///
    /// # Errors
    /// Of another type.
    pub fn optional<T: FromValue>(&self, name: &str) -> Result<Option<T>> {
        let index = self.ports.0.iter().position(|port| port.name == name);
        let index =
            index.ok_or_else(|| Error::item(format!("the operator asked for an input `{name}` that it does not declare")))?;
        match self.inputs.get(index).filter(|value| !value.is_none()) {
            Some(value) => {
                T::from_value(Value::borrow(value), self).map(Some).map_err(|error| error.context(format_args!("input `{name}`")))
            }
            None => Ok(None),
        }
    }

    /// Writes an output.
    ///
    /// # Errors
    /// No such output.
    pub fn output(&mut self, name: &str, value: impl IntoValue) -> Result<()> {
        let index = self.ports.1.iter().position(|port| port.name == name);
        let index =
            index.ok_or_else(|| Error::item(format!("the operator wrote an output `{name}` that it does not declare")))?;
        self.outputs[index] = Some(value.into_value());
        Ok(())
    }

    /// True where someone connected this input.
    pub fn has(&self, name: &str) -> bool {
        let index = self.ports.0.iter().position(|port| port.name == name);
        index.and_then(|index| self.inputs.get(index)).is_some_and(|value| !value.is_none())
    }

    /// The outputs, complete and of the declared types.
    pub(crate) fn finish(self) -> Result<Vec<Value>> {
        let ports = self.ports.1;
        let pairs = self.outputs.into_iter().zip(ports);
        pairs.map(|(value, port)| value.ok_or_else(|| Error::item(format!("output `{}` was not written", port.name)))).collect()
    }
}

impl<'a> std::ops::Deref for Call<'a> {
    type Target = Context<'a>;

    fn deref(&self) -> &Context<'a> {
        &self.context
    }
}
