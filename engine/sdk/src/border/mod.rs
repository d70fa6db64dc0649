//! The border: authors' traits on one side, the C function table on the other.
//!
//! Panics stop here and become errors; after one, the instance refuses further calls.

mod adapters;
mod calls;
mod guard;

use crate::{Bound, Context, Entry, Json, Result, Uses};
pub use adapters::{GatherOf, MapOf, ModuleOf, ScatterOf};
pub use calls::Exported;
use std::path::Path;
use std::sync::Arc;
use voxloom_abi::OperatorTable;

/// A pointer to a table, as the plugin's list wants it.
#[repr(transparent)]
pub struct TableRef(pub &'static OperatorTable);

/// Any kind of operator, as the table needs it.
pub trait Adapter: 'static {
    const NAME: &'static str;

    /// The whole description (`docs/contract.md` section 5).
    fn describe() -> Json;

    fn entries() -> Vec<Entry>;

    /// Faults beyond the schema; `entry` is `None` for the operator's own parameters.
    fn check(entry: Option<usize>, params: &Json) -> Result<()>;

    fn create(params: &Json, context: &Context) -> Result<Arc<dyn Behind>>;
}

/// What stands behind an instance.
pub trait Behind: Send + Sync {
    fn bind(self: Arc<Self>, entry: &str, params: &Json, uses: Uses) -> Result<Box<dyn Bound>>;

    fn state(&self) -> Vec<crate::State> {
        Vec::new()
    }

    fn save(&self, _store: &dyn crate::Store, _context: &Context, _path: &Path) -> Result<()> {
        Ok(())
    }

    fn load(&self, _store: &dyn crate::Store, _context: &Context, _path: &Path) -> Result<()> {
        Err(crate::Error::item("a plain operator has no state to load"))
    }
}
