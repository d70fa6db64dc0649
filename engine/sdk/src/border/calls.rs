//! The functions of an operator's table.

use super::guard::{fault_line, guarded, guarded_instance};
use super::{Adapter, Behind};
use crate::entry::{Kind, Port};
use crate::runtime::Runtime;
use crate::{Accumulator, Bound, Call, Context, Cursor, Entry, Error, Json, ModuleHandle, Result, Uses, Value};
use std::ffi::c_void;
use std::mem::size_of;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use voxloom_abi::{self as abi, ModuleRef, OperatorTable, Sink, StateSink, Status, Str, status};

/// The table of an adapter in its runtime.
pub trait Exported<R> {
    const TABLE: OperatorTable;
}

impl<A: Adapter, R: Runtime> Exported<R> for A {
    const TABLE: OperatorTable = OperatorTable {
        struct_size: size_of::<OperatorTable>() as u32,
        reserved: 0,
        name: Str::new(A::NAME),
        describe: describe::<A>,
        check: check::<A>,
        create: create::<A, R>,
        destroy,
        bind,
        unbind,
        run: run::<R>,
        open: open::<R>,
        next: next::<R>,
        push: push::<R>,
        finish: finish::<R>,
        close,
        state: Some(state),
        save: Some(save::<R>),
        load: Some(load::<R>),
    };
}

struct Instance {
    behind: Arc<dyn Behind>,
    entries: Vec<Entry>,
    poisoned: AtomicBool,
}

struct Bind {
    instance: Arc<Instance>,
    entry: usize,
    bound: Box<dyn Bound>,
}

impl Bind {
    fn entry(&self) -> &Entry {
        &self.instance.entries[self.entry]
    }
}

enum Open {
    Cursor(Box<dyn Cursor>),
    Accumulator(Box<dyn Accumulator>),
}

struct Opened {
    call: *const Bind,
    state: Open,
}

unsafe extern "C" fn describe<A: Adapter>(sink: *const Sink) {
    // SAFETY: the sink is the caller's; a panic in a description (an author's mistake) leaves it empty, which the loader refuses.
    unsafe {
        let error = String::new();
        let mut text = error;
        guarded(&Sink::to(&mut text), || {
            (*sink).push(&A::describe().to_string());
            Ok(status::OK)
        });
    }
}

unsafe extern "C" fn check<A: Adapter>(entry: u32, params: Str, error: *const Sink) -> Status {
    // SAFETY: params and error are lent for the call.
    unsafe {
        guarded(error, || {
            let params = json(params)?;
            let entry = (entry != u32::MAX).then_some(entry as usize);
            Ok(match A::check(entry, &params) {
                Ok(()) => status::OK,
                Err(fault) => {
                    (*error).push(&fault_line(&fault));
                    status::INVALID
                }
            })
        })
    }
}

unsafe extern "C" fn create<A: Adapter, R: Runtime>(
    context: *const abi::Context,
    params: Str,
    instance: *mut *mut c_void,
    error: *const Sink,
) -> Status {
    // SAFETY: everything is lent for the call; `instance` is the caller's to be written.
    unsafe {
        guarded(error, || {
            let context = Context::new(&*context);
            let params = json(params)?;
            let behind = R::surround(&context, || A::create(&params, &context))?;
            let made = Arc::new(Instance { behind, entries: A::entries(), poisoned: AtomicBool::new(false) });
            instance.write(Arc::into_raw(made).cast_mut().cast());
            Ok(status::OK)
        })
    }
}

unsafe extern "C" fn destroy(instance: *mut c_void) {
    // SAFETY: the instance came from `create` and is given up.
    unsafe { guarded(&Sink::to(&mut String::new()), || Ok(drop_ok(Arc::from_raw(instance.cast_const().cast::<Instance>())))) };
}

fn drop_ok<T>(value: T) -> Status {
    drop(value);
    status::OK
}

