//! The dynamic head: a few 1×1×1 layers whose numbers were made for one sample and one task.

use super::config::HeadShape;
use tch::Tensor;

/// Applies one head a sample. Sample n's numbers act on sample n alone.
///
/// No ReLU on the features themselves and none after the last layer.
///
/// # Shapes
/// - `map`: `[N, w, …]`, `numbers`: `[N, P]` with `P = shape.count()`: all weights (row-major out, in), then all biases
/// - out: `[N, C, …]`
pub fn apply(shape: &HeadShape, map: &Tensor, numbers: &Tensor) -> Tensor {
    let size = map.size();
    let mut x = map.flatten(2, -1);
    let numbers = numbers.to_kind(map.kind());
    let mut weight_at = 0;
    let mut bias_at: i64 = shape.layers.iter().map(|(out, input)| out * input).sum();
    for (layer, &(out, input)) in shape.layers.iter().enumerate() {
        let weight = numbers.narrow(1, weight_at, out * input).reshape([size[0], out, input]);
        let bias = numbers.narrow(1, bias_at, out).unsqueeze(-1);
        (weight_at, bias_at) = (weight_at + out * input, bias_at + out);
        x = bias.baddbmm(&weight, &x, 1, 1);
        if layer + 1 < shape.layers.len() {
            x = x.relu_();
        }
    }
    let mut out = size;
    out[1] = x.size()[1];
    x.reshape(out.as_slice())
}

#[cfg(test)]
mod tests {
    use super::super::config::NetworkConfig;
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn it_is_three_layers_written_out() {
        let shape = NetworkConfig { head_width: 2, channels: 1, ..NetworkConfig::default() }.head();
        // W1 = [[1, 0], [0, -1]], W2 = [[1, 1], [2, 0]], W3 = [[1, -1]]; b1 = [0, 1], b2 = [1, 0], b3 = [0.5]
        let numbers: [f32; 15] = [1., 0., 0., -1., 1., 1., 2., 0., 1., -1., 0., 1., 1., 0., 0.5];
        let map = Tensor::from_slice(&[3f32, -4.0]).view([1, 2, 1, 1, 1]);
        let out = apply(&shape, &map, &Tensor::from_slice(&numbers).view([1, 15]));
        // layer 1: [3, 4 + 1 = 5]; layer 2: [3 + 5 + 1 = 9, 6]; layer 3: 9 - 6 + 0.5
        assert_eq!((out.size(), out.double_value(&[0, 0, 0, 0, 0])), (vec![1, 1, 1, 1, 1], 3.5));
    }

    #[test]
    fn samples_keep_to_themselves() {
        let shape = NetworkConfig::default().head();
        let option = (Kind::Double, Device::Cpu);
        let map = Tensor::arange(2 * 8 * 6, option).sin().view([2, 8, 1, 2, 3]);
        let numbers = Tensor::arange(2 * 162, option).cos().view([2, 162]);
        let both = apply(&shape, &map, &numbers);
        for n in 0..2 {
            let one = apply(&shape, &map.narrow(0, n, 1), &numbers.narrow(0, n, 1));
            assert!((both.narrow(0, n, 1) - one).abs().max().double_value(&[]) < 1e-12);
        }
    }
}
