//! `imaging.table`: gathers the results of all cases into one table, as JSON and CSV, with means.

mod rows;

pub use rows::{Row, csv, means, rows_of};

use crate::write::write_whole;
use std::path::PathBuf;
use voxloom_sdk::prelude::*;

/// Gathers one JSON result a case into a table with means, and writes it as `<file>.json` and `<file>.csv`.
///
/// # Rows
/// A result that is an object of numbers is one row. A list of objects, alone or under `rows` as in `imaging.metrics`, is one
/// row each; an object of objects is one row a key, with the key in the column `group`. The column `case` names the case.
///
/// # Result
/// `{"rows": [...], "mean": {"all": {...}, "<group>": {...}}}`: means over the finite numbers of each column.
#[derive(Debug, Params)]
pub struct Table {
    /// Where the table goes: an ending `.json` or `.csv` is replaced by each. Nothing is written where this is left out.
    #[param(path)]
    pub file: Option<PathBuf>,
    /// Column that holds the keys of an object of objects, and by which means are grouped.
    #[param(default = "structure")]
    pub group: String,
}

impl Gather for Table {
    const NAME: &'static str = "imaging.table";

    fn entry() -> Entry {
        Entry::gather()
            .partial()
            .input(Port::json("row").gathered().about("one case's result"))
            .input(Port::of("case", "case").gathered().optional().about("names the rows"))
            .output(Port::json("table").about("rows and means"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(TableRows { file: self.file.clone(), group: self.group.clone(), rows: Vec::new() }))
    }
}

struct TableRows {
    file: Option<PathBuf>,
    group: String,
    rows: Vec<Row>,
}

impl Accumulator for TableRows {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        let result: Json = call.input("row")?;
        let case = match call.optional::<Record>("case")? {
            Some(case) => case.get::<JsonMap>("meta", call)?.get("name").and_then(Json::as_str).map(str::to_owned),
            None => None,
        };
        self.rows.extend(rows_of(&result, case.as_deref(), &self.group).map_err(Error::item)?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        let mean = means(&self.rows, &self.group);
        let table = json!({ "rows": self.rows, "mean": mean });
        if let Some(file) = &self.file {
            let ours = file.extension().is_some_and(|ending| ending == "json" || ending == "csv");
            let stem = if ours { file.with_extension("") } else { file.clone() };
            let with = |ending: &str| PathBuf::from(format!("{}{ending}", stem.display()));
            write_whole(&with(".json"), format!("{table:#}\n").as_bytes())?;
            write_whole(&with(".csv"), csv(&self.rows, &self.group, &mean).as_bytes())?;
        }
        call.output("table", table)
    }
}
