//! Orientation codes, and the permutation and flips from one to another.

use super::{Matrix, inverse, spacing};

/// One letter an axis: the side of the body towards which i, j, k run.
pub type Code = [u8; 3];

/// Letters towards + and - of x, y, z in RAS+.
const LETTERS: [[u8; 2]; 3] = [*b"RL", *b"AP", *b"SI"];

/// Reads a code such as `RAS` or `LPI`.
///
/// # Errors
/// Anything but three letters, one of each of R/L, A/P, S/I.
pub fn parse_code(text: &str) -> Result<Code, String> {
    let fault = || format!("must be three letters, one each of R/L, A/P and S/I, such as RAS; got \"{text}\"");
    let code: Code = text.as_bytes().try_into().map_err(|_| fault())?;
    let mut seen = [false; 3];
    for letter in code {
        let axis = LETTERS.iter().position(|pair| pair.contains(&letter)).ok_or_else(fault)?;
        if std::mem::replace(&mut seen[axis], true) {
            return Err(fault());
        }
    }
    Ok(code)
}

/// The nearest orientation code of a matrix, by the rule of nibabel's `aff2axcodes`: axes are matched best first after
/// spacing and shear are taken out (polar decomposition). `None` for a singular matrix.
pub fn orientation(matrix: &Matrix) -> Option<Code> {
    let mut rotation = polar_rotation(matrix)?;
    let mut order = [0, 1, 2];
    let best = |rotation: &[[f64; 3]; 3], column: usize| (0..3).map(|row| rotation[row][column].abs()).fold(0.0, f64::max);
    let strength: [f64; 3] = std::array::from_fn(|column| best(&rotation, column));
    order.sort_by(|&a, &b| strength[b].total_cmp(&strength[a]));
    let mut code = [0; 3];
    for column in order {
        let mut row = 0;
        for candidate in 1..3 {
            if rotation[candidate][column].abs() > rotation[row][column].abs() {
                row = candidate;
            }
        }
        code[column] = LETTERS[row][usize::from(rotation[row][column] < 0.0)];
        rotation[row] = [0.0; 3];
    }
    Some(code)
}

/// The rotation (or reflection) nearest to the matrix without its spacing. Newton's iteration X <- (X + X^-T) / 2
/// converges quadratically for every invertible matrix (Higham 1986).
fn polar_rotation(matrix: &Matrix) -> Option<[[f64; 3]; 3]> {
    inverse(matrix)?;
    let lengths = spacing(matrix);
    let mut x = super::IDENTITY;
    for (row, out) in x.iter_mut().enumerate().take(3) {
        for column in 0..3 {
            out[column] = matrix[row][column] / lengths[column];
        }
    }
    for _ in 0..60 {
        let back = inverse(&x)?;
        let next: [[f64; 3]; 3] =
            std::array::from_fn(|row| std::array::from_fn(|column| 0.5 * (x[row][column] + back[column][row])));
        let change = (0..9).map(|n| (next[n / 3][n % 3] - x[n / 3][n % 3]).abs()).fold(0.0, f64::max);
        for (row, values) in next.iter().enumerate() {
            x[row][..3].copy_from_slice(values);
        }
        if change < 1e-14 {
            break;
        }
    }
    Some(std::array::from_fn(|row| [x[row][0], x[row][1], x[row][2]]))
}

/// How to turn a grid into another orientation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// New axis n is old axis `permutation[n]` (0 is i).
    pub permutation: [usize; 3],
    /// Whether new axis n runs the other way.
    pub flip: [bool; 3],
    /// The matrix of the turned grid.
    pub affine: Matrix,
    pub shape_ijk: [usize; 3],
}

impl Plan {
    /// Nothing moves.
    pub fn is_identity(&self) -> bool {
        self.permutation == [0, 1, 2] && self.flip == [false; 3]
    }
}

/// Plans the turn of a grid to the orientation `target`; `None` for a singular matrix.
pub fn plan(matrix: &Matrix, shape_ijk: [usize; 3], target: Code) -> Option<Plan> {
    let now = orientation(matrix)?;
    let mut plan = Plan { permutation: [0; 3], flip: [false; 3], affine: *matrix, shape_ijk: [0; 3] };
    for (new, letter) in target.iter().enumerate() {
        let pair = LETTERS.iter().find(|pair| pair.contains(letter))?;
        let old = now.iter().position(|found| pair.contains(found))?;
        let flip = now[old] != *letter;
        plan.permutation[new] = old;
        plan.flip[new] = flip;
        plan.shape_ijk[new] = shape_ijk[old];
        let last = shape_ijk[old].saturating_sub(1) as f64;
        for (row, values) in plan.affine.iter_mut().zip(matrix).take(3) {
            let step = values[old];
            row[new] = if flip { -step } else { step };
            if flip {
                row[3] += last * step;
            }
        }
    }
    Some(plan)
}

#[cfg(test)]
mod tests {
    use super::super::{IDENTITY, apply};
    use super::*;

    fn code(text: &str) -> Code {
        parse_code(text).unwrap()
    }

    #[test]
    fn codes_are_checked() {
        for bad in ["RA", "RAA", "RLS", "ras", "RASI", ""] {
            assert!(parse_code(bad).unwrap_err().ends_with(&format!("got \"{bad}\"")), "{bad}");
        }
        assert_eq!(code("PIR"), *b"PIR");
    }

    #[test]
    fn nearest_axes_of_an_oblique() {
        // i runs down, j to the left, k to the front, each turned by less than 45 degrees.
        let matrix = [[0.2, -1.9, 0.3, 0.0], [0.3, 0.2, 2.8, 0.0], [-0.9, -0.4, 0.3, 0.0], [0.0, 0.0, 0.0, 1.0]];
        assert_eq!(orientation(&matrix).unwrap(), *b"ILA");
        assert_eq!(orientation(&IDENTITY).unwrap(), *b"RAS");
        assert_eq!(orientation(&[[0.0; 4]; 4]), None);
    }

    #[test]
    fn a_turn_keeps_every_voxel_where_it_is_and_goes_back_exactly() {
        let matrix = [[0.25, -1.5, 0.5, 3.0], [0.5, 0.25, 2.5, -7.0], [-1.0, -0.5, 0.25, 11.0], [0.0, 0.0, 0.0, 1.0]];
        let shape = [4, 5, 6];
        for target in ["RAS", "LPS", "SAR", "PIR", "ILA"] {
            let turn = plan(&matrix, shape, code(target)).unwrap();
            assert_eq!(orientation(&turn.affine).unwrap(), code(target));
            let new = [1.0, 2.0, 3.0];
            let mut old = [0.0; 3];
            for axis in 0..3 {
                let last = (turn.shape_ijk[axis] - 1) as f64;
                old[turn.permutation[axis]] = if turn.flip[axis] { last - new[axis] } else { new[axis] };
            }
            assert_eq!(apply(&turn.affine, new), apply(&matrix, old), "{target}");
            let back = plan(&turn.affine, turn.shape_ijk, orientation(&matrix).unwrap()).unwrap();
            assert_eq!((back.affine, back.shape_ijk), (matrix, shape), "{target}");
        }
    }
}
