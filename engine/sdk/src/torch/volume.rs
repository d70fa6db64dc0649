//! A volume: voxels, where they lie, and what the file said.

use crate::{Affine, Call, Error, FromValue, IntoValue, JsonMap, Record, Result, Value};
use tch::{Device, Kind, Tensor};

/// Voxels `[D, H, W]` or `[C, D, H, W]` with their place in the world.
#[derive(Debug)]
pub struct Volume {
    pub data: Tensor,
    pub affine: Affine,
    /// `name`, `source`, `dtype` of the file, …
    pub meta: JsonMap,
    /// The input file's header bytes; `None` where the geometry is no longer the file's.
    pub header: Option<Tensor>,
}

impl Volume {
    /// A volume that comes from no file.
    pub fn new(data: Tensor, affine: Affine) -> Self {
        Self { data, affine, meta: JsonMap::new(), header: None }
    }

    /// Other voxels on the same grid.
    #[must_use]
    pub fn with_data(&self, data: Tensor) -> Self {
        Self { data, affine: self.affine, meta: self.meta.clone(), header: self.header.as_ref().map(Tensor::shallow_clone) }
    }

    /// Other voxels on another grid; the file's header no longer holds.
    #[must_use]
    pub fn with_grid(&self, data: Tensor, affine: Affine) -> Self {
        Self { data, affine, meta: self.meta.clone(), header: None }
    }

    /// The same grid, each voxel changed.
    #[must_use]
    pub fn map(&self, change: impl FnOnce(&Tensor) -> Tensor) -> Self {
        self.with_data(change(&self.data))
    }

    /// Sizes along D, H, W.
    ///
    /// # Errors
    /// Neither `[D, H, W]` nor `[C, D, H, W]`.
    pub fn size_zyx(&self) -> Result<[i64; 3]> {
        match self.data.size()[..] {
            [d, h, w] | [_, d, h, w] => Ok([d, h, w]),
            ref other => Err(Error::item(format!("a volume is [D, H, W] or [C, D, H, W], got {other:?}"))),
        }
    }

    /// The case's name, `?` where nobody said.
    pub fn name(&self) -> &str {
        self.meta.get("name").and_then(|name| name.as_str()).unwrap_or("?")
    }
}

impl IntoValue for Volume {
    fn into_value(self) -> Value {
        let matrix: Vec<f64> = self.affine.0.iter().flatten().copied().collect();
        let record = Record::new("volume")
            .with("data", self.data)
            .with("affine", Tensor::from_slice(&matrix).view([4, 4]))
            .with("meta", self.meta);
        match self.header {
            Some(header) => record.with("header", header),
            None => record,
        }
        .into_value()
    }
}

impl FromValue for Volume {
    fn from_value(value: &Value, call: &Call) -> Result<Self> {
        let record = Record::read(value)?;
        if record.tag() != "volume" {
            return Err(Error::item(format!("holds `record/{}`, expected `record/volume`", record.tag())));
        }
        let affine: Tensor = record.get("affine", call)?;
        let affine = affine.to_device(Device::Cpu).to_kind(Kind::Double).contiguous();
        if affine.size() != [4, 4] {
            return Err(Error::item(format!("the affine of a volume is [4, 4], got {:?}", affine.size())));
        }
        let numbers = Vec::<f64>::try_from(affine.view(-1))?;
        let affine = Affine(std::array::from_fn(|row| std::array::from_fn(|column| numbers[4 * row + column])));
        Ok(Self {
            data: record.get("data", call)?,
            affine,
            meta: record.get("meta", call)?,
            header: record.optional("header", call)?,
        })
    }
}
