//! The networks: encoder, decoder, the vector that is contrasted, and the gate; student and teacher are the same class.
//!
//! One decoder serves three encoders: the student, and a hybrid that has no input of its own, whose features are those of
//! student and teacher blended. The teacher has a decoder too, as in the authors' checkpoints, and never runs it.

mod checkpoint;
mod config;
mod follow;
mod heads;
pub mod three_d;
pub mod two_d;
mod unit;
mod widen;

pub use checkpoint::{Loaded, Part, load};
pub use config::{Activation, Config, Features, Norm, scaled};
pub use follow::follow;
pub use heads::{Embedding, Gate, pooled};

use crate::{Fault, Result};
use tch::{Kind, Tensor};
use three_d::{UNet, UNetConfig};
use two_d::{Decoder, Encoder};
use voxloom_parts::{Builder, Conv, Entries, Mode};
use voxloom_precision::Widen;

/// A PCRL network with its weights.
#[derive(Debug)]
pub struct Network {
    config: Config,
    body: Body,
    embedding: Embedding,
    gate: Gate,
    entries: Entries,
}

#[derive(Debug)]
enum Body {
    Two { encoder: Encoder, decoder: Decoder, output: Conv },
    Three(UNet),
}

/// What a call of the student gives.
#[derive(Debug)]
pub struct Output {
    /// `[N, length]`, not normalised.
    pub embedding: Tensor,
    /// The decoder on the blended features.
    pub hybrid: Tensor,
    /// The decoder on the student's own features.
    pub plain: Tensor,
}

impl Network {
    /// A network whose tensors come from `build`, in the order of the authors' state dictionaries.
    ///
    /// # Errors
    /// Another number of axes than 2 or 3.
    pub fn new(config: Config, build: &Builder) -> Result<Self> {
        match config.dims {
            2 => Ok(Self::two(config, build)),
            3 => Ok(Self::three(config, build)),
            other => Err(Fault::Value { what: "dims", text: format!("must be 2 or 3, got {other}") }),
        }
    }

    fn two(config: Config, build: &Builder) -> Self {
        let encoder = Encoder::new(&build.at("model.encoder"), 3, config.width);
        let decoder = Decoder::new(&build.at("model.decoder"), config.width);
        let output = two_d::output_layer(&build.at("model.segmentation_head.0"), Decoder::channels(config.width), 3);
        let channels = Encoder::channels(config.width)[4];
        let embedding = Embedding::new(build, channels, config.embedding);
        let gate = Gate::new(build, 6, channels);
        Self { config, body: Body::Two { encoder, decoder, output }, embedding, gate, entries: build.finish() }
    }

    fn three(config: Config, build: &Builder) -> Self {
        let Config { width, norm, activation, .. } = config;
        let channels = UNet::channels(width);
        let mut embedding = None;
        let unet = UNet::with(build, &UNetConfig { width, norm, activation, ..UNetConfig::default() }, |build| {
            embedding = Some(Embedding::new(build, channels, config.embedding));
        });
        let embedding = embedding.expect("`with` calls the closure");
        let gate = Gate::new(build, 7, channels);
        Self { config, body: Body::Three(unet), embedding, gate, entries: build.finish() }
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    /// All tensors under the authors' names; they share storage with the network.
    pub fn entries(&self) -> &Entries {
        &self.entries
    }

    /// Prefix of the encoder's names; the others begin differently.
    pub fn encoder_prefix(&self) -> &'static str {
        match self.body {
            Body::Two { .. } => "model.encoder.",
            Body::Three(_) => "down_tr",
        }
    }

    /// Numbers in an indicator: 6 in 2D, 7 in 3D.
    pub fn indicator(&self) -> i64 {
        match self.body {
            Body::Two { .. } => 6,
            Body::Three(_) => 7,
        }
    }

    /// # Shapes
    /// - in:  `[N, 3, H%32, W%32]` in 2D, `[N, 1, X%8, Y%8, Z%8]` in 3D
    ///
    /// # Errors
    /// Another shape or element type, or a batch of one while training: its statistics say nothing.
    pub fn encode(&self, image: &Tensor, mode: Mode) -> Result<Features> {
        self.check(image, mode)?;
        Ok(match &self.body {
            Body::Two { encoder, .. } => encoder.forward(image, mode),
            Body::Three(unet) => unet.encode(image, mode),
        })
    }

