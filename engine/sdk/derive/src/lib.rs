//! `#[derive(Params)]` and `#[derive(Choice)]`: one declaration feeds parsing, checking, the schema and the manual.
//!
//! The generated code names `voxloom_sdk` through `::voxloom_sdk`.

mod attributes;
mod choice;
mod params;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct the parameters of an operator.
///
/// The doc comment of the struct says what it is for, the doc comment of each field what it means. `#[param(...)]` takes
/// `default = …`, `unit = "mm"`, `min`, `max`, `above`, `below` (for numbers, and for the items of lists), `min_len`, `max_len`, and `path`.
/// A field without a default is required, unless it is an `Option`.
///
/// `#[param(check)]` on the struct: its method `check_relations(&self) -> Result<()>` says what fields ask of each other. It is
/// called when a pipeline file is checked and before an instance is made.
#[proc_macro_derive(Params, attributes(param))]
pub fn derive_params(input: TokenStream) -> TokenStream {
    params::expand(&parse_macro_input!(input as DeriveInput)).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an enum without fields a parameter with named choices, in snake case.
#[proc_macro_derive(Choice, attributes(choice))]
pub fn derive_choice(input: TokenStream) -> TokenStream {
    choice::expand(&parse_macro_input!(input as DeriveInput)).unwrap_or_else(syn::Error::into_compile_error).into()
}
