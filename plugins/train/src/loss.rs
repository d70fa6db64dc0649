//! `train.loss`: the losses that need no paper, each the mean over all elements.

use voxloom_sdk::prelude::*;

/// Which loss.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossKind {
    /// Mean of `|prediction - target|`; its gradient is 0 where both are equal.
    L1,
    /// Mean of the squared differences.
    Mse,
    /// Binary cross-entropy of predictions before the sigmoid; targets from 0 to 1.
    BceWithLogits,
}

/// The mean over all elements of a plain loss.
#[derive(Params)]
pub struct Loss {
    /// Which loss.
    #[param(default = LossKind::L1)]
    pub kind: LossKind,
}

impl Operator for Loss {
    const NAME: &'static str = "train.loss";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("prediction").about("floating point, of any shape; logits for `bce_with_logits`"))
            .input(Port::tensor("target").about("of the same shape; any element type"))
            .output(Port::tensor("loss").shape("[]").about("one number, at least float32, with the prediction's gradient graph"))
            .output(Port::json("value").about("`loss`, the number"))
    }

    fn device() -> DeviceKind {
        DeviceKind::Any
    }

    fn threads() -> Threads {
        Threads::All
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let loss = loss(self.kind, &call.input("prediction")?, &call.input("target")?)?;
        let value = json!({ "loss": loss.detach().double_value(&[]) });
        call.output("loss", loss)?;
        call.output("value", value)
    }
}

/// The loss as a scalar; half precision is computed in float32.
///
/// # Errors
/// Shapes that differ, an empty tensor, a prediction that is not floating point.
pub fn loss(kind: LossKind, prediction: &Tensor, target: &Tensor) -> Result<Tensor> {
    let (found, expected) = (target.size(), prediction.size());
    if found != expected {
        return Err(Error::item(format!("`target` is {found:?}, `prediction` is {expected:?}; they must have one shape")));
    }
    if prediction.numel() == 0 || !prediction.is_floating_point() {
        let found = format!("{} {expected:?}", voxloom_sdk::dtype_name(prediction.kind()));
        return Err(Error::item(format!("`prediction` is {found}, expected floating-point elements")));
    }
    let kind_of_sum = if prediction.kind() == Kind::Double { Kind::Double } else { Kind::Float };
    let (prediction, target) = (prediction.to_kind(kind_of_sum), target.to_kind(kind_of_sum).to_device(prediction.device()));
    let mean = tch::Reduction::Mean;
    Ok(match kind {
        LossKind::L1 => prediction.f_l1_loss(&target, mean)?,
        LossKind::Mse => prediction.f_mse_loss(&target, mean)?,
        LossKind::BceWithLogits => {
            prediction.f_binary_cross_entropy_with_logits(&target, None::<&Tensor>, None::<&Tensor>, mean)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: LossKind, prediction: &[f32], target: &[f32]) -> f64 {
        loss(kind, &Tensor::from_slice(prediction), &Tensor::from_slice(target)).unwrap().double_value(&[])
    }

    #[test]
    fn losses_have_their_values() {
        let (prediction, target) = ([1.0, -2.0, 0.5, 3.0], [0.0, 0.0, 0.5, 1.0]);
        assert!((of(LossKind::L1, &prediction, &target) - 1.25).abs() < 1e-6);
        assert!((of(LossKind::Mse, &prediction, &target) - 2.25).abs() < 1e-6);
        // -ln σ(0) = ln 2; -ln(1 - σ(0)) the same.
        assert!((of(LossKind::BceWithLogits, &[0.0, 0.0], &[0.0, 1.0]) - std::f64::consts::LN_2).abs() < 1e-6);
        assert!(of(LossKind::BceWithLogits, &[80.0, -80.0], &[1.0, 0.0]) < 1e-6, "no overflow");
    }

    #[test]
    fn equal_elements_pull_nowhere() {
        let prediction = Tensor::from_slice(&[1f32, 2.0, 3.0]).set_requires_grad(true);
        let loss = loss(LossKind::L1, &prediction, &Tensor::from_slice(&[1f32, 0.0, 9.0])).unwrap();
        loss.backward();
        let gradient = Vec::<f32>::try_from(prediction.grad()).unwrap();
        assert_eq!(gradient, [0.0, 1.0 / 3.0, -1.0 / 3.0]);
    }

    #[test]
    fn other_shapes_and_whole_numbers_are_refused() {
        let float = |shape: &[i64]| Tensor::ones(shape, (Kind::Float, Device::Cpu));
        let fault = loss(LossKind::Mse, &float(&[2, 3]), &float(&[3])).unwrap_err();
        assert_eq!(fault.message(), "`target` is [3], `prediction` is [2, 3]; they must have one shape");
        let whole = float(&[2]).to_kind(Kind::Int64);
        let fault = loss(LossKind::L1, &whole, &float(&[2])).unwrap_err();
        assert_eq!(fault.message(), "`prediction` is int64 [2], expected floating-point elements");
    }
}
