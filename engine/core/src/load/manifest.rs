//! The exported constant, read from the file: no code of the plugin runs, so whatever the file is, reading it is safe.
//!
//! The linker leaves pointers of a shared library to relocations; those inside the constant are followed here.

use super::Fault;
use object::elf::{R_AARCH64_RELATIVE, R_X86_64_RELATIVE};
use object::{
    Architecture, Object, ObjectKind, ObjectSegment, ObjectSymbol, ObjectSymbolTable, ReadCache, RelocationFlags,
    RelocationTarget,
};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::mem::{offset_of, size_of};
use std::path::Path;
use voxloom_abi::{ABI_MAJOR, ABI_MINOR, MAGIC, PLUGIN_SYMBOL, Plugin};

/// What the constant says of the whole plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Also the family of its operators.
    pub name: String,
    pub version: String,
    /// The libtorch it was built for; empty where it uses none.
    pub libtorch: String,
    pub abi_major: u32,
    pub abi_minor: u32,
}

/// Reads the manifest of the library in `file`.
///
/// # Errors
/// Where the file is no shared library of this machine, exports no such constant, or one of another ABI major.
pub(super) fn read(file: &Path) -> Result<Manifest, Fault> {
    let opened = File::open(file).map_err(|error| Fault::Unreadable(error.to_string()))?;
    let cache = ReadCache::new(opened);
    let elf = object::File::parse(&cache).map_err(|error| Fault::NotALibrary(error.to_string()))?;
    if elf.kind() != ObjectKind::Dynamic {
        return Err(Fault::NotALibrary("an object file or a program".to_owned()));
    }
    if elf.architecture() != host() {
        return Err(Fault::NotALibrary(format!("built for {:?}", elf.architecture())));
    }
    let mut symbols = elf.dynamic_symbols();
    let symbol = symbols.find(|symbol| symbol.is_definition() && symbol.name() == Ok(PLUGIN_SYMBOL)).ok_or(Fault::NoSymbol)?;
    Constant { elf: &elf, address: symbol.address() }.manifest()
}

struct Constant<'a> {
    elf: &'a object::File<'a, &'a ReadCache<File>>,
    address: u64,
}

impl Constant<'_> {
    fn manifest(&self) -> Result<Manifest, Fault> {
        if self.bytes(self.address, MAGIC.len() as u64)? != MAGIC {
            return Err(Fault::BadConstant("does not begin with VOXLOOM".to_owned()));
        }
        let abi_major = self.number(offset_of!(Plugin, abi_major))?;
        let abi_minor = self.number(offset_of!(Plugin, abi_minor))?;
        if abi_major != ABI_MAJOR {
            return Err(Fault::Abi { theirs: format!("{abi_major}.{abi_minor}"), ours: format!("{ABI_MAJOR}.{ABI_MINOR}") });
        }
        let size = self.number(offset_of!(Plugin, struct_size))? as usize;
        if size < size_of::<Plugin>() {
            return Err(Fault::BadConstant(format!("has struct_size {size}, expected at least {}", size_of::<Plugin>())));
        }
        Ok(Manifest {
            name: self.text(offset_of!(Plugin, name), "name")?,
            version: self.text(offset_of!(Plugin, version), "version")?,
            libtorch: self.text(offset_of!(Plugin, libtorch), "libtorch")?,
            abi_major,
            abi_minor,
        })
    }

    fn number(&self, offset: usize) -> Result<u32, Fault> {
        let bytes = self.bytes(self.address + offset as u64, 4)?;
        Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
    }

    /// The `Str` at `offset`.
    fn text(&self, offset: usize, field: &str) -> Result<String, Fault> {
        let at = self.address + offset as u64;
        let len = self.word(at + size_of::<usize>() as u64)?;
        if len == 0 {
            return Ok(String::new());
        }
        if len > 256 {
            return Err(Fault::BadConstant(format!("has a {field} of {len} bytes")));
        }
        let bytes = self.bytes(self.pointer(at)?, len)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Fault::BadConstant(format!("has a {field} that is not UTF-8")))
    }

    /// The address that the loader will put at `at`.
    fn pointer(&self, at: u64) -> Result<u64, Fault> {
        let Some((_, relocation)) = self.elf.dynamic_relocations().into_iter().flatten().find(|(address, _)| *address == at)
        else {
            return self.word(at);
        };
        let base = match (relocation.target(), relocation.flags()) {
            (_, RelocationFlags::Elf { r_type: R_X86_64_RELATIVE | R_AARCH64_RELATIVE }) => 0,
            (RelocationTarget::Symbol(index), _) => {
                let symbols = self.elf.dynamic_symbol_table();
                symbols.and_then(|table| table.symbol_by_index(index).ok()).map_or(0, |symbol| symbol.address())
            }
            _ => 0,
        };
        Ok(base.wrapping_add_signed(relocation.addend()))
    }

    fn word(&self, at: u64) -> Result<u64, Fault> {
        Ok(self.bytes(at, 8)?.try_into().map_or(0, u64::from_le_bytes))
    }

    /// Bytes as the loader maps them.
    fn bytes(&self, at: u64, len: u64) -> Result<&[u8], Fault> {
        let found = self.elf.segments().find_map(|segment| segment.data_range(at, len).ok().flatten());
        found.ok_or_else(|| Fault::BadConstant("points outside of the file".to_owned()))
    }
}

fn host() -> Architecture {
    if cfg!(target_arch = "aarch64") { Architecture::Aarch64 } else { Architecture::X86_64 }
}
