//! `fill_check`, `seab`: the rule of numbers, and the attention block alone with every option.

use crate::support::{file, fill, forward_near, near, norm, seab_config, tensor, uniform, values};
use tch::Kind;
use voxloom_parts::Builder;
use voxloom_seran::network::{Mode, Seab};

#[test]
fn the_rule_of_numbers() {
    let file = file("fill_check");
    file.close("uniform.check", &values(&uniform("check", &[8])), 1e-7);
    file.close("uniform.case", &values(&uniform("case/input", &[2, 3])), 1e-7);
    let filled: [(&str, &str, &[i64]); 7] = [
        ("fill.matrix", "layer.weight", &[2, 3]),
        ("fill.conv", "layer.conv.weight", &[2, 3, 3, 3]),
        ("fill.norm", "layer.bn.weight", &[5]),
        ("fill.bias", "layer.bias", &[5]),
        ("fill.running_mean", "layer.running_mean", &[5]),
        ("fill.running_var", "layer.running_var", &[5]),
        ("fill.scale", "body.0.seab.scale", &[1]),
    ];
    for (key, name, shape) in filled {
        file.close(key, &values(&fill(name, shape, 1.0)), 1e-7);
    }
}

#[test]
fn the_attention_block_with_every_option() {
    let file = file("seab");
    let cases = file.meta("cases");
    let cases = cases.as_object().expect("cases by name");
    assert_eq!(cases.len(), 8);
    for (name, case) in cases {
        let channels = case["channels"].as_i64().expect("a number");
        let build = Builder::given(|key, shape| fill(key, shape, 1.0));
        let seab = Seab::new(&build, channels, &seab_config(&case["config"]));
        let entries = build.finish();
        assert_eq!(entries.numbers(), case["params"].as_i64().expect("a number"), "{name}");
        let order: Vec<&str> = entries.parameters().map(|named| named.name.as_str()).collect();
        assert_eq!(serde_json::json!(order), case["grad_order"], "{name}");

        let key = |what: &str| format!("{name}.{what}");
        let x = tensor(&file, &key("input")).set_requires_grad(true);
        assert!(x.detach().equal(&uniform(&format!("{name}/x"), &x.size())), "{name}");
        let seen = seab.seen(&x, if case["train"] == true { Mode::Train } else { Mode::Eval });
        for (what, found) in [
            ("squeeze", &seen.squeeze),
            ("descriptors", &seen.descriptors),
            ("refined", &seen.refined),
            ("excite", &seen.excite),
            ("update", &seen.update),
            ("output", &seen.output),
        ] {
            forward_near(&file, &key(what), found);
        }
        assert_eq!(seen.relation.is_some(), file.has(&key("relation")), "{name}");
        if let Some(relation) = &seen.relation {
            forward_near(&file, &key("relation"), relation);
        }

        (&seen.output * uniform(&format!("{name}/cotangent"), &x.size())).sum(Kind::Float).backward();
        near(&file, &key("grad_input"), &values(&x.grad()), 2e-5, 1e-3);
        let norms = file.values(&key("grad_l2"));
        for (named, expected) in entries.parameters().zip(norms) {
            let (found, expected) = (norm(&named.tensor.grad()), f64::from(*expected));
            // Adding one number to a whole row changes no softmax: these gradients are rounding.
            let free = named.name == "convB.bias"
                || (name.contains("positions") || name.contains("compat")) && named.name == "convV.bias";
            let tolerance = if free { 1e-5 } else { 1e-3 * expected + 1e-6 };
            assert!((found - expected).abs() <= tolerance, "{name}: gradient of {} is {found}, expected {expected}", named.name);
        }
        if file.has(&key("running_mean_after")) {
            for what in ["running_mean", "running_var"] {
                let found = entries.get(&format!("Rs_GCN.W.1.{what}")).expect("a buffer");
                forward_near(&file, &key(&format!("{what}_after")), found);
            }
            assert_eq!(entries.get("Rs_GCN.W.1.num_batches_tracked").expect("a counter").int64_value(&[]), 1);
        }
    }
}
