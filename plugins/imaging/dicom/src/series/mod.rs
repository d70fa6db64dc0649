//! From files to series: heads are read, grouped by SeriesInstanceUID, and stacked.

mod choose;
mod examined;
mod find;
mod gaps;
mod head;
mod mosaic;
mod origin;
mod plane;
mod rescale;
mod stack;

pub use choose::{MARKS, Where};
pub use find::{Damaged, Found, Series, find, gather};
pub use head::Head;
pub use origin::{Holds, Origin};
pub use plane::Plane;
pub use rescale::Rescale;
pub use stack::{Place, Stack, stack};

pub(crate) use plane::{group, planes};
