//! A `manifest.tsv`: what another decoder found in every file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub struct Row {
    pub path: PathBuf,
    values: BTreeMap<String, String>,
}

impl Row {
    pub fn get(&self, column: &str) -> &str {
        self.values.get(column).map_or("", String::as_str)
    }

    pub fn number(&self, column: &str) -> Option<f64> {
        self.get(column).parse().ok()
    }
}

pub fn rows(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("manifest.tsv")).unwrap();
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let row = |line: &str| {
        let values = columns.iter().zip(line.split('\t')).map(|(column, value)| (column.to_string(), value.to_owned()));
        let values: BTreeMap<String, String> = values.collect();
        Row { path: folder.join(&values["file"]), values }
    };
    lines.filter(|line| !line.is_empty()).map(row).collect()
}
