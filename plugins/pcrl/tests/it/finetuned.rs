//! `finetune2d`, `finetune3d`, `losses`: networks with a pretrained encoder, losses and metrics of fine-tuning.

use crate::support::{check, fill, golden, image, near, uniform, values};
use std::path::Path;
use tch::{Device, Kind, Tensor};
use voxloom_parts::{Builder, Entries, Mode};
use voxloom_pcrl::finetune::{
    Bce, Inflate, PictureNet, PictureNetConfig, Transfer, auc, bce_dice, dice, encoder_file, macro_mean, multi_class_dice,
    regions, transfer,
};
use voxloom_pcrl::network::three_d::{UNet, UNetConfig};
use voxloom_pcrl::network::{Config, Network, Norm};

/// The golden's "everything else": all tensors filled with the prefix `ft.`.
fn finetuned(key: &str, shape: &[i64]) -> Tensor {
    fill("ft.", key, shape)
}

/// A checkpoint in the authors' layout, written from the rule: encoder by itself in 2D, whole student in 3D.
fn checkpoint(folder: &Path, dims: usize) -> std::path::PathBuf {
    let build = Builder::given(|key, shape| fill("", key, shape));
    let network = Network::new(Config { dims, ..Config::default() }, &build).expect("2 or 3 axes");
    let mut named: Vec<(String, Tensor)> = network
        .entries()
        .iter()
        .filter_map(|named| {
            let name = if dims == 2 { named.name.strip_prefix("model.encoder.")? } else { &named.name };
            Some((name.to_owned(), named.tensor.detach()))
        })
        .collect();
    if dims == 2 {
        // The authors' placeholders.
        named.push(("fc.weight".to_owned(), Tensor::zeros([10, 512], (Kind::Float, Device::Cpu))));
    }
    let path = folder.join(format!("encoder{dims}d.safetensors"));
    Tensor::write_safetensors(&named, &path).expect("the folder can be written");
    path
}

fn transferred(entries: &Entries, prefix: &str, dims: usize) -> Transfer {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let encoder = encoder_file(&checkpoint(folder.path(), dims), dims).expect("the file holds an encoder");
    transfer(entries, prefix, &encoder, Inflate::Repeat).expect("the encoder fits")
}

fn flags(tensor: &Tensor) -> Vec<bool> {
    values(tensor).into_iter().map(|value| value > 0.0).collect()
}

/// 1 where a number is above a bound; compared in float64, as the rule draws.
fn above(name: &str, shape: &[i64], bound: f64) -> Tensor {
    let drawn = voxloom_testkit::golden::u(name, shape.iter().product::<i64>() as usize);
    let flags: Vec<f32> = drawn.into_iter().map(|value| f32::from(u8::from(value > bound))).collect();
    Tensor::from_slice(&flags).view(shape)
}

#[test]
fn a_classifier_takes_the_pretrained_encoder_by_name() {
    let file = golden("finetune2d");
    let config = PictureNetConfig { input: 3, width: 1.0, outputs: Some(1), classes: Some(14) };
    let net = PictureNet::new(config, &Builder::given(finetuned));
    let report = transferred(net.entries(), "encoder.", 2);
    assert_eq!((report.copied, report.inflated), (120, None));
    assert!(report.missing.is_empty() && report.unexpected.is_empty(), "{:?} {:?}", report.missing, report.unexpected);
    let out = tch::no_grad(|| net.forward(&image("gft/x", &[2, 3, 64, 64]), None, Mode::Eval)).expect("the shape fits");
    let probability = out.finding.expect("a head").sigmoid();
    check(&file, "prob", &probability, 1e-5);
    check(&file, "seg_logit", &out.mask.expect("a decoder"), 1e-5);
    let labels = above("gft/y", &[2, 14], 0.4);
    let bce = probability.binary_cross_entropy::<Tensor>(&labels, None, tch::Reduction::Mean);
    near(&file, "bce", &values(&bce), 1e-5);
}

#[test]
fn auc_counts_ties_one_half_and_dice_is_of_masks() {
    let file = golden("finetune2d");
    let scores = (uniform("gft/scores", &[60, 14]).to_kind(Kind::Double) * 10.0).round() / 10.0;
    let labels = above("gft/labels", &[60, 14], 0.2);
    let column = |of: &Tensor, finding: i64| of.select(1, finding).contiguous();
    let found: Vec<Option<f64>> =
        (0..14).map(|finding| auc(&values(&column(&scores, finding)), &flags(&column(&labels, finding)))).collect();
    near(&file, "auc", &found.iter().map(|auc| auc.expect("both classes")).collect::<Vec<f64>>(), 1e-5);
    near(&file, "auc_macro", &[macro_mean(&found).expect("14 findings")], 1e-5);
    let [a, b] = [("gft/segA", 0.1), ("gft/segB", -0.2)].map(|(name, bound)| flags(&above(name, &[8, 9, 10], bound)));
    near(&file, "dice", &[dice(&a, &b)], 1e-5);
}

