//! Parameters that student and teacher share, and the network made of them.

use crate::network::{Config, Network};
use rand::RngCore;
use voxloom_parts::{Builder, Placed};
use voxloom_precision::Precision;
use voxloom_sdk::prelude::*;

/// A network with initial weights from the context's generator.
pub fn network(config: Config, precision: Precision, context: &Context) -> Result<Placed<Network>> {
    let make = |device, rng: &mut dyn RngCore| Network::new(config, &Builder::random(device, rng));
    Placed::new(context, precision, make)
}

/// Defines a network's parameters: the shared ones, then its own, so that the shared ones are said once.
macro_rules! network_params {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Params, Clone, Debug)]
        pub struct $name {
            /// Axes of the images: 2 (a ResNet-18 encoder, three channels) or 3 (a U-Net of three halvings, one channel).
            #[param(default = 2, min = 2, max = 3)]
            pub dims: usize,
            /// Scales the channels; 1 is the paper's 64 to 512, rounded to multiples of 4.
            #[param(default = 1.0, above = 0.0, max = 4.0)]
            pub width: f64,
            /// Length of the vector that is contrasted; the bank's must be the same.
            #[param(default = 128, min = 2, max = 4096)]
            pub embedding: i64,
            /// How the 3D network normalises.
            #[param(default = crate::network::Norm::Bn)]
            pub norm: crate::network::Norm,
            /// What follows the normalisation in the 3D network.
            #[param(default = crate::network::Activation::Relu)]
            pub activation: crate::network::Activation,
            /// Element type of products and convolutions. Weights stay float32, results are float32; float16 needs CUDA and the optimizer's `loss_scale`.
            #[param(default = voxloom_precision::Precision::Float32)]
            pub precision: voxloom_precision::Precision,
            $($own)*
        }

        impl $name {
            fn config(&self) -> crate::network::Config {
                let Self { dims, width, embedding, norm, activation, .. } = *self;
                crate::network::Config { dims, width, embedding, norm, activation }
            }
        }
    };
}
pub(super) use network_params;
