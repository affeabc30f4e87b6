//! `#[retry]`: runs the body again after an error.

use std::time::Duration;

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::{Expr, LitInt, Token, parse_quote};

use super::toolkit_path::ToolkitPath;
use crate::arguments::{Known, once, read};
use crate::mistakes::Mistakes;
use crate::timespan::Timespan;

use super::body::Body;
use super::function::Function;
use super::number::{count, decimal};
use super::wrapper::Wrapper;

const KNOWN: &[Known] = &[
    once("attempts", "`attempts = 5`"),
    once("delay", "`delay = \"200ms\"`"),
    once("factor", "`factor = 1.5`"),
    once("max_delay", "`max_delay = \"5s\"`"),
    once("jitter", "`jitter = 0.5`"),
    once("when", "`when = |error| error.is_timeout()`, or the path of a function"),
    once("crate", "`crate = path::to::service_toolkit`"),
];

/// The arguments of `#[retry]`.
pub(super) struct RetryAttribute {
    attempts: Option<LitInt>,
    delay: Timespan,
    factor: Option<Literal>,
    max_delay: Timespan,
    jitter: Option<Literal>,
    when: Option<Expr>,
    toolkit: ToolkitPath,
}

impl Wrapper for RetryAttribute {
    const NAME: &'static str = "retry";

    fn read(arguments: TokenStream, mistakes: &mut Mistakes) -> Self {
        let mut this = Self {
            attempts: None,
            delay: Timespan::of(Duration::from_millis(100)),
            factor: None,
            max_delay: Timespan::of(Duration::from_secs(10)),
            jitter: None,
            when: None,
            toolkit: ToolkitPath::default(),
        };
        read("#[retry]", KNOWN, arguments, mistakes, |name, input, mistakes| {
            if name == "attempts" {
                this.attempts = Some(count(name, "the first run is an attempt, too", input, mistakes)?);
            } else if name == "factor" {
                this.factor = Some(decimal(name, 1.0, input, mistakes)?);
            } else if name == "jitter" {
                this.jitter = Some(decimal(name, 0.0, input, mistakes)?);
            } else if name == "crate" {
                this.toolkit = ToolkitPath::parse(input)?;
            } else {
                input.parse::<Token![=]>()?;
                if name == "when" {
                    this.when = Some(input.parse()?);
                } else if let Some(time) = Timespan::parse(name, input, mistakes)? {
                    *(if name == "delay" { &mut this.delay } else { &mut this.max_delay }) = time;
                }
            }
            Ok(())
        });
        this
    }

    fn toolkit(&self) -> &ToolkitPath {
        &self.toolkit
    }

    fn wrap(&self, function: &mut Function, mistakes: &mut Mistakes) {
        let body = Body::of(function);
        body.require_result(function, mistakes);
        let future = &body.future;
        let clones = function.cloned_parameters(mistakes);
        let toolkit = &self.toolkit;
        let Self { delay, max_delay, .. } = self;
        let attempts = self.attempts.as_ref().map_or_else(|| quote!(3), |attempts| quote!(#attempts));
        let factor = self.factor.clone().unwrap_or_else(|| Literal::f64_suffixed(2.0));
        let jitter = self.jitter.as_ref().map(|part| quote!(.jitter(#part)));
        let when = self.when.as_ref().map_or_else(|| quote!(|_| true), |when| quote!(#when));
        let name = function.name().unraw().to_string();
        let policy = quote!(#toolkit::RetryPolicy::multiplied(#attempts, #delay, #factor, #max_delay)#jitter);
        let call = quote!(#name, #policy, move || { #clones #future }, #when);
        let call = body.call(toolkit, "retried", call);
        function.method.block.stmts = parse_quote!(#call);
    }
}
