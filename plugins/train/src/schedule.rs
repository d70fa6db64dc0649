//! The learning rate over the steps, as a factor on the optimizer's `lr`.
//!
//! A pure function of the step, so that a resumed run needs nothing but the step's number.

use std::f64::consts::PI;
use voxloom_sdk::prelude::*;

/// The form of the curve after the warm-up.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    Constant,
    /// `(1 - t / total) ^ power`
    Polynomial,
    /// `(1 + cos(pi * t / total)) / 2`
    Cosine,
    /// `gamma ^ floor(t / period)`
    Step,
}

/// How the learning rate changes, in optimizer steps.
#[derive(Params, Clone, Debug)]
#[param(check)]
pub struct Schedule {
    /// Form of the curve; the learning rate is `lr` times its value.
    #[param(default = Curve::Constant)]
    pub curve: Curve,
    /// Steps until the curve's end (`polynomial`, `cosine`); later steps stay there.
    #[param(min = 1)]
    pub total: Option<u64>,
    /// Exponent of `polynomial`.
    #[param(default = 0.9, above = 0.0)]
    pub power: f64,
    /// Where `polynomial` and `cosine` end, as a fraction of `lr`.
    #[param(default = 0.0, min = 0.0, max = 1.0)]
    pub minimum: f64,
    /// Steps between two drops of `step`.
    #[param(min = 1)]
    pub period: Option<u64>,
    /// What each drop of `step` multiplies by.
    #[param(default = 0.1, above = 0.0)]
    pub gamma: f64,
    /// The curve moves on only every so many steps (250: once an epoch of 250 steps).
    #[param(default = 1, min = 1)]
    pub every: u64,
    /// Steps of warm-up: the curve's value is multiplied by a line from `warmup_from` to 1.
    #[param(default = 0)]
    pub warmup: u64,
    /// Where the warm-up begins, as a fraction.
    #[param(default = 0.1, min = 0.0, max = 1.0)]
    pub warmup_from: f64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            curve: Curve::Constant,
            total: None,
            power: 0.9,
            minimum: 0.0,
            period: None,
            gamma: 0.1,
            every: 1,
            warmup: 0,
            warmup_from: 0.1,
        }
    }
}

impl Schedule {
    /// A curve needs its length.
    fn check_relations(&self) -> Result<()> {
        match self.curve {
            Curve::Polynomial | Curve::Cosine if self.total.is_none() => {
                Err(Error::param("total", "is missing: the curve ends there"))
            }
            Curve::Step if self.period.is_none() => Err(Error::param("period", "is missing: the steps between two drops")),
            _ => Ok(()),
        }
    }
}

impl Schedule {
    /// What `lr` is multiplied by at step number `step`, counted from 0.
    pub fn factor(&self, step: u64) -> f64 {
        self.curve_at(step / self.every * self.every) * self.warmup_at(step)
    }

    fn curve_at(&self, step: u64) -> f64 {
        let part = self.total.map_or(1.0, |total| step.min(total) as f64 / total as f64);
        let above = |value: f64| self.minimum + (1.0 - self.minimum) * value;
        match self.curve {
            Curve::Constant => 1.0,
            Curve::Polynomial => above((1.0 - part).powf(self.power)),
            Curve::Cosine => above((1.0 + (PI * part).cos()) / 2.0),
            Curve::Step => self.gamma.powf((step / self.period.unwrap_or(u64::MAX)) as f64),
        }
    }

    fn warmup_at(&self, step: u64) -> f64 {
        if step >= self.warmup {
            return 1.0;
        }
        self.warmup_from + (1.0 - self.warmup_from) * step as f64 / self.warmup as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schedule: &Schedule, values: &[(u64, f64)]) {
        for &(step, value) in values {
            // Values below were worked out by hand to ten digits.
            assert!((schedule.factor(step) - value).abs() < 1e-9, "step {step}: {} is not {value}", schedule.factor(step));
        }
    }

    fn curve(curve: Curve) -> Schedule {
        Schedule { curve, total: Some(100), period: Some(30), ..Schedule::default() }
    }

    #[test]
    fn curves_have_their_values() {
        check(&curve(Curve::Constant), &[(0, 1.0), (1000, 1.0)]);
        check(&curve(Curve::Polynomial), &[(0, 1.0), (50, 0.535_886_731_3), (99, 0.015_848_931_9), (100, 0.0), (200, 0.0)]);
        check(&curve(Curve::Cosine), &[(0, 1.0), (25, 0.853_553_390_6), (50, 0.5), (100, 0.0), (101, 0.0)]);
        check(&curve(Curve::Step), &[(0, 1.0), (29, 1.0), (30, 0.1), (60, 0.01), (95, 0.001)]);
    }

    #[test]
    fn a_minimum_lifts_the_end() {
        let schedule = Schedule { minimum: 0.2, power: 1.0, ..curve(Curve::Polynomial) };
        check(&schedule, &[(0, 1.0), (50, 0.6), (100, 0.2), (500, 0.2)]);
    }

    #[test]
    fn the_curve_can_wait_for_an_epoch() {
        let schedule = Schedule { every: 25, power: 1.0, ..curve(Curve::Polynomial) };
        check(&schedule, &[(0, 1.0), (24, 1.0), (25, 0.75), (49, 0.75), (99, 0.25)]);
    }

    #[test]
    fn halving_every_two_hundred_epochs_of_a_thousand_steps() {
        let schedule = Schedule { gamma: 0.5, period: Some(200_000), every: 1000, ..curve(Curve::Step) };
        let epochs = [(0, 1.0), (1, 1.0), (199, 1.0), (200, 0.5), (399, 0.5), (400, 0.25), (600, 0.125), (999, 0.0625)];
        check(&schedule, &epochs.map(|(epoch, factor)| (epoch * 1000, factor)));
        check(&schedule, &[(199_999, 1.0), (200_999, 0.5)]);
    }

    #[test]
    fn warm_up_is_a_line_under_the_curve() {
        let schedule = Schedule { warmup: 4, warmup_from: 0.2, ..Schedule::default() };
        check(&schedule, &[(0, 0.2), (1, 0.4), (2, 0.6), (3, 0.8), (4, 1.0), (9, 1.0)]);
    }

    #[test]
    fn a_curve_without_length_is_refused() {
        let fault = Schedule { curve: Curve::Cosine, ..Schedule::default() }.check_relations().unwrap_err();
        assert_eq!((fault.param_path(), fault.message()), ("total", "is missing: the curve ends there"));
        let fault = Schedule { curve: Curve::Step, ..Schedule::default() }.check_relations().unwrap_err();
        assert_eq!(fault.param_path(), "period");
    }
}
