//! From a pipeline file to a report: `Spec -> Graph -> Plan -> Report`.
//!
//! No tensor library, no medicine, no printing. Plugins are met only through `voxloom-abi`.

pub mod describe;
pub mod graph;
pub mod load;
