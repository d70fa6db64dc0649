//! One volume of a series that holds several: echoes, time points, diffusion directions.

use super::find::Series;
use super::head::Frame;
use crate::Fault;
use std::collections::BTreeMap;

/// Attributes and the values that slices must have, as text; an empty value means that they have none.
pub type Where = BTreeMap<String, String>;

/// Attributes that tell volumes of one series apart.
pub const MARKS: [&str; 12] = [
    "EchoNumbers",
    "EchoTime",
    "EffectiveEchoTime",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "StackID",
    "DiffusionBValue",
    "DiffusionGradientOrientation",
    "TriggerTime",
    "AcquisitionNumber",
    "AcquisitionTime",
    "ImageType",
];

impl Series {
    /// Keeps the slices that have these values.
    ///
    /// # Errors
    /// An attribute that tells no volumes apart, or no slice has the values; the text lists those there are.
    pub fn only(mut self, wanted: &Where) -> Result<Self, Fault> {
        for name in wanted.keys() {
            known(name)?;
        }
        let values: Vec<String> = wanted.keys().map(|name| format!("{name} {}", self.values(name).join(", "))).collect();
        self.chosen.extend(wanted.clone());
        let chosen = &self.chosen;
        self.heads.retain(|head| head.frames.iter().any(|frame| has(frame, chosen)));
        match self.heads.is_empty() {
            true => Err(Fault::Stack { what: format!("no slice has {wanted:?}; the series has {}", values.join("; ")) }),
            false => Ok(self),
        }
    }

    /// One series for every combination of values that attributes have; the series itself where it has none of them.
    ///
    /// # Errors
    /// An attribute that tells no volumes apart.
    pub fn apart(self, attributes: &[String]) -> Result<Vec<Self>, Fault> {
        let mut parts = vec![self];
        for name in attributes {
            known(name)?;
            let mut split = Vec::new();
            for part in parts {
                match part.values(name).as_slice() {
                    [none] if none.is_empty() => split.push(part),
                    values => {
                        for value in values {
                            split.push(part.clone().only(&Where::from([(name.clone(), value.clone())]))?);
                        }
                    }
                }
            }
            parts = split;
        }
        Ok(parts)
    }

    /// Head and frame of every slice that is chosen.
    pub(super) fn slices(&self) -> Vec<(usize, usize)> {
        let frames = |(head, of): (usize, &super::Head)| {
            let chosen = of.frames.iter().enumerate().filter(|(_, frame)| has(frame, &self.chosen));
            chosen.map(move |(frame, _)| (head, frame)).collect::<Vec<_>>()
        };
        self.heads.iter().enumerate().flat_map(frames).collect()
    }

    /// The values that an attribute has among the chosen slices, each once, in order.
    fn values(&self, name: &str) -> Vec<String> {
        values(self.slices().iter().map(|(head, frame)| &self.heads[*head].frames[*frame]), name)
    }
}

/// The values of an attribute, each once: numbers by size, then texts.
pub(super) fn values<'a>(frames: impl Iterator<Item = &'a Frame>, name: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for frame in frames {
        let value = mark(frame, name);
        if !values.iter().any(|known| same(known, value)) {
            values.push(value.to_owned());
        }
    }
    let number = |value: &String| value.parse().unwrap_or(f64::INFINITY);
    values.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
    values
}

fn known(name: &str) -> Result<(), Fault> {
    match MARKS.contains(&name) {
        true => Ok(()),
        false => {
            Err(Fault::Stack { what: format!("{name} is none of the attributes that tell volumes apart: {}", MARKS.join(", ")) })
        }
    }
}

fn has(frame: &Frame, wanted: &Where) -> bool {
    wanted.iter().all(|(name, value)| same(mark(frame, name), value))
}

fn mark<'a>(frame: &'a Frame, name: &str) -> &'a str {
    frame.marks.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

/// As text or as numbers: files write 2 and 2.0.
fn same(one: &str, other: &str) -> bool {
    one == other || matches!((one.parse::<f64>(), other.parse::<f64>()), (Ok(one), Ok(other)) if one == other)
}
