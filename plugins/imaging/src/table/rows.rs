//! Rows, means and CSV text from JSON results. Knows no engine and no files.

use std::collections::BTreeMap;
use voxloom_sdk::{Json, JsonMap};

/// One row: column to value, in the order in which the result has them.
pub type Row = JsonMap;

/// The rows of one result.
///
/// # Errors
/// A result that is neither an object nor a list of objects.
pub fn rows_of(result: &Json, case: Option<&str>, group: &str) -> Result<Vec<Row>, String> {
    let row = |first: Option<(&str, &str)>, values: &JsonMap| {
        let start =
            case.map(|case| ("case", case)).into_iter().chain(first).map(|(key, text)| (key.to_owned(), Json::from(text)));
        let mut row: Row = start.collect();
        for (key, value) in values {
            flatten(key, value, &mut row);
        }
        row
    };
    match result {
        // Tables such as those of `imaging.metrics` hold their rows by that name.
        Json::Object(map) if map.get("rows").is_some_and(Json::is_array) => rows_of(&map["rows"], case, group),
        Json::Object(map) if !map.is_empty() && map.values().all(Json::is_object) => {
            Ok(map.iter().map(|(key, value)| row(Some((group, key)), value.as_object().unwrap_or(&JsonMap::new()))).collect())
        }
        Json::Object(map) => Ok(vec![row(None, map)]),
        Json::Array(list) => list
            .iter()
            .map(|entry| {
                entry.as_object().map(|map| row(None, map)).ok_or_else(|| format!("a row must be an object, got {entry}"))
            })
            .collect(),
        other => Err(format!("a result must be an object or a list of objects, got {other}")),
    }
}

/// Inner objects become columns such as `outer.inner`.
fn flatten(key: &str, value: &Json, row: &mut Row) {
    match value {
        Json::Object(map) => {
            for (inner, value) in map {
                flatten(&format!("{key}.{inner}"), value, row);
            }
        }
        other => {
            row.insert(key.to_owned(), other.clone());
        }
    }
}

/// Means of every numeric column over all rows (`all`) and by group. Values that are no finite number (a distance to an empty
/// structure is null) do not count; `n` says how many rows there were.
pub fn means(rows: &[Row], group: &str) -> Json {
    let mut groups: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        if let Some(name) = row.get(group).and_then(Json::as_str) {
            groups.entry(name.to_owned()).or_default().push(row);
        }
    }
    groups.insert("all".into(), rows.iter().collect());
    groups.into_iter().map(|(name, rows)| (name, mean_of(&rows))).collect::<JsonMap>().into()
}

fn mean_of(rows: &[&Row]) -> Json {
    let mut mean = JsonMap::new();
    mean.insert("n".into(), rows.len().into());
    for column in columns(rows.iter().copied()) {
        let values: Vec<f64> =
            rows.iter().filter_map(|row| row.get(&column)?.as_f64()).filter(|value| value.is_finite()).collect();
        if !values.is_empty() && column != "n" {
            mean.insert(column, (values.iter().sum::<f64>() / values.len() as f64).into());
        }
    }
    mean.into()
}

/// Columns in the order of first appearance.
fn columns<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for key in rows.flat_map(|row| row.keys()) {
        if !columns.contains(key) {
            columns.push(key.clone());
        }
    }
    columns
}

/// The rows, then one row of means a group, as comma-separated text (RFC 4180).
pub fn csv(rows: &[Row], group: &str, means: &Json) -> String {
    let columns = columns(rows.iter());
    let mut text = line(columns.iter().map(String::as_str));
    for row in rows {
        text += &line(columns.iter().map(|column| cell(row.get(column))).collect::<Vec<_>>().iter().map(String::as_str));
    }
    for (name, mean) in means.as_object().into_iter().flatten() {
        let cells = columns.iter().map(|column| match column.as_str() {
            "case" => "mean".to_owned(),
            column if column == group => name.clone(),
            column => cell(mean.get(column)),
        });
        text += &line(cells.collect::<Vec<_>>().iter().map(String::as_str));
    }
    text
}

fn cell(value: Option<&Json>) -> String {
    match value {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let quoted = cells.map(|cell| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rows() -> Vec<Row> {
        let results = [
            json!({ "left": { "dice": 0.5, "hd95": null }, "right": { "dice": 1.0, "hd95": 2.0 } }),
            json!([{ "structure": "left", "dice": 0.7 }]),
        ];
        results.iter().zip(["a", "b, c"]).flat_map(|(result, case)| rows_of(result, Some(case), "structure").unwrap()).collect()
    }

    #[test]
    fn results_of_each_form_become_rows() {
        let rows = rows();
        assert_eq!(rows.len(), 3);
        assert_eq!(Json::from(rows[0].clone()), json!({ "case": "a", "structure": "left", "dice": 0.5, "hd95": null }));
        let flat = rows_of(&json!({ "psnr": 30.0, "time": { "s": 2 } }), None, "structure").unwrap();
        assert_eq!(Json::from(flat[0].clone()), json!({ "psnr": 30.0, "time.s": 2 }));
        let table = json!({ "rows": [{ "structure": "left", "dice": 1.0 }], "mean": { "dice": 1.0 } });
        assert_eq!(rows_of(&table, None, "structure").unwrap().len(), 1);
        assert_eq!(rows_of(&json!(3), None, "x").unwrap_err(), "a result must be an object or a list of objects, got 3");
        assert_eq!(rows_of(&json!([3]), None, "x").unwrap_err(), "a row must be an object, got 3");
    }

    #[test]
    fn means_skip_what_is_no_number() {
        let mean = means(&rows(), "structure");
        assert_eq!(mean["left"], json!({ "n": 2, "dice": 0.6 }));
        assert_eq!(mean["right"], json!({ "n": 1, "dice": 1.0, "hd95": 2.0 }));
        assert_eq!((mean["all"]["n"].as_u64(), mean["all"]["hd95"].as_f64()), (Some(3), Some(2.0)));
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let rows = rows();
        let text = csv(&rows[..], "structure", &means(&rows[2..], "structure"));
        assert_eq!(
            text,
            "case,structure,dice,hd95\na,left,0.5,\na,right,1.0,2.0\n\"b, c\",left,0.7,\nmean,all,0.7,\nmean,left,0.7,\n"
        );
    }
}
