//! The expansions, without the compiler.

mod guarded;
mod service;
mod test;
mod timespan;
#[cfg(feature = "toolkit")]
mod toolkit;

use std::path::Path;
use std::{env, fs};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the test's own tokens")
}

/// The same in invisible delimiters, as a `$t:ty` of a `macro_rules!` arrives.
fn fragment(text: &str) -> TokenTree {
    Group::new(Delimiter::None, tokens(text)).into()
}

/// Compares with `snapshots/<name>.rs`; `UPDATE=1` in the environment writes it.
fn assert_snapshot(name: &str, expansion: TokenStream) {
    let file = syn2::parse2(expansion).expect("an expansion is a file");
    let found = prettyplease::unparse(&file);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/snapshots").join(name).with_extension("rs");
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &found).expect("a snapshot can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{} has changed; run with UPDATE=1 and read the diff:\n{found}", path.display());
}

/// The texts of the compile errors in an expansion.
fn mistakes(expansion: TokenStream) -> Vec<String> {
    let file: syn2::File = syn2::parse2(expansion).expect("an expansion is a file");
    let errors = file.items.into_iter().filter_map(|item| match item {
        syn2::Item::Macro(item) if item.mac.path.segments.last().is_some_and(|last| last.ident == "compile_error") => {
            item.mac.parse_body::<syn2::LitStr>().ok()
        }
        _ => None,
    });
    errors.map(|text| text.value()).collect()
}
