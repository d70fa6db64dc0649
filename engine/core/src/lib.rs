//! From a pipeline file to a report: `Spec -> Graph -> Plan -> Report`.
//!
//! No tensor library, no medicine, no printing. Plugins are met only through `voxloom-abi`.

pub mod allocator;
pub mod check;
pub mod describe;
pub mod draw;
mod fault;
pub mod graph;
pub mod load;
pub mod operators;
pub mod params;
pub mod run;
pub mod schema;
pub mod spec;
mod suggest;
