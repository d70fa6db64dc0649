//! `pcrl.windows3d`: which windows of a volume are taken and which are rejected.

use super::pair_params::pair_params;
use super::pairs3d::told;
use crate::prepare::Window;
use voxloom_sdk::prelude::*;

pair_params! {
    /// Tries pairs of windows as `pcrl.pairs3d` does, and shows them: in numbers, and as labels for `imaging.preview`: 1 where a taken window lies, 2 where only rejected ones do.
    Windows3d {
        /// Pairs that are tried.
        #[param(default = 50, min = 1)]
        pub pairs: usize,
    }
}

impl Operator for Windows3d {
    const NAME: &'static str = "pcrl.windows3d";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::volume("volume").about("[D, H, W]"))
            .output(Port::volume("labels").dtype("uint8").about("on the grid of `volume`"))
            .output(
                Port::json("windows").about(
                    "`accepted` and `rejected` (how many), and `pairs`, each with its windows, overlap, tissue and limits",
                ),
            )
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let volume: Volume = call.input("volume")?;
        let choosing = self.choosing();
        let (scan, step) = choosing.prepared(&volume)?;
        let [depth, height, width] = volume.size_zyx()?;
        let labels = Tensor::zeros([depth, height, width], (Kind::Uint8, Device::Cpu));
        let mut rng = call.rng();
        let (mut pairs, mut boxes) = (Vec::new(), [Vec::new(), Vec::new()]);
        for _ in 0..self.pairs {
            let Some(pair) = choosing.rule.draw(&scan, &mut rng)? else { break };
            let mut entry = told(&pair);
            entry["accepted"] = pair.accepted().into();
            pairs.push(entry);
            boxes[usize::from(pair.accepted())].extend(pair.windows);
        }
        let [rejected, accepted] = &boxes;
        rejected.iter().for_each(|window| paint(&labels, window, step, 2));
        accepted.iter().for_each(|window| paint(&labels, window, step, 1));
        let (accepted, rejected) = (accepted.len() / 2, rejected.len() / 2);
        call.output("labels", volume.with_data(labels))?;
        call.output("windows", json!({ "accepted": accepted, "rejected": rejected, "pairs": pairs }))
    }
}

/// Fills a window; `step` voxels of the volume are one of the scan's, along x, y, z.
fn paint(labels: &Tensor, window: &Window, step: [f64; 3], value: i64) {
    let size = labels.size();
    let span = |axis: usize| {
        let n = size[2 - axis];
        let at = |voxel: usize| ((voxel as f64 * step[axis]).round() as i64).clamp(0, n);
        let (from, to) = (at(window.start[axis]), at(window.start[axis] + window.sides[axis]));
        (from, to - from)
    };
    let (x, y, z) = (span(0), span(1), span(2));
    let _ = labels.narrow(0, z.0, z.1).narrow(1, y.0, y.1).narrow(2, x.0, x.1).fill_(value);
}
