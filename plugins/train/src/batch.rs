//! Lists to items, items to batches.

use voxloom_parts::Join;
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
        call.output("image", self.join.all("image", &self.images)?)?;
        let empty = || Tensor::zeros([0], (Kind::Float, Device::Cpu));
        call.output("label", if self.labels.is_empty() { empty() } else { self.join.all("label", &self.labels)? })?;
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
        call.output("batch", self.0.all("tensor", &self.1)?)
    }
}
