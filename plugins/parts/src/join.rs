//! Tensors of several items as one.

use tch::Tensor;
use voxloom_sdk::{Choice, Error, Result};

/// How tensors of several items become one.
#[derive(Choice, Clone, Copy, Debug)]
pub enum Join {
    /// Along a new first dimension: `[C, D, H, W]` to `[N, C, D, H, W]`.
    Stack,
    /// Along the first dimension: `[1, C, D, H, W]` to `[N, C, D, H, W]`.
    Concat,
}

impl Join {
    /// Joins tensors of one type and size; `what` names them in messages.
    ///
    /// # Errors
    /// None, or another type or size than the first one's.
    pub fn all(self, what: &str, tensors: &[Tensor]) -> Result<Tensor> {
        let Some(first) = tensors.first() else { return Err(Error::item("there is no item to make a batch of")) };
        let free = match self {
            Self::Stack => 0,
            Self::Concat => 1,
        };
        let fits = |tensor: &Tensor| tensor.kind() == first.kind() && tensor.size().get(free..) == first.size().get(free..);
        if let Some(index) = tensors.iter().position(|tensor| !fits(tensor)) {
            let show = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
            return Err(Error::item(format!(
                "the items' `{what}` do not fit into one batch: item 0 is {}, item {index} is {}",
                show(first),
                show(&tensors[index])
            )));
        }
        Ok(match self {
            Self::Stack => Tensor::f_stack(tensors, 0)?,
            Self::Concat => Tensor::f_cat(tensors, 0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn items_become_a_batch_or_a_message() {
        let (a, b) = (Tensor::from_slice(&[1.0f32, 2.0]).view([1, 2]), Tensor::from_slice(&[3.0f32, 4.0]).view([1, 2]));
        assert_eq!(Join::Stack.all("x", &[a.copy(), b.copy()]).unwrap().size(), [2, 1, 2]);
        assert_eq!(Join::Concat.all("x", &[a.copy(), b.copy()]).unwrap().size(), [2, 2]);
        assert_eq!(Join::Concat.all("x", &[a.copy(), a.repeat([3, 1])]).unwrap().size(), [4, 2]);
        let fault = Join::Stack.all("image", &[a, b.to_kind(Kind::Double)]).unwrap_err();
        assert_eq!(
            fault.message(),
            "the items' `image` do not fit into one batch: item 0 is Float [1, 2], item 1 is Double [1, 2]"
        );
        assert_eq!(Join::Stack.all("image", &[]).unwrap_err().message(), "there is no item to make a batch of");
    }
}
