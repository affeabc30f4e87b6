//! [`graphs`]: enumerates the small dependency graphs.

use std::collections::HashSet;

/// Every acyclic graph of this many services, up to isomorphism: for each service, the services that it depends on, each
/// with a smaller index. There are 1, 2, 6, 31, 302 and 5,984 graphs of 1 to 6 services.
pub fn graphs(services: usize) -> Vec<Vec<Vec<usize>>> {
    let pairs: Vec<_> = (0..services).flat_map(|from| (0..from).map(move |on| (from, on))).collect();
    let permutations = permutations(services);
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for code in 0..1_u32 << pairs.len() {
        if !known.insert(code) {
            continue;
        }
        let edges: Vec<_> =
            pairs.iter().enumerate().filter(|(bit, _)| code >> bit & 1 == 1).map(|(_, &pair)| pair).collect();
        // The same graph under every permutation that keeps each dependency smaller than its dependant.
        for permuted in &permutations {
            if edges.iter().all(|&(from, on)| permuted[on] < permuted[from]) {
                known.insert(edges.iter().map(|&(from, on)| 1 << bit(permuted[from], permuted[on])).sum());
            }
        }
        let mut graph = vec![Vec::new(); services];
        edges.iter().for_each(|&(from, on)| graph[from].push(on));
        found.push(graph);
    }
    found
}

/// The index of a pair among all pairs.
fn bit(from: usize, on: usize) -> usize {
    from * (from - 1) / 2 + on
}

fn permutations(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(of - 1);
    let insert = |permutation: &Vec<usize>, index: usize| {
        let mut permutation = permutation.clone();
        permutation.insert(index, of - 1);
        permutation
    };
    shorter.iter().flat_map(|shorter| (0..of).map(move |index| insert(shorter, index))).collect()
}
