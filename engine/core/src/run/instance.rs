//! Instances, calls, cursors and accumulators of plugins, each ended when it is dropped.

use super::fault::{Fault, FaultStatus};
use super::host::Caller;
use super::seed::Seed;
use super::value::Value;
use crate::describe::DeviceKind;
use crate::graph::Operator;
use serde_json::Value as Json;
use std::ffi::c_void;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use voxloom_abi::{self as abi, Context, ModuleRef, OperatorTable, Sink, Status, Str, status};

/// An operator with its parameters; for a module, with its state.
pub(crate) struct Instance {
    /// Of the module or the node.
    pub name: String,
    pub device: DeviceKind,
    raw: *mut c_void,
    table: &'static OperatorTable,
    /// A call panicked: nothing is called any more.
    poisoned: AtomicBool,
}

// SAFETY: the contract lets calls come from any thread; the engine keeps to the operator's mode.
unsafe impl Send for Instance {}
// SAFETY: as above.
unsafe impl Sync for Instance {}

impl Instance {
    /// Makes an instance; `context` holds its seed and device.
    pub fn create(name: &str, operator: &Operator, params: &Json, context: *const Context) -> Result<Self, Fault> {
        let (mut raw, text) = (std::ptr::null_mut(), params.to_string());
        // SAFETY: all pointers live for the call.
        call(|error| unsafe { (operator.table.create)(context, Str::lend(&text), &raw mut raw, error) })?;
        Ok(Self {
            name: name.into(),
            device: operator.description.device,
            raw,
            table: operator.table,
            poisoned: AtomicBool::new(false),
        })
    }

    /// True after a panic in one of its calls.
    pub fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Relaxed)
    }

    pub fn can_save(&self) -> bool {
        self.table.save.is_some()
    }

    /// Writes the whole state to a file.
    pub fn save(&self, context: *const Context, path: &Path) -> Result<(), Fault> {
        let save = self.table.save.ok_or_else(|| Fault::contract("has no state to save"))?;
        let path = path.to_str().ok_or_else(|| Fault::failed("the file's name is no UTF-8"))?;
        // SAFETY: all pointers live for the call, and nothing else calls the instance now.
        call(|error| unsafe { save(self.raw, context, Str::lend(path), error) })
    }

    /// Reads state from a file.
    pub fn load(&self, context: *const Context, path: &Path) -> Result<(), Fault> {
        let load = self.table.load.ok_or_else(|| Fault::contract("has no state to load"))?;
        let path = path.to_str().ok_or_else(|| Fault::failed("the file's name is no UTF-8"))?;
        // SAFETY: as in `save`.
        call(|error| unsafe { load(self.raw, context, Str::lend(path), error) })
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: calls hold the instance, so none is left.
        unsafe { (self.table.destroy)(self.raw) }
    }
}

/// One node, bound: ready to be called from any lane.
pub(crate) struct Task {
    pub name: String,
    pub operator: Operator,
    pub seed: Seed,
    pub threads: u32,
    pub grad: bool,
    /// A gather that does without items that failed.
    pub partial: bool,
    outputs: Vec<Expected>,
    raw: *mut c_void,
    instance: Arc<Instance>,
    /// Modules that the call holds pointers to.
    _uses: Vec<Arc<Instance>>,
}

// SAFETY: as for `Instance`.
unsafe impl Send for Task {}
// SAFETY: as for `Instance`.
unsafe impl Sync for Task {}

/// What a node is besides its instance.
pub(crate) struct TaskFacts<'a> {
    pub name: &'a str,
    pub operator: &'a Operator,
    pub entry: usize,
    /// Of the entry.
    pub params: &'a str,
    pub seed: Seed,
    pub threads: u32,
    pub grad: bool,
}

/// The type that an output must have.
struct Expected {
    port: String,
    /// `None` takes any.
    type_name: Option<String>,
}

