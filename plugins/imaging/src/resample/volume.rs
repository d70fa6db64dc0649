//! Three axes in turn: interpolation on another grid, nearest neighbours, Gaussian smoothing.

use super::{AxisMap, AxisOperator, Border, Interpolation, Real, pass};

/// Values of `input` (row-major `shape`) at the positions that `maps` names per axis.
///
/// Equals `scipy.ndimage` (`zoom(grid_mode=True)`, `map_coordinates`) of the same order and border up to rounding of the
/// element type. No anti-aliasing: smooth first ([`gaussian`]) when the grid gets coarser.
///
/// # Shapes
/// - in:  `shape`
/// - out: `[maps[0].n, maps[1].n, maps[2].n]`
///
/// # Panics
/// When `input` does not have `shape` or an axis is empty.
pub fn resample<T: Real>(
    input: &[T],
    shape: [usize; 3],
    maps: &[AxisMap; 3],
    interpolation: Interpolation,
    border: Border,
    threads: usize,
) -> Vec<T> {
    assert_eq!(input.len(), shape.iter().product::<usize>(), "input does not have shape {shape:?}");
    assert!(shape.iter().all(|&n| n > 0), "an axis of {shape:?} is empty");
    if interpolation == Interpolation::Nearest {
        return nearest(input, shape, maps, border, T::from_f64(border.fill()));
    }
    let cubic = interpolation == Interpolation::Cubic;
    let mut axes: Vec<usize> = (0..3).filter(|&axis| !maps[axis].is_identity(shape[axis])).collect();
    // The axis that shrinks most goes first: the others then have less to do.
    axes.sort_by(|&a, &b| (maps[a].n * shape[b]).cmp(&(maps[b].n * shape[a])));
    let mut data: Option<Vec<T>> = None;
    let mut shape = shape;
    for axis in axes {
        let operator = AxisOperator::interpolate(&maps[axis], shape[axis], cubic, border);
        data = Some(along(data.as_deref().unwrap_or(input), shape, axis, &operator, threads));
        shape[axis] = maps[axis].n;
    }
    data.unwrap_or_else(|| input.to_vec())
}

/// Nearest neighbour for any element type: index `floor(coordinate + 0.5)`, borders as `border`, `fill` where it is constant.
pub fn nearest<T: Copy>(input: &[T], shape: [usize; 3], maps: &[AxisMap; 3], border: Border, fill: T) -> Vec<T> {
    let index: [Vec<Option<usize>>; 3] = std::array::from_fn(|axis| {
        (0..maps[axis].n).map(|i| border.fold((maps[axis].at(i) + 0.5).floor() as i64, shape[axis])).collect()
    });
    // The usual case, nothing outside along x, needs no question for each voxel.
    let inside: Option<Vec<usize>> = index[2].iter().copied().collect();
    let mut output: Vec<T> = Vec::with_capacity(maps.iter().map(|map| map.n).product());
    for z in &index[0] {
        let mut before = None;
        for y in &index[1] {
            let Some((z, y)) = z.zip(*y) else {
                output.extend(std::iter::repeat_n(fill, maps[2].n));
                before = None;
                continue;
            };
            if before.replace(y) == Some(y) {
                output.extend_from_within(output.len() - maps[2].n..);
                continue;
            }
            let row = &input[(z * shape[1] + y) * shape[2]..][..shape[2]];
            match &inside {
                Some(inside) => output.extend(inside.iter().map(|&x| row[x])),
                None => output.extend(index[2].iter().map(|x| x.map_or(fill, |x| row[x]))),
            }
        }
    }
    output
}

/// Gaussian smoothing with a sigma in voxels per axis; 0 leaves an axis alone. The kernel is cut at radius
/// `trunc(truncate * sigma + 0.5)` and normalised, as `scipy.ndimage.gaussian_filter` does (its `truncate` is 4).
pub fn gaussian<T: Real>(
    input: &[T],
    shape: [usize; 3],
    sigma: [f64; 3],
    truncate: f64,
    border: Border,
    threads: usize,
) -> Vec<T> {
    let mut data: Option<Vec<T>> = None;
    for axis in (0..3).filter(|&axis| sigma[axis] > 1e-15) {
        let kernel = gaussian_kernel(sigma[axis], truncate);
        let operator = AxisOperator::filter(&kernel, shape[axis], border);
        data = Some(along(data.as_deref().unwrap_or(input), shape, axis, &operator, threads));
    }
    data.unwrap_or_else(|| input.to_vec())
}

/// Correlation of one axis with a kernel of odd length.
pub fn correlate<T: Real>(input: &[T], shape: [usize; 3], axis: usize, kernel: &[f64], border: Border, threads: usize) -> Vec<T> {
    along(input, shape, axis, &AxisOperator::filter(kernel, shape[axis], border), threads)
}