    /// Encoder and vector in one: `[N, length]` and the features.
    ///
    /// # Errors
    /// As [`Network::encode`].
    pub fn encode_and_embed(&self, image: &Tensor, mode: Mode) -> Result<(Tensor, Features)> {
        let features = self.encode(image, mode)?;
        Ok((self.embed(&features), features))
    }

    /// The vector that is contrasted; from the bottleneck without a gate.
    pub fn embed(&self, features: &Features) -> Tensor {
        self.embedding.forward(&features.bottleneck)
    }

    /// One factor a bottleneck channel: `[N, indicator]` to `[N, C]`.
    ///
    /// # Errors
    /// Another number of numbers.
    pub fn gate(&self, indicator: &Tensor) -> Result<Tensor> {
        let size = indicator.size();
        if size.len() != 2 || size[1] != self.indicator() {
            let text = format!("got {size:?}, expected [N, {}]: flips, then one of four quarter turns", self.indicator());
            return Err(Fault::Shape { what: "indicator", text });
        }
        Ok(self.gate.forward(indicator))
    }

    /// The decoder and the output layer: an image of the size of the encoder's input.
    pub fn decode(&self, features: &Features, mode: Mode) -> Tensor {
        match &self.body {
            Body::Two { decoder, output, .. } => output.forward(&decoder.forward(features, mode)),
            Body::Three(unet) => unet.decode(features, mode).widen().sigmoid(),
        }
    }

    /// The student: its own image beside the teacher's features. `gates` are the factors for both; without them nothing is gated.
    ///
    /// The decoder's two passes share their BatchNorm, so that their order shows in the running statistics: in 2D the plain one
    /// comes first (block by block in the authors' code, which is the same for every layer), in 3D the hybrid one.
    ///
    /// # Errors
    /// As [`Network::encode`]; features of another size.
    pub fn forward(
        &self,
        image: &Tensor,
        teacher: &Features,
        alpha: f64,
        gates: Option<(&Tensor, &Tensor)>,
        mode: Mode,
    ) -> Result<Output> {
        let student = self.encode(image, mode)?;
        check_pair(&student, teacher)?;
        let embedding = self.embed(&student);
        let (own, other) = match gates {
            Some((own, other)) => (student.gated(own), teacher.gated(other)),
            None => (student.shallow(), teacher.shallow()),
        };
        let blend = own.blend(&other, alpha);
        let (plain, hybrid);
        if self.config.dims == 2 {
            plain = self.decode(&own, mode);
            hybrid = self.decode(&blend, mode);
        } else {
            hybrid = self.decode(&blend, mode);
            plain = self.decode(&own, mode);
        }
        Ok(Output { embedding, hybrid, plain })
    }

    /// An ordinary U-Net, for use after pre-training.
    ///
    /// # Errors
    /// As [`Network::encode`].
    pub fn plain(&self, image: &Tensor, mode: Mode) -> Result<Tensor> {
        Ok(self.decode(&self.encode(image, mode)?, mode))
    }

    fn check(&self, image: &Tensor, mode: Mode) -> Result<()> {
        let size = image.size();
        let (channels, divisor, expected) = match self.body {
            Body::Two { .. } => (3, two_d::DIVISOR, "[N, 3, H, W] with H and W multiples of 32"),
            Body::Three(_) => (1, three_d::DIVISOR, "[N, 1, X, Y, Z] with each axis a multiple of 8"),
        };
        let fits = size.len() == self.config.dims + 2 && size[1] == channels;
        if !fits || size[2..].iter().any(|n| *n == 0 || n % divisor != 0) {
            return Err(Fault::Shape { what: "image", text: format!("got {size:?}, expected {expected}") });
        }
        if image.kind() != Kind::Float {
            let text = format!("got {:?} numbers, expected float32", image.kind());
            return Err(Fault::Value { what: "image", text });
        }
        if mode == Mode::Train && size[0] < 2 {
            let text = "a batch of one cannot be normalised by its own statistics; give two images or more".to_owned();
            return Err(Fault::Shape { what: "image", text });
        }
        Ok(())
    }
}

fn check_pair(student: &Features, teacher: &Features) -> Result<()> {
    let sizes = |features: &Features| -> Vec<Vec<i64>> {
        std::iter::once(&features.bottleneck).chain(&features.skips).map(Tensor::size).collect()
    };
    let (own, other) = (sizes(student), sizes(teacher));
    if own == other {
        return Ok(());
    }
    let text =
        format!("the teacher's are {other:?}, the student's {own:?}; both networks must have one size and see equal batches");
    Err(Fault::Shape { what: "features", text })
}
