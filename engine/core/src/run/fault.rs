//! Why one call did not give what it should.

use std::fmt::Display;
use std::path::Path;
use voxloom_abi::{Kind, Status, status};

/// A call's failure, before it is known where in the report it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub status: FaultStatus,
    pub kind: Kind,
    pub message: String,
}

/// Failures by what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultStatus {
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

impl FaultStatus {
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
    pub fn new(status: FaultStatus, message: impl Into<String>) -> Self {
        Self { status, kind: Kind::Other, message: message.into() }
    }

    pub fn contract(message: impl Into<String>) -> Self {
        Self::new(FaultStatus::Contract, message)
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(FaultStatus::Failed, message)
    }

    /// An error of the file system, with the place it was about.
    pub fn io(place: &Path, error: &std::io::Error) -> Self {
        Self::failed(format!("{}: {error}", place.display())).of_kind(Kind::of_error(error))
    }

    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Puts words in front of the message.
    #[must_use]
    pub fn context(self, words: impl Display) -> Self {
        Self { message: format!("{words}: {}", self.message), ..self }
    }

    /// From a status other than `OK`, with the message that came along.
    pub fn of(status: Status, message: String) -> Self {
        let (known, usual) = match status::without_kind(status) {
            status::FAILED => (FaultStatus::Failed, "failed without a message"),
            status::INVALID => (FaultStatus::Invalid, "its parameters do not fit together"),
            status::FATAL => (FaultStatus::Fatal, "asked for the run to stop, without a message"),
            status::CANCELLED => (FaultStatus::Cancelled, "left early"),
            status::PANICKED => (FaultStatus::Panicked, "panicked without a message"),
            status::POISONED => (FaultStatus::Poisoned, "panicked earlier and takes no further calls"),
            _ => return Self::contract(format!("returned the unknown status {status}: {message}")),
        };
        Self::new(known, if message.is_empty() { usual.into() } else { message }).of_kind(Kind::of(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_what_follows_and_of_what_kind_it_is() {
        let fault = |status| {
            let fault = Fault::of(status, String::new());
            (fault.status, fault.kind)
        };
        assert_eq!(fault(status::FAILED), (FaultStatus::Failed, Kind::Other), "as before there were kinds");
        assert_eq!(fault(Kind::Full.within(status::FATAL)), (FaultStatus::Fatal, Kind::Full));
        assert_eq!(fault(Kind::Exhausted.within(status::PANICKED)), (FaultStatus::Panicked, Kind::Exhausted));
        assert_eq!(fault(0x700 | status::FAILED), (FaultStatus::Failed, Kind::Other), "a kind of a later version");
    }

    #[test]
    fn an_unknown_status_fails_its_item_and_is_told() {
        let fault = Fault::of(99, "why".into());
        assert_eq!((fault.status, fault.message.as_str()), (FaultStatus::Contract, "returned the unknown status 99: why"));
        assert_eq!(Fault::of(Kind::Full.within(status::OK), String::new()).status, FaultStatus::Contract);
    }
}
