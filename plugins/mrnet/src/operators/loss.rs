//! `mrnet.loss` and `mrnet.rater_loss`.

use crate::losses::{of_raters, weighted};
use voxloom_sdk::prelude::*;

/// Cross-entropy under several conditions, as one weighted mean; and with `consistency` the coarse network's total.
#[derive(Params, Clone, Debug)]
#[param(check)]
pub struct Loss {
    /// How much each condition counts; the paper's are 1 for one rater, 2 for random weights, 3 for the average.
    #[param(default = vec![1.0, 2.0, 3.0], min_len = 1, min = 0.0)]
    pub weights: Vec<f64>,
    /// How much the consistency counts, the conditions making up the rest; only where `consistency` is connected.
    #[param(default = 0.3, min = 0.0, max = 1.0)]
    pub consistency_weight: f64,
}

impl Operator for Loss {
    const NAME: &'static str = "mrnet.loss";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("logits").shape("[K, N, C, H, W]").about("coarse or refined, before the sigmoid"))
            .input(Port::tensor("target").shape("[K, N, C, H, W]").about("from `mrnet.conditions`"))
            .input(Port::tensor("consistency").shape("[]").optional().about("of the reconstruction network"))
            .output(Port::tensor("loss").shape("[]").about("the total"))
            .output(Port::json("terms").about("`loss`, `bce` (a condition each), and `consistency`"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (mut total, bce) = weighted(&call.input("logits")?, &call.input("target")?, &self.weights)?;
        let consistency: Option<Tensor> = call.optional("consistency")?;
        if let Some(consistency) = &consistency {
            total = total * (1.0 - self.consistency_weight) + consistency * self.consistency_weight;
        }
        let value = |tensor: &Tensor| tensor.detach().double_value(&[]);
        let terms = json!({ "loss": value(&total), "bce": bce, "consistency": consistency.as_ref().map(value) });
        call.output("loss", total)?;
        call.output("terms", terms)
    }
}

impl Loss {
    fn check_relations(&self) -> Result<()> {
        match self.weights.iter().sum::<f64>() {
            sum if sum > 0.0 => Ok(()),
            _ => Err(Error::param("weights", "must not all be 0")),
        }
    }
}

/// Cross-entropy of every rater's reconstructed mask against his own, the mean over raters and conditions.
#[derive(Params, Clone, Debug)]
pub struct RaterLoss {}

impl Operator for RaterLoss {
    const NAME: &'static str = "mrnet.rater_loss";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("raters").shape("[K, N, R, C, H, W]").about("logits of `mrnet.reconstruction`"))
            .input(Port::tensor("masks").shape("[N, R, C, H, W]").about("the raters' masks, from 0 to 1"))
            .output(Port::tensor("loss").shape("[]").about("the total"))
            .output(Port::json("terms").about("`loss`, and `bce`: for each condition the raters' terms"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (total, bce) = of_raters(&call.input("raters")?, &call.input("masks")?)?;
        let terms = json!({ "loss": total.detach().double_value(&[]), "bce": bce });
        call.output("loss", total)?;
        call.output("terms", terms)
    }
}
