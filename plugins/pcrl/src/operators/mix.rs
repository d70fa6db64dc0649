//! `pcrl.mix`: a batch mixed with itself.

use super::features::{draws_of, draws_port, rows};
use voxloom_sdk::prelude::*;

/// Mixes every row of a batch with its partner: `lambda · y + (1 - lambda) · y[index]`. All tensors of an iteration are mixed alike.
#[derive(Params)]
pub struct Mix {}

impl Operator for Mix {
    const NAME: &'static str = "pcrl.mix";

    fn entry() -> Entry {
        Entry::map()
            .input(Port::tensor("tensor").about("images, targets or keys, one a row"))
            .input(draws_port())
            .input(Port::json("names").optional().about("a name a row"))
            .output(Port::tensor("mixed").about("of the same shape"))
            .output(Port::json("names").about("for each row the list of the two names in it; empty where none are connected"))
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let tensor: Tensor = call.input("tensor")?;
        if !tensor.is_floating_point() {
            let found = voxloom_sdk::dtype_name(tensor.kind());
            return Err(Error::item(format!("`tensor` holds {found}, expected floating-point numbers: labels cannot be mixed")));
        }
        let draws = draws_of(call, rows(&tensor, "tensor")?)?;
        let names = call.optional::<Json>("names")?;
        let names = names.as_ref().and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let partner = |place: i64| names.get(place as usize).cloned().unwrap_or(Json::Null);
        let pairs = names.iter().zip(&draws.index).map(|(name, &place)| json!([name, partner(place)])).collect();
        call.output("mixed", draws.mix(&tensor))?;
        call.output("names", Json::Array(pairs))
    }
}