#[allow(clippy::too_many_arguments)]
unsafe extern "C" fn bind(
    instance: *mut c_void,
    entry: u32,
    params: Str,
    uses: *const ModuleRef,
    use_counts: *const u32,
    n_uses: usize,
    call: *mut *mut c_void,
    error: *const Sink,
) -> Status {
    // SAFETY: everything is lent for the call; `call` is the caller's to be written; the used modules outlive the call.
    unsafe {
        let instance = instance.cast_const().cast::<Instance>();
        Arc::increment_strong_count(instance);
        let instance = Arc::from_raw(instance);
        guarded(error, || {
            let index = entry as usize;
            let entry = instance.entries.get(index).ok_or_else(|| Error::item(format!("there is no entry number {index}")))?;
            let mut modules = Vec::new();
            let mut next = uses;
            for position in 0..n_uses {
                let count = *use_counts.add(position) as usize;
                let name = entry.uses.get(position).map_or("", |(name, _)| name).to_owned();
                modules.push((name, (0..count).map(|offset| ModuleHandle::new(*next.add(offset))).collect()));
                next = next.add(count);
            }
            let bound = Arc::clone(&instance.behind).bind(&entry.name, &json(params)?, Uses(modules))?;
            call.write(Box::into_raw(Box::new(Bind { instance: Arc::clone(&instance), entry: index, bound })).cast());
            Ok(status::OK)
        })
    }
}

unsafe extern "C" fn unbind(call: *mut c_void) {
    // SAFETY: the call came from `bind` and is given up.
    unsafe { guarded(&Sink::to(&mut String::new()), || Ok(drop_ok(Box::from_raw(call.cast::<Bind>())))) };
}

unsafe extern "C" fn run<R: Runtime>(
    call: *mut c_void,
    context: *const abi::Context,
    inputs: *const abi::Value,
    n_inputs: usize,
    outputs: *mut abi::Value,
    n_outputs: usize,
    error: *const Sink,
) -> Status {
    // SAFETY: the call came from `bind`; the rest is lent for the call.
    unsafe {
        let bind = &*call.cast_const().cast::<Bind>();
        guarded_instance(&bind.instance.poisoned, error, || {
            let inputs = lent(inputs, n_inputs);
            let entry = bind.entry();
            R::surround(&Context::new(&*context), || {
                check_shapes::<R>(&entry.inputs, inputs.iter().map(Value::borrow))?;
                let mut call = Call::new(Context::new(&*context), (&entry.inputs, &entry.outputs), inputs);
                bind.bound.run(&mut call)?;
                deliver::<R>(call, &entry.outputs, outputs, n_outputs)
            })
        })
    }
}

unsafe extern "C" fn open<R: Runtime>(
    call: *mut c_void,
    context: *const abi::Context,
    inputs: *const abi::Value,
    n_inputs: usize,
    state: *mut *mut c_void,
    error: *const Sink,
) -> Status {
    // SAFETY: the call came from `bind` and outlives the state; the inputs stay lent until `close`.
    unsafe {
        let bind = &*call.cast_const().cast::<Bind>();
        guarded_instance(&bind.instance.poisoned, error, || {
            let inputs = lent(inputs, n_inputs);
            let entry = bind.entry();
            let opened = R::surround(&Context::new(&*context), || {
                check_shapes::<R>(&entry.inputs, inputs.iter().map(Value::borrow))?;
                let mut call = Call::new(Context::new(&*context), (&entry.inputs, &[]), inputs);
                Ok::<_, Error>(match entry.kind {
                    Kind::Gather => Open::Accumulator(bind.bound.open_accumulator(&mut call)?),
                    Kind::Scatter | Kind::Map => Open::Cursor(bind.bound.open_cursor(&mut call)?),
                })
            })?;
            state.write(Box::into_raw(Box::new(Opened { call: bind, state: opened })).cast());
            Ok(status::OK)
        })
    }
}

