//! Atrous spatial pyramid pooling with cascaded sums (spec 2.3, step 6).

use super::reconstruction::{start, then};
use tch::{Kind, Tensor};
use voxloom_parts::{BatchNorm, Builder, Conv, ConvConfig, Mode, PRelu};

/// Four dilations and the image's mean.
#[derive(Debug)]
pub struct Aspp {
    branches: Vec<(Conv, BatchNorm)>,
    pool: (Conv, BatchNorm),
    pool_act: PRelu,
}

impl Aspp {
    pub fn new(build: &Builder, input: i64, output: i64) -> Self {
        let branch = |(i, dilation): (usize, i64)| {
            let place = build.at(format!("aspp{}", i + 1));
            let (kernel, padding) = if dilation == 1 { (1, 0) } else { (3, dilation) };
            let config = ConvConfig { dilation, ..start(input, output, kernel, padding, false) };
            conv_bn(&place.at("atrous_convolution"), &place.at("bn"), config)
        };
        let branches = [1, 6, 12, 18].into_iter().enumerate().map(branch).collect();
        let place = |i: usize| build.at("global_avg_pool").at(i);
        let pool = conv_bn(&place(1), &place(2), start(input, output, 1, 0, false));
        Self { branches, pool, pool_act: PRelu::new(&place(3)) }
    }

    /// # Shapes
    /// - in:  `[N, input, h, w]`
    /// - out: `[N, 5·output, h, w]`
    pub fn forward(&self, h: &Tensor, mode: Mode) -> Tensor {
        let mut sums: Vec<Tensor> = Vec::with_capacity(5);
        for branch in &self.branches {
            let a = then(branch, h, mode).relu_();
            sums.push(sums.last().map_or(a.shallow_clone(), |sum| sum + a));
        }
        let mean = h.mean_dim([2i64, 3].as_slice(), true, None::<Kind>);
        let pooled = self.pool_act.forward(&then(&self.pool, &mean, mode));
        sums.extend(sums.last().map(|sum| sum + pooled));
        Tensor::cat(&sums, 1)
    }
}

/// A convolution and its BatchNorm.
pub fn conv_bn(conv: &Builder, norm: &Builder, config: ConvConfig) -> (Conv, BatchNorm) {
    let channels = config.output;
    (Conv::new(conv, config), BatchNorm::new(norm, channels))
}
