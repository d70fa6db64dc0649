//! Of what kind a failure is: whether the same call may go well another time.

use crate::status::{KINDS, Status};
use std::collections::TryReserveError;
use std::io::{Error, ErrorKind};

/// The kind of a failure, as it stands in a [`Status`] beside what follows for the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Kind {
    /// Nothing says that another try would end otherwise: bad data, a wrong parameter, a mistake.
    #[default]
    Other = 0,
    /// What the call needs besides its data is not to be had now: a file, a share, a device.
    Unavailable = 0x100,
    /// The memory of the machine or of the device did not suffice.
    Exhausted = 0x200,
    /// A disk has no room left, or the user's part of it.
    Full = 0x300,
}

impl Kind {
    /// The kind in a status; one that a later version knows is [`Kind::Other`] here.
    pub const fn of(status: Status) -> Self {
        match status & KINDS {
            0x100 => Self::Unavailable,
            0x200 => Self::Exhausted,
            0x300 => Self::Full,
            _ => Self::Other,
        }
    }

    /// A status with this kind in place of the one that it had.
    pub const fn within(self, status: Status) -> Status {
        (status & !KINDS) | self as Status
    }

    /// What an error means: the first error of the system, or of memory, in the chain of its sources tells.
    pub fn of_error(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::of_error_or(error, |_| Self::Other)
    }

    /// As [`Kind::of_error`]; `of_library` is asked of each error in the chain that is neither.
    pub fn of_error_or(
        error: &(dyn std::error::Error + 'static),
        of_library: impl Fn(&(dyn std::error::Error + 'static)) -> Self,
    ) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let io = error.downcast_ref::<Error>();
            let kind = match io {
                Some(io) => Self::of_io(io),
                None if error.is::<TryReserveError>() => Self::Exhausted,
                None => of_library(error),
            };
            if kind != Self::Other {
                return kind;
            }
            // What an io::Error is made of stands before its source.
            next = match io.and_then(Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        Self::Other
    }

    /// What an error of the system means. `vx_kind_of_errno` of the C header says the same of numbers.
    pub fn of_io(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            ErrorKind::OutOfMemory => Self::Exhausted,
            ErrorKind::NotFound
            | ErrorKind::PermissionDenied
            | ErrorKind::StaleNetworkFileHandle
            | ErrorKind::ResourceBusy
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::TimedOut
            | ErrorKind::WouldBlock
            | ErrorKind::Interrupted
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown => Self::Unavailable,
            // EIO, ENFILE, EMFILE and EHOSTDOWN have no name in the standard library.
            _ if matches!(error.raw_os_error(), Some(5 | 23 | 24 | 112)) => Self::Unavailable,
            _ => Self::Other,
        }
    }

    /// As reports write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Unavailable => "unavailable",
            Self::Exhausted => "exhausted",
            Self::Full => "full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{FATAL, without_kind};

    #[test]
    fn a_status_holds_what_follows_and_of_what_kind_it_is() {
        for kind in [Kind::Other, Kind::Unavailable, Kind::Exhausted, Kind::Full] {
            let status = kind.within(FATAL);
            assert_eq!((without_kind(status), Kind::of(status)), (FATAL, kind));
            assert_eq!(Kind::Other.within(status), FATAL);
        }
    }

    #[test]
    fn what_a_later_version_says_is_no_known_kind() {
        assert_eq!(Kind::of(0x400 | FATAL), Kind::Other);
        assert_eq!(without_kind(0x400 | FATAL), FATAL);
        assert_eq!(without_kind(-1), 0xffff_00ff_u32.cast_signed(), "it stays unknown");
    }

    #[test]
    fn an_error_without_a_number_is_known_by_its_name() {
        assert_eq!(Kind::of_io(&Error::from(ErrorKind::NotFound)), Kind::Unavailable);
        assert_eq!(Kind::of_io(&Error::new(ErrorKind::StorageFull, "the quota of the project")), Kind::Full);
        assert_eq!(Kind::of_io(&Error::new(ErrorKind::InvalidData, "no space left on device")), Kind::Other);
    }

    #[test]
    fn the_first_cause_in_a_chain_that_is_of_a_kind_tells() {
        let disk = || Error::from_raw_os_error(5);
        assert_eq!(Kind::of_error(&Error::other(Error::other(disk()))), Kind::Unavailable);
        let cut = Error::new(ErrorKind::UnexpectedEof, "the stream ends");
        assert_eq!(Kind::of_error(&Error::other(cut)), Kind::Other);
        let memory = Vec::<u8>::new().try_reserve(usize::MAX).expect_err("more than there is");
        assert_eq!(Kind::of_error(&memory), Kind::Exhausted);
    }
}
