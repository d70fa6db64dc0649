//! `synthetic.weights`.

use std::sync::Arc;
use voxloom_sdk::prelude::*;

/// A few weights and a loss of them: the least that an optimizer can step.
#[derive(Params)]
pub struct WeightsParams {
    /// How many weights there are.
    #[param(default = 8, min = 1)]
    pub count: usize,
}

/// The module.
pub struct SyntheticWeights {
    weights: Weight,
}

impl Module for SyntheticWeights {
    const NAME: &'static str = "synthetic.weights";
    type Params = WeightsParams;

    fn entries() -> Vec<Entry> {
        let loss = Port::tensor("loss").shape("[]").about("the mean of the weights' squares; 0 is where they all are");
        vec![Entry::map().named("loss").about("What steps bring down.").reads().output(loss)]
    }

    fn create(params: &WeightsParams, context: &Context) -> Result<Self> {
        use rand::Rng;
        let mut rng = context.rng();
        let weights: Vec<f32> = (0..params.count).map(|_| rng.random_range(-1.0..1.0)).collect();
        Ok(Self { weights: Tensor::from_slice(&weights).set_requires_grad(true).into() })
    }

    fn state(&self) -> Vec<State> {
        vec![State::new("weights", &*self.weights, true)]
    }

    fn bind(self: &Arc<Self>, _: &str, _: &Json, _: Uses) -> Result<Box<dyn Bound>> {
        let this = Arc::clone(self);
        Ok(Box::new(move |call: &mut Call| call.output("loss", this.weights.square().mean(Kind::Float))))
    }
}
