//! Tensors of a weight file on their way into a network: all are copied, or none.

use tch::Tensor;
use voxloom_sdk::dtype_name;

/// Copies that are agreed on, and what speaks against them.
#[derive(Debug, Default)]
pub struct Copies {
    pairs: Vec<(Tensor, Tensor)>,
    wrong: Vec<String>,
}

impl Copies {
    /// Notes that `found` goes into `target`, or why it does not: another shape, another type (any floating type fits any other).
    pub fn add(&mut self, name: &str, target: &Tensor, found: Tensor) {
        if found.size() != target.size() {
            self.wrong.push(format!("`{name}` is {:?}, expected {:?}", found.size(), target.size()));
        } else if found.kind() != target.kind() && !(found.is_floating_point() && target.is_floating_point()) {
            let (found, expected) = (dtype_name(found.kind()), dtype_name(target.kind()));
            self.wrong.push(format!("`{name}` is {found}, expected {expected}"));
        } else {
            self.pairs.push((target.shallow_clone(), found));
        }
    }

    /// Notes a tensor that the network needs and the file lacks.
    pub fn missing(&mut self, name: &str) {
        self.wrong.push(format!("`{name}` is missing"));
    }

    /// Notes a tensor of the file that belongs nowhere.
    pub fn unknown(&mut self, name: &str) {
        self.wrong.push(format!("`{name}` is not known to this network"));
    }

    /// How many were agreed on so far.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Copies all.
    ///
    /// # Errors
    /// Whatever was wrong, in order; then nothing was changed.
    pub fn finish(self) -> Result<(), Vec<String>> {
        if !self.wrong.is_empty() {
            return Err(self.wrong);
        }
        tch::no_grad(|| self.pairs.into_iter().for_each(|(mut target, found)| target.copy_(&found)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::{Device, Kind};

    #[test]
    fn one_that_does_not_fit_stops_all() {
        let zeros = |shape: &[i64], kind| Tensor::zeros(shape, (kind, Device::Cpu));
        let target = zeros(&[2], Kind::Float);
        let ones = || Tensor::ones([2], (Kind::Double, Device::Cpu));
        let mut copies = Copies::default();
        copies.add("a", &target, ones());
        assert_eq!(copies.len(), 1);
        copies.add("b", &target, zeros(&[3], Kind::Float));
        copies.add("c", &target, zeros(&[2], Kind::Int64));
        copies.missing("d");
        copies.unknown("e");
        let wrong =
            ["`b` is [3], expected [2]", "`c` is int64, expected float32", "`d` is missing", "`e` is not known to this network"];
        assert_eq!(copies.finish().unwrap_err(), wrong);
        assert_eq!(target.double_value(&[1]), 0.0);
        let mut copies = Copies::default();
        copies.add("a", &target, ones());
        assert_eq!((copies.finish(), target.double_value(&[1])), (Ok(()), 1.0));
    }
}
