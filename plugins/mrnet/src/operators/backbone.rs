//! An encoder that was trained elsewhere: torchvision's ResNet-34, under its own names.

use crate::network::Coarse;
use std::path::Path;
use voxloom_parts::Copies;
use voxloom_sdk::prelude::*;
use voxloom_sdk::tensor_of_file;

/// torchvision's names and those of the authors' encoder.
const PARTS: [(&str, &str); 6] = [
    ("conv1.", "rn.0."),
    ("bn1.", "rn.1."),
    ("layer1.", "rn.4."),
    ("layer2.", "rn.5."),
    ("layer3.", "rn.6."),
    ("layer4.", "rn.7."),
];

/// Copies every tensor of the encoder; the classifier `fc` is left out.
///
/// # Errors
/// The file cannot be read, lacks a tensor, or has it in another shape; then nothing was changed.
pub fn take_backbone(network: &Coarse, path: &Path) -> Result<()> {
    let mut file = voxloom_weights::read(path).map_err(|fault| Error::from(fault).into_param(""))?;
    file.strip_prefix("module.");
    let mut copies = Copies::default();
    for named in network.entries().iter().filter(|named| named.name.starts_with("rn.")) {
        let theirs = PARTS.iter().find_map(|(theirs, ours)| Some(format!("{theirs}{}", named.name.strip_prefix(ours)?)));
        let theirs = theirs.unwrap_or_else(|| named.name.clone());
        match file.get(&theirs) {
            None if theirs.ends_with("num_batches_tracked") => {}
            None => copies.missing(&theirs),
            Some(found) => copies.add(&theirs, &named.tensor, tensor_of_file(found)?),
        }
    }
    copies.finish().map_err(|wrong| {
        let shown = wrong.iter().take(3).cloned().collect::<Vec<_>>().join("; ");
        Error::param("", format!("{} is no ResNet-34 of this width ({} tensors): {shown}", path.display(), wrong.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NetworkConfig;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn network(width: f64, seed: u64) -> Coarse {
        let config = NetworkConfig { width, ..NetworkConfig::default() };
        Coarse::new(config, Device::Cpu, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
    }

    #[test]
    fn an_encoder_goes_in_by_name_and_nothing_else_changes() {
        let (theirs, ours) = (network(0.0625, 1), network(0.0625, 2));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("resnet34.safetensors");
        let mut named: Vec<(String, Tensor)> = vec![("fc.weight".into(), Tensor::ones([3, 4], (Kind::Float, Device::Cpu)))];
        for entry in theirs.entries().iter() {
            if let Some(name) =
                PARTS.iter().find_map(|(theirs, ours)| Some(format!("{theirs}{}", entry.name.strip_prefix(ours)?)))
            {
                named.push((name, entry.tensor.detach().copy()));
            }
        }
        Tensor::write_safetensors(&named, &path).unwrap();
        let decoder = ours.entries().get("up1.x_conv.weight").unwrap().detach().copy();
        take_backbone(&ours, &path).unwrap();
        for name in ["rn.0.weight", "rn.6.5.conv2.weight", "rn.5.0.downsample.1.running_var"] {
            assert_eq!(ours.entries().get(name).unwrap(), theirs.entries().get(name).unwrap(), "{name}");
        }
        assert_eq!(ours.entries().get("up1.x_conv.weight").unwrap(), &decoder);
        let fault = take_backbone(&network(0.125, 3), &path).unwrap_err().to_string();
        assert!(
            fault.contains("no ResNet-34 of this width")
                && fault.contains("`conv1.weight` is [4, 3, 7, 7], expected [8, 3, 7, 7]"),
            "{fault}"
        );
    }
}
