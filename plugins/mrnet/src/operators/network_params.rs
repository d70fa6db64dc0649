//! What the three modules share: sizes, precision, and how many samples they learn from.

use crate::network::NetworkConfig;
use voxloom_sdk::prelude::*;

/// A batch of one has no statistics where the image is pooled to one pixel.
pub fn expect_several(image: &Tensor) -> Result<()> {
    match image.size().first() {
        Some(0 | 1) | None => Err(Error::item(format!(
            "`image` is {:?}; batch normalisation learns from 2 samples at least: raise the sampler's `batch`, or let its last batch be full",
            image.size()
        ))),
        _ => Ok(()),
    }
}

/// Defines a network's parameters: the shared ones, then its own, so that the shared ones are said once.
macro_rules! network_params {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Params, Clone, Debug)]
        pub struct $name {
            /// Raters of each image; the paper has 6.
            #[param(default = 6, min = 2, max = 64)]
            pub raters: i64,
            /// Structures that each rater marks; the paper has 2, optic disc and cup.
            #[param(default = 2, min = 1, max = 64)]
            pub structures: i64,
            /// Scales the channels; 1 is the paper's.
            #[param(default = 1.0, above = 0.0, max = 4.0)]
            pub width: f64,
            /// Element type of products and convolutions. Weights stay float32, results are float32; float16 needs CUDA and the optimizers' `loss_scale`.
            #[param(default = voxloom_precision::Precision::Float32)]
            pub precision: voxloom_precision::Precision,
            $($own)*
        }

        impl $name {
            fn config(&self) -> crate::network::NetworkConfig {
                super::network_params::config(self.raters, self.structures, self.width)
            }
        }
    };
}
pub(super) use network_params;

pub fn config(raters: i64, structures: i64, width: f64) -> NetworkConfig {
    NetworkConfig { raters, structures, width }
}