unsafe extern "C" fn next<R: Runtime>(
    state: *mut c_void,
    context: *const abi::Context,
    outputs: *mut abi::Value,
    n_outputs: usize,
    error: *const Sink,
) -> Status {
    // SAFETY: the state came from `open`, is used by one thread at a time, and its call is alive.
    unsafe {
        let opened = &mut *state.cast::<Opened>();
        let bind = &*opened.call;
        guarded_instance(&bind.instance.poisoned, error, || {
            let Open::Cursor(cursor) = &mut opened.state else { return Err(Error::item("`next` is for cursors")) };
            let entry = bind.entry();
            R::surround(&Context::new(&*context), || {
                let mut call = Call::new(Context::new(&*context), (&entry.inputs, &entry.outputs), &[]);
                if !cursor.next(&mut call)? {
                    return Ok(status::END);
                }
                deliver::<R>(call, &entry.outputs, outputs, n_outputs)
            })
        })
    }
}

unsafe extern "C" fn push<R: Runtime>(
    state: *mut c_void,
    context: *const abi::Context,
    inputs: *const abi::Value,
    n_inputs: usize,
    error: *const Sink,
) -> Status {
    // SAFETY: as for `next`; the inputs are lent for the call.
    unsafe {
        let opened = &mut *state.cast::<Opened>();
        let bind = &*opened.call;
        guarded_instance(&bind.instance.poisoned, error, || {
            let Open::Accumulator(accumulator) = &mut opened.state else { return Err(Error::item("`push` is for accumulators")) };
            let inputs = lent(inputs, n_inputs);
            let entry = bind.entry();
            R::surround(&Context::new(&*context), || {
                check_shapes::<R>(&entry.inputs, inputs.iter().map(Value::borrow))?;
                accumulator.push(&mut Call::new(Context::new(&*context), (&entry.inputs, &[]), inputs))
            })?;
            Ok(status::OK)
        })
    }
}

unsafe extern "C" fn finish<R: Runtime>(
    state: *mut c_void,
    context: *const abi::Context,
    outputs: *mut abi::Value,
    n_outputs: usize,
    error: *const Sink,
) -> Status {
    // SAFETY: as for `next`.
    unsafe {
        let opened = &mut *state.cast::<Opened>();
        let bind = &*opened.call;
        guarded_instance(&bind.instance.poisoned, error, || {
            let Open::Accumulator(accumulator) = &mut opened.state else {
                return Err(Error::item("`finish` is for accumulators"));
            };
            let entry = bind.entry();
            R::surround(&Context::new(&*context), || {
                let mut call = Call::new(Context::new(&*context), (&entry.inputs, &entry.outputs), &[]);
                accumulator.finish(&mut call)?;
                deliver::<R>(call, &entry.outputs, outputs, n_outputs)
            })
        })
    }
}

unsafe extern "C" fn close(state: *mut c_void) {
    // SAFETY: the state came from `open` and is given up.
    unsafe { guarded(&Sink::to(&mut String::new()), || Ok(drop_ok(Box::from_raw(state.cast::<Opened>())))) };
}

unsafe extern "C" fn state(instance: *mut c_void, sink: *const StateSink) -> Status {
    // SAFETY: the instance came from `create`; the sink is the caller's.
    unsafe {
        let instance = &*instance.cast_const().cast::<Instance>();
        let mut unheard = String::new();
        guarded_instance(&instance.poisoned, &Sink::to(&mut unheard), || {
            for state in instance.behind.state() {
                ((*sink).put)((*sink).data, Str::lend(&state.name), *state.value.raw(), u8::from(state.trainable));
            }
            Ok(status::OK)
        })
    }
}

unsafe extern "C" fn save<R: Runtime>(
    instance: *mut c_void,
    context: *const abi::Context,
    path: Str,
    error: *const Sink,
) -> Status {
    // SAFETY: handed on as it came.
    unsafe { stored::<R>(instance, context, path, error, |behind, context, path| behind.save(R::store(), context, path)) }
}

