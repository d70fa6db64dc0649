//! The engine's side of a call's context: log, progress, cancellation, scratch folder.

use super::board::Message;
use super::fault::Fault;
use super::lane::Lane;
use super::observer::Event;
use crate::describe::DeviceKind;
use crossbeam::channel::Sender;
use std::cell::Cell;
use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use voxloom_abi::{Context, Kind, Level, Sink, Status, Str, status};

/// Whether calls should leave early, and where they may leave files. Shared by all lanes.
pub(crate) struct House {
    /// Set by the caller of the run.
    pub cancel: Arc<AtomicBool>,
    /// Set by the engine: nothing new starts.
    pub halt: AtomicBool,
    pub scratch: Option<PathBuf>,
    pub folder: OnceLock<Result<TempDir, Fault>>,
}

impl House {
    pub fn new(cancel: Arc<AtomicBool>, scratch: Option<PathBuf>) -> Self {
        Self { cancel, halt: AtomicBool::new(false), scratch, folder: OnceLock::new() }
    }

    #[inline]
    pub fn cancelled(&self) -> bool {
        self.halt.load(Ordering::Relaxed) || self.cancel.load(Ordering::Relaxed)
    }

    fn folder(&self) -> Result<String, Fault> {
        let make = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix("voxloom-");
            let made = match &self.scratch {
                Some(base) => builder.tempdir_in(base),
                None => builder.tempdir(),
            };
            made.map_err(|error| Fault::failed(error.to_string()).of_kind(Kind::of_error(&error)))
        };
        let folder = self.folder.get_or_init(make).as_ref().map_err(Clone::clone)?;
        folder.path().to_str().map(str::to_owned).ok_or_else(|| Fault::failed("the folder's name is no UTF-8"))
    }
}

/// The contexts of the thread that called `run`: it makes, saves and loads instances where they will live.
pub(crate) struct Callers {
    pub cpu: Caller,
    pub device: Option<Caller>,
}

impl Callers {
    pub fn of(&mut self, kind: DeviceKind) -> &mut Caller {
        match (kind, &mut self.device) {
            (DeviceKind::Any, Some(device)) => device,
            _ => &mut self.cpu,
        }
    }
}

/// One thread's context, reused for all its calls.
pub(crate) struct Caller {
    context: Context,
    desk: Box<Desk>,
    /// Room for the outputs of a call.
    pub outputs: Vec<voxloom_abi::Value>,
    /// The device's name, to which the context points.
    _device: Box<str>,
}

/// What the callbacks need; at a fixed address, because plugins hold a pointer to it during a call.
struct Desk {
    house: Arc<House>,
    events: Sender<Message>,
    node: Cell<Str>,
    item: Cell<(*const u64, usize)>,
}

impl Caller {
    pub fn new(index: u32, lane: &dyn Lane, house: Arc<House>, events: Sender<Message>) -> Self {
        let device: Box<str> = lane.device().into();
        let nowhere = (std::ptr::null(), 0);
        let desk = Box::new(Desk { house, events, node: Cell::new(Str::new("")), item: Cell::new(nowhere) });
        let context = Context {
            struct_size: size_of::<Context>() as u32,
            lane: index,
            host: std::ptr::from_ref(&*desk).cast_mut().cast(),
            log,
            progress,
            cancelled,
            scratch,
            ability,
            seed: 0,
            item: nowhere.0,
            item_len: 0,
            node: Str::new(""),
            device: Str::lend(&device),
            stream: lane.stream(),
            threads: 1,
            grad: 0,
            reserved: [0; 3],
        };
        Self { context, desk, outputs: Vec::new(), _device: device }
    }

    /// The context of a call; valid until the next `at`, while `node` and `item` live.
    #[inline]
    pub fn at(&mut self, node: &str, item: &[u64], seed: u64, threads: u32, grad: bool) -> *const Context {
        let name = Str::lend(node);
        self.desk.node.set(name);
        self.desk.item.set((item.as_ptr(), item.len()));
        self.context.node = name;
        self.context.item = item.as_ptr();
        self.context.item_len = item.len();
        self.context.seed = seed;
        self.context.threads = threads;
        self.context.grad = u8::from(grad);
        &raw const self.context
    }
}

impl Desk {
    /// # Safety
    /// `host` must be what a `Caller` gave to a call that still runs.
    unsafe fn of<'a>(host: *mut c_void) -> &'a Self {
        // SAFETY: by this function's own condition; the desk is boxed and outlives the call.
        unsafe { &*host.cast::<Self>() }
    }

    fn node(&self) -> String {
        // SAFETY: the node's name outlives the call, which still runs.
        unsafe { self.node.get().get() }.unwrap_or("").to_owned()
    }

    fn item(&self) -> Vec<u64> {
        let (data, len) = self.item.get();
        // SAFETY: the item's path outlives the call, which still runs.
        if len == 0 { Vec::new() } else { unsafe { std::slice::from_raw_parts(data, len) }.to_vec() }
    }
}

unsafe extern "C" fn log(host: *mut c_void, level: Level, text: Str) {
    // SAFETY: the plugin passes back what its context holds, and text that lives for the call.
    let (desk, text) = unsafe { (Desk::of(host), text.get()) };
    let text = text.unwrap_or("(a line that is no UTF-8)").to_owned();
    // Nobody listens any more: then the line is lost, as everything else is.
    let _ = desk.events.send(Message::Event(Event::Log { level, node: desk.node(), item: desk.item(), text }));
}

unsafe extern "C" fn progress(host: *mut c_void, done: u64, total: u64) {
    // SAFETY: as in `log`.
    let desk = unsafe { Desk::of(host) };
    let _ = desk.events.send(Message::Event(Event::Progress { node: desk.node(), item: desk.item(), done, total }));
}

unsafe extern "C" fn cancelled(host: *mut c_void) -> u8 {
    // SAFETY: as in `log`.
    u8::from(unsafe { Desk::of(host) }.house.cancelled())
}

unsafe extern "C" fn scratch(host: *mut c_void, sink: *const Sink) -> Status {
    // SAFETY: as in `log`; the sink is the plugin's own and lives for this function.
    let (desk, sink) = unsafe { (Desk::of(host), &*sink) };
    let (text, status) = match desk.house.folder() {
        Ok(folder) => (folder, status::OK),
        Err(fault) => (fault.message, fault.kind.within(status::FAILED)),
    };
    // SAFETY: as above.
    unsafe { sink.push(&text) };
    status
}

unsafe extern "C" fn ability(_host: *mut c_void, _id: Str) -> *const c_void {
    std::ptr::null()
}
