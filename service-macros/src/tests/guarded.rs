use proc_macro2::TokenStream;
use quote::quote;

use super::{assert_snapshot, fragment, mistakes, tokens};

fn expand(arguments: &str, item: &str) -> TokenStream {
    crate::guarded::guarded(tokens(arguments), tokens(item))
}

#[test]
fn each_shape_has_its_guard() {
    let block = r#"
        impl Users {
            pub async fn find(&self, id: i64) -> Result<User, Error> { self.rows(id).await?.one() }
            pub fn count(&self) -> Alias<u64> { self.count.get() }
            pub async fn none() -> usize { 5 }
            pub fn opaque(&self) -> impl Iterator<Item = u8> + '_ { self.bytes.iter().copied() }
            pub fn later(self: Arc<Self>) -> impl Future<Output = Result<u8, Error>> { let n = self.n; async move { n } }
            pub fn boxed(&self) -> Pin<Box<dyn Future<Output = Result<u8, Error>> + Send + '_>> { Box::pin(async { 5 }) }
            pub fn early(&self) -> BoxFuture<'_, u8> { if self.is_empty() { return none(); } some() }
            #[guarded(refuse)] fn own(&self) -> Result<()> { Ok(()) }
            fn private(&self) {}
        }
    "#;
    let guarded = expand("wait = \"2s\"", block);
    assert_snapshot("guarded", guarded);
}

/// `docs/cost.md` states how many lines these have.
#[test]
fn a_guarded_method_is_little_code() {
    let one = |method: &str| expand("", &format!("impl Users {{ {method} }}"));
    assert_snapshot("counted_sync", one("pub fn count(&self) -> Result<u64, NotReady> { Ok(self.count) }"));
    assert_snapshot("counted_async", one("pub async fn count(&self) -> Result<u64, NotReady> { Ok(self.count) }"));
}

#[test]
fn what_cannot_be_guarded_is_said() {
    let in_impl = |method: &str| mistakes(expand("", &format!("impl U {{ {method} }}")));
    assert_eq!(
        in_impl("pub fn a(self) {}"),
        ["`a` takes `self` by value, and a service is shared; take `&self` or `self: Arc<Self>`"]
    );
    assert_eq!(in_impl("pub fn a(self: Self) {}").len(), 1);
    assert_eq!(
        in_impl("pub fn a(&mut self) {}"),
        ["`a` takes `&mut self`, and a service is shared; take `&self`, and put what changes in a lock"]
    );
    assert_eq!(in_impl("pub fn a(self: &mut Self) {}").len(), 1);
    assert_eq!(
        in_impl("pub const fn a(&self) {}"),
        ["`a` is const, so it runs where no service is ready; remove `const`, or the guard"]
    );
    assert_eq!(
        in_impl("#[guarded(wait = \"1s\")] fn a(&self) {}"),
        ["`a` is not async, so a call cannot wait; make it async, or remove `wait`"]
    );
    assert_eq!(
        mistakes(expand("", "struct S;")),
        ["#[guarded] is for methods; put it on a method with a body, or on an impl block"]
    );
    assert_eq!(
        mistakes(expand("refuse, wait = \"0s\"", "impl U { pub fn a(&self) {} }")),
        [
            "`wait` is zero, which leaves no time at all; write how long it may take",
            "a call that is refused does not wait; write either `refuse` or `wait`",
        ]
    );
}

#[test]
fn only_what_a_registry_hands_out_is_guarded() {
    let refused = |taken: &str| mistakes(expand("", &format!("fn a(self: {taken}) {{}}"))).len();
    for shared in ["&Self", "&U", "Arc<Self>", "std::sync::Arc<U>", "&Arc<Self>", "Pin<&Self>", "Pin<Arc<U>>"] {
        assert_eq!(refused(shared), 0, "{shared}");
    }
    for other in ["U", "m::U", "(U)", "Rc<U>", "&Box<Self>", "Pin<Rc<Self>>", "Arc<Box<Self>>", "Pin<&mut Self>"] {
        assert_eq!(refused(other), 1, "{other}");
    }
}

