//! One unit of the 3D network: convolution, normalisation, activation.

use super::config::{Activation, Norm};
use super::three_d::UNetConfig;
use tch::Tensor;
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, Mode, Start, prelu};
use voxloom_sdk::Weight;

const EPSILON: f64 = 1e-5;
const GROUPS: i64 = 8;

/// 3×3×3 with bias. The normalisation is called `bn1` whatever it is.
#[derive(Debug)]
pub struct Unit {
    conv: Conv,
    norm: Normalise,
    activate: Activate,
}

#[derive(Debug)]
enum Normalise {
    Batch(BatchNorm),
    Group { weight: Weight, bias: Weight, groups: i64 },
    Instance { weight: Weight, bias: Weight },
}

#[derive(Debug)]
enum Activate {
    Relu,
    Elu,
    Prelu(Weight),
}

impl Unit {
    pub fn new(build: &Builder, input: i64, output: i64, config: &UNetConfig) -> Self {
        let conv = Conv::new(&build.at("conv1"), ConvConfig { input, output, dims: 3, ..ConvConfig::default() });
        let place = build.at("bn1");
        let affine = || (place.parameter("weight", &[output], Start::Ones), place.parameter("bias", &[output], Start::Zeros));
        let norm = match config.norm {
            Norm::Bn => Normalise::Batch(BatchNorm::new(&place, output)),
            Norm::Gn => {
                let (weight, bias) = affine();
                // 8 where the channels allow it: all do at the paper's width.
                let groups = (1..=GROUPS).rev().find(|groups| output % groups == 0).unwrap_or(1);
                Normalise::Group { weight, bias, groups }
            }
            Norm::In => {
                let (weight, bias) = affine();
                Normalise::Instance { weight, bias }
            }
        };
        let activate = match config.activation {
            Activation::Relu => Activate::Relu,
            Activation::Elu => Activate::Elu,
            Activation::Prelu => {
                let slopes = Start::Values(vec![0.25; output as usize]);
                Activate::Prelu(build.at("activation").parameter("weight", &[output], slopes))
            }
        };
        Self { conv, norm, activate }
    }

    /// # Shapes
    /// - in:  `[N, input, X, Y, Z]`
    /// - out: `[N, output, X, Y, Z]`
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Tensor {
        let x = self.conv.forward(x);
        let mut x = match &self.norm {
            Normalise::Batch(norm) => norm.forward(&x, mode),
            Normalise::Group { weight, bias, groups } => x.group_norm(*groups, Some(&**weight), Some(&**bias), EPSILON, true),
            Normalise::Instance { weight, bias } => {
                let none = None::<&Tensor>;
                x.instance_norm(Some(&**weight), Some(&**bias), none, none, true, 0.1, EPSILON, true)
            }
        };
        match &self.activate {
            Activate::Relu => x.relu_(),
            Activate::Elu => x.elu_(),
            Activate::Prelu(slopes) => prelu(&x, slopes),
        }
    }
}
