//! The steps that pipelines are made of, one file each.

mod encoder;
mod features;
mod images;
mod network_params;
mod pair_params;

mod bank;
mod student;
mod teacher;

mod batch;
mod draws;
mod loss;
mod mix;
mod report;

mod pairs3d;
mod views2d;
mod views3d;
mod windows3d;

mod auc;
mod classifier;
mod dice;
mod findings;
mod lists;
mod picture;
mod scores;
mod segment_loss;
mod segmenter;

pub use auc::Auc;
pub use bank::{Bank, BankParams};
pub use batch::Batch;
pub use classifier::{Classifier, ClassifierParams};
pub use dice::Dice;
pub use draws::Draws;
pub use findings::Findings;
pub use lists::Lists;
pub use loss::Objective;
pub use mix::Mix;
pub use pairs3d::Pairs3d;
pub use picture::PictureParams;
pub use report::Report;
pub use scores::Scores;
pub use segment_loss::SegmentLoss;
pub use segmenter::{Segmenter, SegmenterParams};
pub use student::{Student, StudentParams};
pub use teacher::{Teacher, TeacherParams};
pub use views2d::Views2d;
pub use views3d::Views3d;
pub use windows3d::Windows3d;
