//! JSON along edges.

use crate::value::wrong_type;
use crate::{Call, Error, FromValue, IntoValue, Json, JsonMap, Payload, Result, Value};
use voxloom_abi::{Sink, status, type_id};
use xxhash_rust::xxh3::xxh3_64;

impl Payload for Json {
    const TYPE: &'static str = type_id::JSON;

    fn describe(&self) -> String {
        self.to_string()
    }

    fn nbytes(&self) -> u64 {
        self.to_string().len() as u64
    }

    fn digest(&self) -> u64 {
        xxh3_64(self.to_string().as_bytes())
    }

    fn json(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl IntoValue for Json {
    fn into_value(self) -> Value {
        self.into_payload()
    }
}

impl IntoValue for JsonMap {
    fn into_value(self) -> Value {
        Json::Object(self).into_payload()
    }
}

impl FromValue for Json {
    fn from_value(value: &Value, _: &Call) -> Result<Self> {
        read(value)
    }
}

impl FromValue for JsonMap {
    fn from_value(value: &Value, _: &Call) -> Result<Self> {
        match read(value)? {
            Json::Object(map) => Ok(map),
            other => Err(Error::item(format!("holds {other}, expected a JSON object"))),
        }
    }
}

/// Reads a JSON value of this or any other plugin.
pub fn read(value: &Value) -> Result<Json> {
    if let Some(json) = Json::of(value) {
        return Ok(json.clone());
    }
    let table = value.table().filter(|_| value.type_id() == type_id::JSON);
    let Some(json) = table.and_then(|table| table.json) else { return Err(wrong_type(value, type_id::JSON)) };
    let mut text = String::new();
    // SAFETY: the handle is alive, the sink outlives the call.
    if unsafe { json(value.handle(), &Sink::to(&mut text)) } != status::OK {
        return Err(Error::item("a JSON value did not give its text"));
    }
    Ok(serde_json::from_str(&text)?)
}
