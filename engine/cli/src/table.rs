//! Rows as a table for people, with the means of its numbers below.

use crate::rows::{Row, columns};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::Value as Json;

/// Longer tables are for the report.
const MOST_ROWS: usize = 100;

/// The rows under their column names; numbers with four significant digits, to the right; means of them below if asked for.
pub fn table(rows: &[Row], with_means: bool) -> String {
    let columns = columns(rows);
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(&columns);
    for row in rows.iter().take(MOST_ROWS) {
        table.add_row(columns.iter().map(|column| row.get(column).map_or(String::new(), cell)));
    }
    if rows.len() > MOST_ROWS {
        table.add_row([format!("… {} more in the report", rows.len() - MOST_ROWS)]);
    }
    let means = if with_means { means(rows, &columns) } else { Vec::new() };
    for row in means {
        table.add_row(row);
    }
    spaced(&mut table);
    for (index, name) in columns.iter().enumerate() {
        let numeric = rows.iter().filter_map(|row| row.get(name)).all(|value| value.is_number() || value.is_null());
        if let (true, Some(column)) = (numeric, table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

/// The rows alone, each behind `indent`, without header and means.
pub fn plain(rows: &[Row], indent: &str) -> String {
    let columns = columns(rows);
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    for row in rows {
        table.add_row(columns.iter().map(|column| row.get(column).map_or(String::new(), cell)));
    }
    spaced(&mut table);
    table.lines().map(|line| format!("{indent}{}\n", line.trim_end())).collect()
}

/// Columns begin at the left edge, two spaces apart.
fn spaced(table: &mut Table) {
    table.column_iter_mut().for_each(|column| {
        column.set_padding((0, 2));
    });
}

/// One row of means for each group: rows that agree in all text columns but the first.
///
/// Nothing is added where the rows have no text to name them by, or only one row would be averaged.
fn means(rows: &[Row], columns: &[String]) -> Vec<Vec<String>> {
    let is_text = |column: &String| rows.iter().any(|row| row.get(column).is_some_and(Json::is_string));
    let Some(item) = columns.iter().find(|column| is_text(column)) else { return Vec::new() };
    let keys: Vec<&String> = columns.iter().filter(|column| *column != item && is_text(column)).collect();
    let mut groups: Vec<(Vec<String>, Vec<&Row>)> = Vec::new();
    for row in rows {
        let key: Vec<String> = keys.iter().map(|column| row.get(*column).map_or(String::new(), cell)).collect();
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, members)) => members.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    let several = groups.iter().any(|(_, members)| members.len() > 1);
    // Whole numbers are sizes and counts, whose means say little; where nothing else is there, they are left alone.
    let measured = rows.iter().flat_map(Row::values).any(Json::is_f64);
    if !several || !measured {
        return Vec::new();
    }
    groups.iter().map(|(_, members)| mean_row(members, columns, item)).collect()
}

fn mean_row(members: &[&Row], columns: &[String], item: &String) -> Vec<String> {
    let of_column = |column: &String| {
        if column == item {
            return "mean".to_owned();
        }
        let values: Vec<&Json> = members.iter().filter_map(|row| row.get(column)).collect();
        let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).filter(|number| number.is_finite()).collect();
        if !numbers.is_empty() {
            return number(numbers.iter().sum::<f64>() / numbers.len() as f64);
        }
        values.iter().find(|value| value.is_string()).map_or(String::new(), |value| cell(value))
    };
    columns.iter().map(of_column).collect()
}

/// One value as text.
pub fn cell(value: &Json) -> String {
    match value {
        Json::Null => "-".into(),
        Json::String(text) => text.clone(),
        Json::Number(n) if n.is_f64() => number(n.as_f64().unwrap_or(f64::NAN)),
        other => other.to_string(),
    }
}

/// Four significant digits, at most four behind the point.
fn number(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits_before = value.abs().log10().floor() as i32 + 1;
    if !(-2..=9).contains(&digits_before) {
        return format!("{value:.3e}");
    }
    let decimals = (4 - digits_before).clamp(0, 4) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::{number, table};
    use crate::rows::Row;
    use serde_json::json;

    fn rows(values: serde_json::Value) -> Vec<Row> {
        values.as_array().into_iter().flatten().filter_map(|row| row.as_object().cloned()).collect()
    }

    #[test]
    fn a_table_ends_with_the_mean_of_each_structure() {
        let text = table(
            &rows(json!([
                { "case": "a", "structure": "head", "dice": 0.8 }, { "case": "a", "structure": "tail", "dice": 0.5 },
                { "case": "b", "structure": "head", "dice": 0.9 }, { "case": "b", "structure": "tail", "dice": 0.7 },
            ])),
            true,
        );
        let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(lines[0], ["case", "structure", "dice"]);
        assert_eq!(lines[1], ["a", "head", "0.8000"]);
        assert_eq!(lines[5], ["mean", "head", "0.8500"]);
        assert_eq!(lines[6], ["mean", "tail", "0.6000"]);
        assert_eq!(lines.len(), 7);
    }

    #[test]
    fn values_that_are_not_there_stay_empty_and_count_in_no_mean() {
        let text = table(&rows(json!([{ "case": "a", "hd95_mm": null }, { "case": "b", "hd95_mm": 2.0 }])), true);
        assert!(text.lines().last().is_some_and(|line| line.split_whitespace().eq(["mean", "2.000"])), "{text}");
    }

    #[test]
    fn numbers_have_four_significant_digits() {
        assert_eq!(
            [0.91234, 12.3456, 1234.56, 0.0001234, 1.5e12].map(number),
            ["0.9123", "12.35", "1235", "1.234e-4", "1.500e12"]
        );
    }
}
