//! Transfer syntaxes: how elements are laid out and how pixels are coded.

use dicom_encoding::transfer_syntax::TransferSyntaxIndex;
use dicom_transfer_syntax_registry::TransferSyntaxRegistry;

/// How data elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    ImplicitLittle,
    ExplicitLittle,
    ExplicitBig,
}

impl Layout {
    /// The uncompressed transfer syntax of this layout.
    pub(crate) fn uid(self) -> &'static str {
        match self {
            Self::ImplicitLittle => "1.2.840.10008.1.2",
            Self::ExplicitLittle => "1.2.840.10008.1.2.1",
            Self::ExplicitBig => "1.2.840.10008.1.2.2",
        }
    }
}

/// How pixels are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    Native,
    Rle,
    Jpeg,
    JpegLs,
    Jpeg2000,
    /// Every frame deflated by itself.
    DeflatedFrames,
    /// Known or unknown, not decoded here.
    Other,
}

/// One transfer syntax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syntax {
    pub uid: String,
    pub layout: Layout,
    pub coding: Coding,
    /// The whole data set is deflated.
    pub deflated: bool,
}

impl Syntax {
    pub fn of(uid: &str) -> Self {
        let short = uid.strip_prefix("1.2.840.10008.1.2");
        let layout = match short {
            Some("") => Layout::ImplicitLittle,
            Some(".2") => Layout::ExplicitBig,
            _ => Layout::ExplicitLittle,
        };
        let coding = match short {
            Some("" | ".1" | ".2" | ".1.99") => Coding::Native,
            Some(".5") => Coding::Rle,
            Some(".4.50" | ".4.51" | ".4.57" | ".4.70") => Coding::Jpeg,
            Some(".4.80" | ".4.81") => Coding::JpegLs,
            Some(".4.90" | ".4.91" | ".4.201" | ".4.202" | ".4.203") => Coding::Jpeg2000,
            Some(".8.1") => Coding::DeflatedFrames,
            _ => Coding::Other,
        };
        Self { uid: uid.to_owned(), layout, coding, deflated: short == Some(".1.99") }
    }

    /// The standard's name, for messages.
    pub fn name(&self) -> String {
        let known = TransferSyntaxRegistry.get(&self.uid).map(|syntax| syntax.name().to_owned());
        known.unwrap_or_else(|| "an unknown transfer syntax".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layout_and_coding_follow_from_the_uid() {
        let syntax = Syntax::of("1.2.840.10008.1.2.4.90");
        assert_eq!((syntax.layout, syntax.coding), (Layout::ExplicitLittle, Coding::Jpeg2000));
        assert!(syntax.name().contains("JPEG 2000"), "{}", syntax.name());
        assert_eq!(Syntax::of("1.2.840.10008.1.2").layout, Layout::ImplicitLittle);
        assert!(Syntax::of("1.2.840.10008.1.2.1.99").deflated);
        assert_eq!(Syntax::of("1.2.840.10008.1.2.4.102").coding, Coding::Other);
        assert_eq!(Syntax::of("1.2.3").name(), "an unknown transfer syntax");
    }
}