impl Task {
    /// Binds an entry of `instance` to the modules it uses, by use.
    pub fn bind(facts: &TaskFacts, instance: Arc<Instance>, uses: &[Vec<Arc<Instance>>]) -> Result<Self, Fault> {
        let lend =
            |module: &Arc<Instance>| ModuleRef { name: Str::lend(&module.name), instance: module.raw, table: module.table };
        let refs: Vec<ModuleRef> = uses.iter().flatten().map(lend).collect();
        let counts: Vec<u32> = uses.iter().map(|modules| modules.len() as u32).collect();
        let mut raw = std::ptr::null_mut();
        let (entry, params) = (facts.entry as u32, Str::lend(facts.params));
        // SAFETY: all pointers live for the call; the modules live as long as the task.
        call(|error| unsafe {
            let (refs, counts, n_uses) = (refs.as_ptr(), counts.as_ptr(), counts.len());
            (instance.table.bind)(instance.raw, entry, params, refs, counts, n_uses, &raw mut raw, error)
        })?;
        let expected = |port: &crate::describe::Port| Expected {
            port: port.name.clone(),
            type_name: match port.type_name.as_str() {
                "any" => None,
                "tensor" => Some(abi::type_id::TENSOR.into()),
                name => Some(name.into()),
            },
        };
        Ok(Self {
            name: facts.name.into(),
            operator: facts.operator.clone(),
            seed: facts.seed,
            threads: facts.threads,
            grad: facts.grad,
            partial: facts.operator.description.entries[facts.entry].partial,
            outputs: facts.operator.description.entries[facts.entry].outputs.iter().map(expected).collect(),
            raw,
            instance,
            _uses: uses.iter().flatten().cloned().collect(),
        })
    }

    /// Runs a `map` entry; `out` is filled on success only.
    #[inline]
    pub fn run(&self, caller: &mut Caller, item: &[u64], inputs: &[abi::Value], out: &mut Vec<Value>) -> Result<(), Fault> {
        let context = self.context(caller, item);
        let (table, raw) = (self.instance.table, self.raw);
        // SAFETY: inputs are borrowed from their holders for the call; `outputs` has room for all.
        let done = self.outputs(&mut caller.outputs, out, |outputs, n, error| unsafe {
            (table.run)(raw, context, inputs.as_ptr(), inputs.len(), outputs, n, error)
        })?;
        if done { Ok(()) } else { Err(Fault::contract("ended without its outputs, as only a cursor may")) }
    }

    /// Opens a cursor or an accumulator. The inputs must live until it is dropped.
    pub fn open(self: &Arc<Self>, caller: &mut Caller, item: &[u64], inputs: &[abi::Value]) -> Result<Opened, Fault> {
        let context = self.context(caller, item);
        self.refuse_poisoned()?;
        let (table, mut raw) = (self.instance.table, std::ptr::null_mut());
        // SAFETY: as in `run`, and the caller keeps the inputs until `close`.
        let opened = call(|error| unsafe { (table.open)(self.raw, context, inputs.as_ptr(), inputs.len(), &raw mut raw, error) });
        self.note(&opened);
        opened.map(|()| Opened { task: Arc::clone(self), raw })
    }

    fn context(&self, caller: &mut Caller, item: &[u64]) -> *const Context {
        caller.at(&self.name, item, self.seed.of(item), self.threads, self.grad)
    }

    /// Makes a call that writes outputs; `false` where it ended without.
    fn outputs(
        &self,
        outputs: &mut Vec<abi::Value>,
        out: &mut Vec<Value>,
        make: impl FnOnce(*mut abi::Value, usize, *const Sink) -> Status,
    ) -> Result<bool, Fault> {
        self.refuse_poisoned()?;
        outputs.clear();
        outputs.resize(self.outputs.len(), abi::Value::NONE);
        let mut message = String::new();
        let done = make(outputs.as_mut_ptr(), outputs.len(), &Sink::to(&mut message));
        let from = out.len();
        let missing = outputs.iter().position(abi::Value::is_none);
        // SAFETY: what was written was handed over, also by a call that failed later.
        out.extend(outputs.iter().filter(|value| !value.is_none()).map(|value| unsafe { Value::adopt(*value) }));
        let fault = match (done, missing) {
            (status::OK, None) => match self.mistyped(&out[from..]) {
                None => return Ok(true),
                Some(fault) => fault,
            },
            (status::OK, Some(port)) => {
                Fault::contract(format!("said it was done, but did not write its output `{}`", self.outputs[port].port))
            }
            (status::END, _) => {
                out.truncate(from);
                return Ok(false);
            }
            _ => Fault::of(done, message),
        };
        out.truncate(from);
        let failed = Err(fault);
        self.note(&failed);
        failed.map(|()| false)
    }

