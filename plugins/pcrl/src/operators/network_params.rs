//! Parameters that student and teacher share, and the network made of them.

use crate::network::{Config, Network};
use voxloom_parts::Builder;
use voxloom_sdk::prelude::*;

/// A network with initial weights from the context's generator.
pub fn network(config: Config, context: &Context) -> Result<Network> {
    let mut rng = context.rng();
    let build = Builder::random(device(context)?, &mut rng);
    Ok(Network::new(config, &build)?)
}

/// Where the module lives.
pub fn device(context: &Context) -> Result<Device> {
    let name = context.device_name();
    match name.strip_prefix("cuda:").map(str::parse) {
        Some(Ok(index)) => Ok(Device::Cuda(index)),
        None if name == "cpu" => Ok(Device::Cpu),
        _ => Err(Error::fatal(format!("device `{name}` is not known: expected cpu or cuda:N"))),
    }
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
