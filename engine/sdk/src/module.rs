//! Modules: operators that own state.

use crate::{Accumulator, Call, Context, Cursor, Entry, Error, ErrorKind, IntoValue, Json, Params, Result, Runs, Value};
use std::path::Path;
use std::sync::Arc;
use voxloom_abi::{self as abi, ModuleRef, StateSink, Str, status};

/// One named value of a module's state.
#[derive(Clone, Debug)]
pub struct State {
    /// Its name in checkpoints: that of the authors' code.
    pub name: String,
    pub value: Value,
    /// True where an optimizer should step it.
    pub trainable: bool,
}

impl State {
    pub fn new(name: impl Into<String>, value: impl IntoValue, trainable: bool) -> Self {
        Self { name: name.into(), value: value.into_value(), trainable }
    }
}

/// Writes and reads states as files; the runtime gives one.
pub trait Store {
    /// Writes `state` and `extra` to `path`, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save(&self, state: &[State], extra: &Json, path: &Path) -> Result<()>;

    /// Copies the file's values into `state`, whose tensors are changed in place, and gives `extra` back.
    ///
    /// # Errors
    /// The file cannot be read, or names, shapes or types do not fit; then nothing was changed.
    fn load(&self, state: &[State], path: &Path) -> Result<Json>;
}

/// An operator with state: weights, optimizer moments, a memory bank, a position.
///
/// The engine runs entries that read at the same time, and entries that write alone and in item order. State that is not
/// a tensor stands behind a lock, which is then never waited for.
pub trait Module: Sized + Send + Sync + 'static {
    /// `family.name`.
    const NAME: &'static str;
    /// Set where the module is declared.
    type Params: Params;

    fn entries() -> Vec<Entry>;

    /// How its entries run.
    fn runs() -> Runs {
        Runs::default()
    }

    /// Faults in an entry's parameters that its schema cannot say.
    ///
    /// # Errors
    /// [`Error::param`].
    fn check_entry(_entry: &str, _params: &Json) -> Result<()> {
        Ok(())
    }

    /// Makes the module; initial weights come from [`Context::rng`].
    ///
    /// # Errors
    /// Parameters that do not fit together.
    fn create(params: &Self::Params, context: &Context) -> Result<Self>;

    /// Every value of the state in a fixed order; tensors share storage with the module.
    fn state(&self) -> Vec<State> {
        Vec::new()
    }

    /// State that is not a tensor.
    fn extra(&self) -> Json {
        Json::Null
    }

    /// Takes back what [`Module::extra`] gave (`Null` where the file holds weights only). Called after every load.
    ///
    /// # Errors
    /// Not what `extra` gives.
    fn set_extra(&self, _extra: Json) -> Result<()> {
        Ok(())
    }

    /// Writes the whole state.
    ///
    /// # Errors
    /// The file cannot be written.
    fn save(&self, store: &dyn Store, _context: &Context, path: &Path) -> Result<()> {
        store.save(&self.state(), &self.extra(), path)
    }

    /// Reads the whole state, or weights in a form that the module knows.
    ///
    /// # Errors
    /// The file does not fit; then nothing was changed.
    fn load(&self, store: &dyn Store, _context: &Context, path: &Path) -> Result<()> {
        let extra = store.load(&self.state(), path)?;
        self.set_extra(extra)
    }

    /// Makes a use of an entry: parameters are read once, calls come many times.
    ///
    /// # Errors
    /// Parameters or used modules that do not fit.
    fn bind(self: &Arc<Self>, entry: &str, params: &Json, uses: Uses) -> Result<Box<dyn Bound>>;
}

/// One use of an entry. A closure `Fn(&mut Call) -> Result<()>` is one; [`scatter`] and [`gather`] make the others.
pub trait Bound: Send + Sync {
    /// # Errors
    /// See [`Error`].
    fn run(&self, _call: &mut Call) -> Result<()> {
        Err(Error::item("this entry is not a map: it cannot be run"))
    }

    /// # Errors
    /// See [`Error`].
    fn open_cursor(&self, _call: &mut Call) -> Result<Box<dyn Cursor>> {
        Err(Error::item("this entry does not scatter"))
    }

