//! Order of things that need each other, and the cycles among them.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// What [`order`] finds.
pub(crate) struct Order {
    /// Everything that no cycle holds back, each after what it needs; in the given order where there is a choice.
    pub sorted: Vec<usize>,
    /// A shortest cycle of every knot, beginning with its first member.
    pub cycles: Vec<Vec<usize>>,
}

/// Orders `0..n` along edges `(before, after)`.
pub(crate) fn order(n: usize, edges: &[(usize, usize)]) -> Order {
    let mut after = vec![Vec::new(); n];
    let mut waits = vec![0_usize; n];
    for &(from, to) in edges {
        after[from].push(to);
        waits[to] += 1;
    }
    let mut ready: BinaryHeap<_> = (0..n).filter(|index| waits[*index] == 0).map(Reverse).collect();
    let mut sorted = Vec::with_capacity(n);
    while let Some(Reverse(index)) = ready.pop() {
        sorted.push(index);
        for &next in &after[index] {
            waits[next] -= 1;
            if waits[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    let cycles = if sorted.len() == n { Vec::new() } else { cycles(&after) };
    Order { sorted, cycles }
}

fn cycles(after: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut graph = DiGraph::<(), ()>::new();
    let nodes: Vec<NodeIndex> = after.iter().map(|_| graph.add_node(())).collect();
    for (from, to) in after.iter().enumerate().flat_map(|(from, list)| list.iter().map(move |to| (from, *to))) {
        graph.add_edge(nodes[from], nodes[to], ());
    }
    let knots = kosaraju_scc(&graph);
    let mut cycles: Vec<Vec<usize>> = knots
        .iter()
        .filter_map(|knot| {
            let first = knot.iter().map(|node| node.index()).min()?;
            if knot.len() > 1 || after[first].contains(&first) { shortest(first, after) } else { None }
        })
        .collect();
    cycles.sort();
    cycles
}

/// The shortest way from `first` back to itself. It stays in the knot of `first` by itself.
fn shortest(first: usize, after: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut before = vec![usize::MAX; after.len()];
    let mut queue = VecDeque::from([first]);
    while let Some(index) = queue.pop_front() {
        for &next in &after[index] {
            if next == first {
                let mut cycle = vec![index];
                while let Some(&last) = cycle.last().filter(|last| **last != first) {
                    cycle.push(before[last]);
                }
                cycle.reverse();
                return Some(cycle);
            }
            if before[next] == usize::MAX {
                before[next] = index;
                queue.push_back(next);
            }
        }
    }
    None
}

/// `a -> b -> a`
pub(crate) fn arrows<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.extend(names.first().copied());
    names.join(" -> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_by_need_then_by_place() {
        let order = order(5, &[(3, 0), (0, 1), (3, 4)]);
        assert_eq!(order.sorted, [2, 3, 0, 1, 4]);
        assert!(order.cycles.is_empty());
    }

    #[test]
    fn names_a_shortest_cycle_of_every_knot() {
        let order = order(8, &[(1, 2), (2, 3), (3, 1), (2, 1), (4, 4), (3, 5), (6, 7)]);
        assert_eq!(order.cycles, [vec![1, 2], vec![4]]);
        assert_eq!(order.sorted, [0, 6, 7], "5 waits for the knot");
        assert_eq!(arrows(["a", "b"].into_iter()), "a -> b -> a");
    }
}
