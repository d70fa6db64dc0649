//! `seran.guard`: leaves out batches that would throw the training off.

use crate::guard::{Guard as Rule, History};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use voxloom_sdk::prelude::*;

/// Between a loss and an optimizer: a batch whose loss is far above what losses were teaches nothing; a loss that is no number stops the run.
#[derive(Params)]
pub struct GuardParams {
    /// A loss of so many times the mean loss of the epoch before is left out.
    #[param(default = 1e6, above = 1.0)]
    pub ratio: f64,
    /// In the first epoch, a loss of at least this.
    #[param(default = 1e14, above = 0.0)]
    pub first: f64,
    /// Batches in an epoch.
    #[param(default = 1000, min = 1)]
    pub epoch: u64,
}

/// The module.
pub struct Guard(Mutex<Rule>);

impl Module for Guard {
    const NAME: &'static str = "seran.guard";
    type Params = GuardParams;

    fn entries() -> Vec<Entry> {
        let pass = Entry::map()
            .named("pass")
            .about("Lets a loss through, or gives one that no weight depends on, so that the optimizer's step changes nothing.")
            .writes()
            .input(Port::tensor("loss").about("one number with its gradient graph"))
            .output(Port::tensor("loss").about("the same, or without the graph"))
            .output(Port::json("guard").about("`taken`, and how many batches were left out so far: `left_out`"));
        vec![pass]
    }

    fn runs() -> Runs {
        Runs { device: DeviceKind::Any, ..Runs::default() }
    }

    fn create(params: &GuardParams, _: &Context) -> Result<Self> {
        let rule = Rule { ratio: params.ratio, first: params.first, epoch: params.epoch, history: History::default() };
        Ok(Self(Mutex::new(rule)))
    }

    fn extra(&self) -> Json {
        let History { before, sum, count, seen, left_out } = self.rule().history.clone();
        json!({ "before": before, "sum": sum, "count": count, "seen": seen, "left_out": left_out })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        let whole = |key: &str| extra[key].as_u64();
        let (Some(sum), Some(count), Some(seen), Some(left_out)) =
            (extra["sum"].as_f64(), whole("count"), whole("seen"), whole("left_out"))
        else {
            return Err(Error::item(format!("this is no guard's state: {extra}")));
        };
        self.rule().history = History { before: extra["before"].as_f64(), sum, count, seen, left_out };
        Ok(())
    }

    fn bind(self: &Arc<Self>, _: &str, _: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(Box::new(move |call: &mut Call| this.pass(call)))
    }
}

impl Guard {
    fn rule(&self) -> MutexGuard<'_, Rule> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pass(&self, call: &mut Call) -> Result<()> {
        let loss: Tensor = call.input("loss")?;
        if loss.numel() != 1 {
            return Err(Error::fatal(format!("the loss must be one number, got shape {:?}", loss.size())));
        }
        let value = loss.detach().to_kind(Kind::Double).view(-1).double_value(&[0]);
        if !value.is_finite() {
            return Err(Error::fatal(format!("the loss is {value}; try a lower learning rate")));
        }
        let (taken, left_out) = {
            let mut rule = self.rule();
            (rule.takes(value), rule.history.left_out)
        };
        if taken {
            call.output("loss", loss)?;
        } else {
            call.warn(&format!("a batch with loss {value} is left out"));
            // It carries a gradient, of nothing that is trained.
            call.output("loss", loss.detach().copy().set_requires_grad(true))?;
        }
        call.output("guard", json!({ "taken": taken, "left_out": left_out }))
    }
}
