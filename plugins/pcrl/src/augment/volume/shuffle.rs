//! Local shuffling: the voxels of small blocks change places.

use super::{Block, Grid};
use rand::Rng;
use rand::seq::SliceRandom;

/// A block, and where each of its voxels comes from: `new[i] = old[order[i]]` on the block row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shuffled {
    pub block: Block,
    pub order: Vec<usize>,
}

impl Shuffled {
    /// Sides up to a tenth of the window's, at least 1; a place anywhere inside.
    pub fn draw(shape: [usize; 3], rng: &mut impl Rng) -> Self {
        let sides = shape.map(|n| rng.random_range(1..=(n / 10).max(1)));
        let start = std::array::from_fn(|axis| rng.random_range(0..=shape[axis] - sides[axis]));
        let mut order: Vec<usize> = (0..sides.iter().product()).collect();
        order.shuffle(rng);
        Self { block: Block { start, sides }, order }
    }
}

/// Writes the shuffled blocks of the *input* to the result, later ones over earlier ones.
pub fn shuffle<'a>(grid: &Grid, blocks: impl IntoIterator<Item = &'a Shuffled>) -> Grid {
    let mut out = grid.clone();
    blocks.into_iter().for_each(|shuffled| put(grid, shuffled, &mut out));
    out
}

/// `count` blocks that are drawn as they are written: 10 000 of them need no list.
pub fn shuffle_randomly(grid: &Grid, count: usize, rng: &mut impl Rng) -> Grid {
    let mut out = grid.clone();
    (0..count).for_each(|_| put(grid, &Shuffled::draw(grid.shape, rng), &mut out));
    out
}

fn put(grid: &Grid, shuffled: &Shuffled, out: &mut Grid) {
    let places: Vec<usize> = shuffled.block.places(grid).collect();
    for (&place, &from) in places.iter().zip(&shuffled.order) {
        out.values[place] = grid.values[places[from]];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn voxels_move_and_none_is_invented() {
        let grid = Grid { shape: [20, 20, 10], values: (0..4000).map(|i| i as f32).collect() };
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        let one = Shuffled::draw(grid.shape, &mut rng);
        let mut sorted = shuffle(&grid, [&one]).values;
        sorted.sort_by(f32::total_cmp);
        assert_eq!(sorted, grid.values, "one block is a permutation");
        let many = shuffle_randomly(&grid, 500, &mut rng);
        let moved = many.values.iter().zip(&grid.values).filter(|(a, b)| a != b).count();
        assert!(moved > 300, "{moved}");
        // At most two voxels along x and y, one along z: nothing goes far.
        for (i, value) in many.values.iter().enumerate() {
            let from = *value as usize;
            assert!((i / 200).abs_diff(from / 200) <= 1 && (i / 10 % 20).abs_diff(from / 10 % 20) <= 1 && i % 10 == from % 10);
        }
    }
}
