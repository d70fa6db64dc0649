//! Dice plus binary cross-entropy on the channels that are labelled.

use crate::{Fault, Result};
use tch::{Kind, Reduction, Tensor};

/// How the losses of labelled (sample, channel) pairs are averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Average {
    /// Over samples in each channel, then over channels: the authors' code on one device.
    #[default]
    Channel,
    /// Over channels in each sample, then over samples: the authors' code with one sample a device.
    Sample,
}

/// Options of the loss; the defaults are what the authors' code does.
#[derive(Clone, Copy, Debug, Default)]
pub struct LossOptions {
    pub average: Average,
    /// Also add 1 above the fraction of Dice, so that a perfect prediction and an empty one of an empty label cost nothing.
    pub dice_smooth_numerator: bool,
}

/// The loss and its parts.
#[derive(Debug)]
pub struct Loss {
    /// `dice + bce`, a scalar that carries the gradient.
    pub total: Tensor,
    pub dice: Tensor,
    pub bce: Tensor,
    /// Mean Dice loss of each channel over its labelled samples; `None` where no sample is labelled.
    pub dice_per_channel: Vec<Option<f64>>,
    /// Labelled (sample, channel) pairs; 0 means that the loss is 0 and nothing can be learned.
    pub labelled: usize,
}

/// Dice + BCE of logits against labels, 1:1, where -1 marks an unlabelled channel of a sample.
///
/// A pair (sample, channel) counts where the first voxel of its label is not -1: partial labels are whole channels. The
/// others get exactly zero gradient. Dice is `1 - 2 Σpt / (Σp + Σt + 1)`, the 1 below only.
///
/// # Shapes
/// - `logits`, `labels`: `[N, C, …]`
///
/// # Errors
/// Shapes that differ.
pub fn partial_loss(logits: &Tensor, labels: &Tensor, options: LossOptions) -> Result<Loss> {
    let size = logits.size();
    if size.len() < 3 || labels.size() != size {
        let text = format!("got {:?}, expected the shape of the logits, {size:?}, as [N, C, …]", labels.size());
        return Err(Fault::Shape { what: "labels", text });
    }
    let (samples, channels) = (size[0], size[1]);
    let labels = labels.reshape([samples * channels, -1]);
    let pairs = labelled_pairs(&labels);
    if pairs.is_empty() {
        let zero = logits.sum(Kind::Float) * 0.0;
        let (dice, bce) = (zero.detach(), zero.detach());
        return Ok(Loss { total: zero, dice, bce, dice_per_channel: vec![None; channels as usize], labelled: 0 });
    }
    let index = Tensor::from_slice(&pairs).to_device(logits.device());
    // Sums over a whole volume do not fit half precision.
    let kind = if logits.kind() == Kind::Double { Kind::Double } else { Kind::Float };
    let logits = logits.reshape([samples * channels, -1]).index_select(0, &index).to_kind(kind);
    let labels = labels.index_select(0, &index).to_kind(kind);

    let dice = dice_rows(&logits, &labels, options.dice_smooth_numerator);
    let bce = logits.binary_cross_entropy_with_logits(&labels, None::<&Tensor>, None::<&Tensor>, Reduction::None);
    let bce = bce.mean_dim(1, false, None::<Kind>);
    let weights = Tensor::from_slice(&weights(&pairs, channels, options.average)).to_kind(kind).to_device(logits.device());
    let (dice_mean, bce) = (dice.dot(&weights), bce.dot(&weights));
    Ok(Loss {
        total: &dice_mean + &bce,
        dice_per_channel: per_channel(&pairs, channels, &dice),
        dice: dice_mean.detach(),
        bce: bce.detach(),
        labelled: pairs.len(),
    })
}

/// Rows whose first value is not -1.
fn labelled_pairs(labels: &Tensor) -> Vec<i64> {
    let first: Vec<f64> = Vec::try_from(labels.select(1, 0).to_kind(Kind::Double)).unwrap_or_default();
    (0..).zip(first).filter(|(_, value)| *value != -1.0).map(|(pair, _)| pair).collect()
}

