//! Where a training window may start along one axis.

/// First and last start, both included, of the two ways to place a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starts {
    /// Near the foreground.
    pub foreground: (i64, i64),
    /// Anywhere in the volume.
    pub anywhere: (i64, i64),
}

/// Starts of a window of `size` along an axis of `n` voxels, `n >= size`, whose foreground reaches from `extent.0` to
/// `extent.1`, both included.
///
/// `compat` keeps a slip of the authors' code: for a small object near the far end the window may start after
/// `n - size`, and comes out too short.
pub fn starts(n: i64, size: i64, extent: (i64, i64), margin: i64, compat: bool) -> Starts {
    let (mut low, mut high) = extent;
    if high - low <= size {
        let missing = size - (high - low);
        let half = missing.div_euclid(2) + missing.rem_euclid(2);
        low -= half;
        high += half;
        if low < 0 {
            high -= low;
            low = 0;
        }
    }
    low = (low - margin).max(0);
    high = (high + margin).min(n);
    let mut foreground = (low, (high - size).max(low));
    if !compat {
        foreground = (foreground.0.clamp(0, n - size), foreground.1.clamp(0, n - size));
    }
    Starts { foreground, anywhere: (0, n - size) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_never_ends_after_the_volume() {
        for n in [16, 20, 41, 64] {
            for size in [1, 7, 16] {
                for low in 0..n {
                    for high in low..n {
                        let Starts { foreground, anywhere } = starts(n, size, (low, high), 32, false);
                        assert!(0 <= foreground.0 && foreground.0 <= foreground.1 && foreground.1 <= n - size);
                        assert_eq!(anywhere, (0, n - size));
                    }
                }
            }
        }
    }

    #[test]
    fn the_slip_is_there_when_asked_for() {
        let far = starts(512, 192, (460, 470), 0, true);
        assert_eq!((far.foreground, starts(512, 192, (460, 470), 0, false).foreground), ((369, 369), (320, 320)));
    }
}
