//! A small engine: just enough of the other side to make calls.

use std::ffi::c_void;
use voxloom_sdk::abi::{Context, OperatorTable, Sink, Status, Str, status};
use voxloom_sdk::{Json, Value, abi};

fn context(grad: bool) -> Context {
    voxloom_testkit::host::Host { seed: 7, grad }.context()
}

pub fn describe(table: &OperatorTable) -> Json {
    let mut text = String::new();
    unsafe { (table.describe)(&Sink::to(&mut text)) };
    serde_json::from_str(&text).expect("a description is JSON")
}

/// An instance with one bound call.
pub struct Host {
    pub table: &'static OperatorTable,
    pub instance: *mut c_void,
    call: *mut c_void,
}

type Outcome<T> = Result<T, (Status, String)>;

fn outcome<T>(status: Status, error: String, value: T) -> Outcome<T> {
    if status == status::OK { Ok(value) } else { Err((status, error)) }
}

impl Host {
    pub fn new(table: &'static OperatorTable, params: &str) -> Outcome<Self> {
        let (mut error, mut instance, mut call) = (String::new(), std::ptr::null_mut(), std::ptr::null_mut());
        unsafe {
            let status = (table.create)(&context(false), Str::lend(params), &mut instance, &Sink::to(&mut error));
            outcome(status, error.clone(), ())?;
            let none = (std::ptr::null(), std::ptr::null());
            let status = (table.bind)(instance, 0, Str::new("{}"), none.0, none.1, 0, &mut call, &Sink::to(&mut error));
            outcome(status, error, Self { table, instance, call })
        }
    }

    pub fn run(&self, inputs: &[&Value], n_outputs: usize, grad: bool) -> Outcome<Vec<Value>> {
        let inputs: Vec<abi::Value> = inputs.iter().map(|value| *value.raw()).collect();
        let mut outputs = vec![abi::Value::NONE; n_outputs];
        let mut error = String::new();
        let status = unsafe {
            (self.table.run)(
                self.call,
                &context(grad),
                inputs.as_ptr(),
                inputs.len(),
                outputs.as_mut_ptr(),
                n_outputs,
                &Sink::to(&mut error),
            )
        };
        outcome(status, error, outputs)?.into_iter().map(|raw| Ok(unsafe { Value::from_raw(raw) })).collect()
    }

    pub fn open(&self, inputs: &[&Value]) -> Outcome<*mut c_void> {
        let inputs: Vec<abi::Value> = inputs.iter().map(|value| *value.raw()).collect();
        let (mut error, mut state) = (String::new(), std::ptr::null_mut());
        let status = unsafe {
            (self.table.open)(self.call, &context(false), inputs.as_ptr(), inputs.len(), &mut state, &Sink::to(&mut error))
        };
        outcome(status, error, state)
    }

    pub fn next(&self, state: *mut c_void) -> Outcome<Value> {
        let (mut error, mut output) = (String::new(), abi::Value::NONE);
        let status = unsafe { (self.table.next)(state, &context(false), &mut output, 1, &Sink::to(&mut error)) };
        outcome(status, error, output).map(|raw| unsafe { Value::from_raw(raw) })
    }

    pub fn push(&self, state: *mut c_void, input: &Value) -> Outcome<()> {
        let mut error = String::new();
        let status = unsafe { (self.table.push)(state, &context(false), input.raw(), 1, &Sink::to(&mut error)) };
        outcome(status, error, ())
    }

    pub fn finish(&self, state: *mut c_void) -> Outcome<Value> {
        let (mut error, mut output) = (String::new(), abi::Value::NONE);
        let status = unsafe { (self.table.finish)(state, &context(false), &mut output, 1, &Sink::to(&mut error)) };
        outcome(status, error, output).map(|raw| unsafe { Value::from_raw(raw) })
    }

    pub fn store(&self, path: &str, save: bool) -> Outcome<()> {
        let mut error = String::new();
        let function = if save { self.table.save } else { self.table.load }.expect("the SDK fills the table");
        let status = unsafe { function(self.instance, &context(false), Str::lend(path), &Sink::to(&mut error)) };
        outcome(status, error, ())
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
