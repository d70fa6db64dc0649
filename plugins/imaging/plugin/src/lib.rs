//! The plugin `imaging`: the operators of `voxloom-imaging`, exported. Add a line here for a new operator.

use voxloom_imaging::{cases, preview, read, reorient, table, write};

voxloom_sdk::export! {
    name: "imaging",
    operators: [
        // Files and geometry.
        scatter cases::Cases,
        op read::Read,
        op write::Write,
        op reorient::Reorient,
        op preview::Preview,
        gather table::Table,
    ],
}
