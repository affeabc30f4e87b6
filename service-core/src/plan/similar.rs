//! Suggestions for a name that no service has.

use crate::base::sort_by;

#[cfg(test)]
mod tests;

const AT_MOST: usize = 3;

/// The known names that look like `wrong`, the closest first.
pub(super) fn similar<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Vec<String> {
    let wrong_letters: Vec<char> = wrong.to_lowercase().chars().collect();
    let tolerance = (wrong_letters.len() / 3).max(1);
    let mut close: Vec<(usize, &str)> = known
        .filter_map(|name| {
            // `Db` is called `users::Db` where two services share the name.
            if name.rsplit("::").next() == Some(wrong) {
                return Some((0, name));
            }
            let letters: Vec<char> = name.to_lowercase().chars().collect();
            let apart = letters.len().abs_diff(wrong_letters.len());
            let distance = if apart > tolerance { apart } else { edits(&wrong_letters, &letters) };
            (distance <= tolerance).then_some((distance, name))
        })
        .collect();
    sort_by(&mut close, Ord::cmp);
    close.into_iter().take(AT_MOST).map(|(_, name)| name.to_owned()).collect()
}

/// The edit distance: insertions, deletions, substitutions and transpositions of neighbours.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for j in 0..b.len() {
            let change = last[j] + usize::from(a[i] != b[j]);
            let mut best = change.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
