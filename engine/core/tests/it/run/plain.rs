//! Operators without a tensor library: a trait on this side, the contract's tables on the other.

use serde_json::Value as Json;
use std::ffi::c_void;
use std::path::Path;
use std::sync::Arc;
use voxloom_abi::{Context, ModuleRef, OperatorTable, Sink, Status, Str, Value, status};
use voxloom_core::graph::Operator;

use super::bag::Bag;

/// An operator of a test.
pub trait Plain: Send + Sync + Sized + 'static {
    const NAME: &'static str;

    /// The description, without the name.
    fn describe() -> Json;
    fn create(params: &Json, context: &Context) -> Self;

    fn run(&self, _call: &mut Call) -> Result<(), Fail> {
        Err(Fail(status::FATAL, "has no map entry".into()))
    }

    fn open(&self, _call: &mut Call) -> Result<Box<dyn Flow>, Fail> {
        Err(Fail(status::FATAL, "has no scatter or gather entry".into()))
    }

    fn save(&self, _path: &Path) -> Result<(), Fail> {
        Err(Fail(status::FATAL, "has no state".into()))
    }

    fn load(&self, _path: &Path) -> Result<(), Fail> {
        Err(Fail(status::FATAL, "has no state".into()))
    }
}

/// An open cursor or accumulator.
pub trait Flow: Send {
    fn next(&mut self, _call: &mut Call) -> Result<bool, Fail> {
        Err(Fail(status::FATAL, "is no cursor".into()))
    }

    fn push(&mut self, _call: &mut Call) -> Result<(), Fail> {
        Err(Fail(status::FATAL, "is no accumulator".into()))
    }

    fn finish(&mut self, _call: &mut Call) -> Result<(), Fail> {
        Err(Fail(status::FATAL, "is no accumulator".into()))
    }
}

/// A status and its message.
#[derive(Debug)]
pub struct Fail(pub Status, pub String);

pub fn fail<T>(message: impl Into<String>) -> Result<T, Fail> {
    Err(Fail(status::FAILED, message.into()))
}

/// One call, as the operator sees it.
pub struct Call<'a> {
    pub context: &'a Context,
    pub entry: u32,
    pub params: &'a Json,
    uses: &'a [ModuleRef],
    inputs: &'a [Value],
    outputs: &'a mut [Value],
}

impl Call<'_> {
    pub fn item(&self) -> &[u64] {
        // SAFETY: the engine's context lives for the call.
        if self.context.item_len == 0 {
            &[]
        } else {
            unsafe { std::slice::from_raw_parts(self.context.item, self.context.item_len) }
        }
    }

    /// The numbers of a bag; `None` where nothing is connected.
    pub fn optional(&self, port: usize) -> Option<Vec<i64>> {
        let value = self.inputs[port];
        // SAFETY: the tests connect bags to bags only.
        (!value.is_none()).then(|| unsafe { Bag::of(value.handle) }.numbers.clone())
    }

    pub fn bag(&self, port: usize) -> Vec<i64> {
        self.optional(port).unwrap_or_else(|| panic!("input {port} is there"))
    }

    /// The handle of an input; `None` where nothing is connected.
    pub fn handle(&self, port: usize) -> Option<*mut c_void> {
        (!self.inputs[port].is_none()).then_some(self.inputs[port].handle)
    }

    pub fn give(&mut self, port: usize, value: Value) {
        self.outputs[port] = value;
    }

    pub fn give_bag(&mut self, port: usize, numbers: Vec<i64>) {
        self.outputs[port] = Bag::value(numbers);
    }

    pub fn module<T: Plain>(&self, index: usize) -> &T {
        // SAFETY: the tests use modules of the type they name; the engine keeps them alive.
        unsafe { &*self.uses[index].instance.cast::<T>() }
    }

    pub fn cancelled(&self) -> bool {
        // SAFETY: the context lives for the call.
        unsafe { (self.context.cancelled)(self.context.host) != 0 }
    }

    pub fn log(&self, text: &str) {
        // SAFETY: as above.
        unsafe { (self.context.log)(self.context.host, 3, Str::lend(text)) }
    }

    pub fn progress(&self, done: u64, total: u64) {
        // SAFETY: as above.
        unsafe { (self.context.progress)(self.context.host, done, total) }
    }

    pub fn scratch(&self) -> String {
        let mut text = String::new();
        // SAFETY: as above; the sink lives for the call.
        unsafe { (self.context.scratch)(self.context.host, &Sink::to(&mut text)) };
        text
    }
}

