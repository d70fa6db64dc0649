//! A small engine: makes modules, binds their entries to other modules, calls them.

use std::ffi::c_void;
use std::path::Path;
use std::ptr::null_mut;
use voxloom_sdk::abi::{self, Context, ModuleRef, OperatorTable, Sink, Status, Str, status};
use voxloom_sdk::border::{Exported, GatherOf, ModuleOf, ScatterOf};
use voxloom_sdk::{Gather, IntoValue, Json, Module, Scatter, Torch, Value};
use voxloom_testkit::host::Host;

fn context() -> Context {
    Context { node: Str::new("step"), ..Host { seed: 7, grad: true }.context() }
}

/// Status and message of a refusal.
pub type Outcome<T> = Result<T, (Status, String)>;

fn outcome<T>(status: Status, error: String, value: T) -> Outcome<T> {
    if status == status::OK { Ok(value) } else { Err((status, error.trim_end().to_owned())) }
}

/// An instance of an operator.
pub struct Instance {
    table: &'static OperatorTable,
    instance: *mut c_void,
    entries: Vec<(String, usize)>,
}

struct Holder<A>(std::marker::PhantomData<A>);

trait Table {
    const TABLE: &'static OperatorTable;
}

impl<A: Exported<Torch> + 'static> Table for Holder<A> {
    const TABLE: &'static OperatorTable = &<A as Exported<Torch>>::TABLE;
}

impl Instance {
    pub fn module<M: Module>(params: Json) -> Outcome<Self> {
        Self::new(Holder::<ModuleOf<M>>::TABLE, &params)
    }

    pub fn scatter<S: Scatter>() -> Self {
        Self::new(Holder::<ScatterOf<S>>::TABLE, &serde_json::json!({})).unwrap()
    }

    pub fn gather<G: Gather>(params: Json) -> Self {
        Self::new(Holder::<GatherOf<G>>::TABLE, &params).unwrap()
    }

    fn new(table: &'static OperatorTable, params: &Json) -> Outcome<Self> {
        let mut text = String::new();
        unsafe { (table.describe)(&Sink::to(&mut text)) };
        let description: Json = serde_json::from_str(&text).unwrap();
        let entries = description["entries"].as_array().unwrap().iter();
        let entries = entries
            .map(|entry| (entry["name"].as_str().unwrap().to_owned(), entry["outputs"].as_array().unwrap().len()))
            .collect();
        let (mut error, mut instance) = (String::new(), null_mut());
        let params = params.to_string();
        let status = unsafe { (table.check)(u32::MAX, Str::lend(&params), &Sink::to(&mut error)) };
        outcome(status, error.clone(), ())?;
        let status = unsafe { (table.create)(&context(), Str::lend(&params), &mut instance, &Sink::to(&mut error)) };
        outcome(status, error, ())?;
        Ok(Self { table, instance, entries })
    }

