//! The plugin `imaging`: the operators of `voxloom-imaging`, exported. Add a line here for a new operator.

voxloom_sdk::export! {
    name: "imaging",
    operators: [],
}
