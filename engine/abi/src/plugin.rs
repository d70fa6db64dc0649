//! The one symbol that a plugin exports.

use crate::{OperatorTable, Str};

/// First bytes of a [`Plugin`].
pub const MAGIC: [u8; 8] = *b"VOXLOOM\0";
/// Changes when old plugins can no longer be understood.
pub const ABI_MAJOR: u32 = 1;
/// Grows when something is added that older sides can do without: at the end of a table, or a number. 1: kinds of failures.
pub const ABI_MINOR: u32 = 1;
/// Name of the exported constant: `extern const vx_plugin voxloom_plugin;`.
pub const PLUGIN_SYMBOL: &str = "voxloom_plugin";

/// What a plugin is. A constant: reading it runs no code of the plugin.
#[repr(C)]
pub struct Plugin {
    pub magic: [u8; 8],
    pub abi_major: u32,
    pub abi_minor: u32,
    /// `sizeof` of the struct that the plugin knew.
    pub struct_size: u32,
    pub n_operators: u32,
    /// Also the family of its operators: `imaging` holds `imaging.*`.
    pub name: Str,
    pub version: Str,
    /// The libtorch it was built for (`2.11.0`); empty where it uses none.
    pub libtorch: Str,
    /// `n_operators` pointers to tables.
    pub operators: *const *const OperatorTable,
}

// SAFETY: a plugin is immutable and holds only static text and tables.
unsafe impl Sync for Plugin {}
