//! Numbers of many items, summed up.

use serde_json::Map;
use voxloom_sdk::prelude::*;

/// Mean and spread of every number in the items' values; for the summary of a validation.
/// Values that are missing, null or not finite are left out of their mean; text and lists are left out everywhere.
#[derive(Params)]
pub struct Mean {}

impl Gather for Mean {
    const NAME: &'static str = "train.mean";

    fn entry() -> Entry {
        Entry::gather()
            .partial()
            .input(Port::json("value").gathered().about("an object of numbers, which may nest, or a number"))
            .output(
                Port::json("summary")
                    .about("`items`, and `mean`, `std` (of the sample, 0 for one) and `n`, each built as the values are"),
            )
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Sums::default()))
    }
}

#[derive(Default)]
struct Sums {
    items: u64,
    /// Path of keys and the numbers found there, in the order of first sight.
    numbers: Vec<(Vec<String>, Vec<f64>)>,
}

impl Accumulator for Sums {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.add(&call.input::<Json>("value")?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("summary", self.summary())
    }
}

impl Sums {
    fn add(&mut self, value: &Json) {
        self.items += 1;
        self.walk(&mut Vec::new(), value);
    }

    fn walk(&mut self, path: &mut Vec<String>, value: &Json) {
        match value {
            Json::Object(map) => {
                for (key, inner) in map {
                    path.push(key.clone());
                    self.walk(path, inner);
                    path.pop();
                }
            }
            Json::Number(number) => {
                let Some(number) = number.as_f64().filter(|number| number.is_finite()) else { return };
                match self.numbers.iter_mut().find(|(other, _)| other == path) {
                    Some((_, numbers)) => numbers.push(number),
                    None => self.numbers.push((path.clone(), vec![number])),
                }
            }
            _ => {}
        }
    }

    fn summary(&self) -> Json {
        let (mut means, mut stds, mut counts) = (Json::Null, Json::Null, Json::Null);
        for (path, numbers) in &self.numbers {
            let n = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / n;
            let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
            put(&mut means, path, mean.into());
            put(&mut stds, path, variance.sqrt().into());
            put(&mut counts, path, numbers.len().into());
        }
        json!({ "items": self.items, "mean": means, "std": stds, "n": counts })
    }
}

/// Sets a value deep inside objects; a number that stands where another item has an object gives way.
fn put(into: &mut Json, path: &[String], value: Json) {
    match path {
        [] => *into = value,
        [key, rest @ ..] => {
            if !into.is_object() {
                *into = Json::Object(Map::new());
            }
            put(&mut into[key.as_str()], rest, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(values: &[Json]) -> Json {
        let mut sums = Sums::default();
        values.iter().for_each(|value| sums.add(value));
        sums.summary()
    }

    #[test]
    fn sums_up_what_nests() {
        let found =
            summary(&[json!({"dice": {"left": 0.5, "right": 1.0}, "name": "a"}), json!({"dice": {"left": 0.75, "right": null}})]);
        assert_eq!(
            found,
            json!({
                "items": 2,
                "mean": {"dice": {"left": 0.625, "right": 1.0}},
                "std": {"dice": {"left": 0.031_25f64.sqrt(), "right": 0.0}},
                "n": {"dice": {"left": 2, "right": 1}},
            })
        );
    }

    #[test]
    fn numbers_alone_and_nothing_at_all() {
        assert_eq!(summary(&[json!(1), json!(3)])["mean"], 2.0);
        assert_eq!(summary(&[]), json!({"items": 0, "mean": null, "std": null, "n": null}));
    }
}