/// The operator that `T` is, for the registry.
pub fn operator<T: Plain>() -> Operator {
    let mut description = T::describe();
    description["name"] = T::NAME.into();
    let description = serde_json::from_value(description).expect("a description");
    Operator { table: Box::leak(Box::new(table::<T>())), description: Arc::new(description), plugin: "plain".into() }
}

fn table<T: Plain>() -> OperatorTable {
    OperatorTable {
        struct_size: size_of::<OperatorTable>() as u32,
        reserved: 0,
        name: Str::new(T::NAME),
        describe: describe::<T>,
        check,
        create: create::<T>,
        destroy: destroy::<T>,
        bind: bind::<T>,
        unbind: unbind::<T>,
        run: run::<T>,
        open: open::<T>,
        next: next::<T>,
        push: push::<T>,
        finish: finish::<T>,
        close: close::<T>,
        state: None,
        save: Some(save::<T>),
        load: Some(load::<T>),
    }
}

struct Bound<T> {
    instance: *const T,
    entry: u32,
    params: Json,
    uses: Vec<ModuleRef>,
}

struct Open<T> {
    bound: *const Bound<T>,
    flow: Box<dyn Flow>,
}

/// Writes the message of a failure and returns its status.
///
/// # Safety
/// `error` must be a sink that lives.
unsafe fn answer(result: Result<Status, Fail>, error: *const Sink) -> Status {
    match result {
        Ok(done) => done,
        Err(Fail(code, message)) => {
            // SAFETY: by this function's own condition.
            unsafe { (*error).push(&message) };
            code
        }
    }
}

/// # Safety
/// All pointers must be those of one call.
unsafe fn call<'a, T>(
    bound: &'a Bound<T>,
    context: *const Context,
    inputs: (*const Value, usize),
    outputs: (*mut Value, usize),
) -> Call<'a> {
    // SAFETY: by this function's own condition; empty slices may come with any pointer.
    unsafe {
        Call {
            context: &*context,
            entry: bound.entry,
            params: &bound.params,
            uses: &bound.uses,
            inputs: if inputs.1 == 0 { &[] } else { std::slice::from_raw_parts(inputs.0, inputs.1) },
            outputs: if outputs.1 == 0 { &mut [] } else { std::slice::from_raw_parts_mut(outputs.0, outputs.1) },
        }
    }
}

const NOTHING: (*const Value, usize) = (std::ptr::null(), 0);
const NOWHERE: (*mut Value, usize) = (std::ptr::null_mut(), 0);

unsafe extern "C" fn describe<T: Plain>(sink: *const Sink) {
    // SAFETY: the engine's sink lives for the call.
    unsafe { (*sink).push(&T::describe().to_string()) }
}

unsafe extern "C" fn check(_: u32, _: Str, _: *const Sink) -> Status {
    status::OK
}

#[rustfmt::skip]
unsafe extern "C" fn create<T: Plain>(context: *const Context, params: Str, instance: *mut *mut c_void, _: *const Sink) -> Status {
    // SAFETY: the engine's pointers live for the call.
    unsafe {
        let params: Json = serde_json::from_str(params.get().expect("UTF-8")).expect("JSON");
        *instance = Box::into_raw(Box::new(T::create(&params, &*context))).cast();
    }
    status::OK
}

unsafe extern "C" fn destroy<T: Plain>(instance: *mut c_void) {
    // SAFETY: `create` made it, and this is the end of it.
    drop(unsafe { Box::from_raw(instance.cast::<T>()) });
}

#[rustfmt::skip]
unsafe extern "C" fn bind<T: Plain>(
    instance: *mut c_void, entry: u32, params: Str, uses: *const ModuleRef, counts: *const u32, n: usize,
    out: *mut *mut c_void, _: *const Sink,
) -> Status {
    // SAFETY: the engine's pointers live for the call, the instance longer than the binding.
    unsafe {
        let total: u32 = (0..n).map(|index| *counts.add(index)).sum();
        let uses = (0..total as usize).map(|index| *uses.add(index)).collect();
        let params = serde_json::from_str(params.get().expect("UTF-8")).expect("JSON");
        *out = Box::into_raw(Box::new(Bound::<T> { instance: instance.cast(), entry, params, uses })).cast();
    }
    status::OK
}

