//! Private elements by who made them.

use crate::attributes::Attributes;
use dicom_core::Tag;
use dicom_object::InMemDicomObject;

/// The bytes of element `place` (its last two digits) in the block of `group` that `creator` reserved.
pub fn bytes(object: &InMemDicomObject, group: u16, creator: &str, place: u16) -> Option<Vec<u8>> {
    let is_creator = |block: &u16| {
        let name = object.bytes(Tag(group, *block)).unwrap_or_default();
        String::from_utf8_lossy(&name).trim_matches(['\0', ' ']) == creator
    };
    let block = (0x10..=0xFF).find(is_creator)?;
    object.bytes(Tag(group, block << 8 | place))
}
