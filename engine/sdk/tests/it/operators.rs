//! Small operators of every kind.

use std::path::Path;
use std::sync::{Arc, Mutex};
use voxloom_sdk::prelude::*;
use voxloom_sdk::{Store, export};

/// Multiplies by a factor.
#[derive(Params)]
pub struct Gain {
    /// What every element is multiplied by.
    #[param(default = 2.0, min = 0.0, unit = "1")]
    pub factor: f64,
    /// How often.
    #[param(default = 1, max = 9)]
    pub times: u32,
    /// Where it may stop.
    pub limit: Option<f64>,
}

impl Operator for Gain {
    const NAME: &'static str = "test.gain";

    fn entry() -> Entry {
        Entry::map().input(Port::tensor("x").shape("[N, 2]").about("in")).output(Port::tensor("y").shape("[N, 2]").about("out"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let x: Tensor = call.input("x")?;
        assert!(x.size()[0] != 13, "thirteen rows");
        call.output("y", x * self.factor)
    }
}

/// Reads a file that it is told, or wants more memory than there is.
#[derive(Params)]
pub struct Want {
    /// The file; left out, memory is wanted.
    pub file: Option<String>,
    /// By the function that panics, not by the one that fails.
    #[param(default = false)]
    pub panics: bool,
}

/// An exbibyte: more than any machine can address.
const TOO_MUCH: [i64; 1] = [1 << 60];

impl Operator for Want {
    const NAME: &'static str = "test.want";

    fn entry() -> Entry {
        Entry::map().output(Port::json("n_bytes"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let n_bytes = match &self.file {
            Some(file) => std::fs::read(file).map_err(|error| Error::from(error).context(file))?.len(),
            None if self.panics => Tensor::empty(TOO_MUCH, (Kind::Uint8, Device::Cpu)).numel(),
            None => Tensor::f_empty(TOO_MUCH, (Kind::Uint8, Device::Cpu))?.numel(),
        };
        call.output("n_bytes", json!(n_bytes))
    }
}

/// Adds two tensors.
#[derive(Params)]
pub struct Sum {
    /// By the function that panics where they do not fit, not by the one that fails.
    #[param(default = false)]
    pub panics: bool,
}

impl Operator for Sum {
    const NAME: &'static str = "test.sum";

    fn entry() -> Entry {
        Entry::map().input(Port::tensor("a")).input(Port::tensor("b")).output(Port::tensor("sum"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (a, b): (Tensor, Tensor) = (call.input("a")?, call.input("b")?);
        call.output("sum", if self.panics { &a + &b } else { a.f_add(&b)? })
    }
}

/// One item a row.
#[derive(Params)]
pub struct Rows {}

struct RowCursor(Vec<Tensor>);

impl Scatter for Rows {
    const NAME: &'static str = "test.rows";

    fn entry() -> Entry {
        Entry::scatter().input(Port::tensor("x")).output(Port::tensor("row"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        let mut rows = call.input::<Tensor>("x")?.split(1, 0);
        rows.reverse();
        Ok(Box::new(RowCursor(rows)))
    }
}

impl Cursor for RowCursor {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        self.0.pop().map_or(Ok(false), |row| call.output("row", row).map(|()| true))
    }
}

/// Joins rows.
#[derive(Params)]
pub struct Join {}

impl Gather for Join {
    const NAME: &'static str = "test.join";

    fn entry() -> Entry {
        Entry::gather().input(Port::tensor("row").gathered()).output(Port::tensor("x"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(RowCursor(Vec::new())))
    }
}

impl Accumulator for RowCursor {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.0.push(call.input("row")?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("x", Tensor::cat(&self.0, 0))
    }
}

/// A weight and a count.
pub struct Counter {
    weight: Weight,
    count: Mutex<u64>,
}

/// How it begins.
#[derive(Params)]
pub struct CounterParams {
    /// First value of the weight.
    pub start: f64,
}

impl Module for Counter {
    const NAME: &'static str = "test.counter";
    type Params = CounterParams;

    fn entries() -> Vec<Entry> {
        vec![Entry::map().named("count").writes().output(Port::json("n"))]
    }

    fn runs() -> Runs {
        let not_deterministic = Some("on CUDA, for the sake of the test");
        Runs { not_deterministic, deterministic_on: &["cpu"], ..Runs::default() }
    }

    fn create(params: &CounterParams, _: &Context) -> Result<Self> {
        Ok(Self { weight: Tensor::from_slice(&[params.start as f32]).into(), count: Mutex::new(0) })
    }

    fn state(&self) -> Vec<State> {
        vec![State::new("weight", &*self.weight, true)]
    }

    fn extra(&self) -> Json {
        json!({ "count": *self.count.lock().expect("no test panics with it") })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        *self.count.lock().expect("no test panics with it") = extra["count"].as_u64().unwrap_or(0);
        Ok(())
    }

    fn load(&self, store: &dyn Store, _: &Context, path: &Path) -> Result<()> {
        self.set_extra(store.load(&self.state(), path)?)
    }

    fn bind(self: &Arc<Self>, _: &str, _: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(Box::new(move |call: &mut Call| {
            let mut count = this.count.lock().expect("no test panics with it");
            *count += 1;
            let _ = this.weight.detach().g_add_scalar_(1.0);
            call.output("n", json!(*count))
        }))
    }
}

export! { name: "test", operators: [op Gain, op Sum, scatter Rows, gather Join, module Counter] }
