//! What holds whatever the weights: maps that agree, attention's range, sizes, what is refused.

use crate::support::{perception, uniform};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};
use voxloom_mrnet::network::{Coarse, NetworkConfig, Perception, Reconstruction, disagreement};
use voxloom_parts::Mode;

fn largest(tensor: &Tensor) -> f64 {
    tensor.abs().max().double_value(&[])
}

fn small(structures: i64, raters: i64) -> (Coarse, Reconstruction, Perception) {
    tch::set_num_threads(1);
    let config = NetworkConfig { raters, structures, width: 0.0625 };
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    (
        Coarse::new(config, Device::Cpu, &mut rng).expect("right sizes"),
        Reconstruction::new(config, Device::Cpu, &mut rng).expect("right sizes"),
        Perception::new(config, false, Device::Cpu, &mut rng).expect("right sizes"),
    )
}

#[test]
fn raters_who_agree_leave_no_uncertainty() {
    let one = uniform("agree", &[2, 1, 2, 8, 8], 3.0).sigmoid();
    assert_eq!(largest(&disagreement(&one.repeat([1, 6, 1, 1, 1]))), 0.0);
    assert!(largest(&disagreement(&uniform("differ", &[2, 6, 2, 8, 8], 3.0).sigmoid())) > 0.1);
}

#[test]
fn attention_lies_between_the_map_and_one() {
    let net = perception(true);
    let half = Tensor::full([2, 1, 32, 64], 0.5, (Kind::Float, Device::Cpu));
    let maps = [uniform("attention", &[2, 1, 32, 64], 0.5) + 0.5, half.zeros_like(), half.ones_like(), half];
    for map in maps {
        let a = tch::no_grad(|| net.attention(&map));
        assert!(largest(&(&a - a.maximum(&map))) == 0.0, "not below the map");
        assert!(a.max().double_value(&[]) <= 1.0 + 1e-6 && a.isfinite().all().int64_value(&[]) == 1);
    }
}

#[test]
fn constant_inputs_give_finite_results() {
    let (coarse, reconstruction, perception) = small(2, 6);
    let image = Tensor::zeros([2, 3, 32, 32], (Kind::Float, Device::Cpu));
    let weights = Tensor::full([2, 6], 1.0 / 6.0, (Kind::Float, Device::Cpu));
    let z = coarse.forward(&image, &weights, Mode::Train).expect("the shape fits");
    let raters = Tensor::zeros([2, 6, 2, 32, 32], (Kind::Float, Device::Cpu));
    let out = perception.forward(&raters, &z.features, &z.logits.zeros_like(), Mode::Train).expect("the shape fits");
    assert_eq!(out.logits.isfinite().all().int64_value(&[]), 1);
    assert_eq!(largest(&out.uncertainty), 0.0);
    out.logits.sum(Kind::Float).backward();
    let raters = reconstruction.forward(&image, &z.logits, &weights, Mode::Eval).expect("the shape fits");
    assert_eq!(raters.isfinite().all().int64_value(&[]), 1);
}

#[test]
fn any_multiple_of_32_any_raters_and_any_structures_fit() {
    for (structures, raters, [h, w]) in [(1, 4, [32, 96]), (3, 2, [64, 32])] {
        let (coarse, reconstruction, perception) = small(structures, raters);
        let image = uniform("sizes", &[2, 3, h, w], 2.0);
        let weights = Tensor::full([2, raters], 1.0 / raters as f64, (Kind::Float, Device::Cpu));
        tch::no_grad(|| {
            let z = coarse.forward(&image, &weights, Mode::Eval).expect("the shape fits");
            let masks = reconstruction.forward(&image, &z.logits, &weights, Mode::Eval).expect("the shape fits");
            let out = perception.forward(&masks, &z.features, &z.logits, Mode::Eval).expect("the shape fits");
            assert_eq!(masks.size(), [2, raters, structures, h, w]);
            assert_eq!(out.logits.size(), [2, structures, h, w]);
            let alone = coarse.forward(&image.narrow(0, 1, 1), &weights.narrow(0, 1, 1), Mode::Eval).expect("the shape fits");
            assert!(largest(&(alone.logits - z.logits.narrow(0, 1, 1))) < 1e-5, "samples do not see each other");
        });
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let (coarse, reconstruction, perception) = small(1, 4);
    let weights = Tensor::full([2, 4], 0.25, (Kind::Float, Device::Cpu));
    let fault = coarse.forward(&uniform("x", &[2, 3, 48, 64], 1.0), &weights, Mode::Eval).unwrap_err().to_string();
    assert!(fault.contains("multiples of 32"), "{fault}");
    let image = uniform("x", &[2, 3, 32, 32], 1.0);
    let fault = coarse.forward(&image, &weights.narrow(1, 0, 3), Mode::Eval).unwrap_err().to_string();
    assert!(fault.contains("expected [2, 4]"), "{fault}");
    let maps = uniform("maps", &[2, 2, 32, 32], 1.0);
    assert!(reconstruction.forward(&image, &maps, &weights, Mode::Eval).is_err());
    let raters = uniform("raters", &[2, 5, 1, 32, 32], 1.0);
    let features = uniform("features", &[2, 16, 16, 16], 1.0);
    let fault = perception.forward(&raters, &features, &maps.narrow(1, 0, 1), Mode::Eval).unwrap_err().to_string();
    assert!(fault.starts_with("raters: got"), "{fault}");
    let config = NetworkConfig { raters: 1, ..NetworkConfig::default() };
    assert!(Coarse::new(config, Device::Cpu, &mut ChaCha8Rng::seed_from_u64(0)).unwrap_err().to_string().contains("at least 2"));
}
