//! Weights that were learned with other tasks: all that does not depend on them.

use crate::network::Network;
use std::path::Path;
use voxloom_parts::Copies;
use voxloom_sdk::prelude::*;
use voxloom_sdk::{extra_of_file, tensor_of_file};

/// What another head may change; the rest of the network must fit.
const OF_THE_HEAD: [&str; 2] = ["controller.", "precls_conv.2."];

/// Copies from a checkpoint of a network with other tasks what fits this one; gives the names that keep their initial values,
/// or `None`, and nothing is copied, where the file says that its tasks are `tasks`: it is to be taken whole.
///
/// Of the controller, the columns of the image feature are taken where the head has as many numbers; the tasks' own columns
/// never are.
///
/// # Errors
/// The file cannot be read, or lacks a tensor of the trunk, or has it in another shape; then nothing is changed.
pub fn transfer(network: &Network, path: &Path, tasks: &Json) -> Result<Option<Vec<String>>> {
    let mut file = voxloom_weights::read(path)?;
    if extra_of_file(&file)?["tasks"] == *tasks {
        return Ok(None);
    }
    file.strip_prefix("module.");
    let (mut copies, mut fresh) = (Copies::default(), Vec::new());
    for (name, target) in network.named() {
        let found = file.get(name).map(tensor_of_file).transpose()?;
        let features = network.config().stages()[3];
        match found {
            Some(found) if name == "controller.weight" && found.size()[0] == target.size()[0] && found.size()[1] >= features => {
                copies.add(name, &target.narrow(1, 0, features), found.narrow(1, 0, features));
            }
            Some(found) if name != "controller.weight" && found.size() == target.size() => copies.add(name, target, found),
            _ if OF_THE_HEAD.iter().any(|prefix| name.starts_with(prefix)) => fresh.push(name.to_owned()),
            Some(found) => copies.add(name, target, found),
            None => copies.missing(name),
        }
    }
    copies.finish().map_err(|wrong| Error::item(format!("{}: {}", path.display(), wrong.join("; "))))?;
    Ok(Some(fresh))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NetworkConfig;
    use rand::SeedableRng;

    fn network(tasks: usize, channels: usize, seed: u64) -> Network {
        let config = NetworkConfig { width: 0.125, tasks, channels, ..NetworkConfig::default() };
        Network::new(config, Device::Cpu, &mut rand_chacha::ChaCha8Rng::seed_from_u64(seed)).expect("a right configuration")
    }

    fn saved(network: &Network, name: &str) -> std::path::PathBuf {
        let path = std::env::temp_dir().join(format!("voxloom-transfer-{}-{name}.safetensors", std::process::id()));
        let named: Vec<(&str, Tensor)> = network.named().map(|(name, tensor)| (name, tensor.detach())).collect();
        Tensor::write_safetensors(&named, &path).expect("the temporary folder can be written");
        path
    }

    fn of(network: &Network, wanted: &str) -> Tensor {
        network.named().find(|(name, _)| *name == wanted).expect("a parameter of that name").1.detach().copy()
    }

    #[test]
    fn another_number_of_tasks_keeps_all_but_their_columns() {
        let (seven, three) = (network(7, 2, 1), network(3, 2, 2));
        let path = saved(&seven, "tasks");
        let own = of(&three, "controller.weight");
        assert_eq!(transfer(&three, &path, &json!([])).expect("the trunk fits"), Some(Vec::new()));
        assert!(of(&three, "layer3.1.conv2.weight").equal(&of(&seven, "layer3.1.conv2.weight")));
        let (now, features) = (of(&three, "controller.weight"), three.config().stages()[3]);
        assert!(now.narrow(1, 0, features).equal(&of(&seven, "controller.weight").narrow(1, 0, features)));
        assert!(now.narrow(1, features, 3).equal(&own.narrow(1, features, 3)), "the tasks' own columns stay");
        std::fs::remove_file(path).expect("the test's own file");
    }

    #[test]
    fn another_head_begins_anew_and_another_trunk_is_refused() {
        let path = saved(&network(7, 2, 1), "head");
        let one_channel = network(2, 1, 2);
        assert_eq!(
            transfer(&one_channel, &path, &json!([])).expect("the trunk fits").expect("other tasks"),
            ["controller.weight", "controller.bias"]
        );
        let config = NetworkConfig { width: 0.25, ..NetworkConfig::default() };
        let wide =
            Network::new(config, Device::Cpu, &mut rand_chacha::ChaCha8Rng::seed_from_u64(3)).expect("a right configuration");
        let before = of(&wide, "precls_conv.2.bias");
        let message = transfer(&wide, &path, &json!([])).expect_err("another trunk").to_string();
        assert!(message.contains("`conv1.weight` is [4, 1, 3, 3, 3], expected [8, 1, 3, 3, 3]"), "{message}");
        assert!(of(&wide, "precls_conv.2.bias").equal(&before), "nothing was changed");
        std::fs::remove_file(path).expect("the test's own file");
    }
}