#[test]
fn a_segmenter_of_four_channels_takes_the_pretrained_encoder() {
    let file = golden("finetune3d");
    let config = UNetConfig { input: 4, output: 3, ..UNetConfig::default() };
    let build = Builder::given(finetuned);
    let net = UNet::new(&build, &config);
    let report = transferred(&build.finish(), "", 3);
    assert_eq!(report.inflated.as_deref(), Some("down_tr64.ops.0.conv1.weight"));
    assert!(report.missing.is_empty() && report.unexpected.is_empty(), "{:?} {:?}", report.missing, report.unexpected);
    let volume = image("gft3/x", &[2, 4, 16, 16, 16]);
    let out = tch::no_grad(|| net.forward(&volume, Mode::Eval));
    check(&file, "out", &out, 1e-5);
    let target = above("gft3/target", &[2, 3, 16, 16, 16], 0.2);
    let loss = |bce| values(&regions(&out, &target, bce).expect("equal shapes"));
    near(&file, "dice_train", &loss(Bce::AsLogits), 1e-5);
    near(&file, "dice_eval", &loss(Bce::Off), 1e-5);
}

/// Its normalisation has no running statistics; scale and shift are BatchNorm's.
#[test]
fn a_segmenter_with_group_norm_takes_what_it_can_and_says_what_not() {
    let build = Builder::given(finetuned);
    UNet::new(&build, &UNetConfig { input: 1, output: 2, norm: Norm::Gn, ..UNetConfig::default() });
    let entries = build.finish();
    let report = transferred(&entries, "", 3);
    assert_eq!((report.copied, report.missing.len(), report.unexpected.len()), (32, 0, 24));
    assert!(report.unexpected.iter().all(|name| name.contains("running_") || name.ends_with("num_batches_tracked")));
    let scale = entries.get("down_tr64.ops.0.bn1.weight").expect("a scale");
    assert!(scale.detach().equal(&fill("", "down_tr64.ops.0.bn1.weight", &[32])));
}

#[test]
fn dice_losses_and_their_gradients_are_the_authors() {
    let file = golden("losses");
    let shape = [2, 3, 6, 5, 4];
    let probability =
        ((uniform("gloss/prob", &shape).to_kind(Kind::Double) + 1.0) * 0.5).to_kind(Kind::Float).set_requires_grad(true);
    let target = above("gloss/target", &shape, 0.3);
    let value = |loss: voxloom_pcrl::Result<Tensor>| values(&loss.expect("equal shapes"));
    // The golden is of the first channel.
    let first = |bce| bce_dice(&probability.narrow(1, 0, 1), &target.narrow(1, 0, 1), bce);
    near(&file, "bcedice/train", &value(first(Bce::AsLogits)), 1e-6);
    near(&file, "bcedice/eval", &value(first(Bce::Off)), 1e-6);
    near(&file, "dice3/eval", &value(regions(&probability, &target, Bce::Off)), 1e-6);
    let loss = regions(&probability, &target, Bce::AsLogits).expect("equal shapes");
    near(&file, "dice3/train", &values(&loss), 1e-6);
    loss.backward();
    near(&file, "dice3/grad", &values(&probability.grad()), 1e-5);

    let drawn = voxloom_testkit::golden::u("gloss/label", 2 * 6 * 5 * 4);
    let labels: Vec<i64> = drawn.into_iter().map(|value| (2.5 * (value + 1.0)).floor() as i64).collect();
    let labels = Tensor::from_slice(&labels).view([2, 1, 6, 5, 4]);
    let scores = uniform("gloss/p5", &[2, 5, 6, 5, 4]).exp();
    let probability = &scores / scores.sum_dim_intlist([1i64].as_slice(), true, None::<Kind>);
    near(&file, "multisoftdice/train", &value(multi_class_dice(&probability, &labels, true)), 1e-6);
    near(&file, "multisoftdice/eval", &value(multi_class_dice(&probability, &labels, false)), 1e-6);
}
