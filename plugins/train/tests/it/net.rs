//! A network of two weights and a counter, for the modules that use one.

use std::sync::Arc;
use tch::{Kind, Tensor};
use voxloom_sdk::params::NoParams;
use voxloom_sdk::prelude::*;

pub struct Net {
    w: Weight,
    v: Weight,
    calls: Weight,
}

pub const W: [f32; 5] = [0.5, -1.25, 2.0, 0.75, -0.375];
pub const V: [f32; 3] = [1.0, -0.5, 0.25];

impl Module for Net {
    const NAME: &'static str = "test.net";
    type Params = NoParams;

    fn entries() -> Vec<Entry> {
        vec![
            Entry::map().named("loss").reads().input(Port::tensor("c")).input(Port::json("with_v")).output(Port::tensor("loss")),
            Entry::map().named("weights").reads().output(Port::json("weights")),
        ]
    }

    fn create(_: &NoParams, _: &Context) -> Result<Self> {
        let leaf = |values: &[f32]| Weight::new(Tensor::from_slice(values).set_requires_grad(true));
        Ok(Self { w: leaf(&W), v: leaf(&V), calls: Weight::new(Tensor::from(3i64)) })
    }

    fn state(&self) -> Vec<State> {
        vec![State::new("w", &*self.w, true), State::new("v", &*self.v, true), State::new("calls", &*self.calls, false)]
    }

    fn bind(self: &Arc<Self>, entry: &str, _: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        if entry == "weights" {
            return Ok(Box::new(move |call: &mut Call| {
                let list = |tensor: &Tensor| Vec::<f32>::try_from(tensor).map(|values| json!(values));
                call.output("weights", json!({ "w": list(&this.w)?, "v": list(&this.v)? }))
            }));
        }
        Ok(Box::new(move |call: &mut Call| {
            let (w, v, c) = (&*this.w, &*this.v, call.input::<Tensor>("c")?);
            let mut loss = (w * w).sum(Kind::Float) / 2.0 + (c * w).sum(Kind::Float);
            if call.input::<Json>("with_v")? == true {
                loss += (v * v * v).sum(Kind::Float) / 3.0;
            }
            call.output("loss", loss)
        }))
    }
}