unsafe extern "C" fn load<R: Runtime>(
    instance: *mut c_void,
    context: *const abi::Context,
    path: Str,
    error: *const Sink,
) -> Status {
    // SAFETY: handed on as it came.
    unsafe { stored::<R>(instance, context, path, error, |behind, context, path| behind.load(R::store(), context, path)) }
}

/// What `save` and `load` share.
///
/// # Safety
/// The instance must come from `create`; the rest must be lent for the call.
unsafe fn stored<R: Runtime>(
    instance: *mut c_void,
    context: *const abi::Context,
    path: Str,
    error: *const Sink,
    act: impl FnOnce(&dyn Behind, &Context, &Path) -> Result<()>,
) -> Status {
    // SAFETY: by this function's own condition.
    unsafe {
        let instance = &*instance.cast_const().cast::<Instance>();
        guarded_instance(&instance.poisoned, error, || {
            let context = Context::new(&*context);
            let path = Path::new(path.get().ok_or_else(|| Error::item("the path is not UTF-8"))?);
            R::surround(&context, || act(&*instance.behind, &context, path))?;
            Ok(status::OK)
        })
    }
}

/// # Safety
/// The text must be lent for the call.
unsafe fn json(text: Str) -> Result<Json> {
    // SAFETY: by this function's own condition.
    let text = unsafe { text.get() }.ok_or_else(|| Error::param("", "parameters are not UTF-8"))?;
    Ok(serde_json::from_str(text)?)
}

/// # Safety
/// `values` must point to `n` values that are lent for `'a`.
unsafe fn lent<'a>(values: *const abi::Value, n: usize) -> &'a [abi::Value] {
    if n == 0 {
        return &[];
    }
    // SAFETY: by this function's own condition.
    unsafe { std::slice::from_raw_parts(values, n) }
}

/// Holds values against the shapes and element types of their ports.
fn check_shapes<'a, R: Runtime>(ports: &[Port], values: impl Iterator<Item = &'a Value>) -> Result<()> {
    let mut bound = Vec::new();
    for (port, value) in ports.iter().zip(values) {
        if (port.shape.is_none() && port.dtype.is_none()) || value.raw().is_none() {
            continue;
        }
        let Some((sizes, dtype)) = R::shape(value) else { continue };
        if let Some(shape) = &port.shape {
            shape.check(&sizes, &port.name, &mut bound).map_err(|fault| Error::item(format!("`{}` {fault}", port.name)))?;
        }
        if let Some(expected) = port.dtype.as_ref().filter(|expected| **expected != dtype) {
            return Err(Error::item(format!("`{}` is {dtype}, expected {expected}", port.name)));
        }
    }
    Ok(())
}

/// Hands the outputs over, after a look at their types.
///
/// # Safety
/// `outputs` must have room for `n` values.
unsafe fn deliver<R: Runtime>(call: Call, ports: &[Port], outputs: *mut abi::Value, n: usize) -> Result<Status> {
    let values = call.finish()?;
    if values.len() != n {
        return Err(Error::item(format!("the engine has room for {n} outputs, the entry has {}", values.len())));
    }
    for (port, value) in ports.iter().zip(&values) {
        let id = value.type_id();
        let fits = match port.type_name.as_str() {
            "any" => true,
            "tensor" => id == abi::type_id::TENSOR,
            name => id == name || id.strip_prefix(abi::type_id::RECORD) == Some(name),
        };
        if !fits {
            return Err(Error::item(format!("output `{}` was written as `{id}`, declared as `{}`", port.name, port.type_name)));
        }
    }
    check_shapes::<R>(ports, values.iter())?;
    for (index, value) in values.into_iter().enumerate() {
        // SAFETY: by this function's own condition.
        unsafe { outputs.add(index).write(value.into_raw()) };
    }
    Ok(status::OK)
}
