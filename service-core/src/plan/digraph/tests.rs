use std::time::Duration;

use super::Digraph;

fn graph(nodes: usize, edges: &[(usize, usize)]) -> Digraph<char> {
    Digraph::new(nodes, edges.iter().map(|&(from, to)| (from, to, 'x')).collect())
}

#[test]
fn ties_are_broken_by_the_smallest() {
    assert_eq!(graph(5, &[(0, 3), (1, 4)]).order(), Some(vec![2, 3, 0, 4, 1]));
    assert_eq!(graph(3, &[]).order(), Some(vec![0, 1, 2]));
    assert_eq!(graph(2, &[(0, 1), (1, 0)]).order(), None);
}

#[test]
fn the_strongest_of_parallel_edges_stays() {
    let graph = Digraph::new(2, vec![(0, 1, 'c'), (0, 1, 'a'), (1, 0, 'b')]);
    assert_eq!(graph.cycles(), [vec![(0, 'a'), (1, 'b')]]);
    assert_eq!(graph.dependants(), [[1], [0]]);
}

#[test]
fn each_component_shows_its_shortest_cycle_and_those_that_share_no_edge_with_it() {
    let edges = [(0, 1), (1, 2), (2, 3), (3, 1), (3, 2), (2, 1), (4, 5), (5, 6), (6, 4), (6, 6), (7, 0)];
    let cycles = graph(8, &edges).cycles();
    let nodes: Vec<Vec<usize>> = cycles.iter().map(|cycle| cycle.iter().map(|&(node, _)| node).collect()).collect();
    assert_eq!(nodes, [vec![1, 2], vec![2, 3], vec![4, 5, 6], vec![6]]);
}

#[test]
fn a_cycle_that_leads_to_another_stays_by_itself() {
    let edges = [(0, 1), (1, 2), (2, 0), (0, 3), (3, 4), (4, 5), (5, 3), (3, 6), (6, 7), (7, 6)];
    for turned in [false, true] {
        let edges = edges.map(|(from, to)| if turned { (7 - from, 7 - to) } else { (from, to) });
        let lengths: Vec<_> = graph(8, &edges).cycles().iter().map(Vec::len).collect();
        assert_eq!(lengths, if turned { [2, 3, 3] } else { [3, 3, 2] });
    }
}

#[test]
fn dependants_are_sorted() {
    assert_eq!(graph(4, &[(3, 0), (1, 0), (2, 0), (3, 1)]).dependants(), [vec![1, 2, 3], vec![3], vec![], vec![]]);
}

#[test]
fn a_seed_reaches_what_it_depends_on() {
    let reached = graph(5, &[(0, 1), (1, 2), (3, 2), (2, 0)]).reached_from([1]);
    assert_eq!(reached, [true, true, true, false, false]);
}

#[test]
fn height_is_the_longest_way_down() {
    let graph = graph(4, &[(0, 1), (1, 2), (0, 2), (3, 2)]);
    assert_eq!(graph.heights(&graph.order().expect("no cycle"), |_, _| true), [0, 1, 2, 0]);
}

#[test]
fn the_longest_path_weighs_cost_before_length() {
    let graph = graph(5, &[(0, 1), (1, 2), (3, 4)]);
    let costs = |costs: [Option<u64>; 5]| graph.longest_path(move |node| costs[node].map(Duration::from_millis));
    assert_eq!(costs([Some(1), Some(1), Some(1), Some(1), Some(5)]), [4, 3]);
    assert_eq!(costs([Some(0); 5]), [2, 1, 0]);
    assert_eq!(costs([Some(1), None, Some(9), Some(1), Some(1)]), [2]);
    assert_eq!(costs([None; 5]), [0; 0]);
}
