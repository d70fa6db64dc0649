//! `dodnet.ensemble`: the mean of several networks' scores.

use voxloom_sdk::prelude::*;

/// Averages the scores of two to four networks on one grid, before any label is made of them.
#[derive(Params)]
pub struct Ensemble {}

const PORTS: [&str; 4] = ["first", "second", "third", "fourth"];

impl Operator for Ensemble {
    const NAME: &'static str = "dodnet.ensemble";

    fn entry() -> Entry {
        let port = |place: usize| Port::volume(PORTS[place]).shape("[K, D, H, W]").about("probabilities of one network");
        Entry::map()
            .input(port(0))
            .input(port(1))
            .input(port(2).optional())
            .input(port(3).optional())
            .output(Port::volume("volume").shape("[K, D, H, W]").about("their mean"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let first: Volume = call.input(PORTS[0])?;
        let mut sum = first.data.to_kind(Kind::Float).copy();
        let mut count = 1.0;
        for port in &PORTS[1..] {
            let other = if *port == PORTS[1] { Some(call.input::<Volume>(port)?) } else { call.optional(port)? };
            let Some(other) = other else { continue };
            // Half a thousandth of a millimetre over a thousand voxels is rounding.
            if other.affine.distance(&first.affine) > 1e-6 {
                return Err(Error::item(format!(
                    "`{port}` lies on another grid than `first`; networks of an ensemble take the same prepared volume"
                )));
            }
            sum += other.data.to_kind(Kind::Float);
            count += 1.0;
        }
        call.output("volume", first.with_data(sum / count))
    }
}
