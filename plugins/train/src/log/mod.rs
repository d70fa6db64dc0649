//! Scalars over the steps, for people: TensorBoard's event files and JSON lines.

mod events;
mod lines;

use events::Events;
use lines::Lines;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;

/// Writes numbers to TensorBoard's event files and to JSON lines, each line at once on disk. A resumed run goes on where the
/// saved one stood: what was written after that is taken back.
#[derive(Params, Clone, Debug)]
pub struct LogParams {
    /// Where the files go; made where it is missing.
    #[param(path)]
    pub folder: PathBuf,
    /// Writes `events.out.tfevents.*`.
    #[param(default = true)]
    pub tensorboard: bool,
    /// Writes `scalars.jsonl`: tag, step, time in milliseconds since 1970, and the values as they came.
    #[param(default = true)]
    pub lines: bool,
}

/// One use of the log.
#[derive(Params, Clone, Debug)]
pub struct WriteParams {
    /// What the names begin with: `train` makes `train/loss`.
    #[param(default = "")]
    pub tag: String,
    /// Entry of the values that holds the step; where it is absent, the last step stands.
    #[param(default = "step")]
    pub step: String,
    /// Writes only steps that are a multiple of this.
    #[param(default = 1, min = 1)]
    pub every: u64,
}

/// The open files and the last step.
pub struct Log {
    params: LogParams,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    step: u64,
    /// After a resume: events that earlier files hold from the next step on are void.
    resumed: bool,
    lines: Option<Lines>,
    events: Option<Events>,
}

impl Module for Log {
    const NAME: &'static str = "train.log";
    type Params = LogParams;

    fn entries() -> Vec<Entry> {
        let write = Entry::map()
            .named("write")
            .about("Writes every number in the values; what nests is named by its path.")
            .writes()
            .params::<WriteParams>()
            .input(Port::json("values").about("an object of numbers, which may nest, or a number"));
        vec![write]
    }

    fn create(params: &LogParams, _: &Context) -> Result<Self> {
        Ok(Self { params: params.clone(), inner: Mutex::default() })
    }

    fn extra(&self) -> Json {
        let inner = self.inner();
        json!({ "step": inner.step, "lines": inner.lines.as_ref().map(Lines::position) })
    }

    fn set_extra(&self, extra: Json) -> Result<()> {
        let step = extra["step"].as_u64().ok_or_else(|| Error::item(format!("this is no log's state: {extra}")))?;
        let lines = Lines::resume(&self.params.folder, &extra["lines"])?;
        *self.inner() = Inner { step, resumed: true, lines, events: None };
        Ok(())
    }

    fn bind(self: &Arc<Self>, _: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let (this, params) = (Arc::clone(self), WriteParams::parse(params)?);
        Ok(Box::new(move |call: &mut Call| this.write(&params, &call.input::<Json>("values")?)))
    }
}

impl Log {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, params: &WriteParams, values: &Json) -> Result<()> {
        let mut inner = self.inner();
        inner.step = values[&params.step].as_u64().unwrap_or(inner.step);
        if !inner.step.is_multiple_of(params.every) {
            return Ok(());
        }
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs_f64();
        self.write_at(&mut inner, time, params, values)
            .map_err(|fault| fault.context(format_args!("log {}", self.params.folder.display())))
    }

    fn write_at(&self, inner: &mut Inner, time: f64, params: &WriteParams, values: &Json) -> Result<()> {
        let (folder, step) = (&self.params.folder, inner.step);
        if self.params.lines {
            if inner.lines.is_none() {
                inner.lines = Some(Lines::create(folder)?);
            }
            // Whole milliseconds have thirteen digits: equal runs leave files of equal length.
            let line = json!({ "tag": params.tag, "step": step, "time_ms": (time * 1e3) as u64, "values": values });
            inner.lines.iter_mut().try_for_each(|lines| lines.write(&line))?;
        }
        if self.params.tensorboard {
            if inner.events.is_none() {
                inner.events = Some(Events::create(folder, time, inner.resumed.then_some(step))?);
            }
            let mut scalars = Vec::new();
            flatten(&params.tag, values, &mut scalars);
            scalars.retain(|(name, _)| *name != join(&params.tag, &params.step));
            inner.events.iter_mut().try_for_each(|events| events.write(time, step, &scalars))?;
        }
        Ok(())
    }
}

fn join(tag: &str, key: &str) -> String {
    if tag.is_empty() { key.to_owned() } else { format!("{tag}/{key}") }
}

/// Every number (and truth value, as 0 or 1) with its path.
fn flatten(tag: &str, values: &Json, scalars: &mut Vec<(String, f64)>) {
    match values {
        Json::Object(map) => map.iter().for_each(|(key, value)| flatten(&join(tag, key), value, scalars)),
        Json::Number(number) => scalars.extend(number.as_f64().map(|number| (tag.to_owned(), number))),
        Json::Bool(truth) => scalars.push((tag.to_owned(), f64::from(u8::from(*truth)))),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_paths() {
        let mut scalars = Vec::new();
        flatten("train", &json!({"loss": 0.5, "dice": {"left": 1, "name": "x"}, "stepped": true, "none": null}), &mut scalars);
        assert_eq!(
            scalars,
            [("train/loss".to_owned(), 0.5), ("train/dice/left".to_owned(), 1.0), ("train/stepped".to_owned(), 1.0)]
        );
    }
}
