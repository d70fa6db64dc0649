//! Reads doc comments and `#[param(...)]`.

use syn::{Attribute, Expr, ExprLit, Lit, Meta, Result};

/// What `#[param(...)]` says of a field.
#[derive(Default)]
pub struct FieldRules {
    pub default: Option<Expr>,
    pub unit: Option<Expr>,
    /// JSON Schema keyword and value.
    pub limits: Vec<(&'static str, Expr)>,
    pub path: bool,
}

/// The doc comment as one line of text.
pub fn about(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) = &pair.value else { continue };
        if !pair.path.is_ident("doc") {
            continue;
        }
        let line = line.value();
        let line = line.trim();
        if line.starts_with('#') {
            break;
        }
        if !text.is_empty() && !line.is_empty() {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

pub fn rules(attributes: &[Attribute]) -> Result<FieldRules> {
    let mut rules = FieldRules::default();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("param")) {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            if name == "path" {
                rules.path = true;
                return Ok(());
            }
            let value: Expr = meta.value()?.parse()?;
            match name.as_str() {
                "default" => rules.default = Some(value),
                "unit" => rules.unit = Some(value),
                "min" => rules.limits.push(("minimum", value)),
                "max" => rules.limits.push(("maximum", value)),
                "above" => rules.limits.push(("exclusiveMinimum", value)),
                "below" => rules.limits.push(("exclusiveMaximum", value)),
                "min_len" => rules.limits.push(("minItems", value)),
                "max_len" => rules.limits.push(("maxItems", value)),
                _ => return Err(meta.error("expected default, unit, min, max, above, below, min_len, max_len or path")),
            }
            Ok(())
        })?;
    }
    Ok(rules)
}

/// Whether the struct says `#[param(check)]`.
pub fn checks_relations(attributes: &[Attribute]) -> Result<bool> {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("param")) {
        attribute.parse_nested_meta(|meta| match meta.path.is_ident("check") {
            true => {
                found = true;
                Ok(())
            }
            false => Err(meta.error("expected check")),
        })?;
    }
    Ok(found)
}
