//! Convolutions along one to three axes; in an autocast scope they run in its type.

use super::conv3d;
use crate::{Builder, Start};
use tch::Tensor;
use voxloom_precision::convolution;
use voxloom_sdk::Weight;

/// What a convolution is; `..ConvConfig::default()` fills the rest: 3×3, stride 1, padding 1, with bias.
#[derive(Clone, Debug)]
pub struct ConvConfig {
    pub input: i64,
    pub output: i64,
    pub kernel: i64,
    pub stride: i64,
    /// Zeros on each side.
    pub padding: i64,
    pub dilation: i64,
    pub bias: bool,
    /// 1, 2 or 3 axes.
    pub dims: usize,
    /// Of the weight; the bias starts uniform in ±1/√fan_in unless `bias_start` says otherwise.
    pub start: Start,
    pub bias_start: Option<Start>,
}

impl Default for ConvConfig {
    fn default() -> Self {
        Self {
            input: 1,
            output: 1,
            kernel: 3,
            stride: 1,
            padding: 1,
            dilation: 1,
            bias: true,
            dims: 2,
            start: Start::FanIn,
            bias_start: None,
        }
    }
}

/// `Conv1d`, `Conv2d`, `Conv3d`.
#[derive(Debug)]
pub struct Conv {
    weight: Weight,
    bias: Option<Weight>,
    stride: i64,
    padding: i64,
    dilation: i64,
}

impl Conv {
    pub fn new(build: &Builder, config: ConvConfig) -> Self {
        let shape = kernel_shape(config.output, config.input, &config);
        let (weight, bias) = weights(build, &shape, config.output, &config);
        Self { weight, bias, stride: config.stride, padding: config.padding, dilation: config.dilation }
    }

    /// # Shapes
    /// - in:  `[N, input, …]` with as many axes as the convolution has
    /// - out: `[N, output, …]`
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let (weight, bias) = (&*self.weight, self.bias.as_deref());
        let (stride, padding, dilation) = (self.stride, self.padding, self.dilation);
        convolution(x, |x| match weight.dim() {
            3 => x.conv1d(weight, bias, stride, padding, dilation, 1),
            4 => x.conv2d(weight, bias, stride, padding, dilation, 1),
            _ => conv3d(x, weight, bias, [stride, padding, dilation]),
        })
    }

    pub fn weight(&self) -> &Tensor {
        &self.weight
    }

    pub fn bias(&self) -> Option<&Tensor> {
        self.bias.as_deref()
    }
}

/// `ConvTranspose2d`, `ConvTranspose3d`; `dilation` is not used.
#[derive(Debug)]
pub struct ConvTranspose {
    weight: Weight,
    bias: Option<Weight>,
    stride: i64,
    padding: i64,
}

impl ConvTranspose {
    pub fn new(build: &Builder, config: ConvConfig) -> Self {
        // The first axis of a transposed kernel is the input's.
        let shape = kernel_shape(config.input, config.output, &config);
        let (weight, bias) = weights(build, &shape, config.output, &config);
        Self { weight, bias, stride: config.stride, padding: config.padding }
    }

    /// # Shapes
    /// - in:  `[N, input, …]`
    /// - out: `[N, output, …]`, each axis `(n - 1)·stride - 2·padding + kernel`
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let (weight, bias) = (&*self.weight, self.bias.as_deref());
        convolution(x, |x| match weight.dim() {
            4 => x.conv_transpose2d(weight, bias, self.stride, self.padding, 0, 1, 1),
            _ => x.conv_transpose3d(weight, bias, self.stride, self.padding, 0, 1, 1),
        })
    }
}

fn kernel_shape(first: i64, second: i64, config: &ConvConfig) -> Vec<i64> {
    let mut shape = vec![first, second];
    shape.extend(std::iter::repeat_n(config.kernel, config.dims));
    shape
}

fn weights(build: &Builder, shape: &[i64], output: i64, config: &ConvConfig) -> (Weight, Option<Weight>) {
    let fan_in = shape[1..].iter().product::<i64>() as f64;
    let weight = build.parameter("weight", shape, config.start.clone());
    let start = config.bias_start.clone().unwrap_or(Start::Uniform(1.0 / fan_in.sqrt()));
    (weight, config.bias.then(|| build.parameter("bias", &[output], start)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    fn ones(_: &str, shape: &[i64]) -> Tensor {
        Tensor::ones(shape, (Kind::Float, Device::Cpu))
    }

    #[test]
    fn sizes_follow_stride_padding_and_axes() {
        let build = Builder::given(ones);
        let plane = Conv::new(&build.at("a"), ConvConfig { input: 2, output: 5, stride: 2, ..ConvConfig::default() });
        assert_eq!(plane.forward(&ones("", &[1, 2, 8, 6])).size(), [1, 5, 4, 3]);
        let solid = Conv::new(&build.at("b"), ConvConfig { dims: 3, bias: false, ..ConvConfig::default() });
        assert_eq!(solid.forward(&ones("", &[1, 1, 3, 3, 3])).double_value(&[0, 0, 1, 1, 1]), 27.0);
        let config = ConvConfig { input: 3, output: 2, kernel: 2, stride: 2, padding: 0, ..ConvConfig::default() };
        let wide = ConvTranspose::new(&build.at("c"), config);
        let out = wide.forward(&ones("", &[1, 3, 4, 4]));
        assert_eq!((out.size(), out.double_value(&[0, 1, 7, 7])), (vec![1, 2, 8, 8], 4.0));
        let shapes: Vec<Vec<i64>> = build.finish().iter().map(|named| named.tensor.size()).collect();
        assert_eq!(shapes, [vec![5, 2, 3, 3], vec![5], vec![1, 1, 3, 3, 3], vec![3, 2, 2, 2], vec![2]]);
    }
}