/// The weights of [`gaussian`] along one axis; they sum to 1.
pub fn gaussian_kernel(sigma: f64, truncate: f64) -> Vec<f64> {
    let radius = (truncate * sigma + 0.5) as i64;
    let raw: Vec<f64> = (-radius..=radius).map(|i| (-0.5 * (i as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = raw.iter().sum();
    raw.into_iter().map(|weight| weight / sum).collect()
}

fn along<T: Real>(input: &[T], shape: [usize; 3], axis: usize, operator: &AxisOperator<T>, threads: usize) -> Vec<T> {
    let outer = shape[..axis].iter().product();
    let inner = shape[axis + 1..].iter().product();
    pass::apply(input, [outer, shape[axis], inner], operator, threads)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(shape: [usize; 3]) -> Vec<f32> {
        let [_, h, w] = shape;
        (0..shape.iter().product::<usize>())
            .map(|i| (i / (h * w)) as f32 * 2.0 - (i / w % h) as f32 + 0.5 * (i % w) as f32)
            .collect()
    }

    #[test]
    fn a_ramp_stays_a_ramp_inside() {
        let shape = [9, 8, 19];
        let maps = [AxisMap::new(2.25, 0.5, 8), AxisMap::new(3.0, 0.3, 4), AxisMap::new(3.5, 0.75, 12)];
        for interpolation in [Interpolation::Linear, Interpolation::Cubic] {
            for border in [Border::Edge, Border::Mirror, Border::Reflect, Border::Constant(0.0)] {
                if interpolation == Interpolation::Cubic && border == Border::Constant(0.0) {
                    continue; // the jump at the border rings far into a volume this small
                }
                let out = resample(&ramp(shape), shape, &maps, interpolation, border, 1);
                let tolerance = if interpolation == Interpolation::Linear { 1e-5 } else { 0.2 };
                for (i, value) in out.iter().enumerate() {
                    let [z, y, x] = [i / 48, i / 12 % 4, i % 12].map(|i| i as f64);
                    let truth = 2.0 * (2.25 + 0.5 * z) - (3.0 + 0.3 * y) + 0.5 * (3.5 + 0.75 * x);
                    assert!((f64::from(*value) - truth).abs() < tolerance, "{interpolation:?} {border:?} {i}");
                }
            }
        }
    }

    #[test]
    fn threads_do_not_change_a_bit() {
        let shape = [5, 33, 41];
        let data: Vec<f32> = (0..shape.iter().product()).map(|i: usize| ((i * 7919) % 1013) as f32).collect();
        let maps = [AxisMap::zoom(5, 11), AxisMap::zoom(33, 20), AxisMap::zoom(41, 60)];
        let one = resample(&data, shape, &maps, Interpolation::Cubic, Border::Edge, 1);
        for threads in [2, 3, 8] {
            assert_eq!(one, resample(&data, shape, &maps, Interpolation::Cubic, Border::Edge, threads));
        }
    }

    #[test]
    fn one_voxel_is_one_value_everywhere() {
        let maps = [AxisMap::zoom(1, 3), AxisMap::zoom(1, 1), AxisMap::zoom(1, 2)];
        for interpolation in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
            for border in [Border::Edge, Border::Mirror, Border::Reflect] {
                let out = resample(&[7.0f64], [1, 1, 1], &maps, interpolation, border, 1);
                assert!(out.iter().all(|value| (value - 7.0).abs() < 1e-12), "{interpolation:?} {border:?} {out:?}");
            }
        }
    }

    #[test]
    fn labels_are_never_mixed() {
        let out =
            nearest(&[1u8, 9], [1, 1, 2], &[AxisMap::zoom(1, 1), AxisMap::zoom(1, 1), AxisMap::zoom(2, 5)], Border::Edge, 0);
        assert_eq!(out, [1, 1, 9, 9, 9]);
        let outside = AxisMap::new(-2.0, 1.0, 5);
        let out = nearest(&[1u8, 9], [1, 1, 2], &[AxisMap::zoom(1, 1), AxisMap::zoom(1, 1), outside], Border::Constant(0.0), 4);
        assert_eq!(out, [4, 4, 1, 9, 4]);
    }

    #[test]
    fn smoothing_keeps_a_constant_and_the_mass() {
        let shape = [4, 5, 31];
        let flat = gaussian(&vec![3.0f64; 620], shape, [1.0, 0.7, 2.0], 4.0, Border::Reflect, 1);
        assert!(flat.iter().all(|value| (value - 3.0).abs() < 1e-12));
        let mut spike = vec![0.0f64; 31];
        spike[15] = 1.0;
        let smooth = gaussian(&spike, [1, 1, 31], [0.0, 0.0, 1.5], 4.0, Border::Constant(0.0), 1);
        assert!((smooth.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(smooth[15 + 7] == 0.0 && smooth[15 + 6] > 0.0);
    }
}
