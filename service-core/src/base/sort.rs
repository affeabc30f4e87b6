//! [`sort_by`]: one sort for every type.

use std::cmp::Ordering;

/// Sorts like `slice::sort_by`. The standard library compiles its sort anew for each type and each comparison, about 6 KiB of
/// code; of this one, only the comparison and the swaps are.
pub(crate) fn sort_by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    // Most are sorted already, or have at most one item.
    if items.is_sorted_by(|a, b| compare(a, b).is_le()) {
        return;
    }
    let mut order = order(items.len(), &|a, b| compare(&items[a], &items[b]));
    // Each item is moved along its cycle of the permutation.
    for start in 0..items.len() {
        let mut at = start;
        loop {
            let from = std::mem::replace(&mut order[at], at);
            if from == start || from == at {
                break;
            }
            items.swap(at, from);
            at = from;
        }
    }
}

/// The sorted order of the numbers below `len`. Equal ones keep their order.
#[inline(never)]
fn order(len: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    order.sort_by(|&a, &b| compare(a, b));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Rng;

    #[test]
    fn it_sorts_like_the_standard_library() {
        let mut rng = Rng::new(Some(7));
        for len in 0..200_usize {
            for keys in [2.0, 10.0, 1_000.0] {
                let mut items: Vec<(u32, usize)> = (0..len).map(|at| ((rng.draw() * keys) as u32, at)).collect();
                let mut expected = items.clone();
                expected.sort_by_key(|(key, _)| *key);
                sort_by(&mut items, |a, b| a.0.cmp(&b.0));
                assert_eq!(items, expected);
            }
        }
    }
}
