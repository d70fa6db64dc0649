//! `#[derive(Choice)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Result};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else { return Err(Error::new_spanned(input, "Choice is for enums")) };
    if let Some(variant) = data.variants.iter().find(|variant| !variant.fields.is_empty()) {
        return Err(Error::new_spanned(variant, "a choice has no fields"));
    }
    let idents: Vec<_> = data.variants.iter().map(|variant| &variant.ident).collect();
    let names: Vec<_> = idents.iter().map(|ident| snake_case(&ident.to_string())).collect();
    let ident = &input.ident;
    Ok(quote! {
        impl ::voxloom_sdk::params::ParamType for #ident {
            fn schema() -> ::voxloom_sdk::Json {
                ::voxloom_sdk::params::choice_schema(&[#(#names),*])
            }
            fn parse(json: &::voxloom_sdk::Json) -> ::voxloom_sdk::Result<Self> {
                match json.as_str() {
                    #(Some(#names) => Ok(Self::#idents),)*
                    _ => Err(::voxloom_sdk::params::not_a_choice(json, &[#(#names),*])),
                }
            }
            fn to_json(&self) -> ::voxloom_sdk::Json {
                match self { #(Self::#idents => #names.into()),* }
            }
        }
    })
}

fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && index > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
