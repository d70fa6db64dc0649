//! Inputs for calls: JSON and cases made here; tensors, volumes and a module to be used made by the plugin `synthetic`.

use crate::calls::{Instance, Items};
use crate::host::{Host, scratch_folder};
use crate::nifti;
use crate::record::record;
use crate::value::Value;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use voxloom_core::describe::{Entry, Port};
use voxloom_core::graph::Operator;
use voxloom_core::load::Plugins;

/// What is put where a port leaves a choice. Operators ask for more than their ports say (a label map has whole numbers, a list
/// is a list), so that one refusal says little: the flavours are tried in turn.
#[derive(Clone, Copy, Debug)]
pub struct Flavour {
    /// Element type of ports that name none.
    pub dtype: &'static str,
    pub json: &'static str,
    /// True where optional inputs are connected too.
    pub optional: bool,
}

/// Likely ones first.
pub const FLAVOURS: [Flavour; 8] = {
    const fn flavour(dtype: &'static str, json: &'static str, optional: bool) -> Flavour {
        Flavour { dtype, json, optional }
    }
    let (object, list, number) = (r#"{"name":"synthetic"}"#, r#"["a","b"]"#, "1");
    [
        flavour("float32", object, false),
        flavour("uint8", list, false),
        flavour("int64", number, false),
        flavour("float32", number, false),
        flavour("float32", list, false),
        flavour("float32", object, true),
        flavour("uint8", list, true),
        flavour("int64", number, true),
    ]
};

/// Makes values for ports.
pub struct Supply {
    tensor: Option<Operator>,
    volume: Option<Operator>,
    weights: Option<Operator>,
}

impl Supply {
    /// With the operators of the plugin `synthetic`, where `plugins` holds it.
    pub fn new(plugins: &Plugins) -> Self {
        let loaded = |name| plugins.loaded(name).and_then(Result::ok);
        Self { tensor: loaded("synthetic.tensor"), volume: loaded("synthetic.volume"), weights: loaded("synthetic.weights") }
    }

    /// A value for every required input of `entry`, and for the optional ones where the flavour asks for them and one can be made.
    ///
    /// # Errors
    /// Which port has no value, and why.
    pub fn inputs(&self, entry: &Entry, flavour: Flavour) -> Result<Vec<Option<Value>>, String> {
        let sizes = sizes(entry);
        let made = entry.inputs.iter().map(|port| match (port.optional, flavour.optional) {
            (false, _) => self.make(port, &sizes, flavour).map(Some),
            (true, true) => Ok(self.make(port, &sizes, flavour).ok()),
            (true, false) => Ok(None),
        });
        made.collect()
    }

    /// A tensor of these sizes and this element type.
    ///
    /// # Errors
    /// Why there is none.
    pub fn tensor(&self, shape: &[i64], dtype: &str) -> Result<Value, String> {
        from(self.tensor.as_ref(), &json!({ "shape": shape, "dtype": dtype, "n_labels": 2 }))
    }

    /// A module with something to learn, for entries that use one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn module(&self) -> Result<Instance, String> {
        let operator = self.weights.as_ref().ok_or(NO_SYNTHETIC)?;
        Instance::create(operator.table, &json!({}), Host { seed: 11, grad: true }).map_err(|refusal| refusal.to_string())
    }

    /// A loss of such a module, with gradients.
    ///
    /// # Errors
    /// Why there is none.
    pub fn loss(&self, module: &Instance) -> Result<Value, String> {
        let operator = self.weights.as_ref().ok_or(NO_SYNTHETIC)?;
        let bound = module.bind(0, &operator.description.entries[0], &json!({}));
        let items = bound.and_then(|bound| bound.call(&[], Host { seed: 11, grad: true }));
        only(items.map_err(|refusal| refusal.to_string())?)
    }

    fn make(&self, port: &Port, sizes: &BTreeMap<String, i64>, flavour: Flavour) -> Result<Value, String> {
        let dtype = port.dtype.as_deref().and_then(|dtypes| dtypes.split(['|', ',', ' ']).next()).unwrap_or(flavour.dtype);
        let made = match port.type_name.as_str() {
            "json" | "any" => Ok(Value::json(flavour.json)),
            "tensor" => self.tensor(&shape(port, sizes, &[2, 3, 8, 8]), dtype),
            "volume" => {
                let params = json!({ "shape": shape(port, sizes, &[12, 14, 16]), "dtype": dtype, "n_labels": 2, "spacing_mm": [1.5, 1.0, 1.0] });
                from(self.volume.as_ref(), &params)
            }
            "case" => case(),
            other => Err(format!("no value of type `{other}` can be made here")),
        };
        made.map_err(|why| format!("input `{}`: {why}", port.name))
    }
}

