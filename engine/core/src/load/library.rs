//! One shared library: what it offers, and opening it for good.

use super::scan::Facts;
use super::{Fault, Libtorch, Manifest};
use crate::describe::Description;
use crate::graph::Operator;
use libloading::os::unix::{Library as Handle, RTLD_LOCAL, RTLD_NOW};
use serde::{Deserialize, Serialize};
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use voxloom_abi::{MAGIC, OperatorTable, PLUGIN_SYMBOL, Plugin};

/// A plugin that can be used.
pub struct Library {
    pub file: PathBuf,
    /// Of the file's bytes, in hexadecimal.
    pub sha256: String,
    pub manifest: Manifest,
    pub operators: Vec<Offered>,
    torch: Option<Libtorch>,
    tables: OnceLock<Result<Vec<&'static OperatorTable>, Fault>>,
}

/// An operator as the scan saw it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Offered {
    #[serde(with = "shared")]
    pub description: Arc<Description>,
    /// Its table has `state`.
    pub state: bool,
    /// Its table has `save`.
    pub save: bool,
    /// Its table has `load`.
    pub load: bool,
}

impl Library {
    pub(super) fn new(file: &Path, facts: Facts, torch: Option<Libtorch>) -> Self {
        let Facts { sha256, manifest, operators } = facts;
        Self { file: file.to_owned(), sha256, manifest, operators, torch, tables: OnceLock::new() }
    }

    /// True once the library is open in this process.
    pub fn is_open(&self) -> bool {
        self.tables.get().is_some_and(Result::is_ok)
    }

    /// Operator `name`; opens the library, and libtorch before it, if that was not done. Blocks meanwhile.
    ///
    /// # Errors
    /// Where the library cannot be opened, or is not what the scan saw.
    pub fn operator(&self, name: &str) -> Result<Operator, Fault> {
        let index = self.operators.iter().position(|offered| offered.description.name == name).ok_or(Fault::Changed)?;
        let description = Arc::clone(&self.operators[index].description);
        Ok(Operator { table: self.table(index)?, description, plugin: self.manifest.name.as_str().into() })
    }

    /// The table of operator number `index`.
    pub(super) fn table(&self, index: usize) -> Result<&'static OperatorTable, Fault> {
        let tables = self.tables.get_or_init(|| {
            if let Some(torch) = &self.torch {
                torch.open()?;
            }
            let tables = open(&self.file)?;
            let names = tables.iter().map(|table| name_of(table));
            if names.eq(self.operators.iter().map(|offered| offered.description.name.as_str())) {
                Ok(tables)
            } else {
                Err(Fault::Changed)
            }
        });
        tables.as_ref().map(|tables| tables[index]).map_err(Clone::clone)
    }
}

impl Offered {
    /// Reads the description that `table` wrote.
    ///
    /// # Errors
    /// Where it is no description, or the name is not the table's or not of the plugin's family.
    pub(super) fn read(table: &OperatorTable, text: &str, family: &str) -> Result<Self, Fault> {
        let name = name_of(table);
        let bad = |what: String| Fault::BadOperator { operator: format!("`{name}`"), what };
        if !name.strip_prefix(family).is_some_and(|rest| rest.len() > 1 && rest.starts_with('.')) {
            return Err(bad(format!("its name must begin with `{family}.`, the plugin's name and a dot")));
        }
        let description: Description =
            serde_json::from_str(text).map_err(|error| bad(format!("its description is not understood: {error}")))?;
        if description.name != name {
            return Err(bad(format!("its description is of `{}`", description.name)));
        }
        let description = Arc::new(description);
        Ok(Self { description, state: table.state.is_some(), save: table.save.is_some(), load: table.load.is_some() })
    }
}

/// Opens a library for good and returns its operators' tables.
///
/// # Errors
/// Where the loader refuses the file, or a table is not complete.
pub(super) fn open(file: &Path) -> Result<Vec<&'static OperatorTable>, Fault> {
    // SAFETY: the library's constructors run. They ran in a child process when it was scanned and ended there.
    let library =
        unsafe { Handle::open(Some(file), RTLD_NOW | RTLD_LOCAL) }.map_err(|error| Fault::Open(reason(&error, file)))?;
    // SAFETY: the symbol is a constant of this type in every plugin; magic and size are looked at before anything else.
    let plugin = unsafe { library.get::<*const Plugin>(PLUGIN_SYMBOL) }.map_err(|_| Fault::NoSymbol)?.into_raw().cast::<Plugin>();
    std::mem::forget(library);
    // SAFETY: the library is never closed, and the constant was found in its file with this magic and at least this size.
    let plugin: &'static Plugin = unsafe { &*plugin };
    if plugin.magic != MAGIC {
        return Err(Fault::Changed);
    }
    if plugin.n_operators > 4096 || (plugin.operators.is_null() && plugin.n_operators > 0) {
        return Err(Fault::BadConstant(format!("lists {} operators at a null or wild address", plugin.n_operators)));
    }
    (0..plugin.n_operators as usize)
        .map(|index| {
            // SAFETY: `operators` points to `n_operators` static pointers.
            complete(unsafe { *plugin.operators.add(index) }, index)
        })
        .collect()
}

/// The table, once every function that may not be null is seen not to be.
fn complete(table: *const OperatorTable, index: usize) -> Result<&'static OperatorTable, Fault> {
    let bad = |what: &str| Err(Fault::BadOperator { operator: format!("number {index}"), what: what.to_owned() });
    if table.is_null() {
        return bad("its table is null");
    }
    // SAFETY: every table begins with its size; read as a number before the rest is trusted.
    let size = unsafe { table.cast::<u32>().read() } as usize;
    if size < size_of::<OperatorTable>() {
        return bad(&format!("its table has struct_size {size}, expected at least {}", size_of::<OperatorTable>()));
    }
    for (word, name) in (offset_of!(OperatorTable, describe) / size_of::<usize>()..).zip(FUNCTIONS) {
        // SAFETY: within the size that the table states. Read as a word: in Rust a null function may not even exist.
        if unsafe { table.cast::<usize>().add(word).read() } == 0 {
            return bad(&format!("function `{name}` of its table is null"));
        }
    }
    // SAFETY: static by the contract, complete as seen above.
    Ok(unsafe { &*table })
}

/// The functions that no table may leave out, in its order.
const FUNCTIONS: [&str; 12] =
    ["describe", "check", "create", "destroy", "bind", "unbind", "run", "open", "next", "push", "finish", "close"];
const _: () =
    assert!(offset_of!(OperatorTable, describe) + (FUNCTIONS.len() - 1) * size_of::<usize>() == offset_of!(OperatorTable, close));

fn name_of(table: &OperatorTable) -> &'static str {
    // SAFETY: the name is static by the contract.
    unsafe { table.name.get() }.unwrap_or("(a name that is not UTF-8)")
}

/// The loader's words without the path, which stands before the message already.
fn reason(error: &libloading::Error, file: &Path) -> String {
    let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    text.replace(&format!("{}: ", file.display()), "")
}

/// A shared description is written like any other.
mod shared {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub fn serialize<T: Serialize, S: Serializer>(shared: &Arc<T>, serializer: S) -> Result<S::Ok, S::Error> {
        shared.as_ref().serialize(serializer)
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<T>, D::Error> {
        T::deserialize(deserializer).map(Arc::new)
    }
}
