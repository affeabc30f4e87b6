//! Text in the columns of a terminal: how wide it is, and how it is shortened. A wide letter, as of Chinese or an emoji, takes two
//! columns; an accent that combines with the letter before it takes none.

/// Letters of two columns, after the ranges of Unicode's East Asian Width, in whole blocks.
const WIDE: [(u32, u32); 12] = [
    (0x1100, 0x115f),
    (0x2e80, 0x303e),
    (0x3041, 0x4dbf),
    (0x4e00, 0x9fff),
    (0xa000, 0xa4cf),
    (0xa960, 0xa97f),
    (0xac00, 0xd7a3),
    (0xf900, 0xfaff),
    (0xfe30, 0xfe6f),
    (0xff01, 0xff60),
    (0x1f300, 0x1faff),
    (0x20000, 0x3fffd),
];

/// Letters that combine with the one before them.
const COMBINING: [(u32, u32); 5] =
    [(0x0300, 0x036f), (0x1ab0, 0x1aff), (0x1dc0, 0x1dff), (0x20d0, 0x20ff), (0xfe00, 0xfe2f)];

/// Letters that no terminal shows, or that change the order of those around them.
const INVISIBLE: [(u32, u32); 5] =
    [(0x061c, 0x061c), (0x200b, 0x200f), (0x2028, 0x202e), (0x2060, 0x206f), (0xfeff, 0xfeff)];

fn is_in(ranges: &[(u32, u32)], letter: char) -> bool {
    ranges.iter().any(|&(first, last)| (first..=last).contains(&u32::from(letter)))
}

fn width_of(letter: char) -> usize {
    match letter {
        ' '..='~' => 1,
        _ if is_in(&COMBINING, letter) => 0,
        _ if is_in(&WIDE, letter) => 2,
        _ => 1,
    }
}

/// The number of columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// A text on one line, as it may be written to a terminal: control characters and invisible letters are escaped, as in Rust.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() || is_in(&INVISIBLE, letter) {
            true => visible.extend(letter.escape_default()),
            false => visible.push(letter),
        }
    }
    visible
}

/// A text in exactly this many columns: filled with spaces, or shortened in its middle by an ellipsis, because names often differ
/// at their ends.
pub(crate) fn fitted(text: &str, columns: usize) -> String {
    let text = visible(text);
    let mut fitted = if width(&text) > columns { shortened(&text, columns) } else { text };
    let missing = columns.saturating_sub(width(&fitted));
    fitted.extend(std::iter::repeat_n(' ', missing));
    fitted
}

fn shortened(text: &str, columns: usize) -> String {
    let Some(kept) = columns.checked_sub(1) else { return String::new() };
    let tail = kept / 2;
    let front = taken(text.chars(), kept - tail);
    let back: Vec<char> = taken(text.chars().rev(), tail);
    front.into_iter().chain(['…']).chain(back.into_iter().rev()).collect()
}

/// The first letters that fit into these columns.
fn taken(letters: impl Iterator<Item = char>, columns: usize) -> Vec<char> {
    let mut left = columns;
    let fits = |letter: &char| {
        let fits = width_of(*letter) <= left;
        left -= if fits { width_of(*letter) } else { 0 };
        fits
    };
    letters.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_fits_into_its_columns() {
        let names = [
            "",
            "Db",
            "a\nb\u{7}",
            "\"quoted\"",
            "数据库连接池数据库",
            "e\u{301}e\u{301}",
            "🦀🦀🦀🦀🦀🦀",
            "\u{202e}tac",
        ];
        for name in names.map(str::to_owned).into_iter().chain(["long-".repeat(40)]) {
            for columns in 0..30 {
                let fitted = fitted(&name, columns);
                assert_eq!(width(&fitted), columns, "{name:?} in {columns}: {fitted:?}");
                assert!(!fitted.contains(|letter: char| letter.is_control() || letter == '\u{202e}'), "{fitted:?}");
            }
        }
    }

    #[test]
    fn a_long_name_keeps_its_begin_and_its_end() {
        assert_eq!(fitted("orders-repository-replica-7", 12), "orders…ica-7");
        assert_eq!(fitted("数据库连接池", 8), "数据…池 ");
        assert_eq!(fitted("a\nb", 6), "a\\nb  ");
        assert_eq!(fitted("abc", 1), "…");
    }
}
