//! Plain operators: the struct of parameters is the operator.

use crate::{Call, DeviceKind, Entry, Mode, Params, Result, Threads};

/// One item in, one item out.
pub trait Operator: Params {
    /// `family.name`.
    const NAME: &'static str;

    /// Ports.
    fn entry() -> Entry;

    fn mode() -> Mode {
        Mode::Parallel
    }

    fn threads() -> Threads {
        Threads::One
    }

    fn device() -> DeviceKind {
        DeviceKind::Cpu
    }

    /// # Errors
    /// See [`crate::Error`]: how far a failure reaches.
    fn run(&self, call: &mut Call) -> Result<()>;
}

/// One item in, many out.
pub trait Scatter: Params {
    /// `family.name`.
    const NAME: &'static str;

    /// Ports.
    fn entry() -> Entry;

    fn mode() -> Mode {
        Mode::Parallel
    }

    /// Reads the inputs and starts.
    ///
    /// # Errors
    /// See [`crate::Error`].
    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>>;
}

/// Gives items one by one.
pub trait Cursor: Send {
    /// Writes the outputs of the next item and says true, or says false at the end.
    ///
    /// # Errors
    /// See [`crate::Error`].
    fn next(&mut self, call: &mut Call) -> Result<bool>;
}

/// Many items in, one out.
pub trait Gather: Params {
    /// `family.name`.
    const NAME: &'static str;

    /// Ports; those that come item by item are [`crate::Port::gathered`].
    fn entry() -> Entry;

    fn threads() -> Threads {
        Threads::One
    }

    /// Reads the inputs that are not gathered and starts.
    ///
    /// # Errors
    /// See [`crate::Error`].
    fn open(&self, call: &mut Call) -> Result<Box<dyn Accumulator>>;
}

/// Takes items in order.
pub trait Accumulator: Send {
    /// Takes one item's inputs.
    ///
    /// # Errors
    /// See [`crate::Error`].
    fn push(&mut self, call: &mut Call) -> Result<()>;

    /// Writes the outputs.
    ///
    /// # Errors
    /// See [`crate::Error`].
    fn finish(&mut self, call: &mut Call) -> Result<()>;
}
