//! `pcrl.loss`.

use super::features::{draws_of, draws_port, rows};
use crate::objective::{Parts, Weights, blend, squared, total};
use voxloom_sdk::prelude::*;

/// PCRL's loss: the mean of the contrasts plus the mean of the squared errors of the reconstructions. What is not connected is left out of its mean.
#[derive(Params)]
pub struct Objective {
    /// Weight of the contrasts; 0 learns by reconstruction alone.
    #[param(default = 1.0, min = 0.0)]
    pub contrast: f64,
    /// Weight of the reconstructions; 0 learns by contrast alone.
    #[param(default = 1.0, min = 0.0)]
    pub reconstruction: f64,
}

/// Losses of the bank's three calls, by the names of their terms.
const CONTRASTS: [&str; 3] = ["nce_plain", "nce_mixed_k", "nce_mixed_feat"];

impl Operator for Objective {
    const NAME: &'static str = "pcrl.loss";

    fn entry() -> Entry {
        let port = |name: &str, about: &str| Port::tensor(name).optional().about(about);
        let contrast = |name: &str, about: &str| port(name, about).shape("[]").dtype("float32");
        Entry::map()
            .input(draws_port())
            .input(contrast("nce_plain", "the bank's loss of the gated call"))
            .input(contrast("nce_mixed_k", "the bank's loss of the mixed call, with keys of the mixed images"))
            .input(contrast("nce_mixed_feat", "the bank's loss of the mixed call, with the mixed keys of the images"))
            .input(port("plain", "from the student's gated call"))
            .input(port("hybrid", "from the student's gated call"))
            .input(port("m1", "target of `plain`: the first view, transformed"))
            .input(port("m2", "the second view, transformed"))
            .input(port("mixed_plain", "from the student's mixed call"))
            .input(port("mixed_hybrid", "from the student's mixed call"))
            .input(port("g1", "target of `mixed_plain`: the first clean views, mixed"))
            .input(port("g2", "the second clean views, mixed"))
            .output(Port::tensor("loss").shape("[]").about("for the optimizer"))
            .output(Port::json("terms").about("each term, `contrast` and `reconstruction` (their means), and `total`"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        call.input::<Json>("draws")?;
        let mut parts = Parts::default();
        for name in CONTRASTS {
            if let Some(loss) = call.optional::<Tensor>(name)? {
                parts.contrast.push((name, loss));
            }
        }
        self.reconstructions(call, &mut parts)?;
        let weights = Weights { contrast: self.contrast, reconstruction: self.reconstruction };
        let found = total(&parts, weights)?;
        let mut terms: JsonMap = found.terms.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        terms.insert("contrast".into(), json!(found.contrast));
        terms.insert("reconstruction".into(), json!(found.reconstruction));
        terms.insert("total".into(), json!(found.total.detach().double_value(&[])));
        call.output("loss", found.total)?;
        call.output("terms", Json::Object(terms))
    }
}

impl Objective {
    fn reconstructions(&self, call: &Call, parts: &mut Parts) -> Result<()> {
        let get = |name: &str| call.optional::<Tensor>(name);
        let needs = |name: &str, target: &str| Error::item(format!("`{name}` is compared with `{target}`: connect both"));
        let pairs = [
            ("plain", "m1", "mse_plain", "hybrid", "m2", "mse_hybrid"),
            ("mixed_plain", "g1", "mse_mixed", "mixed_hybrid", "g2", "mse_mixed_hybrid"),
        ];
        for (i, (plain, first, plain_term, hybrid, second, hybrid_term)) in pairs.into_iter().enumerate() {
            let (first_target, second_target) = (get(first)?, get(second)?);
            if let Some(found) = get(plain)? {
                let target = first_target.as_ref().ok_or_else(|| needs(plain, first))?;
                parts.reconstruction.push((plain_term, squared(&found, target)?));
            }
            if let Some(found) = get(hybrid)? {
                let target = first_target.as_ref().ok_or_else(|| needs(hybrid, first))?;
                let other = second_target.as_ref().ok_or_else(|| needs(hybrid, second))?;
                let draws = draws_of(call, rows(&found, hybrid)?)?;
                let alpha = if i == 0 { draws.alpha1 } else { draws.alpha2 };
                parts.reconstruction.push((hybrid_term, squared(&found, &blend(target, other, alpha))?));
            }
        }
        Ok(())
    }
}
