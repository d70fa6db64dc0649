//! A pretrained encoder, by name, into another network.

use crate::{Fault, Result};
use std::path::Path;
use tch::{Kind, Tensor};
use voxloom_parts::{Copies, Entries};
use voxloom_sdk::{Choice, tensor_of_file};

/// How a first convolution that saw one image takes several.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inflate {
    /// Its kernel again for every channel, as the authors do: the response grows with the number of channels.
    Repeat,
    /// Divided by the number of channels: equal channels give the response that one gave.
    Mean,
}

/// What became of an encoder's tensors.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// How many were copied.
    pub copied: usize,
    /// The first convolution, where its number of channels had to change.
    pub inflated: Option<String>,
    /// Of the network's encoder, not in the file.
    pub missing: Vec<String>,
    /// Of the file's encoder, not in the network.
    pub unexpected: Vec<String>,
}

/// The tensors of an encoder in a file: of a whole PCRL network, of a checkpoint of the authors, or of an encoder alone.
/// Names are seen from the encoder (`conv1.weight`, `down_tr64.…`); classifiers (`fc.*`) are left out.
///
/// # Errors
/// The file cannot be read, or holds no encoder.
pub fn encoder_file(path: &Path, dims: usize) -> Result<Vec<(String, Tensor)>> {
    let fault = |text: String| Fault::Weights(format!("{}: {text}", path.display()));
    let file = voxloom_weights::read(path)?;
    let mut found = Vec::new();
    for stored in &file.tensors {
        if let Some(name) = inside(&stored.name, dims) {
            found.push((name.to_owned(), tensor_of_file(stored).map_err(|wrong| fault(wrong.to_string()))?));
        }
    }
    if found.is_empty() {
        let wanted = if dims == 2 { "`conv1.weight`, `layer1.…`" } else { "`down_tr64.…`" };
        return Err(fault(format!("holds no {dims}D encoder: no tensor is called {wanted}")));
    }
    Ok(found)
}

