//! `model_small`, `model_default`: whole networks.

use crate::support::{config, file, forward_near, image, near, network, network_with, norm, samples, tensor, values};
use serde_json::Value as Json;
use tch::{Kind, Tensor};
use voxloom_seran::network::{Mode, Network, NetworkConfig, Placement};
use voxloom_testkit::golden::Golden;

fn forward(net: &Network, x: &Tensor, mode: Mode) -> Tensor {
    tch::no_grad(|| net.forward(x, mode)).expect("the shape fits")
}

fn check(file: &Golden, name: &str, case: &Json) {
    let net = network(case);
    assert_eq!(net.entries().numbers(), case["params"].as_i64().expect("a number"), "{name}");
    let key = |what: &str| format!("{name}.{what}");
    let lr = tensor(file, &key("lr"));
    let size = lr.size();
    assert!(lr.equal(&image(&format!("{name}/lr"), &size)), "{name}");
    let eval = forward(&net, &lr, Mode::Eval);
    forward_near(file, &key("eval"), &eval);
    if file.has(&key("train")) {
        forward_near(file, &key("train"), &forward(&net, &lr, Mode::Train));
        assert!(forward(&net, &lr, Mode::Train).equal(&eval), "{name}: without statistics training and use are one");
    }
    let features = tch::no_grad(|| net.features(&lr, Mode::Eval)).expect("the shape fits");
    near(file, &key("features.samples"), &samples(&features, 64), 2e-5, 1e-4);
    let l2 = norm(&features);
    near(file, &key("features.l2"), &[l2], 0.0, 1e-4);
    // The sum cancels; its measure is the norm.
    near(
        file,
        &key("features.sum"),
        &[values(&features).iter().sum()],
        1e-4 * l2 * (features.numel() as f64).sqrt().min(1e2),
        1e-4,
    );
}

#[test]
fn the_small_network_with_every_option() {
    let file = file("model_small");
    let cases = file.meta("cases");
    let mut checked = 0;
    for (name, case) in cases.as_object().expect("cases by name") {
        if !name.starts_with("identity") {
            check(&file, name, case);
            checked += 1;
        }
    }
    assert_eq!(checked, 9);
}

#[test]
fn seabs_with_scale_zero_are_no_seabs() {
    let file = file("model_small");
    for name in ["identity_group", "identity_block"] {
        let case = file.meta("cases")[name].clone();
        let net = network(&case);
        for named in net.entries().iter().filter(|named| named.name.ends_with("seab.scale")) {
            tch::no_grad(|| _ = named.tensor.shallow_clone().zero_());
        }
        let lr = tensor(&file, &format!("{name}.lr"));
        let with = forward(&net, &lr, Mode::Eval);
        let plain = NetworkConfig { placement: Placement::None, ..config(&case["config"]) };
        let without = forward(&network_with(plain, &case["gains"]), &lr, Mode::Eval);
        assert!(with.equal(&without), "{name}");
        forward_near(&file, &format!("{name}.zero_scale"), &with);
        forward_near(&file, &format!("{name}.without_seab"), &without);
    }
}

#[test]
fn the_default_network() {
    let file = file("model_default");
    for name in ["default_x2", "default_x4"] {
        check(&file, name, &file.meta("cases")[name]);
    }
}

#[test]
fn gradients_of_the_default_network() {
    let file = file("model_default");
    let net = network(&file.meta("cases")["default_grad"]);
    let (lr, hr) = (image("default_grad/lr", &[1, 1, 6, 6]), image("default_grad/hr", &[1, 1, 12, 12]));
    let loss = net.forward(&lr, Mode::Train).expect("the shape fits").l1_loss(&hr, tch::Reduction::Mean);
    near(&file, "default_grad.loss", &[loss.to_kind(Kind::Double).double_value(&[])], 0.0, 1e-5);
    loss.backward();
    let norms = file.values("default_grad.grad_l2");
    assert_eq!(net.entries().len(), norms.len());
    for (named, expected) in net.entries().iter().zip(norms) {
        let (found, expected) = (norm(&named.tensor.grad()), f64::from(*expected));
        let tolerance = if named.name.ends_with("convB.bias") { 1e-5 } else { 1e-3 * expected + 1e-6 };
        assert!((found - expected).abs() <= tolerance, "gradient of {} is {found}, expected {expected}", named.name);
    }
}
