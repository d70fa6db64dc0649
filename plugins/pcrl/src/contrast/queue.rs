//! The queue of old keys: negatives of every query, replaced row by row.

use super::nce::{nce, partition, scores, softmax, unit};
use crate::{Fault, Result};
use rand::{Rng, RngCore};
use tch::{Device, Kind, Tensor};
use voxloom_sdk::{Choice, Weight};

/// Which loss stands on the scores.
#[derive(Choice, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// Noise-contrastive estimation with a constant that is fixed at the first call.
    Nce,
    /// Cross-entropy among the key and the queue.
    Softmax,
}

/// Sizes and constants.
#[derive(Clone, Copy, Debug)]
pub struct QueueConfig {
    /// Rows.
    pub size: i64,
    /// Their length.
    pub embedding: i64,
    pub temperature: f64,
    /// Enters Z, and the weight of the negatives.
    pub n_data: f64,
    pub variant: Variant,
}

/// The rows, where the next ones go, and the constant Z.
#[derive(Debug)]
pub struct Queue {
    config: QueueConfig,
    /// `[size, embedding]`.
    memory: Weight,
    /// int64 `[1]`: Z; -1 before the first call.
    params: Weight,
    /// int64 `[size, 2]`: of whose images each row is, as [`owner`] numbers them; 0 where nobody said.
    owners: Weight,
    position: i64,
}

/// What one call gives.
#[derive(Debug)]
pub struct Contrast {
    /// Of length 1, as they were compared.
    pub query: Tensor,
    pub key: Tensor,
    /// `[B, 1 + size]`: what the loss was taken of.
    pub out: Tensor,
    pub loss: Tensor,
    /// Mean score of the positives, as the authors watch it.
    pub prob: f64,
    /// Part of the queries whose own key is nearer than every row of another image.
    pub retrieval: f64,
}

impl Queue {
    /// Rows uniform in ±1/√(embedding / 3), whose lengths are about 1.
    pub fn random(config: QueueConfig, device: Device, rng: &mut dyn RngCore) -> Self {
        let bound = (3.0 / config.embedding as f64).sqrt() as f32;
        let values: Vec<f32> = (0..config.size * config.embedding).map(|_| rng.random_range(-bound..bound)).collect();
        Self::given(config, Tensor::from_slice(&values).view([config.size, config.embedding]).to_device(device))
    }

    /// With these rows.
    pub fn given(config: QueueConfig, memory: Tensor) -> Self {
        let whole = (Kind::Int64, memory.device());
        let params = Weight::new(Tensor::full([1], -1, whole));
        let owners = Weight::new(Tensor::zeros([config.size, 2], whole));
        Self { config, memory: Weight::new(memory), params, owners, position: 0 }
    }

    pub fn memory(&self) -> &Tensor {
        &self.memory
    }

    /// int64 `[1]`, as the authors' checkpoints keep Z.
    pub fn params(&self) -> &Tensor {
        &self.params
    }

    pub fn owners(&self) -> &Tensor {
        &self.owners
    }

    /// Z; none before the first call of the `nce` variant.
    pub fn z(&self) -> Option<i64> {
        let z = self.params.int64_value(&[0]);
        (z >= 0).then_some(z)
    }

    /// Where the next key goes.
    pub fn position(&self) -> i64 {
        self.position
    }

    /// # Errors
    /// Not a row.
    pub fn set_position(&mut self, position: i64) -> Result<()> {
        if !(0..self.config.size).contains(&position) {
            let text = format!("{position} is no row of a queue of {}", self.config.size);
            return Err(Fault::Value { what: "position", text });
        }
        self.position = position;
        Ok(())
    }

    /// Contrasts queries with their keys against the queue as it is, then puts the keys into it. Both are brought to length 1;
    /// keys and rows take no gradient. `owners` are two numbers a query; empty where nobody says.
    ///
    /// # Errors
    /// Shapes that do not fit, more keys than rows, a Z of 0.
    pub fn contrast(&mut self, query: &Tensor, key: &Tensor, owners: &[[i64; 2]]) -> Result<Contrast> {
        self.check(query, key, owners)?;
        let (query, key) = (unit(query), unit(&key.detach()));
        // A copy: the rows change below, and the gradient still needs them as they were.
        let logits = scores(&query, &key, &self.memory.copy());
        let scaled = &logits / self.config.temperature;
        let (out, loss) = match self.config.variant {
            Variant::Softmax => (scaled.shallow_clone(), softmax(&scaled)),
            Variant::Nce => {
                let exponentials = scaled.exp();
                let z = match self.z() {
                    Some(z) => z,
                    None => partition(&exponentials, self.config.n_data)?,
                };
                tch::no_grad(|| _ = self.params.shallow_clone().fill_(z));
                let out = exponentials / z as f64;
                let loss = nce(&out, self.config.n_data);
                (out, loss)
            }
        };
        let owners = self.owner_rows(owners, query.size()[0]);
        let prob = out.detach().select(1, 0).mean(None::<Kind>).double_value(&[]);
        let retrieval = tch::no_grad(|| self.retrieval(&logits, &owners));
        tch::no_grad(|| self.push(&key, &owners));
        Ok(Contrast { query, key, out, loss, prob, retrieval })
    }

