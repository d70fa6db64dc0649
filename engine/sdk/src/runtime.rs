//! What surrounds every call of a plugin: the tensor library's own settings, shapes, files of weights.

use crate::{Context, Error, Json, Result, State, Store, Value};
use std::path::Path;

/// The surroundings of a plugin's calls, chosen by the export macro.
pub trait Runtime: 'static {
    /// Version of libtorch that the plugin was built for; empty for none.
    const LIBTORCH: &'static str;

    /// Runs `body` with the context's threads and gradients set, and the old settings restored.
    fn surround<T>(context: &Context, body: impl FnOnce() -> T) -> T;

    /// Sizes and element type of a value that has them.
    fn shape(value: &Value) -> Option<(Vec<i64>, String)>;

    /// The store of modules' states.
    fn store() -> &'static dyn Store;
}

/// No tensor library.
pub struct Plain;

struct JsonStore;

impl Runtime for Plain {
    const LIBTORCH: &'static str = "";

    fn surround<T>(_: &Context, body: impl FnOnce() -> T) -> T {
        body()
    }

    fn shape(_: &Value) -> Option<(Vec<i64>, String)> {
        None
    }

    fn store() -> &'static dyn Store {
        &JsonStore
    }
}

impl Store for JsonStore {
    fn save(&self, state: &[State], extra: &Json, path: &Path) -> Result<()> {
        if let Some(state) = state.first() {
            return Err(Error::item(format!(
                "state `{}` cannot be saved: a plain plugin keeps its state in `extra`",
                state.name
            )));
        }
        let beside = path.with_extension("part");
        std::fs::write(&beside, extra.to_string())?;
        std::fs::rename(&beside, path)?;
        Ok(())
    }

    fn load(&self, _: &[State], path: &Path) -> Result<Json> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::from(error).context(path.display()))?;
        Ok(serde_json::from_str(&text)?)
    }
}
