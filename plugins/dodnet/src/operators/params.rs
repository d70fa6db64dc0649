//! Types of parameters that several operators share.

use crate::Fault;
use crate::tasks::TaskTable;
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;

/// A table of tasks as a parameter: a list, or the name of a shipped one.
#[derive(Clone, Debug)]
pub struct Tasks {
    table: TaskTable,
    json: Json,
}

impl Tasks {
    /// The shipped table of the paper.
    pub fn mots() -> Self {
        // The schema asks for the default without a way to fail; a unit test reads the table.
        Self::parse(&json!("mots")).expect("the shipped table is right")
    }
}

impl std::ops::Deref for Tasks {
    type Target = TaskTable;

    fn deref(&self) -> &TaskTable {
        &self.table
    }
}

impl ParamType for Tasks {
    fn schema() -> Json {
        json!({})
    }

    fn parse(json: &Json) -> Result<Self> {
        match TaskTable::parse(json) {
            Ok(table) => Ok(Self { table, json: json.clone() }),
            Err(Fault::Config { text, .. }) => Err(Error::param("", text)),
            Err(fault) => Err(fault.into()),
        }
    }

    fn to_json(&self) -> Json {
        self.json.clone()
    }
}

/// Two numbers, the first not above the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range(pub [f64; 2]);

impl ParamType for Range {
    fn schema() -> Json {
        <[f64; 2]>::schema()
    }

    fn parse(json: &Json) -> Result<Self> {
        let [low, high] = <[f64; 2]>::parse(json)?;
        if low <= high { Ok(Self([low, high])) } else { Err(Error::param("", format!("must not fall, got {low} to {high}"))) }
    }

    fn to_json(&self) -> Json {
        json!(self.0)
    }
}

/// Sizes that the network can halve four times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchSize(pub [i64; 3]);

impl ParamType for PatchSize {
    fn schema() -> Json {
        json!({ "type": "array", "items": { "type": "integer", "minimum": 16 }, "minItems": 3, "maxItems": 3 })
    }

    fn parse(json: &Json) -> Result<Self> {
        let size = <[i64; 3]>::parse(json)?;
        match size.iter().position(|n| *n < 16 || n % crate::network::DIVISOR != 0) {
            Some(axis) => {
                Err(Error::param(format!("[{axis}]"), format!("must be a multiple of 16 of at least 16, got {}", size[axis])))
            }
            None => Ok(Self(size)),
        }
    }

    fn to_json(&self) -> Json {
        json!(self.0)
    }
}

/// The volume's size as kernels take it.
pub fn shape(volume: &Volume) -> Result<[usize; 3]> {
    let size = volume.size_zyx()?;
    if size.contains(&0) {
        return Err(Error::item(format!("the volume has no voxels, its shape is {:?}", volume.data.size())));
    }
    Ok(size.map(|n| n as usize))
}

/// `[D, H, W]` of a volume with one channel.
pub fn single(volume: &Volume, port: &str) -> Result<Tensor> {
    match volume.data.size()[..] {
        [_, _, _] => Ok(volume.data.shallow_clone()),
        [1, _, _, _] => Ok(volume.data.squeeze_dim(0)),
        ref other => Err(Error::item(format!("`{port}` is {other:?}, expected [D, H, W]"))),
    }
}

/// Label values as numbers that compare exactly.
pub fn whole(tensor: &Tensor, port: &str) -> Result<Vec<i64>> {
    if tensor.is_floating_point() {
        return Err(Error::item(format!(
            "`{port}` must hold whole numbers (labels), got {}",
            voxloom_sdk::dtype_name(tensor.kind())
        )));
    }
    let flat = tensor.to_device(Device::Cpu).to_kind(Kind::Int64).contiguous().view(-1);
    Ok(Vec::try_from(flat)?)
}

/// Labels in the smallest type that holds them.
pub fn label_tensor(labels: &[i64], size: &[i64]) -> Tensor {
    let kind = match (labels.iter().min(), labels.iter().max()) {
        (Some(0..) | None, Some(..=255) | None) => Kind::Uint8,
        (Some(-32_768..), Some(..=32_767)) => Kind::Int16,
        _ => Kind::Int,
    };
    Tensor::from_slice(labels).to_kind(kind).view(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_at_its_place() {
        assert_eq!(
            Range::parse(&json!([2, 1])).map_err(|fault| fault.to_string()),
            Err(" must not fall, got 2 to 1".trim().into())
        );
        let fault = PatchSize::parse(&json!([16, 40, 32])).expect_err("40 is no multiple of 16");
        assert_eq!((fault.param_path(), fault.message()), ("[1]", "must be a multiple of 16 of at least 16, got 40"));
        assert_eq!(Tasks::mots().to_json(), json!("mots"));
    }

    #[test]
    fn labels_take_the_smallest_type() {
        let kind = |labels: &[i64]| label_tensor(labels, &[labels.len() as i64]).kind();
        assert_eq!([kind(&[0, 255]), kind(&[0, 256]), kind(&[0, 70_000])], [Kind::Uint8, Kind::Int16, Kind::Int]);
    }
}
