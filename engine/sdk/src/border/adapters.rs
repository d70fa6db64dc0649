//! From each kind of author's trait to the one shape that the table needs.

use super::{Adapter, Behind};
use crate::module::{gather, scatter};
use crate::params::NoParams;
use crate::{
    Bound, Context, DeviceKind, Entry, Gather, Json, Mode, Module, Operator, ParamType, Params, Result, Scatter, State, Store,
    Threads, Uses,
};
use serde_json::json;
use std::marker::PhantomData;
use std::path::Path;
use std::sync::Arc;

pub struct MapOf<T>(PhantomData<T>);
pub struct ScatterOf<T>(PhantomData<T>);
pub struct GatherOf<T>(PhantomData<T>);
pub struct ModuleOf<T>(PhantomData<T>);

struct Traits {
    module: bool,
    mode: Mode,
    threads: Threads,
    device: DeviceKind,
    why: Option<&'static str>,
    deterministic_on: &'static [&'static str],
}

fn description<P: Params>(name: &str, traits: &Traits, entries: &[Entry]) -> Json {
    let mut json = json!({
        "name": name,
        "about": P::ABOUT,
        "module": traits.module,
        "mode": traits.mode.word(),
        "threads": traits.threads.word(),
        "device": traits.device.word(),
        "deterministic": traits.why.is_none(),
        "params": P::schema(),
        "entries": entries.iter().map(Entry::describe).collect::<Vec<_>>(),
    });
    if let Some(why) = traits.why {
        json["why"] = why.into();
        if !traits.deterministic_on.is_empty() {
            json["deterministic_on"] = traits.deterministic_on.into();
        }
    }
    json
}

fn plain(mode: Mode, threads: Threads, device: DeviceKind) -> Traits {
    Traits { module: false, mode, threads, device, why: None, deterministic_on: &[] }
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
    ($adapter:ident, $trait:ident, $traits:expr, $bind:expr) => {
        impl<T: $trait> Adapter for $adapter<T> {
            const NAME: &'static str = T::NAME;

            fn describe() -> Json {
                description::<T>(T::NAME, &$traits, &Self::entries())
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

plain_adapter!(MapOf, Operator, plain(T::mode(), T::threads(), T::device()), |operator| Box::new(
    move |call: &mut crate::Call| operator.run(call)
));
plain_adapter!(ScatterOf, Scatter, plain(T::mode(), Threads::One, DeviceKind::Cpu), |operator| scatter(
    move |call| operator.open(call)
));
plain_adapter!(GatherOf, Gather, plain(Mode::Parallel, T::threads(), DeviceKind::Cpu), |operator| gather(
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
        let traits = Traits {
            module: true,
            mode: T::mode(),
            threads: T::threads(),
            device: T::device(),
            why: T::not_deterministic(),
            deterministic_on: T::deterministic_on(),
        };
        description::<T::Params>(T::NAME, &traits, &Self::entries())
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
