//! `memory_nce*`, `losses`, `ema`: the queue, its losses, mixing, and how the teacher follows.

use crate::support::{check, golden, l2, near, network, tensor, uniform, values};
use tch::{Kind, Tensor};
use voxloom_pcrl::contrast::{Draws, Queue, QueueConfig, Variant, fold, nce, unit};
use voxloom_pcrl::network::follow;
use voxloom_testkit::golden::{Golden, integers, u};

fn number(file: &Golden, key: &str) -> i64 {
    file.meta(key).as_i64().expect("a whole number")
}

fn queue(file: &Golden, variant: Variant) -> Queue {
    let (size, embedding) = (number(file, "K"), number(file, "D"));
    let temperature = file.meta("T").as_f64().expect("a number");
    let config = QueueConfig { size, embedding, temperature, n_data: number(file, "n_data") as f64, variant };
    let case = file.text("case").trim_matches('"');
    let bound = (embedding as f64 / 3.0).sqrt();
    let rows: Vec<f64> = u(&format!("{case}/memory"), (size * embedding) as usize).iter().map(|u| u / bound).collect();
    Queue::given(config, tensor(&rows, &[size, embedding]))
}

/// Query and key of a call, before they are brought to length 1; the full-size case has one call, without a number.
fn pair(file: &Golden, call: &str) -> (Tensor, Tensor) {
    let (batch, length) = (number(file, "B"), number(file, "D"));
    let case = file.text("case").trim_matches('"');
    let drawn = |name: &str| u(&format!("{case}/{name}{call}"), (batch * length) as usize);
    let query = drawn("q");
    let key: Vec<f64> = query.iter().zip(drawn("k")).map(|(q, k)| 0.7 * q + 0.3 * k).collect();
    (tensor(&query, &[batch, length]), tensor(&key, &[batch, length]))
}

#[test]
fn the_queue_wraps_around_and_z_stays_whole() {
    let file = golden("memory_nce");
    for (name, variant) in [("nce", Variant::Nce), ("softmax", Variant::Softmax)] {
        let mut queue = queue(&file, variant);
        for call in 1..=number(&file, "calls") {
            // The names count from 0.
            let (query, key) = pair(&file, &(call - 1).to_string());
            let query = query.set_requires_grad(true);
            let found = queue.contrast(&query, &key, &[]).expect("shapes fit");
            found.loss.backward();
            let place = format!("{name}/call{call}");
            check(&file, &format!("{place}/out"), &found.out, 1e-5);
            check(&file, &format!("{place}/loss"), &found.loss.view(1), 1e-5);
            check(&file, &format!("{place}/grad_q"), &query.grad(), 1e-5);
            check(&file, &format!("{place}/memory"), queue.memory(), 1e-5);
            file.equal(&format!("{place}/queue_index"), &[queue.position() as f64]);
        }
        file.equal(&format!("{name}/Z"), &values(queue.params()));
        assert_eq!(queue.z().is_some(), variant == Variant::Nce);
    }
}

#[test]
fn the_official_size() {
    let file = golden("memory_nce_full");
    let mut queue = queue(&file, Variant::Nce);
    let (query, key) = pair(&file, "");
    let found = queue.contrast(&query, &key, &[]).expect("shapes fit");
    check(&file, "out", &found.out, 1e-5);
    check(&file, "loss", &found.loss.view(1), 1e-5);
    near(&file, "prob_rows", &values(&found.out.select(1, 0)), 1e-5);
    file.equal("Z", &values(queue.params()));
}

#[test]
fn losses_mixing_and_unit_vectors() {
    let file = golden("losses");
    let x = uniform("gloss/nce_in", &[3, 9]).to_kind(Kind::Double).exp().to_kind(Kind::Float).set_requires_grad(true);
    let loss = nce(&x, 10.0);
    loss.backward();
    near(&file, "nce/loss", &values(&loss.view(1)), 1e-6);
    near(&file, "nce/grad", &values(&x.grad()), 1e-5);

    let (x, y) = (uniform("gloss/mix_x", &[4, 2, 3, 3]), uniform("gloss/mix_y", &[4, 5]));
    near(&file, "normalize", &values(&unit(&y)), 1e-6);
    for lambda in ["0.3", "0.5", "0.7", "1.0"] {
        let used = fold(lambda.parse().expect("a number"));
        let draws = Draws { shuffle: Vec::new(), alpha1: 1.0, lambda: used, index: vec![2, 0, 3, 1], alpha2: 1.0 };
        let key = |what: &str| format!("mixup/lam{lambda}/{what}");
        near(&file, &key("lam_used"), &[used], 1e-6);
        near(&file, &key("x"), &values(&draws.mix(&x)), 1e-6);
        near(&file, &key("y"), &values(&draws.mix(&y)), 1e-6);
    }
}

#[test]
fn the_teachers_order_is_undone() {
    let file = golden("losses");
    let order = file.values("shuffle/forward").iter().map(|place| *place as i64).collect::<Vec<i64>>();
    let draws = Draws { shuffle: vec![2, 0, 3, 1, 4], alpha1: 1.0, lambda: 1.0, index: vec![0; 5], alpha2: 1.0 };
    assert_eq!(order, integers(&serde_json::json!([2, 0, 3, 1, 4])), "the forward order is the drawn one");
    let x = Tensor::arange(5, (Kind::Float, tch::Device::Cpu));
    file.equal("shuffle/forward", &values(&draws.shuffled(&x)));
    file.equal("shuffle/backward", &values(&draws.unshuffled(&x)));
    assert!(draws.unshuffled(&draws.shuffled(&x)).equal(&x));
}

#[test]
fn parameters_follow_and_buffers_do_not() {
    let file = golden("ema");
    for (name, momentum) in [("m0.999", 0.999), ("m0.9", 0.9), ("m0", 0.0)] {
        let (student, teacher) = (network(2, ""), network(2, "gema."));
        for (target, source) in teacher.entries().parameters().zip(student.entries().parameters()) {
            follow(&target.tensor, &source.tensor, momentum);
        }
        let mut compared = 0;
        for key in file.keys().filter(|key| key.starts_with(&format!("{name}/")) && !key.ends_with("sum_l2")) {
            let tensor = teacher.entries().get(&key[name.len() + 1..]).expect("a name of the state");
            let head: Vec<f64> = values(tensor).into_iter().take(64).collect();
            near(&file, key, &head, 1e-6);
            compared += 1;
        }
        assert_eq!(compared, 8);
        let sum: f64 = teacher.entries().parameters().map(|named| l2(&named.tensor)).sum();
        near(&file, &format!("{name}/sum_l2"), &[sum], 1e-6);
    }
}
