//! `imaging.components` and `imaging.keep_largest`.

use super::rules::{clean, resolve};
use super::{Connectivity, Rule};
use crate::tensor::{elements, expect_whole, shape_of};
use voxloom_sdk::prelude::*;

/// Which voxels belong together.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touching {
    Faces,
    Edges,
    Corners,
}

impl From<Touching> for Connectivity {
    fn from(touching: Touching) -> Self {
        match touching {
            Touching::Faces => Self::Faces,
            Touching::Edges => Self::Edges,
            Touching::Corners => Self::Corners,
        }
    }
}

/// One rule of `imaging.components`.
#[derive(Params, Clone)]
pub struct RuleParams {
    /// A name for later rules to refer to.
    pub name: Option<String>,
    /// Labels that together form the rule's mask.
    #[param(min_len = 1)]
    pub labels: Vec<i32>,
    /// Only what lies inside of the result of this earlier rule belongs to the mask.
    pub within: Option<String>,
    /// Components of at most so many voxels are removed.
    #[param(default = 0)]
    pub drop_up_to: usize,
    /// A mask of one component is left as it is, however small.
    #[param(default = false)]
    pub spare_single: bool,
    /// Only so many components stay, the largest; of equal ones that with the smallest voxel index.
    #[param(min = 1)]
    pub keep_largest: Option<usize>,
    /// Label that is written where the rule keeps voxels; without it the rule only serves later ones.
    pub write: Option<i32>,
}

/// Cleans a label map by rules about connected components. A voxel whose label stands in a rule gets what the last rule that keeps it writes, or 0; others stay.
#[derive(Params)]
#[param(check)]
pub struct CleanComponents {
    /// Applied in order, each to the labels as they came in.
    #[param(min_len = 1)]
    pub rules: Vec<RuleParams>,
    /// Voxels belong together across `faces` (6 neighbours), `edges` (18) or `corners` (26).
    #[param(default = Touching::Edges)]
    pub touching: Touching,
}

impl CleanComponents {
    fn rules(&self) -> Vec<Rule> {
        let rule = |rule: &RuleParams| Rule {
            name: rule.name.clone(),
            labels: rule.labels.clone(),
            within: rule.within.clone(),
            drop_up_to: rule.drop_up_to,
            spare_single: rule.spare_single,
            keep_largest: rule.keep_largest,
            write: rule.write,
        };
        self.rules.iter().map(rule).collect()
    }

    fn check_relations(&self) -> Result<()> {
        let known = resolve(&self.rules());
        known.map(|_| ()).map_err(|fault| Error::param(format!("rules[{}].within", fault.rule), &fault))
    }
}

impl Operator for CleanComponents {
    const NAME: &'static str = "imaging.components";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").shape("[D, H, W]").about("labels"))
            .output(Port::volume("volume").shape("[D, H, W]").about("labels, the same element type and grid"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let cleaned = cleaned(&volume, &self.rules(), self.touching.into())?;
        call.output("volume", cleaned)
    }
}

/// Keeps the largest connected components of each label; the others become background.
#[derive(Params)]
pub struct KeepLargest {
    /// Labels that are cleaned, each by itself. Without it all that occur, but 0.
    pub labels: Option<Vec<i32>>,
    /// How many components of each label stay; of equal ones that with the smallest voxel index.
    #[param(default = 1, min = 1)]
    pub count: usize,
    /// Components of at most so many voxels are removed in any case.
    #[param(default = 0)]
    pub drop_up_to: usize,
    /// Voxels belong together across `faces` (6 neighbours), `edges` (18) or `corners` (26).
    #[param(default = Touching::Edges)]
    pub touching: Touching,
}

impl Operator for KeepLargest {
    const NAME: &'static str = "imaging.keep_largest";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").shape("[D, H, W]").about("labels"))
            .output(Port::volume("volume").shape("[D, H, W]").about("labels, the same element type and grid"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let kept = self.apply(&volume)?;
        call.output("volume", kept)
    }
}

impl KeepLargest {
    /// The cleaned label map.
    ///
    /// # Errors
    /// Voxels that are no whole numbers.
    pub fn apply(&self, volume: &Volume) -> Result<Volume> {
        let labels = match &self.labels {
            Some(labels) => labels.clone(),
            None => occurring(volume)?,
        };
        let rule = |label: i32| Rule {
            labels: vec![label],
            drop_up_to: self.drop_up_to,
            keep_largest: Some(self.count),
            write: Some(label),
            ..Rule::default()
        };
        let rules: Vec<Rule> = labels.into_iter().map(rule).collect();
        cleaned(volume, &rules, self.touching.into())
    }
}

/// Labels of the volume but 0, in order.
fn occurring(volume: &Volume) -> Result<Vec<i32>> {
    expect_whole(volume, "volume")?;
    let labels: std::collections::BTreeSet<i32> = elements::<i32>(&volume.data)?.into_iter().collect();
    Ok(labels.into_iter().filter(|&label| label != 0).collect())
}

fn cleaned(volume: &Volume, rules: &[Rule], connectivity: Connectivity) -> Result<Volume> {
    expect_whole(volume, "volume")?;
    let shape = shape_of(volume)?;
    if volume.data.dim() != 3 {
        return Err(Error::item(format!("`volume` is {:?}, expected labels of [D, H, W]", volume.data.size())));
    }
    let labels = clean(&elements::<i32>(&volume.data)?, shape, rules, connectivity)?;
    let data = Tensor::f_from_slice(&labels)?.f_view(shape.map(|n| n as i64))?.f_to_kind(volume.data.kind())?;
    Ok(volume.with_data(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxloom_sdk::params::ParamType;

    fn volume(labels: &[u8]) -> Volume {
        Volume::new(Tensor::from_slice(labels).view([1, 1, labels.len() as i64]), Affine::IDENTITY)
    }

    #[test]
    fn each_label_keeps_its_largest_component() {
        let operator = KeepLargest::parse(&json!({})).expect("right");
        let kept = operator.apply(&volume(&[1, 1, 2, 0, 1, 2, 2])).expect("labels");
        assert_eq!(Vec::<u8>::try_from(kept.data.reshape([-1])).expect("uint8"), [1, 1, 0, 0, 0, 2, 2]);
        let operator = KeepLargest::parse(&json!({"labels": [1], "drop_up_to": 2})).expect("right");
        let kept = operator.apply(&volume(&[1, 1, 2, 0, 1, 2, 2])).expect("labels");
        assert_eq!(Vec::<u8>::try_from(kept.data.reshape([-1])).expect("uint8"), [0, 0, 2, 0, 0, 2, 2]);
    }

    #[test]
    fn scores_are_no_labels() {
        let scores = volume(&[1]).map(|data| data.to_kind(Kind::Float));
        let fault = KeepLargest::parse(&json!({})).expect("right").apply(&scores).expect_err("float32");
        assert_eq!(fault.to_string(), "`volume` holds labels, so it must have whole numbers, got float32");
    }

    #[test]
    fn a_rule_that_nobody_knows_is_refused_by_its_place() {
        let params = json!({"rules": [{"labels": [1]}, {"labels": [2], "within": "organ"}]});
        let fault = CleanComponents::read(&params).err().map(|error| error.to_string());
        assert_eq!(fault.as_deref(), Some("rules[1].within refers to `organ`, but no rule before it has that name"));
    }
}
