//! Segmenting whole volumes: windows, flips, and what the scores say.

mod flips;
mod merge;
mod paint;
mod stitch;

pub use flips::{FLIPS, averaged_over_flips};
pub use merge::{Conflict, merge_task, merge_tasks, soft_dice};
pub use paint::{LabelRule, paint};
pub use stitch::{Tiling, stitch};
