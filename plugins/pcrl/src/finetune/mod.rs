//! What a pretrained encoder is for: classifiers and segmenters that learn from few labels.

mod lists;
mod losses;
mod metrics;
mod picture_net;
mod transfer;

pub use lists::{Row, labelled, overlap, parse, split};
pub use losses::{BCE_SHARE, Bce, bce_dice, multi_class_dice, regions, tversky};
pub use metrics::{auc, dice, macro_mean};
pub use picture_net::{Logits, PictureNet, PictureNetConfig};
pub use transfer::{Inflate, Transfer, encoder_file, transfer};