    /// Binds an entry; `uses` holds the modules under each of its names.
    pub fn bind(&self, entry: &str, params: Json, uses: &[&[(&'static str, &Instance)]]) -> Bound<'_> {
        let index = self.entries.iter().position(|(name, _)| name == entry).unwrap();
        let refs: Vec<ModuleRef> =
            uses.iter().flat_map(|modules| modules.iter()).map(|(name, module)| module.as_ref(name)).collect();
        let counts: Vec<u32> = uses.iter().map(|modules| modules.len() as u32).collect();
        let (mut error, mut call) = (String::new(), null_mut());
        let status = unsafe {
            let params = params.to_string();
            let params = Str::lend(&params);
            (self.table.bind)(
                self.instance,
                index as u32,
                params,
                refs.as_ptr(),
                counts.as_ptr(),
                counts.len(),
                &mut call,
                &Sink::to(&mut error),
            )
        };
        assert_eq!((status, error.as_str()), (status::OK, ""));
        Bound { instance: self, call, n_outputs: self.entries[index].1 }
    }

    pub fn save(&self, path: &Path) -> Outcome<()> {
        let mut error = String::new();
        let save = self.table.save.unwrap();
        let status = unsafe { save(self.instance, &context(), Str::lend(path.to_str().unwrap()), &Sink::to(&mut error)) };
        outcome(status, error, ())
    }

    pub fn load(&self, path: &Path) -> Outcome<()> {
        let mut error = String::new();
        let load = self.table.load.unwrap();
        let status = unsafe { load(self.instance, &context(), Str::lend(path.to_str().unwrap()), &Sink::to(&mut error)) };
        outcome(status, error, ())
    }

    fn as_ref(&self, name: &'static str) -> ModuleRef {
        ModuleRef { name: Str::new(name), instance: self.instance, table: self.table }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        unsafe { (self.table.destroy)(self.instance) }
    }
}

/// One use of an entry.
pub struct Bound<'a> {
    instance: &'a Instance,
    call: *mut c_void,
    n_outputs: usize,
}

impl Bound<'_> {
    pub fn run(&self, inputs: &[Option<Value>]) -> Outcome<Vec<Value>> {
        let inputs = raw(inputs);
        let mut outputs = vec![abi::Value::NONE; self.n_outputs];
        let mut error = String::new();
        let status = unsafe {
            let (input, output) = (inputs.as_ptr(), outputs.as_mut_ptr());
            (self.instance.table.run)(self.call, &context(), input, inputs.len(), output, outputs.len(), &Sink::to(&mut error))
        };
        outcome(status, error, outputs).map(owned)
    }

    /// Opens a cursor or an accumulator.
    pub fn open(&self, inputs: &[Option<Value>]) -> Outcome<Opened<'_>> {
        let inputs = raw(inputs);
        let (mut error, mut state) = (String::new(), null_mut());
        let status = unsafe {
            (self.instance.table.open)(self.call, &context(), inputs.as_ptr(), inputs.len(), &mut state, &Sink::to(&mut error))
        };
        outcome(status, error, ())?;
        Ok(Opened { bound: self, state })
    }
}

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        unsafe { (self.instance.table.unbind)(self.call) }
    }
}

/// A cursor or an accumulator.
pub struct Opened<'a> {
    bound: &'a Bound<'a>,
    state: *mut c_void,
}

impl Opened<'_> {
    pub fn next(&self) -> Option<Vec<Value>> {
        let mut outputs = vec![abi::Value::NONE; self.bound.n_outputs];
        let mut error = String::new();
        let next = self.bound.instance.table.next;
        match unsafe { next(self.state, &context(), outputs.as_mut_ptr(), outputs.len(), &Sink::to(&mut error)) } {
            status::END => None,
            status => Some(outcome(status, error, outputs).map(owned).unwrap()),
        }
    }

    pub fn push(&self, inputs: &[Option<Value>]) -> Outcome<()> {
        let inputs = raw(inputs);
        let mut error = String::new();
        let push = self.bound.instance.table.push;
        let status = unsafe { push(self.state, &context(), inputs.as_ptr(), inputs.len(), &Sink::to(&mut error)) };
        outcome(status, error, ())
    }

    pub fn finish(&self) -> Outcome<Vec<Value>> {
        let mut outputs = vec![abi::Value::NONE; self.bound.n_outputs];
        let mut error = String::new();
        let finish = self.bound.instance.table.finish;
        let status = unsafe { finish(self.state, &context(), outputs.as_mut_ptr(), outputs.len(), &Sink::to(&mut error)) };
        outcome(status, error, outputs).map(owned)
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        unsafe { (self.bound.instance.table.close)(self.state) }
    }
}

fn raw(values: &[Option<Value>]) -> Vec<abi::Value> {
    values.iter().map(|value| value.as_ref().map_or(abi::Value::NONE, |value| *value.raw())).collect()
}

fn owned(values: Vec<abi::Value>) -> Vec<Value> {
    values.into_iter().map(|raw| unsafe { Value::from_raw(raw) }).collect()
}

/// The JSON of a value.
pub fn json(value: &Value) -> Json {
    serde_json::from_str(&value.describe()).unwrap()
}

pub fn value(value: impl IntoValue) -> Option<Value> {
    Some(value.into_value())
}
