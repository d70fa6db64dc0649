//! A small engine: makes one operator and calls it across the border, as the real one does.

use std::collections::BTreeMap;
use std::ffi::c_void;
use voxloom_sdk::abi::{self, Context, OperatorTable, Sink, Status, Str, status};
use voxloom_sdk::{Json, Record, Value};

fn context() -> Context {
    Context { item_len: 0, node: Str::new("node"), ..voxloom_testkit::host::Host { seed: 7, grad: false }.context() }
}

/// Inputs or outputs by port.
pub type Ports = BTreeMap<String, Value>;

/// Names values.
pub fn ports<const N: usize>(values: [(&str, Value); N]) -> Ports {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// An operator with parameters, ready to be called.
pub struct Host {
    table: &'static OperatorTable,
    instance: *mut c_void,
    call: *mut c_void,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// The table of an operator: `table!(op imaging::read::Read)`; `scatter` and `gather` likewise.
#[macro_export]
macro_rules! table {
    (op $operator:ty) => {
        $crate::table!(MapOf, $operator)
    };
    (scatter $operator:ty) => {
        $crate::table!(ScatterOf, $operator)
    };
    (gather $operator:ty) => {
        $crate::table!(GatherOf, $operator)
    };
    ($adapter:ident, $operator:ty) => {{
        static TABLE: voxloom_sdk::abi::OperatorTable =
            <voxloom_sdk::border::$adapter<$operator> as voxloom_sdk::border::Exported<voxloom_sdk::Torch>>::TABLE;
        &TABLE
    }};
}

fn done<T>(status: Status, error: String, value: T) -> Result<T, String> {
    if status == status::OK { Ok(value) } else { Err(error) }
}

impl Host {
    pub fn new(table: &'static OperatorTable, params: &Json) -> Result<Self, String> {
        let (mut error, mut text) = (String::new(), String::new());
        let (mut instance, mut call) = (std::ptr::null_mut(), std::ptr::null_mut());
        let params = params.to_string();
        unsafe {
            (table.describe)(&Sink::to(&mut text));
            let status = (table.create)(&context(), Str::lend(&params), &mut instance, &Sink::to(&mut error));
            done(status, error.clone(), ())?;
            let status = (table.bind)(
                instance,
                0,
                Str::new("{}"),
                std::ptr::null(),
                std::ptr::null(),
                0,
                &mut call,
                &Sink::to(&mut error),
            );
            done(status, error, ())?;
        }
        let description: Json = serde_json::from_str(&text).expect("a description is JSON");
        let names = |key: &str| {
            let ports = description["entries"][0][key].as_array().expect("an entry has ports");
            ports.iter().map(|port| port["name"].as_str().expect("a port has a name").to_owned()).collect()
        };
        Ok(Self { table, instance, call, inputs: names("inputs"), outputs: names("outputs") })
    }

    fn raw(&self, inputs: &Ports) -> Vec<abi::Value> {
        assert!(inputs.keys().all(|name| self.inputs.contains(name)), "{:?} are not all of {:?}", inputs.keys(), self.inputs);
        self.inputs.iter().map(|name| inputs.get(name).map_or(abi::Value::NONE, |value| *value.raw())).collect()
    }

    fn take(&self, outputs: Vec<abi::Value>) -> Ports {
        // SAFETY: a call that returned OK wrote every output and handed it over.
        self.outputs.iter().cloned().zip(outputs.into_iter().map(|raw| unsafe { Value::from_raw(raw) })).collect()
    }

    /// Calls a `map` entry once.
    pub fn run(&self, inputs: &Ports) -> Result<Ports, String> {
        let (inputs, mut outputs, mut error) = (self.raw(inputs), vec![abi::Value::NONE; self.outputs.len()], String::new());
        let (n_in, n_out) = (inputs.len(), outputs.len());
        let status = unsafe {
            (self.table.run)(self.call, &context(), inputs.as_ptr(), n_in, outputs.as_mut_ptr(), n_out, &Sink::to(&mut error))
        };
        done(status, error, ())?;
        Ok(self.take(outputs))
    }

    fn open(&self, inputs: &Ports) -> Result<*mut c_void, String> {
        let (inputs, mut error, mut state) = (self.raw(inputs), String::new(), std::ptr::null_mut());
        let status =
            unsafe { (self.table.open)(self.call, &context(), inputs.as_ptr(), inputs.len(), &mut state, &Sink::to(&mut error)) };
        done(status, error, state)
    }

    /// All items of a `scatter` entry.
    pub fn scatter(&self, inputs: &Ports) -> Result<Vec<Ports>, String> {
        let state = self.open(inputs)?;
        let mut items = Vec::new();
        let status = loop {
            let (mut outputs, mut error) = (vec![abi::Value::NONE; self.outputs.len()], String::new());
            let status =
                unsafe { (self.table.next)(state, &context(), outputs.as_mut_ptr(), outputs.len(), &Sink::to(&mut error)) };
            match status {
                status::OK => items.push(self.take(outputs)),
                status::END => break Ok(()),
                _ => break Err(error),
            }
        };
        unsafe { (self.table.close)(state) };
        status.map(|()| items)
    }

    /// A `gather` entry over all items.
    pub fn gather(&self, shallow: &Ports, items: &[Ports]) -> Result<Ports, String> {
        let state = self.open(shallow)?;
        let mut push = |item: &Ports| {
            let (inputs, mut error) = (self.raw(item), String::new());
            let status = unsafe { (self.table.push)(state, &context(), inputs.as_ptr(), inputs.len(), &Sink::to(&mut error)) };
            done(status, error, ())
        };
        let pushed = items.iter().try_for_each(&mut push);
        let result = pushed.and_then(|()| {
            let (mut outputs, mut error) = (vec![abi::Value::NONE; self.outputs.len()], String::new());
            let status =
                unsafe { (self.table.finish)(state, &context(), outputs.as_mut_ptr(), outputs.len(), &Sink::to(&mut error)) };
            done(status, error, ())?;
            Ok(self.take(outputs))
        });
        unsafe { (self.table.close)(state) };
        result
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        unsafe {
            (self.table.unbind)(self.call);
            (self.table.destroy)(self.instance);
        }
    }
}

/// The JSON of a value.
pub fn json(value: &Value) -> Json {
    serde_json::from_str(&value.describe()).expect("JSON describes itself")
}

/// A field of a record, such as the tensor of a volume.
pub fn field(value: &Value, name: &str) -> Value {
    Record::read(value).expect("a record").field(name).unwrap_or_else(|| panic!("no field {name}")).clone()
}
