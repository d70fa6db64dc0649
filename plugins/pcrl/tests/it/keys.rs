//! `keys_*.tsv`: names, shapes and order of the state; numbers of parameters; initial values.

use crate::support::{network, path};
use rand::SeedableRng;
use tch::{Device, Kind};
use voxloom_parts::Builder;
use voxloom_pcrl::network::{Config, Network, Norm};

fn listed(file: &str) -> Vec<(String, Vec<i64>, String)> {
    let text = std::fs::read_to_string(path(file)).expect("a list of keys");
    let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    rows.map(|line| {
        let [key, shape, kind] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("three columns: {line}") };
        let sizes = if shape == "scalar" { Vec::new() } else { shape.split('x').map(|n| n.parse().expect("a size")).collect() };
        (key.to_owned(), sizes, kind.to_owned())
    })
    .collect()
}

#[test]
fn names_shapes_and_order_are_those_of_the_official_state() {
    for (dims, file, entries, numbers) in [(2, "keys_2d.tsv", 190, 14_544_051), (3, "keys_3d.tsv", 114, 19_289_473)] {
        let net = network(dims, "");
        let found: Vec<_> = net
            .entries()
            .iter()
            .map(|named| {
                let kind = match (named.trainable, named.tensor.kind()) {
                    (true, _) => "P",
                    (false, Kind::Int64) => "I",
                    (false, _) => "B",
                };
                (named.name.clone(), named.tensor.size(), kind.to_owned())
            })
            .collect();
        assert_eq!(found, listed(file));
        assert_eq!((found.len(), net.entries().numbers()), (entries, numbers));
    }
}

fn random(config: Config) -> Network {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(5);
    let build = Builder::random(Device::Cpu, &mut rng);
    Network::new(config, &build).expect("2 or 3 axes")
}

#[test]
fn other_normalisations_have_no_buffers_and_as_many_parameters() {
    for norm in [Norm::Gn, Norm::In] {
        let net = random(Config { dims: 3, norm, ..Config::default() });
        assert_eq!((net.entries().len(), net.entries().numbers()), (72, 19_289_473));
    }
}

#[test]
fn random_weights_spread_as_the_authors() {
    let two = random(Config::default());
    let spread = |net: &Network, name: &str| {
        let tensor = net.entries().get(name).expect("a name").detach();
        (tensor.std(false).double_value(&[]), tensor.abs().max().double_value(&[]))
    };
    let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 0.03, "{found}, expected {wanted}");
    near(spread(&two, "model.encoder.layer4.1.conv1.weight").0, (2.0 / (512.0 * 9.0f64)).sqrt());
    near(spread(&two, "model.decoder.blocks.0.conv1.0.weight").1, (6.0 / (768.0 * 9.0f64)).sqrt());
    near(spread(&two, "model.segmentation_head.0.weight").1, (6.0 / ((16.0 + 3.0) * 9.0f64)).sqrt());
    near(spread(&two, "fc1.weight").1, 1.0 / 512f64.sqrt());
    assert_eq!(spread(&two, "model.segmentation_head.0.bias").1, 0.0);
    let three = random(Config { dims: 3, ..Config::default() });
    near(spread(&three, "up_tr256.up_conv.weight").1, 1.0 / (512.0 * 8.0f64).sqrt());
    near(spread(&three, "down_tr512.ops.1.conv1.weight").1, 1.0 / (256.0 * 27.0f64).sqrt());
}
