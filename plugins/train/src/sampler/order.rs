//! Draw number n is case number …: a pure function of the seed, so that a position is all the state there is.

use std::cell::RefCell;

/// Cases in groups that take turns; one group where nothing is balanced.
pub struct Order {
    /// Indices of cases; no group is empty.
    pub groups: Vec<Vec<usize>>,
    pub shuffle: bool,
}

impl Order {
    /// Draws until the largest group was seen whole.
    pub fn epoch_len(&self) -> u64 {
        let largest = self.groups.iter().map(Vec::len).max().unwrap_or(1);
        (largest * self.groups.len()) as u64
    }

    /// The case of draw number `draw`.
    pub fn at(&self, seed: u64, draw: u64) -> usize {
        let group_index = (draw % self.groups.len() as u64) as usize;
        let group = &self.groups[group_index];
        let turn = draw / self.groups.len() as u64;
        let (epoch, place) = (turn / group.len() as u64, (turn % group.len() as u64) as usize);
        if self.shuffle { group[shuffled(group.len(), seed, group_index as u64, epoch, place)] } else { group[place] }
    }
}

/// Where `place` of an epoch's order points.
fn shuffled(len: usize, seed: u64, group: u64, epoch: u64, place: usize) -> usize {
    type Last = ((usize, u64, u64, u64), Vec<usize>);
    // Draws come one after the other: the last order is the next one's, nearly always. Forgetting it changes nothing.
    thread_local!(static LAST: RefCell<Option<Last>> = const { RefCell::new(None) });
    let key = (len, seed, group, epoch);
    LAST.with_borrow_mut(|last| match last {
        Some((known, order)) if *known == key => order[place],
        _ => {
            let order = permutation(len, seed, group, epoch);
            let found = order[place];
            *last = Some((key, order));
            found
        }
    })
}

/// Fisher and Yates' shuffle with numbers that depend on the arguments alone.
///
/// Rationale: by hand, because a library may change its way of drawing, and a run that is resumed then would see other cases.
fn permutation(len: usize, seed: u64, group: u64, epoch: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let mut state = mix(seed ^ mix(group ^ mix(epoch)));
    for last in (1..len).rev() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        // The high half of a 128-bit product is a number below last + 1; its bias is below last / 2^64.
        let drawn = ((u128::from(mix(state)) * (last as u128 + 1)) >> 64) as usize;
        order.swap(last, drawn);
    }
    order
}

/// The finaliser of splitmix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn order(lens: &[usize], shuffle: bool) -> Order {
        let mut next = 0;
        let groups = lens.iter().map(|len| {
            next += len;
            (next - len..next).collect()
        });
        Order { groups: groups.collect(), shuffle }
    }

    #[test]
    fn an_epoch_sees_every_case_once_and_the_next_in_another_order() {
        let order = order(&[50], true);
        let epoch = |number: u64| (number * 50..(number + 1) * 50).map(|draw| order.at(7, draw)).collect::<Vec<_>>();
        for number in 0..4 {
            assert_eq!(epoch(number).iter().copied().collect::<BTreeSet<_>>().len(), 50);
        }
        assert_ne!(epoch(0), epoch(1));
        assert_ne!(epoch(0), (0..50).collect::<Vec<_>>());
        assert_ne!(epoch(0), (0..50).map(|draw| order.at(8, draw)).collect::<Vec<_>>(), "the seed matters");
    }

    #[test]
    fn draws_can_be_asked_for_in_any_order() {
        let order = order(&[5, 3], true);
        let forward: Vec<_> = (0..100).map(|draw| order.at(1, draw)).collect();
        let mut backward: Vec<_> = (0..100).rev().map(|draw| order.at(1, draw)).collect();
        backward.reverse();
        assert_eq!(forward, backward);
    }

    #[test]
    fn groups_take_turns() {
        let order = order(&[6, 2], true);
        assert_eq!(order.epoch_len(), 12);
        let draws: Vec<_> = (0..12).map(|draw| order.at(3, draw)).collect();
        assert!(draws.iter().step_by(2).all(|&case| case < 6) && draws.iter().skip(1).step_by(2).all(|&case| case >= 6));
        assert_eq!(draws.iter().step_by(2).collect::<BTreeSet<_>>().len(), 6);
        for case in [6, 7] {
            assert_eq!(draws.iter().filter(|&&drawn| drawn == case).count(), 3, "a small group comes round again");
        }
    }

    #[test]
    fn every_place_is_equally_likely() {
        let mut seen = [[0u32; 4]; 4];
        for epoch in 0..4000 {
            for (place, case) in permutation(4, 11, 0, epoch).into_iter().enumerate() {
                seen[place][case] += 1;
            }
        }
        // 1000 expected; six standard deviations of the binomial are 164.
        assert!(seen.iter().flatten().all(|&count| count.abs_diff(1000) < 164), "{seen:?}");
    }

    #[test]
    fn without_shuffling_the_order_stays() {
        let order = order(&[3], false);
        assert_eq!((0..7).map(|draw| order.at(9, draw)).collect::<Vec<_>>(), [0, 1, 2, 0, 1, 2, 0]);
    }
}
