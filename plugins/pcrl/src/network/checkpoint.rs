//! Weights from files of the authors, by name.
//!
//! Their checkpoint is a dictionary. `state_dict` is the encoder alone in 2D (without the prefix `model.encoder.`) and the whole
//! student in 3D; `decoder_state_dict` is the 2D decoder, from `blocks` on; `model_ema` is the whole teacher.

use super::Network;
use crate::{Fault, Result};
use std::collections::BTreeMap;
use std::path::Path;
use voxloom_parts::Copies;
use voxloom_sdk::tensor_of_file;
use voxloom_weights::{Tensors, read, read_part};

/// Which network of a checkpoint is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Student,
    Teacher,
}

/// What a file did not say, and what it said in vain.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Names that keep the values they had.
    pub missing: Vec<String>,
    /// Names in the file that the network does not have.
    pub unexpected: Vec<String>,
}

impl Loaded {
    /// One sentence for people; none where everything fitted.
    pub fn report(&self) -> Option<String> {
        let list = |what: &str, names: &[String]| {
            let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
            let more = names.len().saturating_sub(8);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            (!names.is_empty()).then(|| format!("{} {what}: {shown}{more}", names.len()))
        };
        let parts = [list("missing, they keep their values", &self.missing), list("unexpected", &self.unexpected)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// Copies what a file holds into the network: a whole network, an encoder alone, or the authors' checkpoint.
///
/// # Errors
/// The file cannot be read, lacks a tensor of the encoder (of the teacher: any tensor), or has one of another shape; then nothing
/// was changed.
pub fn load(network: &Network, path: &Path, part: Part) -> Result<Loaded> {
    let mut found = Found { network, tensors: BTreeMap::new(), unexpected: Vec::new() };
    let teacher = read_part(path, "model_ema")?;
    if part == Part::Teacher && !teacher.tensors.is_empty() {
        found.add(teacher, "");
    } else {
        found.add(read(path)?, "model.encoder.");
        found.add(read_part(path, "decoder_state_dict")?, "model.decoder.");
        // The 2D student's heads and gate are not saved; the teacher's follow them.
        let complement = Found { network, tensors: BTreeMap::new(), unexpected: Vec::new() }.with(teacher);
        for (name, tensor) in complement.tensors {
            found.tensors.entry(name).or_insert(tensor);
        }
    }
    found.copy(part).map_err(|text| Fault::Weights(format!("{}: {text}", path.display())))
}

/// Tensors of files under the network's own names.
struct Found<'n> {
    network: &'n Network,
    tensors: BTreeMap<String, voxloom_weights::Tensor>,
    unexpected: Vec<String>,
}

impl Found<'_> {
    fn with(mut self, tensors: Tensors) -> Self {
        self.add(tensors, "");
        self
    }

    /// Names as they are, or else with `prefix` in front.
    fn add(&mut self, tensors: Tensors, prefix: &str) {
        for tensor in tensors.tensors {
            let names = [tensor.name.clone(), format!("{prefix}{}", tensor.name)];
            match names.into_iter().find(|name| self.network.entries().get(name).is_some()) {
                Some(name) => _ = self.tensors.insert(name, tensor),
                None => self.unexpected.push(tensor.name),
            }
        }
    }

    fn copy(self, part: Part) -> Result<Loaded, String> {
        let (mut copies, mut missing) = (Copies::default(), Vec::new());
        for named in self.network.entries().iter() {
            match self.tensors.get(&named.name) {
                None => missing.push(named.name.clone()),
                Some(found) => {
                    let value = tensor_of_file(found).map_err(|fault| fault.to_string())?;
                    copies.add(&named.name, &named.tensor, value);
                }
            }
        }
        let needed = |name: &&String| part == Part::Teacher || name.starts_with(self.network.encoder_prefix());
        missing.iter().filter(needed).take(8).for_each(|name| copies.missing(name));
        copies.finish().map_err(|wrong| format!("the weights do not fit the network: {}", wrong.join("; ")))?;
        Ok(Loaded { missing, unexpected: self.unexpected })
    }
}
