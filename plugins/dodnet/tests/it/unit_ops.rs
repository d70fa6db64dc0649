//! `fill_check`, `unit_ops*`, `state_dict.json`: the fill rule, single layers, names and shapes.

use crate::support::{input, network, tensor, values};
use tch::{Kind, Tensor};
use voxloom_dodnet::network::{Architecture, NetworkConfig, Stage, apply_head, one_hot, residual_block, standardise, upsample};
use voxloom_goldens::fill;
use voxloom_testkit::golden::{Golden, folder, u};

#[test]
fn fill_check() {
    for file in Golden::all("dodnet", "fill_check") {
        for key in file.keys() {
            let shape: Vec<i64> = file.shape(key).iter().map(|&n| n as i64).collect();
            match key {
                "u_check_4" => file.close(key, &u("check", 4), 1e-7),
                "forward_single_x_first64" => file.close(key, &u("forward_single/x", 64), 1e-7),
                _ => file.equal(key, &values(&fill(key.trim_start_matches("prefixed: "), &shape))),
            }
        }
    }
}

#[test]
fn names_and_shapes_are_the_authors() {
    let text = std::fs::read_to_string(folder("dodnet").join("state_dict.json")).expect("state_dict.json is there");
    let json: serde_json::Value = serde_json::from_str(&text).expect("state_dict.json is JSON");
    let expected: Vec<(String, Vec<i64>)> = json["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .map(|entry| (entry["name"].as_str().expect("name").into(), voxloom_testkit::golden::integers(&entry["shape"])))
        .collect();
    let plan = Architecture::new(&NetworkConfig::default());
    let found: Vec<(String, Vec<i64>)> = plan.parameters.into_iter().map(|parameter| (parameter.name, parameter.shape)).collect();
    assert_eq!(found, expected);
}

#[test]
fn unit_ops() {
    for file in Golden::all("dodnet", "unit_ops") {
        let unit = |name: &str, shape: &[i64]| input(&format!("unit/{name}"), shape, Kind::Float);
        let net = network(file.text("weights_prefix"), true, Kind::Float);
        tch::no_grad(|| {
            let weight =
                tensor(&u("unit/ws_w", 648).iter().map(|v| 0.5 * v + 0.2).collect::<Vec<_>>(), &[6, 4, 3, 3, 3], Kind::Float);
            let weight = standardise(&weight);
            file.close("ws.weight_std", &values(&weight), 1e-5);
            let x = unit("ws_x", &[1, 4, 5, 6, 7]);
            file.close("ws.out", &values(&x.conv3d(&weight, None::<&Tensor>, 2, 1, 1, 1)), 1e-4);

            let [weight, bias] = ["weight", "bias"].map(|part| fill(&format!("unit/gn.{part}"), &[32]));
            let x = unit("gn_x", &[2, 32, 3, 4, 5]) * 3.0 + 1.0;
            file.close("gn.out", &values(&x.group_norm(16, Some(weight), Some(bias), 1e-5, true)), 1e-5);

            file.close("upsample.out", &values(&upsample(&unit("up_x", &[1, 2, 3, 4, 5]))), 1e-5);

            let plan = net.plan();
            let block = |key: &str, name: &str, x: &Tensor| {
                let block = find(plan.encoder.iter().chain(&plan.decoder), name);
                file.close(key, &values(&residual_block(&net.parameters().ready(), block, x)), 5e-4);
            };
            block("block.out", file.text("block"), &(unit("block_x", &[1, 32, 8, 8, 8]) * 2.0));
            block("block_dec.out", file.text("block_dec"), &(unit("block_dec_x", &[1, 128, 4, 4, 4]) * 2.0));

            let head =
                apply_head(&net.config().head(), &unit("head_x", &[2, 8, 3, 4, 5]), &(unit("head_params", &[2, 162]) * 0.5));
            file.close("head.out", &values(&head), 1e-5);
        });
        file.equal("task_encoding", &values(&one_hot(&file.integers("tasks"), 7)));
    }
}

/// `layer1.0` is the first block of `layer1`.
fn find<'a>(mut stages: impl Iterator<Item = &'a Stage>, name: &str) -> &'a voxloom_dodnet::network::Block {
    let (stage, index) = name.split_once('.').expect("stage.index");
    let stage = stages.find(|other| other.name == stage).expect("a stage of the network");
    &stage.blocks[index.parse::<usize>().expect("an index")]
}