unsafe extern "C" fn unbind<T: Plain>(bound: *mut c_void) {
    // SAFETY: `bind` made it, and this is the end of it.
    drop(unsafe { Box::from_raw(bound.cast::<Bound<T>>()) });
}

#[rustfmt::skip]
unsafe extern "C" fn run<T: Plain>(
    bound: *mut c_void, context: *const Context, inputs: *const Value, n: usize, outputs: *mut Value, m: usize,
    error: *const Sink,
) -> Status {
    // SAFETY: `bind` made the binding; the engine's pointers live for the call.
    unsafe {
        let bound = &*bound.cast::<Bound<T>>();
        let mut call = call(bound, context, (inputs, n), (outputs, m));
        answer((*bound.instance).run(&mut call).map(|()| status::OK), error)
    }
}

#[rustfmt::skip]
unsafe extern "C" fn open<T: Plain>(
    bound: *mut c_void, context: *const Context, inputs: *const Value, n: usize, state: *mut *mut c_void, error: *const Sink,
) -> Status {
    // SAFETY: as in `run`; the engine closes what was opened before it unbinds.
    unsafe {
        let bound = &*bound.cast::<Bound<T>>();
        let opened = (*bound.instance).open(&mut call(bound, context, (inputs, n), NOWHERE));
        answer(opened.map(|flow| {
            *state = Box::into_raw(Box::new(Open { bound, flow })).cast();
            status::OK
        }), error)
    }
}

#[rustfmt::skip]
unsafe extern "C" fn next<T: Plain>(
    state: *mut c_void, context: *const Context, outputs: *mut Value, m: usize, error: *const Sink,
) -> Status {
    // SAFETY: `open` made the state; the engine's pointers live for the call.
    unsafe {
        let open = &mut *state.cast::<Open<T>>();
        let more = open.flow.next(&mut call(&*open.bound, context, NOTHING, (outputs, m)));
        answer(more.map(|more| if more { status::OK } else { status::END }), error)
    }
}

#[rustfmt::skip]
unsafe extern "C" fn push<T: Plain>(
    state: *mut c_void, context: *const Context, inputs: *const Value, n: usize, error: *const Sink,
) -> Status {
    // SAFETY: as in `next`.
    unsafe {
        let open = &mut *state.cast::<Open<T>>();
        answer(open.flow.push(&mut call(&*open.bound, context, (inputs, n), NOWHERE)).map(|()| status::OK), error)
    }
}

#[rustfmt::skip]
unsafe extern "C" fn finish<T: Plain>(
    state: *mut c_void, context: *const Context, outputs: *mut Value, m: usize, error: *const Sink,
) -> Status {
    // SAFETY: as in `next`.
    unsafe {
        let open = &mut *state.cast::<Open<T>>();
        answer(open.flow.finish(&mut call(&*open.bound, context, NOTHING, (outputs, m))).map(|()| status::OK), error)
    }
}

unsafe extern "C" fn close<T: Plain>(state: *mut c_void) {
    // SAFETY: `open` made it, and this is the end of it.
    drop(unsafe { Box::from_raw(state.cast::<Open<T>>()) });
}

#[rustfmt::skip]
unsafe extern "C" fn save<T: Plain>(instance: *mut c_void, _: *const Context, path: Str, error: *const Sink) -> Status {
    // SAFETY: `create` made the instance; the engine's pointers live for the call.
    unsafe { answer((*instance.cast::<T>()).save(Path::new(path.get().expect("UTF-8"))).map(|()| status::OK), error) }
}

#[rustfmt::skip]
unsafe extern "C" fn load<T: Plain>(instance: *mut c_void, _: *const Context, path: Str, error: *const Sink) -> Status {
    // SAFETY: as in `save`.
    unsafe { answer((*instance.cast::<T>()).load(Path::new(path.get().expect("UTF-8"))).map(|()| status::OK), error) }
}
