//! `imaging.metrics`: a label map against a reference, structure by structure.

use super::{Overlap, SurfaceDistances, WhenEmpty, hd95_official};
use crate::place::is_placed;
use crate::tensor::{elements, expect_same_grid, expect_whole, shape_of};
use voxloom_sdk::prelude::*;

/// A structure to be measured.
#[derive(Params, Clone)]
pub struct Structure {
    /// Its name in the table.
    pub name: String,
    /// Labels that are it in the prediction (and in the reference, unless `reference_labels` says otherwise).
    #[param(min_len = 1)]
    pub labels: Vec<i32>,
    /// Labels that are it in the reference.
    pub reference_labels: Option<Vec<i32>>,
}

/// What the Dice of two empty masks is.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum BothEmpty {
    One,
    Zero,
    Skip,
}

impl From<BothEmpty> for WhenEmpty {
    fn from(both: BothEmpty) -> Self {
        match both {
            BothEmpty::One => Self::One,
            BothEmpty::Zero => Self::Zero,
            BothEmpty::Skip => Self::Skip,
        }
    }
}

/// Measures a label map against a reference on the same grid: overlap and surface distances of each structure. What is not defined (a distance to an empty mask, millimetres of a picture) is null.
#[derive(Params)]
pub struct Metrics {
    /// What is measured.
    #[param(min_len = 1)]
    pub structures: Vec<Structure>,
    /// Dice where prediction and reference are both empty: 1, 0, or null (`skip`).
    #[param(default = BothEmpty::One)]
    pub both_empty: BothEmpty,
    /// Whether surface distances are measured, which takes most of the time.
    #[param(default = true)]
    pub surfaces: bool,
}

impl Operator for Metrics {
    const NAME: &'static str = "imaging.metrics";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("prediction").shape("[D, H, W]").about("labels"))
            .input(Port::volume("reference").shape("[D, H, W]").about("labels on the same grid"))
            .output(Port::json("metrics").about("{case, rows: [{structure, dice, dice_official, hd95_mm, hd95_max_mm, hd95_official_voxels, assd_mm, masd_mm, n_prediction, n_reference}]}"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let (prediction, reference): (Volume, Volume) = (call.input("prediction")?, call.input("reference")?);
        let metrics = self.measure(&prediction, &reference)?;
        call.output("metrics", metrics)
    }
}

impl Metrics {
    /// The table of one case.
    ///
    /// # Errors
    /// Other grids; voxels that are no labels.
    pub fn measure(&self, prediction: &Volume, reference: &Volume) -> Result<Json> {
        expect_whole(prediction, "prediction")?;
        expect_whole(reference, "reference")?;
        expect_same_grid(("prediction", prediction), ("reference", reference))?;
        let shape = shape_of(prediction)?;
        if prediction.data.dim() != 3 || reference.data.dim() != 3 {
            return Err(Error::item("`prediction` and `reference` must be labels of [D, H, W]"));
        }
        let (p, r): (Vec<i32>, Vec<i32>) = (elements(&prediction.data)?, elements(&reference.data)?);
        let spacing = reference.affine.spacing_zyx();
        let mut rows: Vec<Json> = self.structures.iter().map(|structure| self.row(structure, &p, &r, shape, spacing)).collect();
        if !is_placed(prediction) || !is_placed(reference) {
            // A picture has no millimetres.
            rows.iter_mut()
                .filter_map(Json::as_object_mut)
                .flatten()
                .filter(|(key, _)| key.ends_with("_mm"))
                .for_each(|(_, value)| *value = Json::Null);
        }
        let case = if reference.meta.contains_key("name") { reference.name() } else { prediction.name() };
        Ok(json!({ "case": case, "rows": rows }))
    }

