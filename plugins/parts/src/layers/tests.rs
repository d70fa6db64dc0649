//! Layers in an autocast scope: results and gradients are near those of float32, and leave it in float32.

use crate::{BatchNorm, Builder, Conv, ConvConfig, ConvTranspose, Linear, Mode, PRelu};
use tch::{Device, Kind, Tensor};
use voxloom_precision::Precision;

type Layer = Box<dyn Fn(&Tensor) -> Tensor>;

/// What a rounding of inputs, weights and results to bfloat16, 1/256 at most each, may make of one layer.
const FAR: f64 = 0.02;

fn wave(_: &str, shape: &[i64]) -> Tensor {
    let ramp = Tensor::arange(shape.iter().product::<i64>(), (Kind::Float, Device::Cpu));
    (ramp * 0.7 + 0.4).sin().view(shape)
}

fn check(what: &str, size: &[i64], make: &dyn Fn(&Builder) -> Layer) {
    let learned = |precision: Precision| {
        let build = Builder::given(wave);
        let (layer, entries) = (make(&build), build.finish());
        let x = wave("x", size).set_requires_grad(true);
        let y = precision.run(Device::Cpu, || layer(&x)).expect("bfloat16 runs on the CPU");
        let leaves: Vec<&Tensor> = entries.parameters().map(|named| &*named.tensor).chain([&x]).collect();
        let mut all = Tensor::run_backward(&[y.square().sum(Kind::Float)], &leaves, false, false);
        all.push(y.detach());
        all
    };
    let (wide, narrow) = (learned(Precision::Float32), learned(Precision::Bfloat16));
    for (i, (wide, narrow)) in wide.iter().zip(&narrow).enumerate() {
        let gap = ((wide - narrow).norm() / wide.norm()).double_value(&[]);
        assert!(narrow.kind() == Kind::Float && gap < FAR, "{what} of {size:?}: tensor {i} is off by {gap}");
    }
    // Thin convolutions stay in float32, see `voxloom_precision::convolution`.
    let thin = size[2..].iter().any(|&n| n <= 2);
    assert_eq!(wide[wide.len() - 1].equal(&narrow[narrow.len() - 1]), thin, "{what} of {size:?}: whether it stayed wide");
}

#[test]
fn convolutions_of_any_size_have_right_gradients() {
    let config = |dims, stride| ConvConfig { input: 8, output: 16, dims, stride, ..ConvConfig::default() };
    for (stride, size) in
        [(1, vec![3, 8, 9]), (1, vec![2, 8, 7, 6]), (2, vec![2, 8, 4, 2]), (1, vec![4, 8, 1, 1]), (2, vec![2, 8, 2, 5, 4])]
    {
        let dims = size.len() - 2;
        check("conv", &size, &|build| {
            let conv = Conv::new(build, config(dims, stride));
            Box::new(move |x| conv.forward(x))
        });
    }
    for size in [vec![2, 8, 5, 4], vec![2, 8, 2, 1], vec![1, 8, 3, 2, 4]] {
        let config = ConvConfig { kernel: 2, padding: 0, ..config(size.len() - 2, 2) };
        check("transposed conv", &size, &|build| {
            let conv = ConvTranspose::new(build, config.clone());
            Box::new(move |x| conv.forward(x))
        });
    }
}

#[test]
fn what_follows_takes_narrow_values() {
    check("linear", &[5, 12], &|build| {
        let linear = Linear::new(build, 12, 7);
        Box::new(move |x| linear.forward(x))
    });
    check("conv, norm, prelu", &[3, 4, 6, 5], &|build| {
        let config = ConvConfig { input: 4, output: 8, bias: false, ..ConvConfig::default() };
        let (conv, norm) = (Conv::new(&build.at("a"), config), BatchNorm::new(&build.at("b"), 8));
        let act = PRelu::new(&build.at("c"));
        Box::new(move |x| act.forward(&norm.forward(&conv.forward(x), Mode::Train)))
    });
}
