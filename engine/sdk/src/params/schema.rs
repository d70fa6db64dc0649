//! Builds the JSON Schema of a struct of parameters.

use super::ParamType;
use crate::{Json, JsonMap};

/// An object schema, field by field. For the derive macro.
#[derive(Default)]
pub struct ObjectSchema {
    properties: JsonMap,
    required: Vec<Json>,
}

impl ObjectSchema {
    /// Adds a field; it is required until it gets a default.
    pub fn field<T: ParamType>(&mut self, name: &str, about: &str) -> FieldSchema<'_> {
        let mut schema = T::schema();
        schema["description"] = about.into();
        self.properties.insert(name.into(), schema);
        if let Some(value) = T::absent() {
            self.properties[name]["default"] = value.to_json();
        } else {
            self.required.push(name.into());
        }
        FieldSchema { schema: self, name: name.into() }
    }

    pub fn finish(self) -> Json {
        serde_json::json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        })
    }
}

/// One field, to be narrowed.
pub struct FieldSchema<'a> {
    schema: &'a mut ObjectSchema,
    name: String,
}

impl FieldSchema<'_> {
    fn json(&mut self) -> &mut Json {
        &mut self.schema.properties[&self.name]
    }

    /// A limit on the number, or on the numbers of a list, or on the length of a list.
    pub fn limit(&mut self, keyword: &str, value: impl Into<Json>) -> &mut Self {
        let mut target = self.json();
        if !keyword.ends_with("Items") {
            while target.get("items").is_some() {
                target = &mut target["items"];
            }
        }
        target[keyword] = value.into();
        self
    }

    pub fn unit(&mut self, unit: &str) -> &mut Self {
        self.json()["unit"] = unit.into();
        self
    }

    /// Text that is a path; relative ones are seen from the pipeline file.
    pub fn path(&mut self) -> &mut Self {
        self.json()["format"] = "path".into();
        self
    }

    pub fn default<T: ParamType>(&mut self, value: &T) -> &mut Self {
        let json = value.to_json();
        self.json()["default"] = json;
        let name = Json::from(self.name.as_str());
        self.schema.required.retain(|required| *required != name);
        self
    }
}

/// The schema of a choice among names.
pub fn choice_schema(names: &[&str]) -> Json {
    serde_json::json!({ "type": "string", "enum": names })
}
