//! `pcrl.lists`: tables of labelled pictures become lists for training, validation and test.

use crate::finetune::{Row, labelled, overlap, parse, split};
use std::path::{Path, PathBuf};
use voxloom_sdk::prelude::*;

/// Writes `train.json`, `validate.json` and `test.json` from a table of files and findings (NIH's lists, or CSV), so that no patient is in two of them; and shorter training lists, for learning from few labels. A patient is what stands before the first `_` of a file's name.
#[derive(Params)]
#[param(check)]
pub struct Lists {
    /// Lines of a file name and 0 or 1 for each finding, parted by commas or blanks; a header may stand first.
    #[param(path)]
    pub table: PathBuf,
    /// Where the pictures are.
    #[param(path)]
    pub images: PathBuf,
    /// How many findings a line holds; NIH ChestX-ray14 has 14.
    #[param(default = 14, min = 1)]
    pub findings: usize,
    /// A table that is used for the test as it is, such as a published one. Patients that it shares with training are warned of.
    #[param(path)]
    pub test: Option<PathBuf>,
    /// Shares of the patients that train, validate and test; with `test`, the last one is 0.
    #[param(default = [0.7, 0.1, 0.2], min = 0.0, max = 1.0)]
    pub split: [f64; 3],
    /// Shares of the labelled training pictures that get a list of their own: 0.1 makes `train-10.json`, the list's first tenth.
    #[param(default = vec![0.1, 0.3], above = 0.0, max = 1.0)]
    pub shares: Vec<f64>,
    /// Where the lists go; made where it is missing.
    #[param(path)]
    pub folder: PathBuf,
}

impl Lists {
    fn check_relations(&self) -> Result<()> {
        let sum: f64 = self.split.iter().sum();
        if (sum - 1.0).abs() > 1e-6 {
            return Err(Error::param("split", format!("must sum to 1, got {sum}")));
        }
        match (&self.test, self.split[2]) {
            (Some(_), share) if share > 0.0 => Err(Error::param("split[2]", "must be 0 where `test` is given")),
            (None, 0.0) => Err(Error::param("split[2]", "must be above 0, or give `test`")),
            _ => Ok(()),
        }
    }
}

impl Operator for Lists {
    const NAME: &'static str = "pcrl.lists";

    fn entry() -> Entry {
        Entry::map().output(
            Port::json("lists")
                .about("`files` (cases in each list) and `shared` (patients of the test that train or validate too)"),
        )
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let rows = self.read(&self.table)?;
        let mut parts = split(&rows, &self.split, &mut call.rng());
        if let Some(test) = &self.test {
            parts[2] = self.read(test)?;
        }
        let shared = overlap(&parts[0], &parts[2]) + overlap(&parts[1], &parts[2]);
        if shared > 0 {
            call.warn(&format!("{shared} patients of the test train or validate too: what is measured there is too good"));
        }
        let mut lists: Vec<(String, Vec<Row>)> =
            ["train", "validate", "test"].map(str::to_owned).into_iter().zip(parts).collect();
        for share in &self.shares {
            lists.push((format!("train-{}", (share * 100.0).round()), labelled(&lists[0].1, *share)));
        }
        std::fs::create_dir_all(&self.folder)?;
        let mut files = JsonMap::new();
        for (name, rows) in &lists {
            self.write(name, rows)?;
            files.insert(format!("{name}.json"), rows.len().into());
        }
        call.output("lists", json!({ "files": files, "shared": shared }))
    }
}

impl Lists {
    fn read(&self, path: &Path) -> Result<Vec<Row>> {
        let text = std::fs::read_to_string(path).map_err(|fault| Error::from(fault).context(path.display()))?;
        let rows = parse(&text, self.findings).map_err(|fault| Error::item(format!("{}: {fault}", path.display())))?;
        if rows.is_empty() {
            return Err(Error::item(format!("{}: holds no line", path.display())));
        }
        Ok(rows)
    }

    fn write(&self, name: &str, rows: &[Row]) -> Result<()> {
        // Lists are read from their own folder.
        let images = std::path::absolute(&self.images)?;
        let case = |row: &Row| json!({ "image": images.join(&row.file).to_string_lossy(), "labels": row.labels, "patient": row.patient() });
        let cases: Vec<Json> = rows.iter().map(case).collect();
        let text = serde_json::to_string_pretty(&cases)?;
        Ok(std::fs::write(self.folder.join(name).with_extension("json"), text)?)
    }
}
