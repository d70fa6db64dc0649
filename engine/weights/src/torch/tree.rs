//! Which map of a checkpoint holds the weights.
//!
//! 1. A dictionary with tensors in it, and no dictionary of tensors in it, is the weights.
//! 2. Otherwise the known keys (`state_dict`, `model_state_dict`, `model`, `net`, `network`, `weights`) are looked at: exactly one
//!    of them holds weights, by rule 1 or again by rule 2.
//! 3. Otherwise exactly one entry of any name is a dictionary as in rule 1.
//! 4. Everything else is refused, with the keys that were found.
//!
//! Entries of the chosen map that are no tensors are left out, and listed.

use super::storage::Storages;
use crate::pickle::{Heap, Value};
use crate::tensors::check_unique;
use crate::{Fault, Tensor, Tensors};
use bytes::Bytes;
use std::collections::HashMap;

const KNOWN: [&str; 6] = ["state_dict", "model_state_dict", "model", "net", "network", "weights"];
/// How deep known keys may nest (`{"model": {"state_dict": …}}` needs one).
const MAX_DEPTH: usize = 2;

/// The map that the rules above choose; or, with `part`, the one under that key of the top level, empty where there is none.
pub(crate) fn tensors<F: Fn(&str) -> Option<Bytes>>(
    heap: &Heap,
    top: &Value,
    storages: &mut Storages<F>,
    part: Option<&str>,
) -> Result<Tensors, Fault> {
    let Value::Dict(top) = top else {
        return Err(Fault::Unclear {
            what: "the checkpoint holds no dictionary of named tensors".to_owned(),
            keys: "none".to_owned(),
        });
    };
    let mut finder = Finder { heap, has_tensors: HashMap::new() };
    let chosen = match part {
        None => finder.choose(*top, MAX_DEPTH)?,
        Some(part) => match finder.entries(*top, |key| key == part)?.pop() {
            Some((_, inner)) => inner,
            None => return Ok(Tensors::default()),
        },
    };
    let mut found = Tensors::default();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (key, value) in heap.pairs(chosen)? {
        let (Value::Text(name), Value::Tensor(id)) = (key, value) else {
            found.left_out.push(show(key));
            continue;
        };
        let spec = heap.tensor_at(*id)?;
        let bytes = storages.gather(name, spec, heap.storage_at(spec.storage)?)?;
        let tensor = Tensor { name: name.to_string(), dtype: spec.dtype, shape: spec.shape.clone(), bytes };
        // As in Python, a key that comes twice keeps its place and takes the later value.
        match places.get(&**name) {
            Some(&place) => found.tensors[place] = tensor,
            None => {
                places.insert(name, found.tensors.len());
                found.tensors.push(tensor);
            }
        }
    }
    check_unique(&found.tensors)?;
    Ok(found)
}

struct Finder<'h> {
    heap: &'h Heap,
    /// Remembered by dictionary: one that a file names a million times is looked through once.
    has_tensors: HashMap<usize, bool>,
}

impl Finder<'_> {
    fn choose(&mut self, dict: usize, depth: usize) -> Result<usize, Fault> {
        if self.is_weights(dict)? {
            return Ok(dict);
        }
        let known = self.entries(dict, |key| KNOWN.contains(&key))?;
        let mut candidates = Vec::new();
        for (_, inner) in &known {
            if depth > 0
                && let Ok(found) = self.choose(*inner, depth - 1)
            {
                candidates.push(found);
            }
        }
        if candidates.is_empty() {
            for (_, inner) in self.entries(dict, |_| true)? {
                if self.is_weights(inner)? {
                    candidates.push(inner);
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        match candidates[..] {
            [one] => Ok(one),
            [] => Err(self.unclear(dict, "the checkpoint holds no dictionary of named tensors".to_owned())),
            _ => Err(self.unclear(
                dict,
                format!("the checkpoint holds {} maps of tensors and nothing tells which are the weights", candidates.len()),
            )),
        }
    }

    fn is_weights(&mut self, dict: usize) -> Result<bool, Fault> {
        if !self.holds_tensors(dict)? {
            return Ok(false);
        }
        for (_, inner) in self.entries(dict, |_| true)? {
            if self.holds_tensors(inner)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn holds_tensors(&mut self, dict: usize) -> Result<bool, Fault> {
        if let Some(&known) = self.has_tensors.get(&dict) {
            return Ok(known);
        }
        let holds = self.heap.pairs(dict)?.iter().any(|(key, value)| matches!((key, value), (Value::Text(_), Value::Tensor(_))));
        self.has_tensors.insert(dict, holds);
        Ok(holds)
    }

    /// The dictionaries directly in `dict` whose key is a text that `wanted` takes.
    fn entries(&self, dict: usize, wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, usize)>, Fault> {
        let pairs = self.heap.pairs(dict)?.iter();
        Ok(pairs
            .filter_map(|(key, value)| match (key, value) {
                (Value::Text(key), Value::Dict(inner)) if wanted(key) => Some((key.to_string(), *inner)),
                _ => None,
            })
            .collect())
    }

    fn unclear(&self, dict: usize, what: String) -> Fault {
        let pairs = self.heap.pairs(dict).unwrap_or_default();
        let mut keys: Vec<String> = pairs.iter().take(12).map(|(key, _)| show(key)).collect();
        if pairs.len() > keys.len() {
            keys.push(format!("and {} more", pairs.len() - keys.len()));
        }
        Fault::Unclear { what, keys: if keys.is_empty() { "none".to_owned() } else { keys.join(", ") } }
    }
}

fn show(key: &Value) -> String {
    match key {
        Value::Text(text) => text.chars().take(80).flat_map(char::escape_debug).collect(),
        Value::Int(n) => n.to_string(),
        other => format!("{other:?}"),
    }
}