    fn mistyped(&self, values: &[Value]) -> Option<Fault> {
        let wrong = |(value, expected): (&Value, &Expected)| {
            let (found, wanted) = (value.type_bytes(), expected.type_name.as_deref()?);
            let bytes = wanted.as_bytes();
            if found == bytes || found.strip_prefix(abi::type_id::RECORD.as_bytes()) == Some(bytes) {
                return None;
            }
            let found = value.type_id();
            Some(Fault::contract(format!("its output `{}` must be `{wanted}`, got `{found}`", expected.port)))
        };
        values.iter().zip(&self.outputs).find_map(wrong)
    }

    fn refuse_poisoned(&self) -> Result<(), Fault> {
        match self.instance.poisoned.load(Ordering::Relaxed) {
            true => Err(Fault::of(status::POISONED, String::new())),
            false => Ok(()),
        }
    }

    fn note<T>(&self, result: &Result<T, Fault>) {
        if let Err(Fault { status: FaultStatus::Panicked, .. }) = result {
            self.instance.poisoned.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // SAFETY: cursors and accumulators hold the task, so none is left, and no call runs.
        unsafe { (self.instance.table.unbind)(self.raw) }
    }
}

/// An open cursor or accumulator.
pub(crate) struct Opened {
    task: Arc<Task>,
    raw: *mut c_void,
}

// SAFETY: as for `Instance`; one thread at a time holds it.
unsafe impl Send for Opened {}

impl Opened {
    /// Draws an item; `false` at the end.
    pub fn next(&mut self, caller: &mut Caller, item: &[u64], out: &mut Vec<Value>) -> Result<bool, Fault> {
        let context = self.task.context(caller, item);
        let (table, raw) = (self.task.instance.table, self.raw);
        // SAFETY: as in `Task::run`; the state is open.
        self.task.outputs(&mut caller.outputs, out, |outputs, n, error| unsafe { (table.next)(raw, context, outputs, n, error) })
    }

    /// Gives an item.
    pub fn push(&mut self, caller: &mut Caller, item: &[u64], inputs: &[abi::Value]) -> Result<(), Fault> {
        let context = self.task.context(caller, item);
        self.task.refuse_poisoned()?;
        let (table, raw) = (self.task.instance.table, self.raw);
        // SAFETY: as in `Task::run`; the state is open.
        let pushed = call(|error| unsafe { (table.push)(raw, context, inputs.as_ptr(), inputs.len(), error) });
        self.task.note(&pushed);
        pushed
    }

    /// Takes the result.
    pub fn finish(&mut self, caller: &mut Caller, item: &[u64], out: &mut Vec<Value>) -> Result<(), Fault> {
        let context = self.task.context(caller, item);
        let (table, raw) = (self.task.instance.table, self.raw);
        // SAFETY: as in `Task::run`; the state is open.
        let finish = |outputs, n, error| unsafe { (table.finish)(raw, context, outputs, n, error) };
        let done = self.task.outputs(&mut caller.outputs, out, finish)?;
        if done { Ok(()) } else { Err(Fault::contract("ended without its outputs")) }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        // SAFETY: the state is open and this closes it once.
        unsafe { (self.task.instance.table.close)(self.raw) }
    }
}

/// Makes a call and turns its status and message into a result.
fn call(make: impl FnOnce(*const Sink) -> Status) -> Result<(), Fault> {
    let mut message = String::new();
    match make(&Sink::to(&mut message)) {
        status::OK => Ok(()),
        other => Err(Fault::of(other, message)),
    }
}
