//! `imaging.windows`.

use super::Layout;
use crate::crop::cut;
use crate::tensor::shape_of;
use voxloom_sdk::prelude::*;

/// Cuts a volume into overlapping windows, one item each, ordered along z first; the last one of an axis is shifted back to end with the volume.
#[derive(Params)]
pub struct Windows {
    /// Voxels of a window along z, y, x. The volume must be at least as large (`imaging.pad` makes it so).
    #[param(min = 1)]
    pub size: [usize; 3],
    /// Share of a window that the next one covers again; the stride is `ceil(size * (1 - overlap))`.
    #[param(default = 0.5, min = 0.0, below = 1.0)]
    pub overlap: f64,
}

impl Scatter for Windows {
    const NAME: &'static str = "imaging.windows";

    fn entry() -> Entry {
        Entry::scatter()
            .input(Port::volume("volume").about("[D, H, W] or [C, D, H, W]"))
            .output(Port::tensor("patch").shape("[1, C, d, h, w]").dtype("float32").about("the window's voxels"))
            .output(Port::tensor("corner").shape("[1, 3]").dtype("int64").about("its first voxel along z, y, x"))
    }

    fn open(&self, call: &mut Call) -> Result<Box<dyn Cursor>> {
        let volume: Volume = call.input("volume")?;
        let shape = shape_of(&volume)?;
        let layout = Layout::new(shape, self.size, [self.overlap; 3]).ok_or_else(|| {
            let hint = "make it larger with imaging.pad and bring the result back with `like`";
            Error::item(format!("the volume of {shape:?} voxels (z, y, x) is smaller than a window of {:?}: {hint}", self.size))
        })?;
        let data = if volume.data.dim() == 3 { volume.data.f_unsqueeze(0)? } else { volume.data };
        Ok(Box::new(WindowCursor { data, layout, next: 0 }))
    }
}

struct WindowCursor {
    data: Tensor,
    layout: Layout,
    next: usize,
}

impl Cursor for WindowCursor {
    fn next(&mut self, call: &mut Call) -> Result<bool> {
        let Some(corner) = self.layout.corner(self.next) else { return Ok(false) };
        self.next += 1;
        let patch = cut(&self.data, corner, self.layout.size())?.f_to_kind(Kind::Float)?.f_contiguous()?;
        call.output("patch", patch.f_unsqueeze(0)?)?;
        call.output("corner", Tensor::f_from_slice(&corner.map(|n| n as i64))?.f_view([1, 3])?)?;
        call.progress(self.next as u64, self.layout.len() as u64);
        Ok(true)
    }
}
