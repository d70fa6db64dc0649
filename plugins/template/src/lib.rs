//! The plugin of the tutorial (`docs/write-a-plugin.md`): three operators, one file each.

mod slices;
mod stack;
mod threshold;

voxloom_sdk::export! { name: "template", operators: [op threshold::Threshold, scatter slices::Slices, gather stack::Stack] }