    fn check(&self, query: &Tensor, key: &Tensor, owners: &[[i64; 2]]) -> Result<()> {
        let fault = |text: String| Err(Fault::Shape { what: "query and key", text });
        let (size, other, length) = (query.size(), key.size(), self.config.embedding);
        if size.len() != 2 || size[1] != length || size != other {
            return fault(format!(
                "got {size:?} and {other:?}, expected [N, {length}] twice: the bank's `embedding` is the networks'"
            ));
        }
        if size[0] > self.config.size {
            return fault(format!("{} keys do not fit into a queue of {}; give it more rows", size[0], self.config.size));
        }
        if !owners.is_empty() && owners.len() as i64 != size[0] {
            return fault(format!("{} names for {} rows; give one a row", owners.len(), size[0]));
        }
        Ok(())
    }

    fn owner_rows(&self, owners: &[[i64; 2]], batch: i64) -> Tensor {
        let flat: Vec<i64> = if owners.is_empty() { vec![0; 2 * batch as usize] } else { owners.concat() };
        Tensor::from_slice(&flat).view([batch, 2]).to_device(self.owners.device())
    }

    /// Part of the rows whose positive is above all rows of other images.
    fn retrieval(&self, logits: &Tensor, owners: &Tensor) -> f64 {
        // [B, 1, 2, 1] against [1, K, 1, 2]; the number 0 is nobody's.
        let (mine, theirs) = (owners.unsqueeze(1).unsqueeze(3), self.owners.unsqueeze(0).unsqueeze(2));
        let same = mine.eq_tensor(&theirs).logical_and(&mine.ne(0)).any_dims([2i64, 3].as_slice(), false);
        let others = logits.narrow(1, 1, self.config.size).masked_fill(&same, f64::NEG_INFINITY).amax([1i64].as_slice(), false);
        logits.select(1, 0).gt_tensor(&others).to_kind(Kind::Double).mean(None::<Kind>).double_value(&[])
    }

    fn push(&mut self, key: &Tensor, owners: &Tensor) {
        let batch = key.size()[0];
        let rows = (Tensor::arange(batch, (Kind::Int64, key.device())) + self.position).remainder(self.config.size);
        let _ = self.memory.shallow_clone().index_copy_(0, &rows, key);
        let _ = self.owners.shallow_clone().index_copy_(0, &rows, owners);
        self.position = (self.position + batch) % self.config.size;
    }
}

/// The number of an image by its name: FNV-1a, as a positive number.
pub fn owner(name: &str) -> i64 {
    let hash = name.bytes().fold(0xCBF2_9CE4_8422_2325u64, |h, byte| (h ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    ((hash >> 1) as i64).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    fn config() -> QueueConfig {
        QueueConfig { size: 5, embedding: 4, temperature: 0.2, n_data: 20.0, variant: Variant::Nce }
    }

    fn rows(values: &[[f32; 4]]) -> Tensor {
        Tensor::from_slice(&values.concat()).view([values.len() as i64, 4])
    }

    #[test]
    fn rows_start_at_length_one_on_average() {
        let config = QueueConfig { size: 500, embedding: 128, ..config() };
        let queue = Queue::random(config, Device::Cpu, &mut ChaCha8Rng::seed_from_u64(1));
        let mean =
            queue.memory().square().sum_dim_intlist([1i64].as_slice(), false, None::<Kind>).mean(None::<Kind>).double_value(&[]);
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert_eq!((queue.z(), queue.position()), (None, 0));
    }

    #[test]
    fn a_row_of_the_same_image_does_not_spoil_retrieval() {
        let [a, b] = [[1f32, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]];
        let filler = [0.0f32, 0.0, 1.0, 0.0];
        let mut queue = Queue::given(config(), rows(&[filler; 5]));
        let names = [[owner("a"), 0], [owner("b"), 0]];
        let first = queue.contrast(&rows(&[a, b]), &rows(&[a, b]), &names).expect("shapes fit");
        assert_eq!(first.retrieval, 1.0);
        // Now the queue holds a and b themselves: equal, and so not below.
        assert_eq!(queue.contrast(&rows(&[a, b]), &rows(&[a, b]), &names).expect("shapes fit").retrieval, 1.0);
        assert_eq!(queue.contrast(&rows(&[a, b]), &rows(&[a, b]), &[]).expect("shapes fit").retrieval, 0.0);
        assert_eq!(queue.position(), 1, "2 + 2 + 2 rows of 5");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut queue = Queue::given(config(), rows(&[[1.0, 0.0, 0.0, 0.0]; 5]));
        let six = rows(&[[1.0, 0.0, 0.0, 0.0]; 6]);
        let text = queue.contrast(&six, &six, &[]).expect_err("six keys").to_string();
        assert_eq!(text, "query and key: 6 keys do not fit into a queue of 5; give it more rows");
        let text = queue.contrast(&six.narrow(1, 0, 3), &six, &[]).expect_err("another length").to_string();
        assert!(text.contains("expected [N, 4] twice"), "{text}");
        assert!(queue.set_position(5).is_err());
    }
}
