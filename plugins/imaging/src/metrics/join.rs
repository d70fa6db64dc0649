//! `imaging.join`: results of several ways side by side, for a table.

use voxloom_sdk::prelude::*;

/// Puts up to four results under names: the row of a table where several ways to do one thing are compared.
#[derive(Params)]
#[param(check)]
pub struct Join {
    /// Names of the results, in the order of the ports.
    #[param(min_len = 2, max_len = 4)]
    pub names: Vec<String>,
}

const PORTS: [&str; 4] = ["first", "second", "third", "fourth"];

impl Join {
    fn check_relations(&self) -> Result<()> {
        let twice = |(i, name): &(usize, &String)| self.names[..*i].contains(name);
        match self.names.iter().enumerate().find(twice) {
            Some((_, name)) => Err(Error::param("names", format!("must differ, `{name}` stands twice"))),
            None => Ok(()),
        }
    }
}

impl Operator for Join {
    const NAME: &'static str = "imaging.join";

    fn entry() -> Entry {
        let port = |place: usize| Port::json(PORTS[place]).about("one result");
        Entry::map().input(port(0)).input(port(1)).input(port(2).optional()).input(port(3).optional()).output(
            Port::json("results").about("an object with each result under its name; one that is not connected is left out"),
        )
    }

    fn run(&self, call: &mut Call) -> Result<()> {
        let mut results = JsonMap::new();
        for (place, port) in PORTS.into_iter().enumerate() {
            let Some(result) = call.optional::<Json>(port)? else { continue };
            let name = self
                .names
                .get(place)
                .ok_or_else(|| Error::param("names", format!("must name every result: `{port}` is connected and has no name")))?;
            results.insert(name.clone(), result);
        }
        call.output("results", Json::Object(results))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ() {
        let fault = |names: Json| Join::read(&json!({ "names": names })).err().map(|fault| fault.to_string());
        assert_eq!(fault(json!(["a", "b"])), None);
        assert_eq!(fault(json!(["a", "b", "a"])).as_deref(), Some("names must differ, `a` stands twice"));
    }
}
