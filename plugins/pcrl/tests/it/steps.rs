//! `steps*`: three steps of the official training function on one batch.

use crate::support::{check, check_buffers, golden, image, indicators, l2, near, network, shape, tensor, values};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use tch::Tensor;
use voxloom_pcrl::contrast::{Draws, Queue, QueueConfig, Variant, fold};
use voxloom_pcrl::iteration::{Iteration, Views, iteration};
use voxloom_pcrl::network::{Network, follow};
use voxloom_pcrl::objective::Weights;
use voxloom_testkit::golden::{Golden, integers, u};

fn views(case: &str, config: &Json) -> Views {
    let size = shape(config);
    let of = |name: &str| image(&format!("{case}/{name}"), &size);
    Views {
        x1: of("x1"),
        x2: of("x2"),
        m1: of("mask1"),
        m2: of("mask2"),
        g1: of("gt1"),
        g2: of("gt2"),
        v1: indicators(&config["ind1"]),
        v2: indicators(&config["ind2"]),
    }
}

fn draws(step: &Json) -> Draws {
    let [alpha1, lambda, alpha2] = [0, 1, 2].map(|i| fold(step["beta"][i].as_f64().expect("a number")));
    Draws { shuffle: integers(&step["shuffle"]), alpha1, lambda, index: integers(&step["index"]), alpha2 }
}

fn queue(case: &str, config: &Json) -> Queue {
    let size = config["K"].as_i64().expect("rows");
    let rows: Vec<f64> = u(&format!("{case}/memory"), (size * 128) as usize).iter().map(|u| u / (128f64 / 3.0).sqrt()).collect();
    let n_data = config["n_data"].as_f64().expect("a number");
    let config = QueueConfig { size, embedding: 128, temperature: 0.2, n_data, variant: Variant::Nce };
    Queue::given(config, tensor(&rows, &[size, 128]))
}

/// SGD with momentum 0.9 and weight decay 1e-4; parameters without a gradient stay.
fn sgd(student: &Network, rate: f64, velocities: &mut BTreeMap<String, Tensor>) {
    tch::no_grad(|| {
        for named in student.entries().parameters() {
            let mut parameter = named.tensor.shallow_clone();
            let decayed = parameter.grad() + &parameter * 1e-4;
            let velocity = match velocities.remove(&named.name) {
                Some(velocity) => velocity * 0.9 + decayed,
                None => decayed,
            };
            let _ = parameter.g_sub_(&(&velocity * rate));
            velocities.insert(named.name.clone(), velocity);
            parameter.zero_grad();
        }
    });
}

fn run(name: &str) {
    let file = golden(name);
    let (config, case) = (file.meta("config"), file.text("case").trim_matches('"').to_owned());
    let dims = shape(&config).len() - 2;
    let (student, teacher, views) = (network(dims, ""), network(dims, "ema."), views(&case, &config));
    let mut queue = queue(&case, &config);
    let pairs = || teacher.entries().parameters().zip(student.entries().parameters());
    pairs().for_each(|(target, source)| follow(&target.tensor, &source.tensor, 0.0));
    let mut velocities = BTreeMap::new();
    let rate = config["lr"].as_f64().expect("a rate");
    for (i, step) in config["steps"].as_array().expect("steps").iter().enumerate() {
        let place = format!("step{}", i + 1);
        let weights = Weights { contrast: 1.0, reconstruction: 1.0 };
        let found = iteration(&student, &teacher, &mut queue, &views, &draws(step), weights).expect("shapes fit");
        found.total.total.backward();
        losses(&file, &place, &found, &queue, [1e-4, 1e-4, 1e-3][i], [1e-4, 5e-4, 1e-2][i]);
        if i == 0 {
            gradients(&file, &student);
        }
        sgd(&student, rate, &mut velocities);
        pairs().for_each(|(target, source)| follow(&target.tensor, &source.tensor, 0.999));
        state(&file, &place, &student, &teacher, &queue, [1e-5, 1e-4, 1e-3][i]);
    }
}

fn losses(file: &Golden, place: &str, found: &Iteration, queue: &Queue, tolerance: f64, contrasts: f64) {
    let value = |key: &str, found: f64| near(file, &format!("{place}/{key}"), &[found], tolerance);
    for (name, term) in &found.total.terms {
        value(name, *term);
    }
    assert_eq!(found.total.terms.len(), 7);
    value("c2l", found.total.contrast.expect("three terms"));
    value("mg", found.total.reconstruction.expect("four terms"));
    value("total", found.total.total.double_value(&[]));
    value("prob", found.contrasts[0].prob);
    file.equal(&format!("{place}/Z"), &values(queue.params()));
    file.equal(&format!("{place}/queue_index"), &[queue.position() as f64]);
    for (call, contrast) in found.contrasts.iter().enumerate() {
        let key = |what: &str| format!("{place}/contrast{}/{what}", call + 1);
        check(file, &key("q"), &contrast.query, contrasts);
        check(file, &key("k"), &contrast.key, contrasts);
        check(file, &key("out_first_cols"), &contrast.out.narrow(1, 0, 9), contrasts);
        near(file, &key("out_sum"), &[values(&contrast.out).iter().sum()], contrasts);
    }
}

fn gradients(file: &Golden, student: &Network) {
    let mut compared = 0;
    for named in student.entries().parameters() {
        let grad = named.tensor.grad();
        for (kind, tolerance) in [("grad_l2", 2e-3), ("grad_head", 5e-3)] {
            let key = format!("step1/{kind}/{}", named.name);
            if file.has(&key) {
                let found = if kind == "grad_l2" { vec![l2(&grad)] } else { values(&grad).into_iter().take(64).collect() };
                near(file, &key, &found, tolerance);
                compared += 1;
            }
        }
    }
    assert!(compared > 60, "{compared}");
}

fn state(file: &Golden, place: &str, student: &Network, teacher: &Network, queue: &Queue, tolerance: f64) {
    let mut compared = 0;
    for (prefix, network) in [("param_head", student), ("param_l2", student), ("ema_head", teacher)] {
        for named in network.entries().iter() {
            let key = format!("{place}/{prefix}/{}", named.name);
            if file.has(&key) {
                let head = || values(&named.tensor).into_iter().take(64).collect();
                let found = if prefix == "param_l2" { vec![l2(&named.tensor)] } else { head() };
                near(file, &key, &found, tolerance);
                compared += 1;
            }
        }
    }
    assert!(compared > 10, "{compared}");
    check(file, &format!("{place}/memory_rows"), queue.memory(), 1e-4);
    assert!(check_buffers(file, &format!("{place}/buf/"), student, 1e-4) > 40);
    assert!(check_buffers(file, &format!("{place}/ema_buf/"), teacher, 1e-4) > 40);
}

#[test]
fn two_d() {
    run("steps2d");
}

#[test]
fn three_d() {
    run("steps3d");
}
