//! Connected components of masks, and label maps cleaned by rules about them.

mod operator;
mod rules;
mod runs;

pub use operator::{CleanComponents, KeepLargest, RuleParams, Touching};
pub use rules::{Rule, UnknownRule, clean};
pub use runs::{Components, Connectivity};
