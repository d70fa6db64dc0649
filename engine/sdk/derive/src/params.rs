//! `#[derive(Params)]`.

use crate::attributes::{about, checks_relations, rules};
use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Expr, ExprLit, Fields, Lit, Result};

pub fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else { return Err(Error::new_spanned(input, "Params is for structs")) };
    let fields = match &data.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        Fields::Unit => Vec::new(),
        Fields::Unnamed(_) => return Err(Error::new_spanned(input, "Params needs named fields")),
    };
    let (mut schemas, mut parses, mut writes) = (Vec::new(), Vec::new(), Vec::new());
    for field in fields {
        let ident = field.ident.as_ref().expect("fields of a struct with braces are named");
        let (name, kind) = (ident.to_string(), &field.ty);
        let name = name.strip_prefix("r#").unwrap_or(&name).to_owned();
        let (text, rules) = (about(&field.attrs), rules(&field.attrs)?);
        if text.is_empty() {
            return Err(Error::new_spanned(field, "a parameter needs a doc comment: it becomes its manual"));
        }
        let limits = rules.limits.iter().map(|(keyword, value)| quote! { .limit(#keyword, #value) });
        let unit = rules.unit.iter().map(|unit| quote! { .unit(#unit) });
        let path = rules.path.then(|| quote! { .path() });
        let default = rules.default.as_ref().map(typed).into_iter().map(|value| quote! { .default::<#kind>(&#value) });
        schemas.push(quote! {
            schema.field::<#kind>(#name, #text)#(#limits)*#(#unit)*#path #(#default)*;
        });
        let fallback = match rules.default.as_ref().map(typed) {
            Some(value) => quote! { ::core::option::Option::Some(#value) },
            None => quote! { ::core::option::Option::None },
        };
        parses.push(quote! { #ident: ::voxloom_sdk::params::field::<#kind>(json, #name, || #fallback)? });
        writes.push(quote! { map.insert(#name.into(), ::voxloom_sdk::params::ParamType::to_json(&self.#ident)); });
    }
    let (ident, text) = (&input.ident, about(&input.attrs));
    let check = checks_relations(&input.attrs)?.then(|| {
        quote! {
            fn check(&self) -> ::voxloom_sdk::Result<()> {
                self.check_relations()
            }
        }
    });
    let (impl_generics, type_generics, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        impl #impl_generics ::voxloom_sdk::params::Params for #ident #type_generics #bounds {
            const ABOUT: &'static str = #text;
            #check
        }
        impl #impl_generics ::voxloom_sdk::params::ParamType for #ident #type_generics #bounds {
            fn schema() -> ::voxloom_sdk::Json {
                #[allow(unused_mut)]
                let mut schema = ::voxloom_sdk::params::ObjectSchema::default();
                #(#schemas)*
                schema.finish()
            }
            fn parse(json: &::voxloom_sdk::Json) -> ::voxloom_sdk::Result<Self> {
                ::voxloom_sdk::params::expect_object(json)?;
                Ok(Self { #(#parses),* })
            }
            fn to_json(&self) -> ::voxloom_sdk::Json {
                #[allow(unused_mut)]
                let mut map = ::voxloom_sdk::JsonMap::new();
                #(#writes)*
                ::voxloom_sdk::Json::Object(map)
            }
        }
    })
}

/// Text literals become owned text; everything else stands as written.
fn typed(value: &Expr) -> TokenStream {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(_), .. }) => quote! { ::core::convert::Into::into(#value) },
        _ => quote! { #value },
    }
}
