//! Edges: every input to the output it takes, and whether the two fit.

use super::graphs::output_name;
use super::nodes::Draft;
use super::{Checker, shape};
use crate::describe::Port;
use crate::graph::Source;
use crate::spec::{Input, Name, Spec};
use crate::suggest;
use std::collections::HashMap;

/// Connects the inputs of all nodes; gives the edges between nodes, `(from, to)`.
pub(super) fn connect(nodes: &mut [Draft], spec: &Spec, checker: &mut Checker) -> Vec<(usize, usize)> {
    let index: HashMap<&str, usize> =
        nodes.iter().enumerate().map(|(index, node)| (node.spec.name.text.as_str(), index)).collect();
    let mut edges = Vec::new();
    for to in 0..nodes.len() {
        let mut wires = Wires { spec, index: &index, nodes: &*nodes, to, checker: &mut *checker, edges: &mut edges };
        let (inputs, sound) = wires.inputs();
        nodes[to].inputs = inputs;
        nodes[to].sound &= sound;
    }
    edges
}

/// The inputs of one node.
struct Wires<'a, 'b, 'c> {
    spec: &'a Spec,
    index: &'a HashMap<&'b str, usize>,
    nodes: &'a [Draft<'b>],
    to: usize,
    checker: &'a mut Checker<'c>,
    edges: &'a mut Vec<(usize, usize)>,
}

impl<'a, 'b> Wires<'a, 'b, '_> {
    fn inputs(&mut self) -> (Vec<Option<Source>>, bool) {
        let node = &self.nodes[self.to];
        let ports: &[Port] = node.entry().map_or(&[], |entry| &entry.inputs);
        let mut sources = vec![None; ports.len()];
        let mut sound = true;
        for input in &node.spec.inputs {
            let port = ports.iter().position(|port| port.name == input.port.text);
            if port.is_none() && node.entry().is_some() {
                self.unknown_port(input, ports);
            }
            let source = input.source.as_ref().and_then(|source| self.source(source, &input.port.text));
            match (port, source) {
                (Some(port), Some((source, Some(output)))) if self.fits(&ports[port], input, source, output) => {
                    sources[port] = Some(Source { node: source, output });
                }
                _ => sound = false,
            }
        }
        let given = node.spec.inputs.iter().map(|input| input.port.text.as_str());
        let mistyped = suggest::meant(given, ports.iter().map(|port| port.name.as_str()));
        for port in ports.iter().filter(|port| !port.optional && !mistyped.contains(&port.name.as_str())) {
            if node.spec.inputs.iter().all(|input| input.port.text != port.name) {
                self.missing(port);
                sound = false;
            }
        }
        (sources, sound)
    }

    /// The node, and the output where that is known, of `node` or `node.port`.
    fn source(&mut self, source: &Name, port: &str) -> Option<(usize, Option<usize>)> {
        let about = &self.nodes[self.to].about;
        let (name, output) = match source.text.split_once('.') {
            Some((name, output)) => (name, Some(output)),
            None => (source.text.as_str(), None),
        };
        let Some(&from) = self.index.get(name) else {
            let fault = self.checker.faults.error(source.at, about, format!("input `{port}` takes from unknown node `{name}`"));
            if self.spec.modules.iter().any(|module| module.name.text == name) {
                fault.hint(format!("`{name}` is a module; a value comes from a node that calls it"));
            } else {
                fault.hint_if(suggest::hint(name, "nodes", self.nodes.iter().map(|node| node.spec.name.text.as_str())));
            }
            return None;
        };
        self.edges.push((from, self.to));
        let Some(entry) = self.nodes[from].entry() else { return Some((from, None)) };
        let Some(output) = output else {
            if entry.outputs.is_empty() {
                self.checker.faults.error(
                    source.at,
                    about,
                    format!("input `{port}` takes from node `{name}`, which has no output"),
                );
            }
            return Some((from, (!entry.outputs.is_empty()).then_some(0)));
        };
        let found = entry.outputs.iter().position(|port| port.name == output);
        if found.is_none() {
            let names = entry.outputs.iter().map(|port| port.name.as_str());
            self.checker
                .faults
                .error(source.at, about, format!("input `{port}` takes unknown output `{output}` of node `{name}`"))
                .hint_if(suggest::hint(output, "outputs", names));
        }
        Some((from, found))
    }

    fn fits(&mut self, port: &Port, input: &Input, from: usize, output: usize) -> bool {
        let (node, source) = (&self.nodes[self.to], &self.nodes[from]);
        let (Some(entry), Some(at)) = (source.entry(), input.source.as_ref().map(|source| source.at)) else { return false };
        let given = &entry.outputs[output];
        let name = output_name(source, output);
        let Some(misfit) = misfit(port, given, node.batch > 1) else { return true };
        let others = entry.outputs.iter().enumerate().filter(|(other, port_given)| {
            *other != output && port.type_name != "any" && misfit_free(port, port_given, node.batch > 1)
        });
        let right = others.map(|(other, _)| output_name(source, other)).next();
        let message = format!("input `{}` takes {}, but `{name}` gives {}", port.name, misfit.takes, misfit.gives);
        self.checker.faults.error(at, &node.about, message).hint_if(right.map(|right| format!("did you mean `{right}`?")));
        false
    }

    fn unknown_port(&mut self, input: &Input, ports: &[Port]) {
        let names = ports.iter().map(|port| port.name.as_str());
        let name = &input.port.text;
        self.checker
            .faults
            .error(input.port.at, &self.nodes[self.to].about, format!("unknown input `{name}`"))
            .hint_if(suggest::hint(name, "inputs", names));
    }

    fn missing(&mut self, port: &Port) {
        let node = &self.nodes[self.to];
        let meaning = if port.about.is_empty() { String::new() } else { format!(": {}", port.about) };
        self.checker
            .faults
            .error(node.spec.name.at, &node.about, format!("input `{}` is not connected", port.name))
            .hint(format!("`{}` takes {}{meaning}", port.name, type_words(port)));
    }
}

