//! Connected components of a mask, found on runs of voxels with a union-find.

/// Which voxels touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connectivity {
    /// Six neighbours, across faces.
    Faces,
    /// Eighteen neighbours, across faces and edges.
    Edges,
    /// Twenty-six neighbours, across faces, edges and corners.
    Corners,
}

impl Connectivity {
    pub fn from_neighbours(n: i64) -> Option<Self> {
        match n {
            6 => Some(Self::Faces),
            18 => Some(Self::Edges),
            26 => Some(Self::Corners),
            _ => None,
        }
    }

    /// Earlier rows that touch a row, as `(dz, dy, reach along x)`.
    fn earlier_rows(self) -> &'static [(usize, i64, usize)] {
        match self {
            Self::Faces => &[(0, -1, 0), (1, 0, 0)],
            Self::Edges => &[(0, -1, 1), (1, -1, 0), (1, 0, 1), (1, 1, 0)],
            Self::Corners => &[(0, -1, 1), (1, -1, 1), (1, 0, 1), (1, 1, 1)],
        }
    }
}

/// Voxels `start..end` of one row (linear indices), all in one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    start: usize,
    end: usize,
    component: u32,
}

/// The components of a mask, numbered from 0 in the order of their smallest linear index.
#[derive(Clone, Debug)]
pub struct Components {
    n_voxels: usize,
    runs: Vec<Run>,
    sizes: Vec<usize>,
}

impl Components {
    /// # Shapes
    /// - in: `mask` row-major of `shape`
    pub fn find(mask: &[bool], [d, h, w]: [usize; 3], connectivity: Connectivity) -> Self {
        let (mut runs, first_of_row) = runs_of_rows(mask, d * h, w);
        let mut parent: Vec<u32> = (0..runs.len() as u32).collect();
        for row in 0..d * h {
            let (z, y) = (row / h, row % h);
            for &(dz, dy, reach) in connectivity.earlier_rows() {
                let other = y as i64 + dy;
                if z < dz || other < 0 || other >= h as i64 {
                    continue;
                }
                let other = (z - dz) * h + other as usize;
                let here = first_of_row[row]..first_of_row[row + 1];
                let there = first_of_row[other]..first_of_row[other + 1];
                join(&runs, here, row * w, there, other * w, reach, &mut parent);
            }
        }
        // Roots are the earliest runs, so counting them in order numbers components by their first voxel.
        let mut sizes = Vec::new();
        for i in 0..runs.len() {
            let root = find(&mut parent, i as u32) as usize;
            if root == i {
                runs[i].component = sizes.len() as u32;
                sizes.push(0);
            } else {
                runs[i].component = runs[root].component;
            }
            sizes[runs[i].component as usize] += runs[i].end - runs[i].start;
        }
        Self { n_voxels: mask.len(), runs, sizes }
    }

    /// Voxels of each component.
    pub fn sizes(&self) -> &[usize] {
        &self.sizes
    }

    /// Which components are the `k` largest. Of equal ones the one with the smallest linear index goes first.
    pub fn largest(&self, k: usize) -> Vec<bool> {
        let mut order: Vec<usize> = (0..self.sizes.len()).collect();
        order.sort_by_key(|&component| std::cmp::Reverse(self.sizes[component]));
        let mut kept = vec![false; self.sizes.len()];
        order.into_iter().take(k).for_each(|component| kept[component] = true);
        kept
    }

    /// The mask of the components that are `kept`.
    pub fn mask(&self, kept: &[bool]) -> Vec<bool> {
        let mut mask = vec![false; self.n_voxels];
        for run in self.runs.iter().filter(|run| kept[run.component as usize]) {
            mask[run.start..run.end].fill(true);
        }
        mask
    }

    /// Number of each voxel's component, from 1; 0 outside the mask.
    pub fn numbers(&self) -> Vec<u32> {
        let mut numbers = vec![0; self.n_voxels];
        for run in &self.runs {
            numbers[run.start..run.end].fill(run.component + 1);
        }
        numbers
    }
}

/// All runs in order, and where each row's runs begin (one entry more than rows).
fn runs_of_rows(mask: &[bool], n_rows: usize, w: usize) -> (Vec<Run>, Vec<usize>) {
    let mut runs = Vec::new();
    let mut first_of_row = Vec::with_capacity(n_rows + 1);
    for (row, voxels) in mask.chunks(w.max(1)).enumerate() {
        first_of_row.push(runs.len());
        let mut x = 0;
        while let Some(skip) = voxels[x..].iter().position(|&inside| inside) {
            let start = x + skip;
            let end = voxels[start..].iter().position(|&inside| !inside).map_or(w, |n| start + n);
            runs.push(Run { start: row * w + start, end: row * w + end, component: 0 });
            x = end;
        }
    }
    first_of_row.resize(n_rows + 1, runs.len());
    (runs, first_of_row)
}

