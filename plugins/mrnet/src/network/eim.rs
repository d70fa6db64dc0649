//! Expertise-aware inferring (specified in the paper as EIM): raters' weights enter the bottleneck through one step of a
//! convolutional LSTM.

use tch::Tensor;
use voxloom_parts::{Builder, Conv, ConvConfig, Start};

/// The embedding of the weights and the cell.
#[derive(Debug)]
pub struct Eim {
    embed: Conv,
    gates: Conv,
}

impl Eim {
    /// The authors call the embedding `conv` in the coarse network and `conv_c` in the reconstruction network.
    pub fn new(build: &Builder, embed: &str, raters: i64, channels: i64, start: Start, bias: Option<Start>) -> Self {
        let config =
            |input, output| ConvConfig { input, output, start: start.clone(), bias_start: bias.clone(), ..ConvConfig::default() };
        Self {
            embed: Conv::new(&build.at(embed), config(raters, channels)),
            gates: Conv::new(&build.at("CONVLSTMcell.Gates"), config(2 * channels, 4 * channels)),
        }
    }

    /// `E` of the weights is the initial hidden and cell state; gates stand in the order i, f, o, g.
    ///
    /// # Shapes
    /// - in:  features `[N, C, h, w]`, expertness `[N, R]`
    /// - out: `[N, C, h, w]`
    pub fn forward(&self, features: &Tensor, expertness: &Tensor) -> Tensor {
        let size = features.size();
        let plane = expertness.unsqueeze(-1).unsqueeze(-1).expand([-1, -1, size[2], size[3]], false);
        let embedded = self.embed.forward(&plane);
        let gates = self.gates.forward(&Tensor::cat(&[features, &embedded], 1)).chunk(4, 1);
        let (input, forget, output, candidate) = (gates[0].sigmoid(), gates[1].sigmoid(), gates[2].sigmoid(), gates[3].tanh());
        output * (forget * embedded + input * candidate).tanh()
    }
}
