//! `train_small`: losses, gradients and steps of Adam; what starts at zero.

use crate::support::{file, forward_near, image, near, network, norm, samples, tensor};
use tch::{Kind, Tensor};
use voxloom_seran::network::{Mode, Network};

fn loss(net: &Network, lr: &Tensor, hr: &Tensor) -> Tensor {
    net.forward(lr, Mode::Train).expect("the shape fits").l1_loss(hr, tch::Reduction::Mean)
}

#[test]
fn three_steps_of_adam() {
    let file = file("train_small");
    for name in ["train", "train_block"] {
        let case = file.meta("cases")[name].clone();
        let net = network(&case);
        let key = |what: &str| format!("{name}.{what}");
        let (lr, hr) = (tensor(&file, &key("lr")), tensor(&file, &key("hr")));
        assert!(hr.equal(&image(&format!("{name}/hr"), &hr.size())));
        forward_near(&file, &key("sr"), &net.forward(&lr, Mode::Eval).expect("the shape fits"));
        let mut moments: Vec<[Tensor; 2]> = Vec::new();
        let mut losses = Vec::new();
        for step in 1..=4 {
            let loss = loss(&net, &lr, &hr);
            losses.push(loss.to_kind(Kind::Double).double_value(&[]));
            if step == 4 {
                break;
            }
            loss.backward();
            if step == 1 {
                gradients(&file, name, &net);
            }
            for (i, named) in net.entries().parameters().enumerate() {
                let mut weight = named.tensor.shallow_clone();
                if moments.len() == i {
                    moments.push([weight.detach().zeros_like(), weight.detach().zeros_like()]);
                }
                let gradient = weight.grad().copy();
                tch::no_grad(|| adam(step, &mut weight, &gradient, &mut moments[i]));
                weight.zero_grad();
            }
        }
        near(&file, &key("losses"), &losses, 0.0, 1e-5);
        near(&file, &key("sr_after"), &crate::support::values(&net.forward(&lr, Mode::Eval).expect("the shape fits")), 2e-4, 0.0);
        let norms: Vec<f64> = net.entries().parameters().map(|named| norm(&named.tensor)).collect();
        near(&file, &key("param_l2_after"), &norms, 1e-4, 1e-4);
    }
}

/// PyTorch's Adam at its defaults, learning rate 1e-4.
fn adam(step: i32, weight: &mut Tensor, gradient: &Tensor, [mean, square]: &mut [Tensor; 2]) {
    *mean = &*mean * 0.9 + gradient * 0.1;
    *square = &*square * 0.999 + gradient * gradient * 0.001;
    let root = (&*square / (1.0 - 0.999f64.powi(step))).sqrt() + 1e-8;
    *weight -= &*mean / (1.0 - 0.9f64.powi(step)) / root * 1e-4;
}

fn gradients(file: &voxloom_testkit::golden::Golden, name: &str, net: &Network) {
    let norms = file.values(&format!("{name}.grad_l2"));
    assert_eq!(net.entries().parameters().count(), norms.len());
    for (named, expected) in net.entries().parameters().zip(norms) {
        let gradient = named.tensor.grad();
        let free = named.name.ends_with("convB.bias");
        let (absolute, relative) = if free { (1e-5, 0.0) } else { (1e-6, 1e-3) };
        let (found, expected) = (norm(&gradient), f64::from(*expected));
        assert!((found - expected).abs() <= absolute + relative * expected, "{}: {found}, expected {expected}", named.name);
        let key = format!("{name}.grad_samples.{}", named.name);
        if file.has(&key) {
            // A single element cancels more than a norm does.
            let absolute = if free { 1e-5 } else { 1e-6 + 1e-3 * expected / (gradient.numel() as f64).sqrt() };
            near(file, &key, &samples(&gradient, 8), absolute, relative);
        }
    }
}

#[test]
fn zeros_at_the_start_can_be_left() {
    let file = file("train_small");
    let cases = file.meta("cases");
    let net = network(&cases["zero"]);
    for named in net.entries().iter().filter(|named| named.name.ends_with("seab.scale")) {
        tch::no_grad(|| _ = named.tensor.shallow_clone().zero_());
    }
    loss(&net, &image("zero/lr", &[1, 1, 8, 6]), &image("zero/hr", &[1, 1, 16, 12])).backward();
    let of = |name: &str| net.entries().get(name).expect("a parameter").grad();
    let scales: Vec<f64> = (0..2).map(|g| of(&format!("body.{g}.seab.scale")).double_value(&[0])).collect();
    near(&file, "zero.scale_grads", &scales, 1e-6, 1e-3);
    assert!(scales.iter().all(|gradient| gradient.abs() > 1e-6), "{scales:?}");
    let expected = file.values("zero.convA_grad_l2");
    assert_eq!(expected.len(), 2);
    for (g, expected) in expected.iter().enumerate() {
        assert_eq!(norm(&of(&format!("body.{g}.seab.convA.weight"))), f64::from(*expected));
    }
}
