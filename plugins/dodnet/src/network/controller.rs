//! Where the numbers of the heads come from.

use tch::{Kind, Tensor};

/// Makes head parameters from what the trunk pooled and the tasks that are wanted.
///
/// The trunk, the head and inference know only this: a controller of another kind (one learned query a task, for example)
/// takes this one's place without touching them.
pub trait HeadParameters {
    /// One head for every sample and task.
    ///
    /// # Shapes
    /// - in:  `[N, F]`, K tasks
    /// - out: `[N, K, P]`
    fn every(&self, pooled: &Tensor, tasks: &[i64]) -> Tensor;

    /// One head a sample: sample n's for `tasks[n]`.
    ///
    /// # Shapes
    /// - in:  `[N, F]`, N tasks
    /// - out: `[N, P]`
    fn one_each(&self, pooled: &Tensor, tasks: &[i64]) -> Tensor;
}

/// The paper's controller: one linear map of [pooled feature; one-hot task].
///
/// A one-hot picks a column, so the result is a vector that all tasks share plus one column a task.
pub struct Controller<'a> {
    /// `[P, F + T, 1, 1, 1]`
    pub weight: &'a Tensor,
    /// `[P]`
    pub bias: &'a Tensor,
}

impl Controller<'_> {
    fn common(&self, pooled: &Tensor) -> Tensor {
        let features = pooled.size()[1];
        let weight = self.weight.flatten(1, -1).narrow(1, 0, features);
        pooled.to_kind(weight.kind()).linear(&weight, Some(self.bias))
    }

    fn columns(&self, features: i64, tasks: &[i64]) -> Tensor {
        let tasks: Vec<i64> = tasks.iter().map(|task| features + task).collect();
        let index = Tensor::from_slice(&tasks).to_device(self.weight.device());
        self.weight.flatten(1, -1).index_select(1, &index).transpose(0, 1)
    }
}

impl HeadParameters for Controller<'_> {
    fn every(&self, pooled: &Tensor, tasks: &[i64]) -> Tensor {
        self.common(pooled).unsqueeze(1) + self.columns(pooled.size()[1], tasks).unsqueeze(0)
    }

    fn one_each(&self, pooled: &Tensor, tasks: &[i64]) -> Tensor {
        self.common(pooled) + self.columns(pooled.size()[1], tasks)
    }
}

/// Tasks as rows of a unit matrix, for those who want to see the code itself.
pub fn one_hot(tasks: &[i64], count: i64) -> Tensor {
    Tensor::from_slice(tasks).one_hot(count).to_kind(Kind::Float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn a_column_a_task_is_the_product_with_the_one_hot() {
        let option = (Kind::Double, Device::Cpu);
        let weight = Tensor::arange(5 * 7, option).sin().view([5, 7, 1, 1, 1]);
        let bias = Tensor::arange(5, option).cos();
        let controller = Controller { weight: &weight, bias: &bias };
        let pooled = Tensor::arange(2 * 4, option).sqrt().view([2, 4]);
        let coded = Tensor::cat(&[&pooled, &one_hot(&[2, 0], 3).to_kind(Kind::Double)], 1);
        let expected = coded.linear(&weight.flatten(1, -1), Some(&bias));
        assert!((controller.one_each(&pooled, &[2, 0]) - &expected).abs().max().double_value(&[]) < 1e-12);
        let every = controller.every(&pooled, &[0, 1, 2]);
        assert_eq!(every.size(), [2, 3, 5]);
        assert!((every.get(0).get(2) - expected.get(0)).abs().max().double_value(&[]) < 1e-12);
    }
}
