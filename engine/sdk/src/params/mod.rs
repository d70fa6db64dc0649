//! Parameters: from one declaration to a schema, a parser and a manual.

mod schema;
mod types;

use crate::{Error, Json, Result};
pub use schema::{ObjectSchema, choice_schema};

/// The parameters of an operator or of an entry; made by `#[derive(Params)]`.
pub trait Params: ParamType + Send + Sync + 'static {
    /// The struct's doc comment.
    const ABOUT: &'static str;

    /// What the description cannot say, such as relations between fields: `#[param(check)]` on the struct makes it call `check_relations`.
    ///
    /// # Errors
    /// [`Error::param`] with the field at fault.
    fn check(&self) -> Result<()> {
        Ok(())
    }

    /// Reads and checks.
    ///
    /// # Errors
    /// [`Error::param`] with the field at fault.
    fn read(json: &Json) -> Result<Self> {
        let params = Self::parse(json)?;
        params.check()?;
        Ok(params)
    }
}

/// A type that a parameter can have.
pub trait ParamType: Sized {
    /// Its JSON Schema.
    fn schema() -> Json;

    /// Reads it. The engine has checked the schema already; this is the second look.
    ///
    /// # Errors
    /// [`Error::param`] with the path of what is wrong.
    fn parse(json: &Json) -> Result<Self>;

    /// Writes it, for defaults and reports.
    fn to_json(&self) -> Json;

    /// The value of a field that is left out and has no default, if the type has one (`Option`).
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads one field of an object. For the derive macro.
///
/// # Errors
/// Missing, or of another type.
pub fn field<T: ParamType>(json: &Json, name: &str, default: impl FnOnce() -> Option<T>) -> Result<T> {
    match json.get(name) {
        Some(value) => T::parse(value).map_err(|error| error.within(name)),
        None => default().or_else(T::absent).ok_or_else(|| Error::param(name, "is missing")),
    }
}

/// For the derive macro.
///
/// # Errors
/// Not an object.
pub fn expect_object(json: &Json) -> Result<()> {
    if json.is_object() { Ok(()) } else { Err(Error::param("", format!("must be an object, got {json}"))) }
}

/// For the derive macro.
pub fn not_a_choice(json: &Json, names: &[&str]) -> Error {
    Error::param("", format!("must be one of {}, got {json}", names.join(", ")))
}

/// No parameters.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoParams;

impl Params for NoParams {
    const ABOUT: &'static str = "";
}

impl ParamType for NoParams {
    fn schema() -> Json {
        ObjectSchema::default().finish()
    }

    fn parse(json: &Json) -> Result<Self> {
        expect_object(json).map(|()| Self)
    }

    fn to_json(&self) -> Json {
        Json::Object(crate::JsonMap::new())
    }
}
