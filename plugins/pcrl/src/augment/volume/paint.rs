//! In-painting (noise over blocks) and out-painting (noise over all but blocks).

use super::Grid;
use rand::Rng;

/// A box in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub start: [usize; 3],
    pub sides: [usize; 3],
}

impl Block {
    /// Sides in `sides` per axis; a place at least 3 voxels from the border, or where the block is too large for that, in the middle.
    fn draw(shape: [usize; 3], sides: [[usize; 2]; 3], rng: &mut impl Rng) -> Self {
        let sides: [usize; 3] = std::array::from_fn(|axis| rng.random_range(sides[axis][0]..=sides[axis][1]));
        let start = std::array::from_fn(|axis| {
            let room = shape[axis] - sides[axis];
            if room >= 6 { rng.random_range(3..=room - 3) } else { room / 2 }
        });
        Self { start, sides }
    }

    /// Places of its voxels in `grid`, row by row.
    pub fn places(&self, grid: &Grid) -> impl Iterator<Item = usize> {
        let ([x, y, z], [nx, ny, nz], shape) = (self.start, self.sides, grid.shape);
        (x..x + nx).flat_map(move |x| {
            (y..y + ny).flat_map(move |y| {
                let row = (x * shape[1] + y) * shape[2];
                row + z..row + z + nz
            })
        })
    }
}

/// Whether and how windows are painted over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paint {
    /// Both kinds stop before every block but the first of out-painting this often.
    pub stop: f64,
    /// At most so many blocks.
    pub blocks: usize,
}

impl Default for Paint {
    fn default() -> Self {
        Self { stop: 0.05, blocks: 5 }
    }
}

impl Paint {
    /// Blocks of noise, sides from a sixth to a third of the window's.
    pub fn inside(&self, grid: &Grid, rng: &mut impl Rng) -> Grid {
        let sides = grid.shape.map(|n| [(n / 6).max(1), (n / 3).max(1)]);
        let mut blocks = Vec::new();
        while blocks.len() < self.blocks && !rng.random_bool(self.stop) {
            let block = Block::draw(grid.shape, sides, rng);
            let noise = (0..block.sides.iter().product()).map(|_| rng.random::<f32>()).collect();
            blocks.push((block, noise));
        }
        inpaint(grid, &blocks)
    }

    /// Noise but for blocks, whose sides are the window's without three to four sevenths.
    pub fn outside(&self, grid: &Grid, rng: &mut impl Rng) -> Grid {
        let noise = (0..grid.values.len()).map(|_| rng.random::<f32>()).collect();
        let sides = grid.shape.map(|n| [(n - 4 * n / 7).max(1), (n - 3 * n / 7).max(1)]);
        let mut blocks = vec![Block::draw(grid.shape, sides, rng)];
        while blocks.len() < self.blocks && !rng.random_bool(self.stop) {
            blocks.push(Block::draw(grid.shape, sides, rng));
        }
        outpaint(grid, noise, &blocks)
    }
}

/// Each block filled with its noise, row by row; later ones over earlier ones.
pub fn inpaint(grid: &Grid, blocks: &[(Block, Vec<f32>)]) -> Grid {
    let mut out = grid.clone();
    for (block, noise) in blocks {
        block.places(grid).zip(noise).for_each(|(place, &value)| out.values[place] = value);
    }
    out
}

/// Noise everywhere, the window's own values in the blocks.
pub fn outpaint(grid: &Grid, noise: Vec<f32>, blocks: &[Block]) -> Grid {
    let mut out = grid.with(noise);
    for block in blocks {
        block.places(grid).for_each(|place| out.values[place] = grid.values[place]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_part_is_painted_over_and_a_part_stays() {
        let grid = Grid { shape: [32, 32, 16], values: vec![2.0; 32 * 32 * 16] };
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(8);
        let share = |out: &Grid| out.values.iter().filter(|value| **value == 2.0).count() as f64 / out.values.len() as f64;
        for _ in 0..20 {
            let (inside, outside) = (Paint::default().inside(&grid, &mut rng), Paint::default().outside(&grid, &mut rng));
            assert!(share(&inside) > 0.7, "{}", share(&inside));
            assert!((0.05..0.95).contains(&share(&outside)), "{}", share(&outside));
            assert_eq!(outside.values[0], outside.values[0].fract(), "blocks stay away from the corner");
        }
    }

    #[test]
    fn windows_that_are_too_small_for_a_margin_have_their_blocks_in_the_middle() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(8);
        let block = Block::draw([8, 8, 4], [[3, 4], [3, 4], [1, 2]], &mut rng);
        assert!((0..3).all(|axis| block.start[axis] + block.sides[axis] <= [8, 8, 4][axis]));
        let grid = Grid { shape: [2, 2, 1], values: vec![0.5; 4] };
        assert_eq!(Paint::default().outside(&grid, &mut rng).values.len(), 4);
    }
}
