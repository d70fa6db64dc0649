//! Where voxels lie in the world.

/// From voxel index `(i, j, k)` to RAS+ millimetres, as in nibabel; rows are x, y, z.
///
/// A volume's tensor is `[…, D, H, W]` = `[…, k, j, i]`: the file's fastest axis is the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine(pub [[f64; 4]; 4]);

impl Affine {
    pub const IDENTITY: Self = Self([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]);

    /// An upright grid with this voxel size along x, y, z and its first voxel at `origin`.
    pub fn upright(spacing_xyz: [f64; 3], origin: [f64; 3]) -> Self {
        let mut matrix = Self::IDENTITY.0;
        for (axis, row) in matrix.iter_mut().take(3).enumerate() {
            row[axis] = spacing_xyz[axis];
            row[3] = origin[axis];
        }
        Self(matrix)
    }

    /// Voxel size along k, j, i (the tensor's D, H, W), in millimetres.
    pub fn spacing_zyx(&self) -> [f64; 3] {
        let length = |column: usize| (0..3).map(|row| self.0[row][column].powi(2)).sum::<f64>().sqrt();
        [length(2), length(1), length(0)]
    }

    /// World position of a voxel index, which need not be whole.
    pub fn index_to_world(&self, ijk: [f64; 3]) -> [f64; 3] {
        std::array::from_fn(|row| self.0[row][0] * ijk[0] + self.0[row][1] * ijk[1] + self.0[row][2] * ijk[2] + self.0[row][3])
    }

    /// Voxel index of a world position; `None` where the matrix has no inverse.
    pub fn world_to_index(&self, world: [f64; 3]) -> Option<[f64; 3]> {
        self.inverse().map(|inverse| inverse.index_to_world(world))
    }

    /// Volume of a voxel in mm³, negative for a left-handed grid.
    pub fn determinant(&self) -> f64 {
        let m = &self.0;
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    }

    /// From world to index; `None` where the matrix has none.
    pub fn inverse(&self) -> Option<Self> {
        let (m, determinant) = (&self.0, self.determinant());
        if determinant == 0.0 || !determinant.is_finite() {
            return None;
        }
        // Cramer's rule: each entry is a cofactor of the transpose over the determinant.
        let cofactor = |row: usize, column: usize| {
            let (a, b) = ((column + 1) % 3, (column + 2) % 3);
            let (c, d) = ((row + 1) % 3, (row + 2) % 3);
            m[a][c] * m[b][d] - m[a][d] * m[b][c]
        };
        let mut inverse = Self::IDENTITY.0;
        for (row, entries) in inverse.iter_mut().take(3).enumerate() {
            let turned: [f64; 3] = std::array::from_fn(|column| cofactor(row, column) / determinant);
            let shift = -(0..3).map(|column| turned[column] * m[column][3]).sum::<f64>();
            *entries = [turned[0], turned[1], turned[2], shift];
        }
        Some(Self(inverse))
    }

    /// `self` after `first`: an index of another grid goes through `first` to an index of this one.
    pub fn after(&self, first: &Self) -> Self {
        Self(std::array::from_fn(|row| {
            std::array::from_fn(|column| (0..4).map(|inner| self.0[row][inner] * first.0[inner][column]).sum())
        }))
    }

    /// The grid whose voxel `(0, 0, 0)` is this grid's `start`, given along z, y, x.
    pub fn shifted(&self, start_zyx: [f64; 3]) -> Self {
        self.after(&Self::upright([1.0; 3], [start_zyx[2], start_zyx[1], start_zyx[0]]))
    }

    /// The grid with voxels `factor` times as large along z, y, x that covers the same extent from the same corner:
    /// the origin moves by half the difference of the voxel sizes.
    pub fn scaled(&self, factor_zyx: [f64; 3]) -> Self {
        let factor = [factor_zyx[2], factor_zyx[1], factor_zyx[0]];
        self.after(&Self::upright(factor, factor.map(|factor| (factor - 1.0) / 2.0)))
    }

    /// Largest absolute difference of two matrices' entries, in millimetres a voxel.
    pub fn distance(&self, other: &Self) -> f64 {
        let pairs = self.0.iter().flatten().zip(other.0.iter().flatten());
        pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::Affine;

    #[test]
    fn inverse_undoes_an_oblique_sheared_grid() {
        let affine = Affine([[0.9, 0.1, 0.3, -20.0], [-0.2, 1.1, 0.0, 7.0], [0.05, 0.0, -3.0, 99.0], [0.0, 0.0, 0.0, 1.0]]);
        let world = affine.index_to_world([3.5, -2.0, 11.0]);
        let index = affine.world_to_index(world).expect("the matrix is regular");
        // Rounding of two products of magnitude 100.
        assert!(index.iter().zip([3.5, -2.0, 11.0]).all(|(a, b)| (a - b).abs() < 1e-12));
        assert_eq!(Affine([[0.0; 4]; 4]).inverse(), None);
    }

    #[test]
    fn scaling_keeps_the_corner() {
        let affine = Affine::upright([2.0, 2.0, 2.0], [10.0, 0.0, 0.0]);
        let finer = affine.scaled([0.5, 0.5, 0.5]);
        assert_eq!(finer.spacing_zyx(), [1.0; 3]);
        assert_eq!(finer.index_to_world([-0.5; 3]), affine.index_to_world([-0.5; 3]));
    }
}
