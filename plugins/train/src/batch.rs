//! Lists to items, items to batches.

use voxloom_sdk::prelude::*;

/// One item for each entry of a JSON list.
#[derive(Params)]
pub struct Each {}

impl Scatter for Each {
    const NAME: &'static str = "train.each";

    fn entry() -> Entry {
        Entry::scatter()
            .input(Port::json("list").about("a list, such as the sampler's `cases`"))
            .output(Port::of("case", "case").about("the entry as a case, where it is an object"))
            .output(Port::json("item").about("the entry as it is"))
            .output(Port::json("index").about("its place in the list, from 0"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        match call.input("list")? {
            Json::Array(list) => Ok(Box::new(Entries(list.into_iter().enumerate()))),
            other => Err(Error::item(format!("`list` must be a list, got {other}"))),
        }
    }
}

struct Entries(std::iter::Enumerate<std::vec::IntoIter<Json>>);

impl Cursor for Entries {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        let Some((index, item)) = self.0.next() else { return Ok(false) };
        let meta = if item.is_object() { item.clone() } else { json!({ "name": index.to_string(), "value": item }) };
        call.output("case", Record::new("case").with("meta", meta))?;
        call.output("item", item)?;
        call.output("index", json!(index))?;
        Ok(true)
    }
}

/// How tensors of several items become one.
#[derive(Choice, Clone, Copy, Debug)]
pub enum Join {
    /// Along a new first dimension: `[C, D, H, W]` to `[N, C, D, H, W]`.
    Stack,
    /// Along the first dimension: `[1, C, D, H, W]` to `[N, C, D, H, W]`.
    Concat,
}

/// Makes one training batch of the items of a step.
#[derive(Params)]
pub struct Collate {
    /// How the tensors are joined.
    #[param(default = Join::Stack)]
    pub join: Join,
}

/// Makes one tensor of the items' tensors.
#[derive(Params)]
pub struct Stack {
    /// How the tensors are joined.
    #[param(default = Join::Stack)]
    pub join: Join,
}

impl Gather for Collate {
    const NAME: &'static str = "train.collate";

    fn entry() -> Entry {
        Entry::gather()
            .input(Port::tensor("image").gathered().about("an item's image"))
            .input(Port::tensor("label").gathered().optional().about("an item's label"))
            .input(Port::json("value").gathered().optional().about("what else belongs to an item: its task, its name"))
            .output(Port::tensor("image").about("the batch"))
            .output(Port::tensor("label").about("the batch; empty where no label is connected"))
            .output(Port::json("values").about("the list of the items' values; empty where none is connected"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Batch { join: self.join, images: Vec::new(), labels: Vec::new(), values: Vec::new() }))
    }
}

struct Batch {
    join: Join,
    images: Vec<Tensor>,
    labels: Vec<Tensor>,
    values: Vec<Json>,
}

impl Accumulator for Batch {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.images.push(call.input("image")?);
        self.labels.extend(call.optional("label")?);
        self.values.extend(call.optional("value")?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("image", join("image", self.join, &self.images)?)?;
        let empty = || Tensor::zeros([0], (Kind::Float, Device::Cpu));
        call.output("label", if self.labels.is_empty() { empty() } else { join("label", self.join, &self.labels)? })?;
        call.output("values", Json::Array(std::mem::take(&mut self.values)))
    }
}

impl Gather for Stack {
    const NAME: &'static str = "train.stack";

    fn entry() -> Entry {
        Entry::gather()
            .input(Port::tensor("tensor").gathered().about("an item's tensor"))
            .output(Port::tensor("batch").about("all of them"))
    }

    fn open(&self, _: &mut Call) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Tensors(self.join, Vec::new())))
    }
}

struct Tensors(Join, Vec<Tensor>);

impl Accumulator for Tensors {
    fn push(&mut self, call: &mut Call) -> Result<()> {
        self.1.push(call.input("tensor")?);
        Ok(())
    }

    fn finish(&mut self, call: &mut Call) -> Result<()> {
        call.output("batch", join("tensor", self.0, &self.1)?)
    }
}

/// Joins tensors of one type and size.
fn join(port: &str, how: Join, tensors: &[Tensor]) -> Result<Tensor> {
    let Some(first) = tensors.first() else { return Err(Error::item("there is no item to make a batch of")) };
    let free = match how {
        Join::Stack => 0,
        Join::Concat => 1,
    };
    let fits = |tensor: &Tensor| tensor.kind() == first.kind() && tensor.size().get(free..) == first.size().get(free..);
    if let Some(index) = tensors.iter().position(|tensor| !fits(tensor)) {
        let show = |tensor: &Tensor| format!("{:?} {:?}", tensor.kind(), tensor.size());
        return Err(Error::item(format!(
            "the items' `{port}` do not fit into one batch: item 0 is {}, item {index} is {}",
            show(first),
            show(&tensors[index])
        )));
    }
    Ok(match how {
        Join::Stack => Tensor::f_stack(tensors, 0)?,
        Join::Concat => Tensor::f_cat(tensors, 0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_become_a_batch_or_a_message() {
        let (a, b) = (Tensor::from_slice(&[1.0f32, 2.0]).view([1, 2]), Tensor::from_slice(&[3.0f32, 4.0]).view([1, 2]));
        assert_eq!(join("x", Join::Stack, &[a.copy(), b.copy()]).unwrap().size(), [2, 1, 2]);
        assert_eq!(join("x", Join::Concat, &[a.copy(), b.copy()]).unwrap().size(), [2, 2]);
        assert_eq!(join("x", Join::Concat, &[a.copy(), a.repeat([3, 1])]).unwrap().size(), [4, 2]);
        let fault = join("image", Join::Stack, &[a, b.to_kind(Kind::Double)]).unwrap_err();
        assert_eq!(
            fault.message(),
            "the items' `image` do not fit into one batch: item 0 is Float [1, 2], item 1 is Double [1, 2]"
        );
        assert_eq!(join("image", Join::Stack, &[]).unwrap_err().message(), "there is no item to make a batch of");
    }
}
