//! From the JSON that nodes leave in the report to flat rows that a table can show.
//!
//! Nothing here knows what a node measures. A list of objects is one row each; an object of objects is one row each with
//! its key in the column `name`; single values beside them are repeated in every row; deeper values get dotted names.

use serde_json::{Map, Value as Json};

/// One line: column and value, in the order in which they were met.
pub type Row = Map<String, Json>;

/// The tables of one value: under no name, or under the names of its lists where it has several.
pub fn tables(value: &Json) -> Vec<(String, Vec<Row>)> {
    let parts: Vec<(&String, &Json)> = value.as_object().into_iter().flatten().filter(|(_, part)| is_many(part)).collect();
    if parts.len() < 2 {
        return vec![(String::new(), rows(value, &Row::new()))];
    }
    let mut single = value.as_object().cloned().unwrap_or_default();
    single.retain(|_, part| !is_many(part));
    let prefix = rows(&Json::Object(single), &Row::new()).pop().unwrap_or_default();
    parts.into_iter().map(|(name, part)| (name.clone(), nested(part, &prefix))).collect()
}

/// True for a value that is one row each: a list of objects, or an object of objects.
fn is_many(value: &Json) -> bool {
    match value {
        Json::Array(list) => !list.is_empty() && list.iter().all(Json::is_object),
        Json::Object(object) => !object.is_empty() && object.values().all(Json::is_object),
        _ => false,
    }
}

/// The rows of one value, each beginning with the columns of `prefix`.
fn rows(value: &Json, prefix: &Row) -> Vec<Row> {
    match value {
        Json::Array(list) if list.iter().all(Json::is_object) && !list.is_empty() => {
            list.iter().flat_map(|entry| rows(entry, prefix)).collect()
        }
        Json::Object(object) => object_rows(object, prefix),
        other => {
            let mut row = prefix.clone();
            row.insert("value".into(), other.clone());
            vec![row]
        }
    }
}

/// Columns of all rows, in the order in which they are first met.
pub fn columns(rows: &[Row]) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for name in rows.iter().flat_map(Map::keys) {
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    columns
}

fn object_rows(object: &Row, prefix: &Row) -> Vec<Row> {
    let mut single = prefix.clone();
    let mut many: Vec<(&str, &Json)> = Vec::new();
    for (name, value) in object {
        match value {
            value if is_many(value) => many.push((name, value)),
            Json::Object(inner) => dotted(name, inner, &mut single),
            other => {
                single.insert(name.clone(), other.clone());
            }
        }
    }
    if many.is_empty() {
        return vec![single];
    }
    many.iter().flat_map(|(_, value)| nested(value, &single)).collect()
}

fn nested(value: &Json, prefix: &Row) -> Vec<Row> {
    let Json::Object(named) = value else { return rows(value, prefix) };
    let one = |(name, inner): (&String, &Json)| {
        let mut prefix = prefix.clone();
        prefix.insert("name".into(), Json::String(name.clone()));
        rows(inner, &prefix)
    };
    named.iter().flat_map(one).collect()
}

fn dotted(name: &str, object: &Row, into: &mut Row) {
    for (key, value) in object {
        let name = format!("{name}.{key}");
        match value {
            Json::Object(inner) => dotted(&name, inner, into),
            other => {
                into.insert(name, other.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Row, columns, rows, tables};
    use serde_json::{Value as Json, json};

    fn check(value: Json, expected: Json) {
        assert_eq!(Json::Array(rows(&value, &Row::new()).into_iter().map(Json::Object).collect()), expected);
    }

    #[test]
    fn one_object_is_one_row() {
        check(json!({ "psnr_db": 31.5, "at": { "z": 1, "y": 2 } }), json!([{ "psnr_db": 31.5, "at.z": 1, "at.y": 2 }]));
    }

    #[test]
    fn a_list_of_objects_is_a_row_each_with_what_stands_beside_it() {
        check(
            json!({ "case": "a", "structures": [{ "structure": "head", "dice": 0.9 }, { "structure": "tail", "dice": 0.8 }] }),
            json!([{ "case": "a", "structure": "head", "dice": 0.9 }, { "case": "a", "structure": "tail", "dice": 0.8 }]),
        );
    }

    #[test]
    fn named_objects_are_a_row_each_under_their_name() {
        check(
            json!({ "head": { "dice": 0.9 }, "tail": { "dice": 0.8 } })
                .as_object()
                .map_or(Json::Null, |inner| json!({ "of": inner })),
            json!([{ "name": "head", "dice": 0.9 }, { "name": "tail", "dice": 0.8 }]),
        );
    }

    #[test]
    fn several_lists_are_a_table_each() {
        let found = tables(&json!({ "cohort": 7, "rows": [{ "dice": 0.9 }], "means": [{ "n": 1 }, { "n": 2 }] }));
        let shapes: Vec<(&str, usize, usize)> =
            found.iter().map(|(name, rows)| (name.as_str(), rows.len(), rows[0].len())).collect();
        assert_eq!(shapes, [("rows", 1, 2), ("means", 2, 2)]);
    }

    #[test]
    fn a_bare_value_has_a_column_of_its_own() {
        check(json!(3), json!([{ "value": 3 }]));
        check(json!([1, 2]), json!([{ "value": [1, 2] }]));
    }

    #[test]
    fn columns_keep_the_order_in_which_they_are_met() {
        let rows: Vec<Row> =
            [json!({ "b": 1 }), json!({ "a": 1, "b": 2 })].iter().filter_map(|row| row.as_object().cloned()).collect();
        assert_eq!(columns(&rows), ["b", "a"]);
    }
}