const NO_SYNTHETIC: &str = "tensors and modules come from the plugin `synthetic`, which is not beside the other plugins";

/// A case whose image and label are a small file.
fn case() -> Result<Value, String> {
    let (folder, name) = (scratch_folder(), "synthetic.nii");
    let file = folder.join(name);
    let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, nifti::tiny()));
    written.map_err(|error| format!("{}: {error}", file.display()))?;
    let meta = json!({ "name": "synthetic", "image": file.to_string_lossy(), "label": file.to_string_lossy() });
    Ok(record("record/case", vec![("meta".to_owned(), Value::json(meta.to_string()))]))
}

fn from(operator: Option<&Operator>, params: &Json) -> Result<Value, String> {
    let operator = operator.ok_or(NO_SYNTHETIC)?;
    let host = Host { seed: 11, grad: false };
    let value = Instance::create(operator.table, params, host).and_then(|instance| {
        let bound = instance.bind(0, &operator.description.entries[0], &json!({}))?;
        bound.call(&[], host)
    });
    only(value.map_err(|refusal| format!("`{}` said {refusal}", operator.description.name))?)
}

fn only(mut items: Items) -> Result<Value, String> {
    items.pop().and_then(|mut outputs| outputs.pop()).ok_or_else(|| "the plugin `synthetic` gave nothing".to_owned())
}

/// A size for each symbol of the entry: a multiple of every divisor that it has, small, and different for different symbols.
fn sizes(entry: &Entry) -> BTreeMap<String, i64> {
    let mut divisors: BTreeMap<String, i64> = BTreeMap::new();
    for word in entry.inputs.iter().flat_map(dimensions) {
        let (symbol, divisor) = symbol(&word);
        let known = divisors.entry(symbol.to_owned()).or_insert(1);
        *known = lcm(*known, divisor);
    }
    let numbered = divisors.into_iter().enumerate();
    let sized = numbered.map(|(index, (symbol, divisor))| {
        let least = if symbol == "N" || symbol == "C" { 2 } else { 7 + index as i64 };
        (symbol, (least + divisor - 1) / divisor * divisor)
    });
    sized.collect()
}

fn shape(port: &Port, sizes: &BTreeMap<String, i64>, default: &[i64]) -> Vec<i64> {
    if port.shape.is_none() {
        return default.to_vec();
    }
    dimensions(port).iter().map(|word| word.parse().unwrap_or_else(|_| sizes.get(symbol(word).0).copied().unwrap_or(1))).collect()
}

/// The words of `[…, N, 1, D%16]`; any number of leading dimensions is none here.
fn dimensions(port: &Port) -> Vec<String> {
    let inner = port.shape.as_deref().unwrap_or_default().trim().trim_start_matches('[').trim_end_matches(']');
    let words = inner.split(',').map(str::trim);
    words.filter(|word| !word.is_empty() && *word != "…" && *word != "...").map(str::to_owned).collect()
}

fn symbol(word: &str) -> (&str, i64) {
    let (symbol, divisor) = word.split_once('%').unwrap_or((word, "1"));
    (symbol.trim(), divisor.trim().parse().unwrap_or(1).max(1))
}

fn lcm(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_keep_their_divisors_across_ports() {
        let entry: Entry = serde_json::from_value(json!({ "name": "run", "params": {}, "inputs": [
            { "name": "a", "type": "tensor", "shape": "[N, 1, D%16]" }, { "name": "b", "type": "tensor", "shape": "[…, D%3]" } ] }))
        .unwrap();
        let sizes = sizes(&entry);
        assert_eq!(shape(&entry.inputs[0], &sizes, &[]), [2, 1, 48]);
        assert_eq!(shape(&entry.inputs[1], &sizes, &[]), [48]);
    }
}
