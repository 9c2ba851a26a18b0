//! Rows as text of a width.

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::cell::cell;

/// A column: its heading, and where in a row's JSON its cell is (a JSON pointer).
pub(crate) type Column = (&'static str, &'static str);

/// Between two columns.
const GAP: usize = 2;

/// The rows within `width`, and the columns that have no room there.
pub(super) fn fit<'a>(
    columns: &'a [Column],
    needed: usize,
    rows: &[Value],
    width: Option<usize>,
) -> (String, &'a [Column]) {
    let headings = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let cells = rows.iter().map(|row| columns.iter().map(|(_, pointer)| cell(row.pointer(pointer))).collect());
    let lines: Vec<Vec<String>> = std::iter::once(headings).chain(cells).collect();
    let widest = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<_> = (0..columns.len()).filter_map(widest).collect();
    let room = |shown: usize| widths.iter().take(shown).map(|width| width + GAP).sum::<usize>().saturating_sub(GAP);
    let fits = |shown: &usize| width.is_none_or(|width| room(*shown) <= width);
    match (needed.min(columns.len())..=columns.len()).rev().find(fits) {
        Some(shown) => {
            let text = lines.iter().map(|line| aligned(line.iter().zip(&widths).take(shown)));
            (text.collect(), columns.get(shown..).unwrap_or_default())
        }
        None => (rows.iter().map(|row| record(columns, row)).collect::<Vec<_>>().join("\n"), &[]),
    }
}

fn aligned<'a>(cells: impl Iterator<Item = (&'a String, &'a usize)>) -> String {
    let padded: Vec<_> = cells.map(|(cell, width)| padded(cell, *width)).collect();
    format!("{}\n", padded.join(&" ".repeat(GAP)).trim_end())
}

/// One object, a line for each column.
pub(super) fn record(columns: &[Column], object: &Value) -> String {
    let width = columns.iter().map(|(heading, _)| heading.width()).max().unwrap_or_default();
    let lines = columns
        .iter()
        .map(|(heading, pointer)| format!("{}  {}\n", padded(heading, width), cell(object.pointer(pointer))));
    lines.collect()
}

/// Text with blanks up to so many columns of a terminal.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLUMNS: [Column; 3] = [("ID", "/id"), ("NAME", "/name"), ("LAST USED", "/at")];

    fn rows() -> [Value; 2] {
        [json!({"id": "a", "name": "日本", "at": "2026"}), json!({"id": "long", "name": null, "at": null})]
    }

    #[test]
    fn columns_are_aligned_as_terminals_count() {
        let text = "ID    NAME  LAST USED\na     日本  2026\nlong  -     -\n";
        assert_eq!(fit(&COLUMNS, 1, &rows(), None), (text.to_owned(), &COLUMNS[3..]));
        assert_eq!(fit(&COLUMNS, 1, &rows(), Some(21)), (text.to_owned(), &COLUMNS[3..]));
    }

    #[test]
    fn what_has_no_room_is_left_out_from_the_right() {
        let text = "ID    NAME\na     日本\nlong  -\n";
        assert_eq!(fit(&COLUMNS, 1, &rows(), Some(20)), (text.to_owned(), &COLUMNS[2..]));
        assert_eq!(fit(&COLUMNS, 1, &rows(), Some(9)), ("ID\na\nlong\n".to_owned(), &COLUMNS[1..]));
    }

    #[test]
    fn what_is_needed_gets_a_line_for_each_field() {
        let text = "ID         a\nNAME       日本\nLAST USED  2026\n\nID         long\nNAME       -\nLAST USED  -\n";
        assert_eq!(fit(&COLUMNS, 2, &rows(), Some(9)), (text.to_owned(), &COLUMNS[..0]));
    }
}
