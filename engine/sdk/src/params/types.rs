//! The types that parameters can have.

use super::ParamType;
use crate::{Error, Json, JsonMap, Result};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

macro_rules! scalar {
    ($type:ty, $schema:expr, $words:literal, |$json:ident| $parse:expr) => {
        impl ParamType for $type {
            fn schema() -> Json {
                $schema
            }
            fn parse($json: &Json) -> Result<Self> {
                $parse.ok_or_else(|| Error::param("", format!(concat!("must be ", $words, ", got {}"), $json)))
            }
            fn to_json(&self) -> Json {
                json!(self)
            }
        }
    };
}

scalar!(bool, json!({"type": "boolean"}), "true or false", |json| json.as_bool());
scalar!(f64, json!({"type": "number"}), "a number", |json| json.as_f64());
scalar!(i64, json!({"type": "integer"}), "a whole number", |json| json.as_i64());
scalar!(i32, json!({"type": "integer"}), "a whole number", |json| json.as_i64().and_then(|n| i32::try_from(n).ok()));
scalar!(u64, json!({"type": "integer", "minimum": 0}), "a whole number of at least 0", |json| json.as_u64());
scalar!(u32, json!({"type": "integer", "minimum": 0}), "a whole number of at least 0", |json| json
    .as_u64()
    .and_then(|n| u32::try_from(n).ok()));
scalar!(u8, json!({"type": "integer", "minimum": 0, "maximum": 255}), "a whole number from 0 to 255", |json| json
    .as_u64()
    .and_then(|n| u8::try_from(n).ok()));
scalar!(usize, json!({"type": "integer", "minimum": 0}), "a whole number of at least 0", |json| json
    .as_u64()
    .and_then(|n| usize::try_from(n).ok()));
scalar!(String, json!({"type": "string"}), "text", |json| json.as_str().map(str::to_owned));
scalar!(PathBuf, json!({"type": "string", "format": "path"}), "a path", |json| json.as_str().map(PathBuf::from));

impl ParamType for Json {
    fn schema() -> Json {
        json!({})
    }

    fn parse(json: &Json) -> Result<Self> {
        Ok(json.clone())
    }

    fn to_json(&self) -> Json {
        self.clone()
    }
}

impl ParamType for JsonMap {
    fn schema() -> Json {
        json!({"type": "object"})
    }

    fn parse(json: &Json) -> Result<Self> {
        json.as_object().cloned().ok_or_else(|| Error::param("", format!("must be an object, got {json}")))
    }

    fn to_json(&self) -> Json {
        Json::Object(self.clone())
    }
}

impl<T: ParamType> ParamType for Option<T> {
    fn schema() -> Json {
        let mut schema = T::schema();
        schema["nullable"] = true.into();
        schema
    }

    fn parse(json: &Json) -> Result<Self> {
        if json.is_null() { Ok(None) } else { T::parse(json).map(Some) }
    }

    fn to_json(&self) -> Json {
        self.as_ref().map_or(Json::Null, ParamType::to_json)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: ParamType> ParamType for Vec<T> {
    fn schema() -> Json {
        json!({"type": "array", "items": T::schema()})
    }

    fn parse(json: &Json) -> Result<Self> {
        let items = json.as_array().ok_or_else(|| Error::param("", format!("must be a list, got {json}")))?;
        items
            .iter()
            .enumerate()
            .map(|(index, item)| T::parse(item).map_err(|error| error.within(&format!("[{index}]"))))
            .collect()
    }

    fn to_json(&self) -> Json {
        Json::Array(self.iter().map(ParamType::to_json).collect())
    }
}

impl<T: ParamType, const N: usize> ParamType for [T; N] {
    fn schema() -> Json {
        json!({"type": "array", "items": T::schema(), "minItems": N, "maxItems": N})
    }

    fn parse(json: &Json) -> Result<Self> {
        let items = Vec::<T>::parse(json)?;
        let found = items.len();
        items.try_into().map_err(|_| Error::param("", format!("must have {N} items, got {found}")))
    }

    fn to_json(&self) -> Json {
        Json::Array(self.iter().map(ParamType::to_json).collect())
    }
}

impl<T: ParamType> ParamType for BTreeMap<String, T> {
    fn schema() -> Json {
        json!({"type": "object", "additionalProperties": T::schema()})
    }

    fn parse(json: &Json) -> Result<Self> {
        let map = json.as_object().ok_or_else(|| Error::param("", format!("must be an object, got {json}")))?;
        map.iter().map(|(key, item)| Ok((key.clone(), T::parse(item).map_err(|error| error.within(key))?))).collect()
    }

    fn to_json(&self) -> Json {
        Json::Object(self.iter().map(|(key, item)| (key.clone(), item.to_json())).collect())
    }
}
