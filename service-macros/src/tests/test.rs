use super::{assert_snapshot, mistakes, tokens};

fn expand(arguments: &str, item: &str) -> proc_macro2::TokenStream {
    crate::test::test(tokens(arguments), tokens(item))
}

#[test]
fn a_test_runs_in_a_trial() {
    let arguments = r#"replace(Db = Db::fake().await?), replace(dyn Mail = Arc::new(Fake)), give(Settings::test()),
        with = fixture, flavor = "multi_thread", worker_threads = 4"#;
    let item = "#[should_panic] async fn finds(users: Arc<Users>, mut registry: Registry) -> Result<()> { Ok(()) }";
    assert_snapshot("test", expand(arguments, item));
}

#[test]
fn what_is_no_test_is_said() {
    assert_eq!(
        mistakes(expand("", "fn a<T>(x: u8, _: Vec<T>) {}")),
        [
            "services are async, and so is their test; write `async fn a`",
            "`a` is called by nobody who could choose its parameters; remove them",
            "a test takes services and the registry; write `name: Arc<Service>` or `name: Registry`",
            "a test takes services and the registry; write `name: Arc<Service>` or `name: Registry`",
        ]
    );
    assert_eq!(
        mistakes(expand("worker_threads = 0, flavor = \"many\", replace(Db)", "async fn a() {}")),
        [
            "`worker_threads` is 0, and nothing would ever run; write 1 or more",
            "`replace` is written `replace(Service = value)` or `replace(dyn Trait = value)`",
            "there is no flavor \"many\"; write \"current_thread\" or \"multi_thread\"",
        ]
    );
    assert_eq!(mistakes(expand("flavor = \"multi_thread\", start_paused = true", "async fn a() {}")).len(), 1);
    assert_eq!(mistakes(expand("worker_threads = 2", "async fn a() {}")).len(), 1);
}
