//! `#[service_core::test]`: an async function becomes a plain test that runs it in a registry of its own.

mod arguments;
mod parameter;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{ItemFn, ReturnType, Type, parse2};

use crate::bare::bare;
use crate::core_path::local;
use crate::mistakes::Mistakes;

use self::arguments::TestArguments;
use self::parameter::Parameter;

/// The test; or the function as it was, and every mistake.
pub(crate) fn test(arguments: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut mistakes = Mistakes::default();
    let arguments = TestArguments::read(arguments, &mut mistakes);
    let function: Option<ItemFn> = mistakes.note(parse2(tokens));
    let parameters = function.as_ref().map(|function| parameters(function, &mut mistakes));
    match (&function, parameters, mistakes.read()) {
        (Some(function), Some(parameters), None) => expand(&arguments, function, &parameters),
        // Not the function itself: without its `#[test]` it would be warned about as unused.
        (_, _, errors) => quote!(#errors),
    }
}

fn parameters<'a>(function: &'a ItemFn, mistakes: &mut Mistakes) -> Vec<Parameter<'a>> {
    let signature = &function.sig;
    let name = &signature.ident;
    if signature.asyncness.is_none() {
        mistakes.at(name, format!("services are async, and so is their test; write `async fn {name}`"));
    }
    if !signature.generics.params.is_empty() {
        mistakes.at(
            &signature.generics,
            format!("`{name}` is called by nobody who could choose its parameters; remove them"),
        );
    }
    signature.inputs.iter().filter_map(|input| mistakes.note(Parameter::read(input))).collect()
}

fn expand(arguments: &TestArguments, function: &ItemFn, parameters: &[Parameter]) -> TokenStream {
    let ItemFn { attrs, vis, sig, block, .. } = function;
    let (name, output, statements) = (&sig.ident, &sig.output, &block.stmts);
    let only = parameters.iter().filter_map(Parameter::service);
    // Ours, and invisible to the user's expressions and body.
    let (builder, registry, fakes) = (local("builder"), local("registry"), local("fakes"));
    let TestArguments { settings, trial, core } = arguments;
    let private = core.private();
    let bind = parameters.iter().map(|parameter| parameter.bind(&registry, &fakes));
    let settings = settings.iter().map(|setting| setting.apply(&builder, &fakes));
    let hint = hint(output);
    quote! {
        #(#attrs)*
        #[::core::prelude::v1::test]
        #vis fn #name() #output {
            #private::Trial::new()#(#trial)*.run(
                async |#builder: #core::Builder, #fakes: &mut #private::Fakes| -> #core::Result<#core::Builder> {
                    #(let #builder = #settings;)*
                    #(let #builder = #fakes.only::<#only>(#builder);)*
                    ::core::result::Result::Ok(#builder)
                },
                |#registry: #core::Registry, #fakes: #private::Fakes| async move {
                    #(#bind)*
                    ::core::mem::drop((#registry, #fakes));
                    #hint
                    #(#statements)*
                },
            )
        }
    }
}

/// Tells inference what the body returns, so that `?` works in it.
fn hint(output: &ReturnType) -> TokenStream {
    match output {
        ReturnType::Type(_, ty) if !matches!(bare(ty), Type::ImplTrait(_) | Type::Never(_)) => {
            let returned = local("returned");
            quote! {
                #[allow(unreachable_code, unreachable_patterns, clippy::all, clippy::pedantic)]
                if let ::core::option::Option::Some(#returned) = ::core::option::Option::<#ty>::None {
                    return #returned;
                }
            }
        }
        _ => TokenStream::new(),
    }
}
