//! PNG pictures, over the crate `png`; knows files and numbers, no tensors and no engine.
//!
//! Reading is strict: samples come as they are stored, and what would have to be guessed (transparency, a scale of few bits)
//! is refused by name. Gamma and colour profiles are passed over, as Pillow and OpenCV do.

mod fault;
mod pixels;
mod read;
mod write;

pub use fault::{Error, Fault};
pub use read::{Colour, Picture, Use, decode, read, read_size};
pub use write::{Encoded, encode, write};
