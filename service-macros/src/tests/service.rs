use super::{assert_snapshot, mistakes, tokens};

fn expand(arguments: &str, item: &str) -> proc_macro2::TokenStream {
    crate::service::service(tokens(arguments), tokens(item))
}

#[test]
fn every_argument_becomes_a_fact() {
    let arguments = r#"
        requires = [Cache, dyn Mail], wants = [metrics::Metrics], after = [Migrations], provides = [dyn Directory],
        name = "users", lazy, optional, when = features::users, init_timeout = "5s", drain_timeout = "1m30s",
        shutdown_timeout = "250ms", retry(attempts = 5, delay = "200ms", max_delay = "5s"), restart = Restart::transient()
    "#;
    assert_snapshot("service", expand(arguments, "pub struct Users { cache: Arc<Cache> }"));
}

/// `docs/cost.md` states how many lines this has.
#[test]
fn a_service_with_hooks_is_little_code() {
    assert_snapshot("counted_service", expand("requires = [Db]", "pub struct Users { db: Arc<Db> }"));
}

#[test]
fn autowire_fills_fields_and_adds_dependencies() {
    let item = r#"
        struct Cache {
            db: std::sync::Arc<Db>,
            metrics: Option<Arc<Metrics>>,
            mail: Option<Arc<dyn Mail>>,
            hits: AtomicU64,
            #[service(default = 1024)] capacity: usize,
            #[service(default)] names: Arc<Names>,
            #[cfg(feature = "x")] x: Arc<X>,
        }
    "#;
    assert_snapshot("autowire", expand("autowire, requires = [crate::Db, dyn Mail]", item));
}

#[test]
fn autowire_fn_writes_only_the_constructor() {
    assert_snapshot("autowire_fn", expand("autowire(fn)", "struct Cache { db: Arc<Db> }"));
}

#[test]
fn a_given_service_may_have_hooks() {
    assert_snapshot("given", expand("given, requires = [Db], retry(attempts = 2)", "struct Pool;"));
}

#[test]
fn a_refused_service_is_still_a_service_to_the_rest_of_the_code() {
    assert_snapshot("refused", expand("", "struct Cache<K>(#[service(default)] K);"));
}

#[test]
fn every_mistake_is_reported_at_once() {
    let arguments = r#"lazzy, requires = Db, wants = [C, C, Self], after = [(A, B)], provides = [D], name = " ", lazy, lazy,
        init_timeout = "5", drain_timeout = 5, retry(attempts = 0, delay = "2s", max_delay = "1s"), 7"#;
    assert_eq!(
        mistakes(expand(arguments, "struct S<'a>(&'a u8);")),
        [
            "#[service] has no argument `lazzy`; did you mean `lazy`",
            "`requires` is written `requires = [A, dyn B]`",
            "`lazy` is written twice; keep one of them",
            "`init_timeout` is \"5\", which is no duration; write it like \"500ms\", \"5s\", \"1m30s\" or \"2h\"",
            "`drain_timeout` is written `drain_timeout = \"10s\"`",
            "#[service] takes arguments by name; write one of `requires`, `wants`, `after`, `provides`, `name`, `lazy`, `optional`, `given`, `autowire`, `when`, `init_timeout`, `drain_timeout`, `health_timeout`, `tags`, `shutdown_timeout`, `retry`, `restart`, `crate`",
            "the fields of a service have names, and S is a tuple struct; name its fields",
            "a service lives as long as its registry, so S<'a> cannot borrow; own the data, or share it in an Arc",
            "`after` names services, and `(A, B)` is none; write its type, or `dyn Trait`",
            "S wants itself, so it could never start; remove it here",
            "`wants` names C twice; remove one",
            "`provides` names trait objects, and `D` is none; write `dyn D` if it is a trait",
            "`name` is empty; write what people should see, or leave it out for the name of the type",
            "`attempts` is 0, and the first one counts; write 1 for a single attempt, or more",
            "`max_delay` is shorter than `delay`, which grows from there; write a longer one",
        ]
    );
}

#[test]
fn only_a_struct_is_a_service() {
    for (item, found) in [
        ("enum A { B }", "A is an enum"),
        ("union A { b: u8 }", "A is a union"),
        ("trait A {}", "A is a trait"),
        ("fn a() {}", "a is a function"),
        ("impl A {}", "this is an impl block"),
        ("mod a {}", "this is something else"),
    ] {
        let texts = mistakes(expand("", item));
        assert_eq!(texts.len(), 1, "{item}");
        assert!(texts[0].starts_with(&format!("a service is a struct, and {found}; ")), "{}", texts[0]);
    }
}

/// For every sequence of tokens the macro returns an expansion or an error, and does not panic.
#[test]
fn no_arguments_make_it_panic() {
    let pieces = [
        "requires", "=", "[", "]", "(", ")", ",", "Self", "dyn", "retry", "\"5s\"", "lazy", "::", "7", "autowire",
        "fn", "<",
    ];
    let mut rng = fastrand::Rng::with_seed(1);
    for _ in 0..5_000 {
        let mut text = String::new();
        for _ in 0..8 {
            text += pieces[rng.usize(..pieces.len())];
            text.push(' ');
        }
        let Ok(arguments) = text.parse() else { continue };
        let expansion = crate::service::service(arguments, tokens("struct S { a: Arc<A> }"));
        assert!(!expansion.is_empty(), "{text}");
    }
}