/// What an input takes and an output gives, in words.
struct Misfit {
    takes: String,
    gives: String,
}

fn misfit_free(takes: &Port, gives: &Port, batched: bool) -> bool {
    gives.type_name == takes.type_name && misfit(takes, gives, batched).is_none()
}

fn misfit(takes: &Port, gives: &Port, batched: bool) -> Option<Misfit> {
    let (wanted, given) = (&takes.type_name, &gives.type_name);
    if wanted == "any" || given == "any" {
        return None;
    }
    if wanted != given {
        return Some(Misfit { takes: article(wanted), gives: article(given) });
    }
    if let (Some(wanted), Some(given)) = (&takes.dtype, &gives.dtype)
        && wanted != given
        && is_element_type(wanted)
        && is_element_type(given)
    {
        return Some(Misfit { takes: wanted.clone(), gives: given.clone() });
    }
    let (wanted, given) = (takes.shape.as_deref()?, gives.shape.as_deref()?);
    let reason = shape::misfit(wanted, given, batched)?;
    Some(Misfit { takes: wanted.to_owned(), gives: format!("{given}: {reason}") })
}

/// `a tensor`; private type ids stay as they are.
fn article(type_name: &str) -> String {
    match type_name {
        "json" => "JSON".to_owned(),
        name if name.chars().all(|c| c.is_ascii_lowercase()) => {
            let n = if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "n" } else { "" };
            format!("a{n} {name}")
        }
        name => format!("`{name}`"),
    }
}

fn type_words(port: &Port) -> String {
    match &port.shape {
        Some(shape) => format!("{} {shape}", article(&port.type_name)),
        None if port.type_name == "any" => "any value".to_owned(),
        None => article(&port.type_name),
    }
}

/// Element types that have one meaning; anything else in a description is not compared.
fn is_element_type(name: &str) -> bool {
    const NAMES: [&str; 12] =
        ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "float16", "bfloat16", "float32", "float64"];
    NAMES.contains(&name)
}
