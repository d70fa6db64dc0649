//! Why one call did not give what it should.

use voxloom_abi::{Status, status};

/// A call's failure, before it is known where in the report it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    pub message: String,
}

/// Failures by what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    Failed,
    Invalid,
    /// The run stops.
    Fatal,
    Cancelled,
    Panicked,
    Poisoned,
    /// The plugin broke the contract.
    Contract,
    /// A gather lost an item.
    Lost,
}

impl FaultKind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Invalid => "invalid",
            Self::Fatal => "fatal",
            Self::Cancelled => "cancelled",
            Self::Panicked => "panicked",
            Self::Poisoned => "poisoned",
            Self::Contract => "contract",
            Self::Lost => "lost",
        }
    }
}

impl Fault {
    pub fn contract(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Contract, message: message.into() }
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Failed, message: message.into() }
    }

    /// From a status other than `OK`, with the message that came along.
    pub fn of(status: Status, message: String) -> Self {
        let (kind, usual) = match status {
            status::FAILED => (FaultKind::Failed, "failed without a message"),
            status::INVALID => (FaultKind::Invalid, "its parameters do not fit together"),
            status::FATAL => (FaultKind::Fatal, "asked for the run to stop, without a message"),
            status::CANCELLED => (FaultKind::Cancelled, "left early"),
            status::PANICKED => (FaultKind::Panicked, "panicked without a message"),
            status::POISONED => (FaultKind::Poisoned, "panicked earlier and takes no further calls"),
            _ => return Self::contract(format!("returned the unknown status {status}: {message}")),
        };
        Self { kind, message: if message.is_empty() { usual.into() } else { message } }
    }
}