fn dice_rows(logits: &Tensor, labels: &Tensor, smooth_numerator: bool) -> Tensor {
    let p = logits.sigmoid();
    let over_voxels = |x: Tensor| x.sum_dim_intlist(1, false, None::<Kind>);
    let above = over_voxels(&p * labels) * 2.0 + f64::from(u8::from(smooth_numerator));
    let below = over_voxels(p) + over_voxels(labels.shallow_clone()) + 1.0;
    1.0 - above / below
}

/// What each pair weighs in the mean of means.
fn weights(pairs: &[i64], channels: i64, average: Average) -> Vec<f64> {
    let group = |pair: i64| match average {
        Average::Channel => pair % channels,
        Average::Sample => pair / channels,
    };
    let size = |pair: i64| pairs.iter().filter(|&&other| group(other) == group(pair)).count() as f64;
    // Every group's pairs add up to one.
    let groups: f64 = pairs.iter().map(|&pair| 1.0 / size(pair)).sum();
    pairs.iter().map(|&pair| 1.0 / (size(pair) * groups.round())).collect()
}

fn per_channel(pairs: &[i64], channels: i64, dice: &Tensor) -> Vec<Option<f64>> {
    let dice: Vec<f64> = Vec::try_from(dice.detach().to_kind(Kind::Double)).unwrap_or_default();
    let of = |channel: i64| pairs.iter().zip(&dice).filter(move |(pair, _)| *pair % channels == channel).map(|(_, dice)| *dice);
    (0..channels)
        .map(|channel| (of(channel).count() > 0).then(|| of(channel).sum::<f64>() / of(channel).count() as f64))
        .collect()
}

/// The paper's learning rate: `base·(1 - t)^0.9`, `t` the part of the training that is done, set once an epoch.
pub fn poly(base: f64, t: f64) -> f64 {
    base * (1.0 - t).max(0.0).powf(0.9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    fn logits() -> Tensor {
        (Tensor::arange(2 * 2 * 8, (Kind::Double, Device::Cpu)).sin() * 3.0).view([2, 2, 2, 2, 2]).set_requires_grad(true)
    }

    fn labels() -> Tensor {
        Tensor::arange(2 * 2 * 8, (Kind::Double, Device::Cpu)).cos().gt(0.2).to_kind(Kind::Double).view([2, 2, 2, 2, 2])
    }

    #[test]
    fn nothing_labelled_costs_nothing_and_teaches_nothing() {
        let logits = logits();
        let loss = partial_loss(&logits, &(labels() * 0.0 - 1.0), LossOptions::default()).expect("shapes fit");
        assert_eq!((loss.labelled, loss.total.double_value(&[])), (0, 0.0));
        loss.total.backward();
        assert_eq!(logits.grad().abs().max().double_value(&[]), 0.0);
    }

    #[test]
    fn the_order_of_averaging_matters_with_partial_labels() {
        let labels = labels();
        let _ = labels.get(0).get(1).fill_(-1.0);
        let total = |average| {
            let loss = partial_loss(&logits(), &labels, LossOptions { average, ..LossOptions::default() });
            loss.expect("shapes fit").total.double_value(&[])
        };
        let alone = |n: i64, c: i64| {
            let (z, t) = (logits().narrow(0, n, 1).narrow(1, c, 1), labels.narrow(0, n, 1).narrow(1, c, 1));
            partial_loss(&z, &t, LossOptions::default()).expect("shapes fit").total.double_value(&[])
        };
        let (a, b, c) = (alone(0, 0), alone(1, 0), alone(1, 1));
        assert!((total(Average::Channel) - ((a + b) / 2.0 + c) / 2.0).abs() < 1e-12);
        assert!((total(Average::Sample) - (a + (b + c) / 2.0) / 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_smooth_numerator_makes_perfection_free() {
        let labels = labels();
        let sure = (&labels * 2.0 - 1.0) * 60.0;
        let dice = |dice_smooth_numerator| {
            let loss = partial_loss(&sure, &labels, LossOptions { dice_smooth_numerator, ..LossOptions::default() });
            loss.expect("shapes fit").dice.double_value(&[])
        };
        assert!(dice(true).abs() < 1e-12);
        assert!(dice(false) > 0.05);
    }

    #[test]
    fn other_shapes_are_refused() {
        let fault = partial_loss(&logits(), &labels().narrow(1, 0, 1), LossOptions::default());
        assert!(fault.is_err_and(|fault| fault.to_string().starts_with("labels: got [2, 1, 2, 2, 2], expected")));
    }
}