/// A tensor's name inside of the encoder; none where it is of another part.
fn inside(name: &str, dims: usize) -> Option<&str> {
    let name = name.strip_prefix("module.").unwrap_or(name);
    if dims == 3 {
        return name.starts_with("down_tr").then_some(name);
    }
    let own = ["model.encoder.", "encoder."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let of_encoder = ["conv1.", "bn1.", "layer1.", "layer2.", "layer3.", "layer4."];
    of_encoder.iter().any(|start| own.starts_with(start)).then_some(own)
}

/// Copies an encoder's tensors into those of `entries` whose names begin with `prefix` and go on as in the file.
///
/// Scale and shift of BatchNorm serve GroupNorm too, which has no statistics.
///
/// # Errors
/// Another shape, or nothing in common; then nothing was changed.
pub fn transfer(entries: &Entries, prefix: &str, encoder: &[(String, Tensor)], inflate: Inflate) -> Result<Transfer> {
    let mut report = Transfer::default();
    let mut copies = Copies::default();
    let inside = |name: &str| -> Option<String> {
        let name = name.strip_prefix(prefix)?;
        (!prefix.is_empty() || name.starts_with("down_tr")).then(|| name.to_owned())
    };
    let targets: Vec<(String, Tensor)> =
        entries.iter().filter_map(|named| Some((inside(&named.name)?, named.tensor.shallow_clone()))).collect();
    for (name, target) in &targets {
        match encoder.iter().find(|(other, _)| other == name) {
            None => report.missing.push(name.clone()),
            Some((_, found)) if found.size() == target.size() => copies.add(name, target, found.shallow_clone()),
            Some((_, found)) => {
                let wider = inflated(found, target, inflate);
                report.inflated = wider.as_ref().map(|_| name.clone()).or(report.inflated);
                copies.add(name, target, wider.unwrap_or_else(|| found.shallow_clone()));
            }
        }
    }
    report.unexpected =
        encoder.iter().map(|(name, _)| name).filter(|name| targets.iter().all(|(other, _)| other != *name)).cloned().collect();
    report.copied = copies.len();
    copies.finish().map_err(|wrong| {
        let shown = wrong.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        Fault::Weights(format!(
            "the encoder does not fit ({} tensors): {shown}; give the network the `width` that it was pretrained with",
            wrong.len()
        ))
    })?;
    if report.copied == 0 {
        return Err(Fault::Weights("the encoder has no tensor in common with the network".to_owned()));
    }
    Ok(report)
}

/// A first convolution with another number of input channels; none where more than that differs.
fn inflated(found: &Tensor, target: &Tensor, inflate: Inflate) -> Option<Tensor> {
    let (old, new) = (found.size(), target.size());
    let same = old.len() == new.len() && old.len() > 2 && old[0] == new[0] && old[2..] == new[2..];
    // Channels that are more than a small image has are features: another width, not another image.
    if !same || old[1] > 4 {
        return None;
    }
    let channels: Vec<Tensor> = match inflate {
        Inflate::Repeat => (0..new[1]).map(|channel| found.narrow(1, channel % old[1], 1)).collect(),
        Inflate::Mean => {
            let sum = found.sum_dim_intlist([1i64].as_slice(), true, None::<Kind>) / new[1] as f64;
            (0..new[1]).map(|_| sum.shallow_clone()).collect()
        }
    };
    Some(Tensor::cat(&channels, 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;
    use voxloom_parts::{Conv, ConvConfig};

    fn network(input: i64, output: i64) -> (Conv, Entries) {
        let build = voxloom_parts::Builder::given(|_, shape| Tensor::zeros(shape, (Kind::Float, Device::Cpu)));
        let conv = Conv::new(&build.at("encoder.conv1"), ConvConfig { input, output, bias: false, ..ConvConfig::default() });
        Conv::new(&build.at("head"), ConvConfig { input: output, output: 1, ..ConvConfig::default() });
        (conv, build.finish())
    }

    fn kernel(input: i64) -> (String, Tensor) {
        ("conv1.weight".to_owned(), Tensor::ones([4, input, 3, 3], (Kind::Float, Device::Cpu)) * 6.0)
    }

    #[test]
    fn channels_are_repeated_or_shared() {
        let centre = |input: i64, inflate| {
            let (conv, entries) = network(2, 4);
            let report = transfer(&entries, "encoder.", &[kernel(input)], inflate).unwrap();
            assert_eq!((report.copied, report.inflated.as_deref()), (1, Some("conv1.weight")));
            conv.forward(&Tensor::ones([1, 2, 3, 3], (Kind::Float, Device::Cpu))).double_value(&[0, 0, 1, 1])
        };
        // One channel of ones gave 54, three gave 162.
        assert_eq!((centre(1, Inflate::Repeat), centre(1, Inflate::Mean)), (108.0, 54.0));
        assert_eq!((centre(3, Inflate::Repeat), centre(3, Inflate::Mean)), (108.0, 162.0));
    }

    #[test]
    fn another_width_is_refused_and_changes_nothing() {
        let (_, entries) = network(3, 8);
        let fault = transfer(&entries, "encoder.", &[kernel(3)], Inflate::Repeat).unwrap_err().to_string();
        assert_eq!(
            fault,
            "the encoder does not fit (1 tensors): `conv1.weight` is [4, 3, 3, 3], expected [8, 3, 3, 3]; give the network the `width` that it was pretrained with"
        );
        let fault = transfer(&entries, "encoder.", &[("bn1.weight".to_owned(), kernel(3).1)], Inflate::Repeat).unwrap_err();
        assert_eq!(fault.to_string(), "the encoder has no tensor in common with the network");
    }

    #[test]
    fn names_are_seen_from_the_encoder() {
        let two = |name| inside(name, 2);
        assert_eq!(two("model.encoder.layer1.0.conv1.weight"), Some("layer1.0.conv1.weight"));
        assert_eq!(two("module.encoder.bn1.bias"), Some("bn1.bias"));
        assert_eq!(
            [two("conv1.weight"), two("fc.weight"), two("model.decoder.blocks.0.conv1.0.weight")],
            [Some("conv1.weight"), None, None]
        );
        assert_eq!(inside("module.down_tr64.ops.0.bn1.bias", 3), Some("down_tr64.ops.0.bn1.bias"));
        assert_eq!(inside("up_tr64.ops.0.bn1.bias", 3), None);
    }
}
