//! Label maps at the input's resolution in bounded memory: windows are blended, brought to the input's grid and reduced to
//! labels plane by plane, so that scores of a whole volume never exist.

mod operator;
mod painter;
mod planes;
mod rule;

pub use operator::{Labels, ThresholdParams};
pub use painter::{Label, Painter};
pub use planes::{Misplaced, PlaneBlend};
pub use rule::{Rule, Step};
