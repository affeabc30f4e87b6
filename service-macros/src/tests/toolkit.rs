use proc_macro2::TokenStream;

use super::{assert_snapshot, mistakes, tokens};

fn expand(name: &str, arguments: &str, item: &str) -> TokenStream {
    let expand = match name {
        "operation" => crate::toolkit::operation,
        "retry" => crate::toolkit::retry,
        "cached" => crate::toolkit::cached,
        _ => crate::toolkit::error_boundary,
    };
    expand(tokens(arguments), tokens(item))
}

#[test]
fn each_attribute_wraps_the_body() {
    let operation = expand(
        "operation",
        "domain = \"orders\", crate = app::toolkit",
        "/// Docs.\npub async fn import<T: Read>(file: T) -> io::Result<u32> { file.read()?; Ok(1) }",
    );
    let retry = expand(
        "retry",
        "attempts = 5, delay = \"20ms\", when = |error| error.is_busy()",
        "async fn fetch(mut page: u32, (a, b): (u8, u8), c: &str) -> Result<Page, Error> { page += 1; Ok(get(page).await?) }",
    );
    let cached = expand(
        "cached",
        "ttl = \"5m\", none_ttl = \"1s\", max_size = 100",
        "async fn find(id: u32, name: &str) -> Option<User> { load(id, name).await }",
    );
    let boundary = expand(
        "error_boundary",
        "retries = 2, fallback = Vec::new(), recoverable = is_busy",
        "async fn prices(day: Day) -> Result<Vec<u32>, Error> { load(day).await }",
    );
    assert_snapshot("toolkit", [operation, retry, cached, boundary].into_iter().collect());
}

#[test]
fn the_upper_attribute_becomes_the_last_and_the_guard_is_after_it() {
    let method =
        "#[doc = \"Docs.\"] #[cached(cache = self.a)] #[inline] #[retry] async fn find(&self) -> Result<u8, E> { a() }";
    let operation = expand("operation", "domain = \"a\"", method);
    let retry = expand(
        "retry",
        "",
        "#[cached(cache = self.a)] #[service_toolkit::operation(__outermost, domain = \"a\")] async fn find(&self) -> Result<u8, E> { a() }",
    );
    let public = method.replace("async fn find", "pub async fn all");
    let block = format!("impl Users {{ #[guarded(refuse)] {method} {public} pub async fn other(&self) {{}} }}");
    let guarded = crate::guarded::guarded(tokens("wait = \"2s\", crate = app::core"), tokens(&block));
    assert_snapshot("toolkit_order", [operation, retry, guarded].into_iter().collect());
}

#[test]
fn what_cannot_be_wrapped_is_said() {
    let of = |name, arguments, item| mistakes(expand(name, arguments, item));
    assert_eq!(
        of("retry", "", "struct S;"),
        ["#[retry] is for async functions; put it on an async function or method with a body"]
    );
    assert_eq!(of("cached", "", "fn a() {}"), ["#[cached] is for async functions; write `async fn a`"]);
    assert_eq!(
        of("retry", "attempts = 0, factor = 0.5, jitter = -1, delay = \"soon\", tries = 3", "async fn a() -> R {}"),
        [
            "`attempts` is 0, and the first run is an attempt, too; write 1 or more",
            "`factor` is 0.5; write a number of 1 or more",
            "`jitter` is -1; write a number of 0 or more",
            "`delay` is \"soon\", which is no duration; write it like \"500ms\", \"5s\", \"1m30s\" or \"2h\"",
            "#[retry] has no argument `tries`; write one of `attempts`, `delay`, `factor`, `max_delay`, `jitter`, `when`, `crate`",
        ]
    );
    assert_eq!(
        of("retry", "", "async fn a(self: Arc<Self>, b: &mut u8) -> R {}"),
        [
            "#[retry] runs the body again, and each run needs its own `self`; take `&self`",
            "#[retry] runs the body again, and each run needs its own parameters; take a value that can be cloned instead of `&mut`",
        ]
    );
    assert_eq!(of("error_boundary", "", "async fn a(self: Arc<Self>, b: &mut u8) -> R {}"), [""; 0]);
    assert_eq!(of("error_boundary", "retries = 1", "async fn a(self, b: &mut u8) -> R {}").len(), 2);
    assert_eq!(
        of(
            "cached",
            "max_size = 0, ttl = \"0s\", cache = self.a",
            "async fn a(&self, (b, c): (u8, u8)) -> impl Clone {}"
        ),
        [
            "`max_size` is 0, and nothing would be kept; write 1 or more",
            "`ttl` is zero, which leaves no time at all; write how long it may take",
            "`max_size` is a setting of the cache that `cache` names; remove it here, and set it there",
            "`ttl` is a setting of the cache that `cache` names; remove it here, and set it there",
            "`a` returns an `impl` type, which has no name to keep it under; write the type",
            "the key is made of the parameters, and this one has no name; give it a name, or write `key = …`",
        ]
    );
    assert_eq!(of("cached", "", "async fn a(&self) {}").len(), 1);
    assert_eq!(
        of("operation", "name = \"\"", "async fn a() {}"),
        ["`name` is empty; write what the records of the operation contain"]
    );
}
