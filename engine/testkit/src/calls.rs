//! One operator called as the engine calls it: create, bind, run or open, and everything given back at the end.

use crate::host::Host;
use crate::value::Value;
use serde_json::Value as Json;
use std::ffi::c_void;
use std::fmt;
use std::path::Path;
use std::ptr::null_mut;
use voxloom_abi::{self as abi, Kind as FaultKind, ModuleRef, OperatorTable, Sink, StateSink, Status, Str, status};
use voxloom_core::describe::{Description, Entry, Kind};

/// A status other than `OK`, with its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub status: Status,
    pub message: String,
}

/// The outputs of each item: one item for `map` and `gather`, several for `scatter`.
pub type Items = Vec<Vec<Value>>;

/// Items that are drawn of a cursor before it is closed.
const MOST_ITEMS: usize = 4;

/// An instance of an operator; destroyed when dropped.
pub struct Instance {
    table: &'static OperatorTable,
    raw: *mut c_void,
}

/// One use of an entry of an instance; unbound when dropped.
pub struct Bound<'a> {
    instance: &'a Instance,
    entry: &'a Entry,
    raw: *mut c_void,
}

// SAFETY: `run` and `open` may be called from several threads where the operator's mode says so, and callers look at it first.
unsafe impl Sync for Bound<'_> {}

impl Instance {
    /// # Errors
    /// What the operator said.
    pub fn create(table: &'static OperatorTable, params: &Json, host: Host) -> Result<Self, Refusal> {
        let mut raw = null_mut();
        let text = params.to_string();
        // SAFETY: the table is complete, and all that is lent outlives the call.
        tell(|error| unsafe { (table.create)(&host.context(), Str::lend(&text), &raw mut raw, error) })?;
        Ok(Self { table, raw })
    }

    /// Binds an entry that uses no other module.
    ///
    /// # Errors
    /// What the operator said.
    pub fn bind<'a>(&'a self, index: usize, entry: &'a Entry, params: &Json) -> Result<Bound<'a>, Refusal> {
        self.bind_using(index, entry, params, &[])
    }

    /// Binds an entry with the modules that it uses, in the order of its `uses`; one that it may do without may be `None`.
    ///
    /// # Errors
    /// What the operator said.
    pub fn bind_using<'a>(
        &'a self,
        index: usize,
        entry: &'a Entry,
        params: &Json,
        uses: &'a [Option<Instance>],
    ) -> Result<Bound<'a>, Refusal> {
        let mut raw = null_mut();
        let text = params.to_string();
        let bind = self.table.bind;
        let used: Vec<ModuleRef> = uses.iter().flatten().map(Instance::lent).collect();
        let counts: Vec<u32> = uses.iter().map(|module| u32::from(module.is_some())).collect();
        let (modules, counts, n_uses) = (used.as_ptr(), counts.as_ptr(), counts.len());
        // SAFETY: as in `create`; the lists have the lengths that the counts say, and the modules outlive the bound entry.
        tell(|error| unsafe { bind(self.raw, index as u32, Str::lend(&text), modules, counts, n_uses, &raw mut raw, error) })?;
        Ok(Bound { instance: self, entry, raw })
    }

    /// One whole use of an entry by its name, as [`Bound::call`]; `inputs` stand in the order of the ports, those left out at the end are not
    /// connected.
    ///
    /// # Errors
    /// What the operator said first.
    ///
    /// # Panics
    /// It has no such entry.
    pub fn call(&self, entry: &str, params: &Json, mut inputs: Vec<Option<Value>>, host: Host) -> Result<Items, Refusal> {
        let mut text = String::new();
        // SAFETY: the table is complete, and the sink outlives the call.
        unsafe { (self.table.describe)(&Sink::to(&mut text)) };
        let entries = serde_json::from_str::<Description>(&text).expect("a description is JSON").entries;
        let index = entries.iter().position(|other| other.name == entry).expect("an entry of that name");
        inputs.resize_with(entries[index].inputs.len(), || None);
        self.bind(index, &entries[index], params)?.call(&inputs, host)
    }

    fn lent(&self) -> ModuleRef {
        ModuleRef { name: Str::new("used"), instance: self.raw, table: self.table }
    }

    /// Name and digest of everything that the state holds, in its order; `None` where the operator lends no state.
    pub fn state(&self) -> Option<Vec<(String, Option<u64>)>> {
        unsafe extern "C" fn put(data: *mut c_void, name: Str, value: abi::Value, _: u8) {
            // SAFETY: `data` is the list below; name and value are lent for this call.
            unsafe {
                let digest = value.table.as_ref().and_then(|table| table.digest).map(|digest| digest(value.handle));
                (*data.cast::<Vec<(String, Option<u64>)>>()).push((name.get().unwrap_or("(no UTF-8)").to_owned(), digest));
            }
        }
        let mut state: Vec<(String, Option<u64>)> = Vec::new();
        let sink = StateSink { data: (&raw mut state).cast(), put };
        // SAFETY: the instance is alive, the list outlives the call.
        (unsafe { self.table.state?(self.raw, &raw const sink) } == status::OK).then_some(state)
    }

    /// # Errors
    /// What the operator said, or that it cannot save.
    pub fn save(&self, path: &Path) -> Result<(), Refusal> {
        self.file(self.table.save, path)
    }

    /// # Errors
    /// What the operator said, or that it cannot load.
    pub fn load(&self, path: &Path) -> Result<(), Refusal> {
        self.file(self.table.load, path)
    }

    fn file(
        &self,
        function: Option<unsafe extern "C" fn(*mut c_void, *const abi::Context, Str, *const Sink) -> Status>,
        path: &Path,
    ) -> Result<(), Refusal> {
        let missing = || Refusal { status: status::FATAL, message: "its table has no such function".to_owned() };
        let function = function.ok_or_else(missing)?;
        let path = path.to_string_lossy();
        // SAFETY: the instance is alive, and all that is lent outlives the call.
        tell(|error| unsafe { function(self.raw, &Host::default().context(), Str::lend(&path), error) })
    }
}

