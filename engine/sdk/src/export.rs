//! The macro that makes a crate a plugin.

/// Exports the plugin's constant: name, version, operators.
///
/// ```text
/// voxloom_sdk::export! { name: "imaging", operators: [op Clip, scatter Windows, gather Blend, module Network] }
/// ```
#[macro_export]
macro_rules! export {
    (name: $name:literal, operators: [$($kind:ident $operator:ty),* $(,)?] $(,)?) => {
        const _: () = {
            static TABLES: &[$crate::border::TableRef] = &[
                $($crate::border::TableRef(&<$crate::__marker!($kind $operator) as $crate::border::Exported<$crate::DefaultRuntime>>::TABLE)),*
            ];

            #[allow(non_upper_case_globals)]
            #[unsafe(no_mangle)]
            pub static voxloom_plugin: $crate::abi::Plugin = $crate::abi::Plugin {
                magic: $crate::abi::MAGIC,
                abi_major: $crate::abi::ABI_MAJOR,
                abi_minor: $crate::abi::ABI_MINOR,
                struct_size: ::core::mem::size_of::<$crate::abi::Plugin>() as u32,
                n_operators: TABLES.len() as u32,
                name: $crate::abi::Str::new($name),
                version: $crate::abi::Str::new(env!("CARGO_PKG_VERSION")),
                libtorch: $crate::abi::Str::new(<$crate::DefaultRuntime as $crate::runtime::Runtime>::LIBTORCH),
                operators: TABLES.as_ptr().cast(),
            };
        };
    };
}

/// For [`export`]: the adapter of each kind of operator.
#[doc(hidden)]
#[macro_export]
macro_rules! __marker {
    (op $operator:ty) => { $crate::border::MapOf<$operator> };
    (scatter $operator:ty) => { $crate::border::ScatterOf<$operator> };
    (gather $operator:ty) => { $crate::border::GatherOf<$operator> };
    (module $operator:ty) => { $crate::border::ModuleOf<$operator> };
}
