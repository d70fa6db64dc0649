//! The steps that pipelines are made of, one file each.

mod features;
mod network_params;

mod bank;
mod student;
mod teacher;

mod batch;
mod draws;
mod loss;
mod mix;

pub use bank::{Bank, BankParams};
pub use batch::Batch;
pub use draws::Draws;
pub use loss::Objective;
pub use mix::Mix;
pub use student::{Student, StudentParams};
pub use teacher::{Teacher, TeacherParams};