/// Unites the touching runs of two rows (which start at the linear indices `base_a`, `base_b`).
fn join(
    runs: &[Run],
    mut a: std::ops::Range<usize>,
    base_a: usize,
    mut b: std::ops::Range<usize>,
    base_b: usize,
    reach: usize,
    parent: &mut [u32],
) {
    while let (Some(i), Some(j)) = (a.clone().next(), b.clone().next()) {
        let (a_start, a_end) = (runs[i].start - base_a, runs[i].end - base_a);
        let (b_start, b_end) = (runs[j].start - base_b, runs[j].end - base_b);
        if a_start < b_end + reach && b_start < a_end + reach {
            unite(parent, i as u32, j as u32);
        }
        if a_end < b_end {
            a.next();
        } else {
            b.next();
        }
    }
}

fn find(parent: &mut [u32], mut i: u32) -> u32 {
    while parent[i as usize] != i {
        parent[i as usize] = parent[parent[i as usize] as usize];
        i = parent[i as usize];
    }
    i
}

fn unite(parent: &mut [u32], a: u32, b: u32) {
    let (a, b) = (find(parent, a), find(parent, b));
    parent[a.max(b) as usize] = a.min(b);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Flood fill, the obvious way.
    fn naive(mask: &[bool], [d, h, w]: [usize; 3], connectivity: Connectivity) -> Vec<u32> {
        let limit = match connectivity {
            Connectivity::Faces => 1,
            Connectivity::Edges => 2,
            Connectivity::Corners => 3,
        };
        let mut numbers = vec![0u32; mask.len()];
        let mut n = 0;
        for seed in 0..mask.len() {
            if !mask[seed] || numbers[seed] != 0 {
                continue;
            }
            n += 1;
            let mut stack = vec![seed];
            numbers[seed] = n;
            while let Some(i) = stack.pop() {
                let at = [i / (h * w), i / w % h, i % w].map(|i| i as i64);
                for step in 0..27i64 {
                    let step = [step / 9 - 1, step / 3 % 3 - 1, step % 3 - 1];
                    let to: [i64; 3] = std::array::from_fn(|axis| at[axis] + step[axis]);
                    let bounds = [d, h, w].map(|n| n as i64);
                    if step.iter().map(|s| s.abs()).sum::<i64>() > limit || (0..3).any(|a| to[a] < 0 || to[a] >= bounds[a]) {
                        continue;
                    }
                    let j = ((to[0] * bounds[1] + to[1]) * bounds[2] + to[2]) as usize;
                    if mask[j] && numbers[j] == 0 {
                        numbers[j] = n;
                        stack.push(j);
                    }
                }
            }
        }
        numbers
    }

    #[test]
    fn equals_a_flood_fill() {
        for (seed, density) in [(1u64, 20), (2, 35), (3, 50), (4, 70)] {
            for shape in [[7, 9, 11], [1, 12, 13], [6, 1, 9], [5, 8, 1]] {
                let mut state = seed;
                let mask: Vec<bool> = (0..shape.iter().product::<usize>())
                    .map(|_| {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                        (state >> 33) % 100 < density
                    })
                    .collect();
                for connectivity in [Connectivity::Faces, Connectivity::Edges, Connectivity::Corners] {
                    let found = Components::find(&mask, shape, connectivity);
                    assert_eq!(found.numbers(), naive(&mask, shape, connectivity), "{shape:?} {connectivity:?} {density}");
                    assert_eq!(found.sizes().iter().sum::<usize>(), mask.iter().filter(|&&m| m).count());
                }
            }
        }
    }

    #[test]
    fn ties_go_to_the_smallest_index() {
        let mask = [true, true, false, true, true, false, true];
        let found = Components::find(&mask, [1, 1, 7], Connectivity::Corners);
        assert_eq!(found.sizes(), [2, 2, 1]);
        assert_eq!(found.mask(&found.largest(1)), [true, true, false, false, false, false, false]);
        assert_eq!(found.largest(2), [true, true, false]);
        assert_eq!(found.largest(9), [true, true, true]);
    }

    #[test]
    fn an_empty_mask_has_no_components() {
        let found = Components::find(&[false; 8], [2, 2, 2], Connectivity::Faces);
        assert!(found.sizes().is_empty());
        assert_eq!(found.mask(&found.largest(1)), [false; 8]);
    }
}