    fn row(&self, structure: &Structure, p: &[i32], r: &[i32], shape: [usize; 3], spacing: [f64; 3]) -> Json {
        let mask = |voxels: &[i32], labels: &[i32]| voxels.iter().map(|label| labels.contains(label)).collect::<Vec<bool>>();
        let p = mask(p, &structure.labels);
        let r = mask(r, structure.reference_labels.as_ref().unwrap_or(&structure.labels));
        let overlap = Overlap::count(&p, &r);
        let mut row = json!({
            "structure": structure.name,
            "dice": overlap.dice(self.both_empty.into()),
            "dice_official": overlap.dice_official(),
            "n_prediction": overlap.prediction,
            "n_reference": overlap.reference,
        });
        if self.surfaces {
            let distances = SurfaceDistances::measure(&p, &r, shape, spacing);
            row["hd95_mm"] = distances.as_ref().map(|found| found.percentile(0.95)).into();
            row["hd95_max_mm"] = distances.as_ref().map(|found| found.percentile_max(0.95)).into();
            row["assd_mm"] = distances.as_ref().map(SurfaceDistances::assd).into();
            row["masd_mm"] = distances.as_ref().map(SurfaceDistances::masd).into();
            row["hd95_official_voxels"] = hd95_official(&p, &r, shape).into();
        }
        row
    }
}

/// Mean of every number of the rows, over the rows where it is defined; counts are left out.
pub(super) fn mean(rows: &[Json]) -> Json {
    let mut means = JsonMap::new();
    let keys = rows.iter().filter_map(Json::as_object).flat_map(JsonMap::keys);
    for key in keys.filter(|key| !key.starts_with("n_")) {
        if means.contains_key(key) || rows.iter().any(|row| row[key].is_string()) {
            continue;
        }
        let values: Vec<f64> = rows.iter().filter_map(|row| row[key].as_f64()).collect();
        let mean = if values.is_empty() { Json::Null } else { (values.iter().sum::<f64>() / values.len() as f64).into() };
        means.insert(key.clone(), mean);
    }
    Json::Object(means)
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn volume(labels: &[u8], spacing: f64) -> Volume {
        Volume::new(Tensor::from_slice(labels).view([1, 1, labels.len() as i64]), Affine::upright([spacing; 3], [0.0; 3]))
    }

    fn operator() -> Metrics {
        let structures = json!([
            {"name": "organ", "labels": [1, 2]},
            {"name": "tumour", "labels": [2], "reference_labels": [3]},
            {"name": "nothing", "labels": [9]},
        ]);
        Metrics::parse(&json!({ "structures": structures })).expect("right")
    }

    #[test]
    fn a_row_for_each_structure_in_millimetres_and_voxels() {
        let (p, r) = (volume(&[0, 1, 1, 2, 0, 0], 2.0), volume(&[0, 0, 1, 1, 1, 3], 2.0));
        let metrics = operator().measure(&p, &r).expect("same grid");
        let organ = &metrics["rows"][0];
        assert_eq!(organ["dice"], json!(4.0 / 6.0));
        assert_eq!(organ["dice_official"], json!(4.0 / 7.0));
        // Distances 1, 0, 0 and 0, 0, 1 voxels.
        assert_eq!((&organ["hd95_mm"], &organ["hd95_official_voxels"]), (&json!(2.0), &json!(1.0)));
        assert!((organ["assd_mm"].as_f64().expect("a number") - 2.0 / 3.0).abs() < 1e-12);
        let tumour = &metrics["rows"][1];
        assert_eq!((&tumour["dice"], &tumour["hd95_mm"]), (&json!(0.0), &json!(4.0)));
        let nothing = &metrics["rows"][2];
        assert_eq!((&nothing["dice"], &nothing["hd95_mm"]), (&json!(1.0), &json!(0.0)));
    }

    #[test]
    fn one_empty_mask_has_no_distance() {
        let metrics = operator().measure(&volume(&[1, 0], 1.0), &volume(&[0, 0], 1.0)).expect("same grid");
        assert_eq!(metrics["rows"][0]["hd95_mm"], Json::Null);
        assert_eq!(metrics["rows"][0]["hd95_official_voxels"], json!(crate::metrics::OFFICIAL_ONE_EMPTY));
    }

    #[test]
    fn other_grids_are_refused() {
        let fault = operator().measure(&volume(&[1, 0], 1.0), &volume(&[1, 0, 0], 1.0)).expect_err("other shape");
        assert_eq!(fault.to_string(), "`prediction` has [1, 1, 2] voxels (z, y, x), `reference` has [1, 1, 3]");
        let mut moved = volume(&[1, 0], 1.0);
        moved.affine.0[0][3] = 0.5;
        let fault = operator().measure(&volume(&[1, 0], 1.0), &moved).expect_err("moved");
        assert!(fault.to_string().starts_with("`prediction` and `reference` lie 0.50 voxels apart"), "{fault}");
    }
}
