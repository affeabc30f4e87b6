//! [`Call`]: the code of a guarded call, around the body of the method.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use crate::core_path::{CorePath, local};

use super::arguments::GuardedArguments;
use super::output::Output;

/// A guarded call, as far as it does not depend on the shape of the method.
pub(crate) struct Call<'a> {
    pub(super) name: String,
    pub(super) callee: TokenStream,
    /// Where to point if `Self` is no service.
    pub(super) service: Span,
    pub(super) policy: &'a GuardedArguments,
}

impl Call<'_> {
    pub(crate) fn callee(&self) -> &TokenStream {
        &self.callee
    }

    /// Awaits the body inside the call.
    pub(crate) fn future(&self, output: &Output, body: TokenStream) -> TokenStream {
        self.future_of(&self.callee, output, body)
    }

    /// The same, of a callee named earlier.
    pub(crate) fn future_of(&self, callee: &TokenStream, output: &Output, body: TokenStream) -> TokenStream {
        let (service, method) = (quote_spanned!(self.service=> Self), self.method(self.policy.to_token_stream()));
        let refused = local("refused");
        let refusal = output.refusal(&refused, self.core());
        let (core, private) = (self.core().at(self.span()), self.core().private());
        let target = quote_spanned!(self.span()=> <#service as #core::Service>::target);
        quote!(#private::call(#callee, || #target(#method), |#refused| #refusal, #body).await)
    }

    pub(crate) fn sync(&self, output: &Output, body: TokenStream) -> TokenStream {
        let callee = &self.callee;
        // To wait would block the thread.
        let private = self.core().private();
        let refuse = quote!(#private::Policy::Refuse);
        let (service, method) = (quote_spanned!(self.service=> Self), self.method(refuse));
        let (call, refused) = (local("call"), local("refused"));
        let refusal = output.refusal(&refused, self.core());
        let core = self.core().at(self.span());
        let target = quote_spanned!(self.span()=> <#service as #core::Service>::target);
        quote! {
            let #call = match #target(#method).enter(#callee) {
                ::core::result::Result::Ok(#call) => #call,
                ::core::result::Result::Err(#refused) => return #refusal,
            };
            #body
        }
    }

    /// What calls of this method are counted under, and what they do while the service is not up.
    fn method(&self, policy: TokenStream) -> TokenStream {
        let (name, private) = (&self.name, self.core().private());
        quote! {{
            static METHOD: #private::Method = #private::Method::new(#name, #policy);
            &METHOD
        }}
    }

    fn core(&self) -> &CorePath {
        &self.policy.core
    }

    /// Shown where `Self` is at fault, and still seen as generated.
    fn span(&self) -> Span {
        self.service.resolved_at(Span::call_site())
    }
}
