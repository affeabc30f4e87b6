//! [`graphs`]: every graph of so many services, one of each form.

use std::collections::HashSet;

/// Every acyclic graph of so many services, up to renaming: for each service those that it depends on, each smaller than
/// itself. There are 1, 2, 6, 31, 302 and 5,984 of 1 to 6 services.
pub fn graphs(services: usize) -> Vec<Vec<Vec<usize>>> {
    let pairs: Vec<_> = (0..services).flat_map(|from| (0..from).map(move |on| (from, on))).collect();
    let orders = permutations(services);
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for code in 0..1_u32 << pairs.len() {
        if !known.insert(code) {
            continue;
        }
        let edges: Vec<_> =
            pairs.iter().enumerate().filter(|(bit, _)| code >> bit & 1 == 1).map(|(_, &pair)| pair).collect();
        // The same graph under every other numbering in which each still depends on smaller ones only.
        for order in &orders {
            if edges.iter().all(|&(from, on)| order[on] < order[from]) {
                known.insert(edges.iter().map(|&(from, on)| 1 << bit(order[from], order[on])).sum());
            }
        }
        let mut graph = vec![Vec::new(); services];
        edges.iter().for_each(|&(from, on)| graph[from].push(on));
        found.push(graph);
    }
    found
}

/// The place of a pair among all pairs.
fn bit(from: usize, on: usize) -> usize {
    from * (from - 1) / 2 + on
}

fn permutations(of: usize) -> Vec<Vec<usize>> {
    if of == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(of - 1);
    let insert = |order: &Vec<usize>, place: usize| {
        let mut order = order.clone();
        order.insert(place, of - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..of).map(move |place| insert(order, place))).collect()
}
