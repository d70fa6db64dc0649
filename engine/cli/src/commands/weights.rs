//! `voxloom weights`: look into files of weights, make smaller ones.

use crate::arguments::Weights;
use crate::exit::Exit;
use crate::talk::{self, Talk};
use anyhow::{Context, Result, bail};
use serde_json::json;
use std::path::Path;
use voxloom_weights::{Tensor, Tensors, read, to_half, write_safetensors};

pub fn weights(command: &Weights, talk: &Talk) -> Result<Exit> {
    match command {
        Weights::Show { file, json } => show(file, *json),
        Weights::Convert { file, output, half } => convert(file, output, *half, talk),
    }
}

fn show(file: &Path, as_json: bool) -> Result<Exit> {
    let Tensors { tensors, metadata, .. } = read(file)?;
    let values: usize = tensors.iter().map(count).sum();
    if as_json {
        let list: Vec<_> = tensors
            .iter()
            .map(|tensor| json!({ "name": tensor.name, "dtype": tensor.dtype.name(), "shape": tensor.shape }))
            .collect();
        talk::result(&json!({ "tensors": list, "values": values, "metadata": metadata }).to_string())?;
        return Ok(Exit::Done);
    }
    for tensor in &tensors {
        talk::result(&format!("{} {} {:?}", tensor.name, tensor.dtype, tensor.shape))?;
    }
    for (key, value) in &metadata {
        talk::result(&format!("{key}: {value}"))?;
    }
    talk::result(&format!("{} tensors, {values} values", tensors.len()))?;
    Ok(Exit::Done)
}

fn convert(file: &Path, output: &Path, half: bool, talk: &Talk) -> Result<Exit> {
    let Tensors { mut tensors, metadata, left_out } = read(file)?;
    if !left_out.is_empty() {
        talk.warn(&format!("left out, being no tensors: {}", left_out.join(", ")));
    }
    if half {
        for tensor in &mut tensors {
            match to_half(tensor) {
                Some(short) => *tensor = short,
                None => bail!(
                    "{}: `{}` has values beyond 65504, which float16 cannot hold; convert without --half",
                    file.display(),
                    tensor.name
                ),
            }
        }
    }
    write_safetensors(output, &tensors, &metadata)?;
    let bytes = std::fs::metadata(output).with_context(|| output.display().to_string())?.len();
    talk::result(&format!("{}: {} tensors, {bytes} bytes", output.display(), tensors.len()))?;
    Ok(Exit::Done)
}

fn count(tensor: &Tensor) -> usize {
    tensor.shape.iter().product()
}
