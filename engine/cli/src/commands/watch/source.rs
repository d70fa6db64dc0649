//! The pipeline file as it was read at one moment, and the pipeline that it is for one input.

use serde_json::Value as Json;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use voxloom_core::check::{Config, Faults, check};
use voxloom_core::graph::Pipeline;
use voxloom_core::operators::Operators;

/// What the command line says of the file's parameters.
#[derive(Clone)]
pub struct Given {
    /// `name=value`.
    pub set: Vec<String>,
    /// Name of the parameter that takes the input.
    pub input: String,
    /// Name of the parameter that takes the folder for results.
    pub output: String,
}

/// One pipeline file as it was read.
pub struct Source {
    bytes: Vec<u8>,
    file: PathBuf,
    pub given: Given,
    operators: Arc<Operators>,
}

impl Source {
    pub fn read(file: &Path, given: Given, operators: Arc<Operators>) -> std::io::Result<Self> {
        Ok(Self { bytes: std::fs::read(file)?, file: file.to_owned(), given, operators })
    }

    /// The pipeline with its parameters for input and output set, and the warnings of its check.
    pub fn pipeline(&self, input: &str, output: &str) -> Result<(Pipeline, Vec<String>), Faults> {
        let mut set = self.given.set.clone();
        set.extend([format!("{}={input}", self.given.input), format!("{}={output}", self.given.output)]);
        let checked = check(&self.file, &self.bytes, &self.operators, &Config { set, open: false })?;
        Ok((checked.pipeline, checked.warnings.iter().map(ToString::to_string).collect()))
    }

    /// Names of the parameters that are paths.
    pub fn paths(&self) -> Vec<String> {
        let file: Json = serde_json::from_slice(&self.bytes).unwrap_or_default();
        let params = file["params"].as_object();
        let paths = params.into_iter().flatten().filter(|(_, param)| param["type"] == "path");
        paths.map(|(name, _)| name.clone()).collect()
    }

    /// Of the file's contents.
    pub fn hash(&self) -> String {
        format!("{:x}", Sha256::digest(&self.bytes))
    }
}
