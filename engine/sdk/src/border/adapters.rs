//! From each kind of author's trait to the one shape that the table needs.

use super::{Adapter, Behind};
use crate::module::{gather, scatter};
use crate::params::NoParams;
use crate::{
    Bound, Context, Entry, Gather, Json, Module, Operator, ParamType, Params, Result, Runs, Scatter, State, Store, Uses,
};
use serde_json::json;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

pub struct MapOf<T>(PhantomData<T>);
pub struct ScatterOf<T>(PhantomData<T>);
pub struct GatherOf<T>(PhantomData<T>);
pub struct ModuleOf<T>(PhantomData<T>);

fn description<P: Params>(name: &str, module: bool, runs: &Runs, entries: &[Entry]) -> Json {
    let mut json = json!({
        "name": name,
        "about": P::ABOUT,
        "module": module,
        "mode": runs.mode.word(),
        "threads": runs.threads.word(),
        "device": runs.device.word(),
        "deterministic": runs.not_deterministic.is_none(),
        "params": P::schema(),
        "entries": entries.iter().map(Entry::describe).collect::<Vec<_>>(),
    });
    if let Some(why) = runs.not_deterministic {
        json["why"] = why.into();
        if !runs.deterministic_on.is_empty() {
            json["deterministic_on"] = runs.deterministic_on.into();
        }
    }
    json
}

fn check<P: Params>(params: &Json) -> Result<()> {
    P::read(params).map(drop)
}

struct PlainInstance<T> {
    operator: Arc<T>,
    bind: fn(Arc<T>) -> Box<dyn Bound>,
}

impl<T: Params> Behind for PlainInstance<T> {
    fn bind(self: Arc<Self>, _: &str, params: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        NoParams::parse(params)?;
        Ok((self.bind)(Arc::clone(&self.operator)))
    }
}

macro_rules! plain_adapter {
    ($adapter:ident, $trait:ident, $runs:expr, $bind:expr) => {
        impl<T: $trait> Adapter for $adapter<T> {
            const NAME: &'static str = T::NAME;

            fn describe() -> Json {
                description::<T>(T::NAME, false, &$runs, &Self::entries())
            }

            fn entries() -> Vec<Entry> {
                vec![T::entry()]
            }

            fn check(entry: Option<usize>, params: &Json) -> Result<()> {
                if entry.is_none() { check::<T>(params) } else { Ok(()) }
            }

            fn create(params: &Json, _: &Context) -> Result<Arc<dyn Behind>> {
                Ok(Arc::new(PlainInstance { operator: Arc::new(T::read(params)?), bind: $bind }))
            }
        }
    };
}

plain_adapter!(
    MapOf,
    Operator,
    Runs { mode: T::mode(), threads: T::threads(), device: T::device(), ..Runs::default() },
    |operator| Box::new(move |call: &mut crate::Call| operator.run(call))
);
plain_adapter!(ScatterOf, Scatter, Runs { mode: T::mode(), ..Runs::default() }, |operator| scatter(
    move |call| operator.open(call)
));
plain_adapter!(GatherOf, Gather, Runs { threads: T::threads(), ..Runs::default() }, |operator| gather(
    move |call| operator.open(call)
));

struct ModuleInstance<T>(Arc<T>);

impl<T: Module> Behind for ModuleInstance<T> {
    fn bind(self: Arc<Self>, entry: &str, params: &Json, uses: Uses) -> Result<Box<dyn Bound>> {
        self.0.bind(entry, params, uses)
    }

    fn state(&self) -> Vec<State> {
        self.0.state()
    }

    fn save(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        self.0.save(store, context, path)
    }

    fn load(&self, store: &dyn Store, context: &Context, path: &Path) -> Result<()> {
        self.0.load(store, context, path)
    }
}

impl<T: Module> Adapter for ModuleOf<T> {
    const NAME: &'static str = T::NAME;

    fn describe() -> Json {
        description::<T::Params>(T::NAME, true, &T::runs(), &Self::entries())
    }

    fn entries() -> Vec<Entry> {
        T::entries()
    }

    fn check(entry: Option<usize>, params: &Json) -> Result<()> {
        match entry {
            None => check::<T::Params>(params),
            Some(index) => T::entries().get(index).map_or(Ok(()), |entry| T::check_entry(&entry.name, params)),
        }
    }

    fn create(params: &Json, context: &Context) -> Result<Arc<dyn Behind>> {
        Ok(Arc::new(ModuleInstance(Arc::new(T::create(&T::Params::read(params)?, context)?))))
    }
}
