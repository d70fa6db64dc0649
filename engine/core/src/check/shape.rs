//! Shapes as descriptions give them: `[N, 1, D%16, H, W]`, `[…, H, W]`.

/// Sizes along the axes; the last `dims.len()` where `open`.
struct Shape {
    /// Begins with `…`: any number of dimensions before.
    open: bool,
    dims: Vec<Dim>,
}

/// Size along one axis.
enum Dim {
    Any,
    Fixed(u64),
    Multiple(u64),
}

/// Why values of shape `given` never fit where `wanted` is taken; `None` where they may. Shapes that cannot be read fit.
/// The first dimension of a batched input is the sum of many, so that it is not compared.
pub(super) fn misfit(wanted: &str, given: &str, batched: bool) -> Option<String> {
    let (wanted, given) = (parse(wanted)?, parse(given)?);
    let (n, m) = (wanted.dims.len(), given.dims.len());
    let fits = match (wanted.open, given.open) {
        (false, false) => n == m,
        (true, false) => m >= n,
        (false, true) => n >= m,
        (true, true) => true,
    };
    if !fits {
        let least = if wanted.open { "at least " } else { "" };
        let dimensions = if n == 1 { "dimension" } else { "dimensions" };
        return Some(format!("{least}{n} {dimensions} expected, got {m}"));
    }
    let count = n.min(m);
    (0..count).find_map(|step| {
        let axis = n - count + step;
        if batched && axis == 0 && !wanted.open {
            return None;
        }
        let name = if wanted.open { format!("dimension {} from the end", n - axis) } else { format!("dimension {axis}") };
        match (&wanted.dims[axis], &given.dims[m - count + step]) {
            (Dim::Fixed(right), Dim::Fixed(found)) if right != found => Some(format!("{name} must be {right}, got {found}")),
            (Dim::Multiple(of), Dim::Fixed(found)) if found % of != 0 => {
                Some(format!("{name} must be a multiple of {of}, got {found}"))
            }
            _ => None,
        }
    })
}

fn parse(text: &str) -> Option<Shape> {
    let inside = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut parts: Vec<&str> = if inside.is_empty() { Vec::new() } else { inside.split(',').map(str::trim).collect() };
    let open = matches!(parts.first(), Some(&("…" | "...")));
    if open {
        parts.remove(0);
    }
    let dims = parts.into_iter().map(|part| match (part.parse(), part.split_once('%')) {
        (Ok(size), _) => Some(Dim::Fixed(size)),
        (_, Some((_, of))) => of.trim().parse().ok().filter(|of| *of > 0).map(Dim::Multiple),
        _ if part.is_empty() || part.contains('…') => None,
        _ => Some(Dim::Any),
    });
    Some(Shape { open, dims: dims.collect::<Option<_>>()? })
}

#[cfg(test)]
mod tests {
    use super::misfit;

    #[test]
    fn compares_ranks_and_fixed_sizes() {
        for (wanted, given, reason) in [
            ("[N, 1, D, H, W]", "[B, C, z, y, x]", None),
            ("[N, 1, D, H, W]", "[D, H, W]", Some("5 dimensions expected, got 3")),
            ("[N, 1, D, H, W]", "[N, 3, D, H, W]", Some("dimension 1 must be 1, got 3")),
            ("[…, H, W]", "[D, H, W]", None),
            ("[…, 2, W]", "[D, 3, W]", Some("dimension 2 from the end must be 2, got 3")),
            ("[…, H, W]", "[W]", Some("at least 2 dimensions expected, got 1")),
            ("[D%16, H]", "[24, H]", Some("dimension 0 must be a multiple of 16, got 24")),
            ("[D%16, H]", "[32, H]", None),
            ("[3]", "[…, 4]", Some("dimension 0 must be 3, got 4")),
            ("[]", "[1]", Some("0 dimensions expected, got 1")),
            ("[D%0]", "[4]", None),
            ("no shape", "[4]", None),
        ] {
            assert_eq!(misfit(wanted, given, false).as_deref(), reason, "{wanted} {given}");
        }
        assert_eq!(misfit("[1, 4]", "[2, 4]", true), None, "a batch joins along the first dimension");
    }
}
