//! A file's text and the line and column of each of its bytes.

use crate::graph::Position;
use std::cell::Cell;

/// Text that knows its positions.
pub(super) struct Source<'a> {
    pub text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// The last answer, `(line, offset, column)`: questions mostly come in the order of the text, and a file may be one long line.
    last: Cell<(usize, usize, u32)>,
}

impl<'a> Source<'a> {
    pub fn new(text: &'a str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(offset, _)| offset + 1);
        Self { text, lines: std::iter::once(0).chain(after_breaks).collect(), last: Cell::new((0, 0, 1)) }
    }

    /// Line and column of a byte; columns count characters.
    pub fn position(&self, offset: usize) -> Position {
        let offset = self.floor(offset);
        let line = self.lines.partition_point(|start| *start <= offset) - 1;
        let (last_line, last_offset, last_column) = self.last.get();
        let (from, column) =
            if last_line == line && last_offset <= offset { (last_offset, last_column) } else { (self.lines[line], 1) };
        let column = column.saturating_add(clamp(self.text[from..offset].chars().count()));
        self.last.set((line, offset, column));
        Position { line: clamp(line + 1), column }
    }

    /// The byte at a line and a column in bytes, both counted from 1, as `serde_json` counts them.
    pub fn offset(&self, line: usize, column: usize) -> usize {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        self.floor(start.saturating_add(column.saturating_sub(1)))
    }

    /// The offset of `part`, which must be a part of the text.
    pub fn offset_of(&self, part: &str) -> usize {
        (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len())
    }

    fn floor(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters_from_one_in_any_order() {
        let source = Source::new("a\nöü x\n");
        let at = |offset| {
            let position = source.position(offset);
            (position.line, position.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(2), (2, 1));
        assert_eq!(at(7), (2, 4));
        assert_eq!(at(4), (2, 2), "backwards");
        assert_eq!(at(9), (3, 1));
        assert_eq!(at(999), (3, 1), "past the end");
        assert_eq!(source.offset(2, 6), 7);
    }
}
