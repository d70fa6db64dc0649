//! Names, shapes and numbers of parameters; how a fresh network starts.

use crate::support::{config, gap, image, small};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value as Json, json};
use tch::{Device, Tensor};
use voxloom_parts::Builder;
use voxloom_seran::network::{Mode, Network, NetworkConfig, Placement};

fn empty(config: NetworkConfig) -> Network {
    Network::new(&Builder::given(|_, shape| Tensor::zeros(shape, tch::kind::FLOAT_CPU)), config).expect("a right configuration")
}

fn fresh(config: NetworkConfig, seed: u64) -> Network {
    Network::new(&Builder::random(Device::Cpu, &mut ChaCha8Rng::seed_from_u64(seed)), config).expect("a right configuration")
}

#[test]
fn names_and_shapes_are_those_of_published_checkpoints() {
    for name in ["small", "default"] {
        let path = voxloom_testkit::golden::folder("seran").join(format!("state_dict_{name}_x2.json"));
        let list: Json = serde_json::from_str(&std::fs::read_to_string(path).expect("a golden")).expect("JSON");
        let net = empty(config(&list["config"]));
        let found: Vec<Json> = net.entries().iter().map(|named| json!([named.name, named.tensor.size()])).collect();
        assert_eq!(Json::from(found), list["entries"], "{name}");
        assert_eq!(net.entries().numbers(), list["parameters"].as_i64().expect("a number"), "{name}");
    }
}

#[test]
fn numbers_of_parameters() {
    let count = |config: NetworkConfig| empty(config).entries().numbers();
    let of_scale = |scale| NetworkConfig { scale, ..NetworkConfig::default() };
    assert_eq!([2, 3, 4].map(|scale| count(of_scale(scale))), [15_659_147, 15_843_787, 15_806_859]);
    let (small, _) = small();
    assert_eq!([2, 3, 4].map(|scale| count(NetworkConfig { scale, ..small.clone() })), [46_799, 58_399, 56_079]);
    let placed = |placement| NetworkConfig { placement, ..NetworkConfig::default() };
    assert_eq!([Placement::None, Placement::Block].map(|place| count(placed(place))), [15_326_337, 21_982_537]);
    let rcan = NetworkConfig { n_colors: 3, ca_reduction: Some(16), ..placed(Placement::None) };
    // The shifts of colours (24 numbers) are no part of this network.
    assert_eq!(count(rcan), 15_444_667 - 24);
}

#[test]
fn a_fresh_network_is_the_same_network_without_seabs() {
    let (small, _) = small();
    let lr = image("fresh/lr", &[2, 1, 9, 7]);
    for placement in [Placement::Group, Placement::Block] {
        let with = fresh(NetworkConfig { placement, ..small.clone() }, 4);
        let values = |name: &str, shape: &[i64]| {
            let value = with.entries().get(name).expect("the backbone is the same").copy();
            assert_eq!(value.size(), shape);
            value
        };
        let plain = Network::new(&Builder::given(values), NetworkConfig { placement: Placement::None, ..small.clone() });
        let plain = plain.expect("a right configuration");
        let run = |net: &Network| tch::no_grad(|| net.forward(&lr, Mode::Eval)).expect("the shape fits");
        assert!(run(&with).equal(&run(&plain)), "{placement:?}");
    }
}

#[test]
fn initial_values_are_pytorchs_with_zeros_where_nothing_shall_change() {
    let (small, _) = small();
    let net = fresh(small, 9);
    for named in net.entries().iter() {
        let most = named.tensor.abs().max().double_value(&[]);
        let zero = named.name.ends_with("seab.scale") || named.name.contains("Rs_GCN.W.");
        let weight = named.name.replace(".bias", ".weight");
        let fan_in: i64 = net.entries().get(&weight).map_or(1, |weight| weight.size()[1..].iter().product());
        let bound = 1.0 / (fan_in as f64).sqrt();
        assert!(if zero { most == 0.0 } else { most > 0.0 && most <= bound + 1e-7 }, "{}: {most} of {bound}", named.name);
    }
    let head = net.entries().get("head.0.weight").expect("a head");
    // 144 values uniform in ±1/3.
    assert!(gap(&head.abs().max(), &Tensor::from(1.0 / 3.0)) < 0.02);
}
