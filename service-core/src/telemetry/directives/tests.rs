use super::*;

fn why(text: &str) -> String {
    directives("RUST_LOG", text).expect_err("it can't be read").to_string()
}

#[test]
fn a_level_is_for_all_and_a_module_has_its_own() {
    let read = directives("RUST_LOG", " WARN, shop::storage=debug,hyper = off ,sqlx,").expect("directives");
    let expected = [
        (None, Level::Warn),
        (Some("shop::storage".to_owned()), Level::Debug),
        (Some("hyper".to_owned()), Level::Off),
        (Some("sqlx".to_owned()), Level::Trace),
    ];
    assert_eq!(read, expected);
    assert_eq!(directives("RUST_LOG", ""), Ok(Vec::new()));
}

#[test]
fn what_cannot_be_read_is_named_with_where_it_stands_and_what_to_write() {
    let said = why("info,shop=loud");
    assert_eq!(
        said,
        "RUST_LOG has the directive \"shop=loud\": \"loud\" is not off, error, warn, info, debug or trace; \
         write level or module=level, as in info,hyper=warn"
    );
    assert!(why("=debug").contains("\"\" is not a module"));
    assert!(why("shop=a=debug").contains("\"a=debug\""));
    assert!(why("shop[request]=debug").contains("spans"));
    assert!(why("shop storage=debug").contains("\"shop storage\" is not a module"));
}
