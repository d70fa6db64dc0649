//! The plugin `imaging`: the operators of `voxloom-imaging`, exported. Add a line here for a new operator.

use voxloom_imaging::{
    blend, cases, channel, clip, components, crop, from_tensor, labels, metrics, normalise, pad, preview, read, reorient,
    resample, table, threshold, to_tensor, windows, write,
};

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
        // Grids, intensity, windows, label maps, metrics.
        op resample::Resample,
        op crop::Crop,
        op crop::Uncrop,
        op pad::Pad,
        op clip::Clip,
        op normalise::Normalise,
        op channel::Channel,
        op threshold::Threshold,
        op to_tensor::ToTensor,
        op from_tensor::FromTensor,
        scatter windows::Windows,
        gather blend::Blend,
        gather labels::Labels,
        op components::CleanComponents,
        op components::KeepLargest,
        op metrics::Metrics,
        op metrics::Similarity,
        op metrics::Join,
        gather metrics::Summary,
    ],
}