#[test]
fn a_receiver_or_an_output_from_a_macro_is_seen() {
    let refused = |method: TokenStream| mistakes(crate::guarded::guarded(tokens(""), quote!(impl U { #method }))).len();
    let (itself, own, boxed) = (fragment("Self"), fragment("U"), fragment("Box<Self>"));
    for taken in [quote!(#itself), quote!(#own), quote!(#boxed), quote!(Arc<#boxed>), quote!(&mut #own)] {
        assert_eq!(refused(quote!(pub fn a(self: #taken) {})), 1, "{taken}");
    }
    for made in [quote!(#itself), quote!(#own), quote!(io::Result<#own>), quote!(BoxFuture<'static, #itself>)] {
        assert_eq!(refused(quote!(pub fn a() -> #made {})), 1, "{made}");
    }
    for shared in [quote!(&#itself), quote!(Arc<#own>)] {
        assert_eq!(refused(quote!(pub fn a(self: #shared) -> #own {})), 0, "{shared}");
    }
}

#[test]
fn what_makes_an_instance_is_not_guarded() {
    let refused = |method: &str| mistakes(expand("", &format!("impl U {{ pub {method} {{}} }}"))).len();
    for maker in ["fn a() -> U", "async fn a() -> io::Result<Self>", "fn a() -> BoxFuture<'static, Option<Self>>"] {
        assert_eq!(refused(maker), 1, "{maker}");
    }
    for other in
        ["fn a() -> Arc<Self>", "async fn a() -> Result<Arc<U>, E>", "fn a() -> Option<u8>", "fn a(&self) -> U"]
    {
        assert_eq!(refused(other), 0, "{other}");
    }
}

#[test]
fn a_panic_is_documented_where_no_result_is_returned() {
    let docs = |method: &str| expand("", method).to_string().matches("When the call is refused").count();
    assert_eq!(docs("pub fn a(&self) -> u8 { 1 }"), 1);
    assert_eq!(docs("/// Docs.\nfn a(&self) -> u8 { 1 }"), 1);
    assert_eq!(docs("pub fn a(&self) -> io::Result<u8> { 1 }"), 0);
    assert_eq!(docs("pub async fn a(&self) -> MyResult { 1 }"), 0);
    assert_eq!(docs("fn a(&self) -> u8 { 1 }"), 0, "in a trait impl, it would hide the trait's own docs");
}

#[test]
fn a_skipped_method_stays_as_it_is() {
    let block = |attribute: &str| {
        format!("impl U {{ {attribute} pub fn a(&self) -> u8 {{ 1 }} pub fn b(&self) -> io::Result<u8> {{ Ok(1) }} }}")
    };
    let guarded = expand("", &block("#[guarded(skip)]")).to_string();
    assert!(guarded.contains(&tokens("pub fn a(&self) -> u8 { 1 }").to_string()), "{guarded}");
    assert!(!guarded.contains("skip"), "the attribute is gone: {guarded}");
    let constructor = "impl U { #[guarded(skip)] pub fn new() -> Self { U } pub fn b(&self) {} }";
    assert_eq!(mistakes(expand("", constructor)), <[&str; 0]>::default());
    assert_eq!(
        mistakes(expand("", &block("#[guarded(skip, refuse)]"))),
        ["a method that the guard skips neither waits nor refuses; write `skip` alone"]
    );
    let outside = ["`skip` is for a method in an impl block that has #[guarded]; remove this attribute"];
    assert_eq!(mistakes(expand("skip", "pub fn a(&self) -> io::Result<u8> { Ok(1) }")), outside);
    assert_eq!(mistakes(expand("skip", &block(""))), outside);
    assert_eq!(
        mistakes(expand("", "impl U { #[guarded(skip)] pub fn a(&self) {} fn b(&self) {} }")),
        ["#[guarded] on an impl block guards what is not private, and here is only what it skips; remove #[guarded]"]
    );
}
