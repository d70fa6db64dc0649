//! The plugin, called across the border as the engine calls it.

mod batches;
mod ema;
mod host;
mod logs;
mod net;
mod optimizers;
mod sampler;