impl Bound<'_> {
    /// One whole use of the entry: a run; or a cursor opened, drawn from at most 4 times and closed; or an accumulator
    /// opened, given the same item twice, finished and closed. `inputs` stand in the order of the ports.
    ///
    /// # Errors
    /// What the operator said first.
    pub fn call(&self, inputs: &[Option<Value>], host: Host) -> Result<Items, Refusal> {
        let context = host.context();
        let lend = |gathered: Option<bool>| -> Vec<abi::Value> {
            let wanted = |index: usize| gathered.is_none_or(|gathered| self.entry.inputs[index].gather == gathered);
            let chosen = |(index, input): (usize, &Option<Value>)| {
                input.as_ref().filter(|_| wanted(index)).map_or(abi::Value::NONE, Value::raw)
            };
            inputs.iter().enumerate().map(chosen).collect()
        };
        let table = self.instance.table;
        match self.entry.kind {
            Kind::Map => {
                let lent = lend(None);
                // SAFETY: here and below: the call is alive, inputs are lent, outputs have room, the sink outlives the call.
                self.outputs(|out, n, error| unsafe { (table.run)(self.raw, &context, lent.as_ptr(), lent.len(), out, n, error) })
                    .map(|item| vec![item])
            }
            Kind::Scatter => {
                let lent = lend(None);
                let cursor = self.open(&context, &lent)?;
                let mut items = Vec::new();
                while items.len() < MOST_ITEMS {
                    match self.outputs(|out, n, error| unsafe { (table.next)(cursor.raw, &context, out, n, error) }) {
                        Ok(item) => items.push(item),
                        Err(Refusal { status: status::END, .. }) => break,
                        Err(refusal) => return Err(refusal),
                    }
                }
                Ok(items)
            }
            Kind::Gather => {
                let (shallow, item) = (lend(Some(false)), lend(Some(true)));
                let accumulator = self.open(&context, &shallow)?;
                for _ in 0..2 {
                    tell(|error| unsafe { (table.push)(accumulator.raw, &context, item.as_ptr(), item.len(), error) })?;
                }
                self.outputs(|out, n, error| unsafe { (table.finish)(accumulator.raw, &context, out, n, error) })
                    .map(|item| vec![item])
            }
        }
    }

    fn open(&self, context: &abi::Context, inputs: &[abi::Value]) -> Result<Opened, Refusal> {
        let table = self.instance.table;
        let mut raw = null_mut();
        // SAFETY: as in `call`; the inputs outlive the opened state there.
        tell(|error| unsafe { (table.open)(self.raw, context, inputs.as_ptr(), inputs.len(), &raw mut raw, error) })?;
        Ok(Opened { close: table.close, raw })
    }

    fn outputs(&self, fill: impl FnOnce(*mut abi::Value, usize, *const Sink) -> Status) -> Result<Vec<Value>, Refusal> {
        let mut outputs = vec![abi::Value::NONE; self.entry.outputs.len()];
        tell(|error| fill(outputs.as_mut_ptr(), outputs.len(), error))?;
        // SAFETY: outputs are handed over.
        let owned: Vec<Option<Value>> = outputs.into_iter().map(|raw| unsafe { Value::adopt(raw) }).collect();
        let missing = owned.iter().position(Option::is_none).map(|index| &self.entry.outputs[index].name);
        match missing {
            Some(name) => Err(Refusal { status: status::OK, message: format!("it said OK and left output `{name}` empty") }),
            None => Ok(owned.into_iter().flatten().collect()),
        }
    }
}

struct Opened {
    close: unsafe extern "C" fn(*mut c_void),
    raw: *mut c_void,
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: opened by the same table, closed once.
        unsafe { (self.close)(self.raw) }
    }
}

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        // SAFETY: bound by the same table, unbound once.
        unsafe { (self.instance.table.unbind)(self.raw) }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: created by the same table, destroyed once; calls borrow it and are gone.
        unsafe { (self.table.destroy)(self.raw) }
    }
}

/// Calls with a sink; anything but `OK` is a refusal.
pub fn tell(call: impl FnOnce(*const Sink) -> Status) -> Result<(), Refusal> {
    let mut message = String::new();
    let sink = Sink::to(&mut message);
    match call(&raw const sink) {
        status::OK => Ok(()),
        status => Err(Refusal { status, message }),
    }
}

impl Refusal {
    /// What follows for the run: the status without the failure's kind.
    pub fn reach(&self) -> Status {
        status::without_kind(self.status)
    }

    pub fn kind(&self) -> FaultKind {
        FaultKind::of(self.status)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.reach() {
            status::OK => "ok",
            status::END => "end",
            status::FAILED => "failed",
            status::INVALID => "invalid",
            status::FATAL => "fatal",
            status::CANCELLED => "cancelled",
            status::PANICKED => "panicked",
            status::POISONED => "poisoned",
            _ => return write!(f, "status {}, which is none: {}", self.status, self.message),
        };
        write!(f, "{word}: {}", self.message.replace('\t', " "))
    }
}
