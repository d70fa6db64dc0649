//! Parameters whose fields must fit each other: checked with the pipeline file, before anything runs.
//!
//! Rationale: `#[derive(Params)]` writes the whole implementation, without room for such a check.

use voxloom_sdk::Json;
use voxloom_sdk::params::ParamType;
use voxloom_sdk::prelude::*;

/// Rules between fields.
pub trait Relations: Params {
    /// # Errors
    /// [`Error::param`] with the field at fault.
    fn check_relations(&self) -> Result<()>;
}

/// The same parameters with their relations checked.
pub struct Checked<P>(pub P);

impl<P: Relations> Params for Checked<P> {
    const ABOUT: &'static str = P::ABOUT;

    fn check(&self) -> Result<()> {
        self.0.check_relations()
    }
}

impl<P: Relations> ParamType for Checked<P> {
    fn schema() -> Json {
        P::schema()
    }

    fn parse(json: &Json) -> Result<Self> {
        P::parse(json).map(Self)
    }

    fn to_json(&self) -> Json {
        self.0.to_json()
    }
}
