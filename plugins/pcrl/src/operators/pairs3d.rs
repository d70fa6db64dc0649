//! `pcrl.pairs3d`: pairs of overlapping windows of a volume, one item each.

use super::pair_params::{Choosing, pair_params};
use crate::augment::Grid;
use crate::prepare::{Pair, Window};
use rand_chacha::ChaCha8Rng;
use voxloom_sdk::prelude::*;

pair_params! {
    /// Cuts pairs of overlapping windows at random from a volume, all brought to one size, and leaves out pairs that show too much tissue (in a chest CT: little lung). `pcrl.windows3d` shows what is taken and what is not.
    Pairs3d {
        /// Pairs from one volume.
        #[param(default = 16, min = 1)]
        pub pairs: usize,
        /// Pairs that may be rejected in a row; then the volume fails, with a hint.
        #[param(default = 1000, min = 1)]
        pub attempts: usize,
    }
}

impl Scatter for Pairs3d {
    const NAME: &'static str = "pcrl.pairs3d";

    fn entry() -> Entry {
        let window =
            |name: &str| Port::tensor(name).shape("[1, X, Y, Z]").dtype("float32").about("0 to 1, axes in the order x, y, z");
        Entry::scatter()
            .input(Port::volume("volume").about("[D, H, W]"))
            .output(window("first"))
            .output(window("second"))
            .output(Port::json("pair").about("`windows` (start and sides along x, y, z, in voxels of `spacing_mm`), `iou`, `tissue`, `limits`, and `rejected`: pairs before it"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        let volume: Volume = call.input("volume")?;
        let choosing = self.choosing();
        let (scan, _) = choosing.prepared(&volume)?;
        let name = volume.name().to_owned();
        Ok(Box::new(Pairs { scan, name, choosing, rng: call.rng(), left: self.pairs, attempts: self.attempts }))
    }
}

struct Pairs {
    scan: Grid,
    name: String,
    choosing: Choosing,
    rng: ChaCha8Rng,
    left: usize,
    attempts: usize,
}

impl Cursor for Pairs {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let rule = &self.choosing.rule;
        for rejected in 0..self.attempts {
            let Some(pair) = rule.draw(&self.scan, &mut self.rng)? else {
                return Err(Error::item(format!(
                    "volume `{}`: no two windows overlap by more than {} in {} draws; lower `iou`, or give windows of more similar sizes",
                    self.name, rule.iou, rule.tries
                )));
            };
            if pair.accepted() {
                let mut told = told(&pair);
                told["rejected"] = rejected.into();
                call.output("pair", told)?;
                call.output("first", pair.images[0].tensor())?;
                call.output("second", pair.images[1].tensor())?;
                return Ok(true);
            }
        }
        Err(Error::item(format!(
            "volume `{}`: {} pairs in a row show too much tissue; raise `tissue_share` or `tissue`, or set `range` to the volume's (see what is rejected with pcrl.windows3d)",
            self.name, self.attempts
        )))
    }
}

/// A pair in numbers.
pub(super) fn told(pair: &Pair) -> Json {
    let window = |window: &Window| json!({ "start": window.start, "sides": window.sides });
    json!({ "windows": pair.windows.iter().map(window).collect::<Vec<_>>(), "iou": pair.iou, "tissue": pair.tissue, "limits": pair.limits })
}