    /// # Errors
    /// See [`Error`].
    fn open_accumulator(&self, _call: &mut Call) -> Result<Box<dyn Accumulator>> {
        Err(Error::item("this entry does not gather"))
    }
}

impl<F: Fn(&mut Call) -> Result<()> + Send + Sync> Bound for F {
    fn run(&self, call: &mut Call) -> Result<()> {
        self(call)
    }
}

struct ScatterEntry<F>(F);
struct GatherEntry<F>(F);

impl<F: Fn(&mut Call) -> Result<Box<dyn Cursor>> + Send + Sync> Bound for ScatterEntry<F> {
    fn open_cursor(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        self.0(call)
    }
}

impl<F: Fn(&mut Call) -> Result<Box<dyn Accumulator>> + Send + Sync> Bound for GatherEntry<F> {
    fn open_accumulator(&self, call: &mut Call) -> Result<Box<dyn Accumulator>> {
        self.0(call)
    }
}

/// A `scatter` entry from a closure that opens its cursor.
pub fn scatter(open: impl Fn(&mut Call) -> Result<Box<dyn Cursor>> + Send + Sync + 'static) -> Box<dyn Bound> {
    Box::new(ScatterEntry(open))
}

/// A `gather` entry from a closure that opens its accumulator.
pub fn gather(open: impl Fn(&mut Call) -> Result<Box<dyn Accumulator>> + Send + Sync + 'static) -> Box<dyn Bound> {
    Box::new(GatherEntry(open))
}

/// Another module in the hands of an entry that uses it.
#[derive(Clone, Copy)]
pub struct ModuleHandle(ModuleRef);

// SAFETY: the engine keeps the module alive as long as the call, and orders accesses to it.
unsafe impl Send for ModuleHandle {}
// SAFETY: as above.
unsafe impl Sync for ModuleHandle {}

impl ModuleHandle {
    /// # Safety
    /// The module must outlive the handle.
    pub(crate) unsafe fn new(raw: ModuleRef) -> Self {
        Self(raw)
    }

    /// Its name in the pipeline file.
    pub fn name(&self) -> &str {
        // SAFETY: lent as long as the call lives.
        unsafe { self.0.name.get() }.unwrap_or("?")
    }

    /// Its state; tensors share storage with the module.
    ///
    /// # Errors
    /// The module has none, or refuses.
    pub fn state(&self) -> Result<Vec<State>> {
        unsafe extern "C" fn put(data: *mut std::ffi::c_void, name: Str, value: abi::Value, trainable: u8) {
            // SAFETY: `data` is the Vec below; name and value are lent for this call.
            unsafe {
                let name = name.get().unwrap_or("?").to_owned();
                let state = State { name, value: Value::borrow(&value).clone(), trainable: trainable != 0 };
                (*data.cast::<Vec<State>>()).push(state);
            }
        }
        let mut states: Vec<State> = Vec::new();
        // SAFETY: the table and the instance live as long as the call.
        let status = unsafe {
            let Some(state) = (*self.0.table).state else {
                return Err(Error::item(format!("module `{}` has no state", self.name())));
            };
            state(self.0.instance, &StateSink { data: std::ptr::from_mut(&mut states).cast(), put })
        };
        if status == status::OK {
            Ok(states)
        } else {
            Err(Error::item(format!("module `{}` did not give its state", self.name())).of_kind(ErrorKind::of(status)))
        }
    }
}

/// The modules that a call uses, by the names of its entry.
#[derive(Clone, Default)]
pub struct Uses(pub(crate) Vec<(String, Vec<ModuleHandle>)>);

impl Uses {
    /// The one module under this name.
    ///
    /// # Errors
    /// None, or several.
    pub fn one(&self, name: &str) -> Result<ModuleHandle> {
        match self.many(name) {
            [module] => Ok(*module),
            modules => Err(Error::item(format!("`use.{name}` must name one module, got {}", modules.len()))),
        }
    }

    /// All modules under this name, in the order of the file.
    pub fn many(&self, name: &str) -> &[ModuleHandle] {
        self.0.iter().find(|(other, _)| other == name).map_or(&[], |(_, modules)| modules)
    }
}
