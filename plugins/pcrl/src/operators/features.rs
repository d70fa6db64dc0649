//! An encoder's features as a record, and draws as JSON: how they go from step to step.

use crate::contrast;
use crate::network::Features;
use voxloom_sdk::prelude::*;

/// Type of the port.
pub const FEATURES: &str = "features";

/// A record with `bottleneck`, and `skip0` (the coarsest) to the finest.
pub fn to_record(features: &Features) -> Record {
    let record = Record::new(FEATURES).with("bottleneck", features.bottleneck.shallow_clone());
    let skips = features.skips.iter().enumerate();
    skips.fold(record, |record, (i, skip)| record.with(&format!("skip{i}"), skip.shallow_clone()))
}

pub fn from_record(record: &Record, call: &Call) -> Result<Features> {
    let bottleneck = record.get("bottleneck", call)?;
    let mut skips = Vec::new();
    while let Some(skip) = record.optional(&format!("skip{}", skips.len()), call)? {
        skips.push(skip);
    }
    Ok(Features { bottleneck, skips })
}

/// The port that takes what `pcrl.draws` gives.
pub fn draws_port() -> Port {
    Port::json("draws").about("from `pcrl.draws`")
}

pub fn draws_to_json(draws: &contrast::Draws) -> Json {
    json!({
        "shuffle": draws.shuffle, "alpha1": draws.alpha1, "lambda": draws.lambda, "index": draws.index, "alpha2": draws.alpha2,
    })
}

/// Reads draws for a batch of `batch`.
pub fn draws_of(call: &Call, batch: i64) -> Result<contrast::Draws> {
    let json: Json = call.input("draws")?;
    let wrong = || Error::item("`draws` is not what `pcrl.draws` gives: connect its output");
    let share = |key: &str| json[key].as_f64().ok_or_else(wrong);
    let list = |key: &str| -> Result<Vec<i64>> {
        let list = json[key].as_array().ok_or_else(wrong)?;
        let list: Vec<i64> = list.iter().map(|value| value.as_i64().ok_or_else(wrong)).collect::<Result<_>>()?;
        if list.iter().any(|place| !(0..batch).contains(place)) || !(list.is_empty() || list.len() as i64 == batch) {
            return Err(Error::item(format!("`draws.{key}` is for {} images, the batch has {batch}", list.len())));
        }
        Ok(list)
    };
    let draws = contrast::Draws {
        shuffle: list("shuffle")?,
        alpha1: share("alpha1")?,
        lambda: share("lambda")?,
        index: list("index")?,
        alpha2: share("alpha2")?,
    };
    if draws.index.is_empty() {
        return Err(wrong());
    }
    Ok(draws)
}

/// The number of rows of a batch.
pub fn rows(tensor: &Tensor, port: &str) -> Result<i64> {
    let rows = tensor.size().first().copied();
    rows.filter(|rows| *rows > 0).ok_or_else(|| Error::item(format!("`{port}` has no rows, its shape is {:?}", tensor.size())))
}
