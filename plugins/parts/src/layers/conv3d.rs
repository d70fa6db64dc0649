//! The convolution of volumes, by the faster of the CPU's two kernels.

use tch::{Device, Kind, Tensor};

/// `conv3d` with one stride, padding and dilation for all axes.
///
/// # Shapes
/// - in:  `x [N, input, D, H, W]`, `weight [output, input, k, k, k]`, `bias [output]`
/// - out: `[N, output, D', H', W']`
///
/// Rationale: for one item of which `channels·D·H` is at most 20,480 (all but the topmost levels of a U-Net), libtorch 2.11 copies
/// every neighbourhood into a matrix and multiplies it. oneDNN, which it takes for everything larger, does these too, in a sixth to
/// two thirds of the time. Gradients are libtorch's in both cases.
pub fn conv3d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, [stride, padding, dilation]: [i64; 3]) -> Tensor {
    let axes = |n: i64| [n; 3];
    if suits_onednn(x, weight) {
        let made = x.f_mkldnn_convolution(weight, bias, axes(padding), axes(stride), axes(dilation), 1);
        if let Ok(made) = made {
            return made;
        }
        // What is wrong with it, `conv3d` says in words that people know.
    }
    x.conv3d(weight, bias, stride, padding, dilation, 1)
}

/// Products of single voxels are faster without; autocast does not know this call; other types have no kernel or a slower one.
fn suits_onednn(x: &Tensor, weight: &Tensor) -> bool {
    let is_plain = |tensor: &Tensor| tensor.device() == Device::Cpu && tensor.kind() == Kind::Float && tensor.dim() == 5;
    is_plain(x)
        && is_plain(weight)
        && weight.size()[4] > 1
        && x.numel() > 0
        && !voxloom_precision::is_on(Device::Cpu)
        && tch::utils::has_mkldnn()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(shape: &[i64]) -> Tensor {
        Tensor::randn(shape, (Kind::Float, Device::Cpu))
    }

    /// In float64 libtorch has one kernel only; float32 is off by the rounding of 27·8 products.
    fn check(shape: [i64; 5], kernel: i64, config: [i64; 3]) {
        let (x, weight, bias) = (random(&shape), random(&[6, shape[1], kernel, kernel, kernel]), random(&[6]));
        let wide = |tensor: &Tensor| tensor.to_kind(Kind::Double).set_requires_grad(true);
        let narrow = |tensor: &Tensor| tensor.copy().set_requires_grad(true);
        let gradients = |tensors: [Tensor; 3]| {
            let [x, weight, bias] = tensors;
            let made = conv3d(&x, &weight, Some(&bias), config);
            (&made * &made).mean(None).backward();
            [made.detach(), x.grad(), weight.grad(), bias.grad()]
        };
        let expected = gradients([wide(&x), wide(&weight), wide(&bias)]);
        let found = gradients([narrow(&x), narrow(&weight), narrow(&bias)]);
        for (n, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.size(), expected.size());
            let off = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
            let scale = expected.abs().max().double_value(&[]).max(1.0);
            assert!(off < 2e-5 * scale, "{shape:?} {kernel} {config:?}: tensor {n} is off by {off}");
        }
    }

    #[test]
    fn small_and_large_maps_give_the_values_of_float64() {
        check([1, 8, 6, 5, 7], 3, [1, 1, 1]);
        check([1, 8, 6, 5, 7], 3, [2, 1, 1]);
        check([2, 8, 9, 8, 7], 3, [1, 2, 2]);
        check([1, 4, 3, 3, 3], 2, [1, 0, 1]);
        check([1, 8, 2, 2, 2], 1, [1, 0, 1]);
        check([1, 8, 60, 50, 3], 3, [1, 1, 1]);
    }

    #[test]
    fn channels_that_do_not_fit_are_told_in_libtorchs_words() {
        let refused = std::panic::catch_unwind(|| conv3d(&random(&[1, 3, 4, 4, 4]), &random(&[2, 5, 3, 3, 3]), None, [1, 1, 1]));
        let message = refused.unwrap_err().downcast::<String>().unwrap();
        assert!(message.contains("expected input[1, 3, 4, 4, 4] to have 5 channels"), "{message}");
    }
}
