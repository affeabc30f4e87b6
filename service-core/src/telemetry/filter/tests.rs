use super::*;

fn read(text: &str) -> Result<Targets, Error> {
    targets(&Config::new("shop").env("RUST_LOG"), |_| Some(text.into()))
}

fn why(text: &str) -> String {
    read(text).expect_err("an invalid directive").to_string()
}

#[test]
fn a_level_is_for_all_and_a_module_has_its_own() {
    let expected = Targets::new().with_default(Level::Warn);
    let modules = [("shop::storage", Level::Debug), ("hyper", Level::Off), ("sqlx", Level::Trace)];
    assert_eq!(read(" WARN, shop::storage=debug,hyper = off ,sqlx,"), Ok(expected.with_targets(modules)));
    assert_eq!(read(""), Ok(Targets::new().with_default(Level::Info)));
}

#[test]
fn the_environment_comes_last() {
    let config = Config::new("shop").module("shop", Level::Warn).module("hyper", Level::Warn);
    let config = config.directives("debug,shop=error").env("LEVELS");
    let variable = |name: &str| (name == "LEVELS").then(|| "shop=trace".into());
    let expected = Targets::new().with_default(Level::Debug);
    let modules = [("shop", Level::Trace), ("hyper", Level::Warn)];
    assert_eq!(targets(&config, variable), Ok(expected.with_targets(modules)));
    let expected = Targets::new().with_default(Level::Debug);
    let modules = [("shop", Level::Error), ("hyper", Level::Warn)];
    assert_eq!(targets(&config.env(None), variable), Ok(expected.with_targets(modules)));
}

#[test]
fn an_invalid_directive_is_quoted_with_its_source_and_what_to_write() {
    assert_eq!(
        why("info,shop=loud"),
        "RUST_LOG has the directive \"shop=loud\": \"loud\" is not off, error, warn, info, debug or trace; \
         write level or module=level, as in info,hyper=warn"
    );
    assert!(why("=debug").contains("\"\" is not a module"));
    assert!(why("shop=").contains("\"\" is not off"));
    assert!(why("shop=a=debug").contains("\"a=debug\""));
    assert!(why("shop[request]=debug").contains("spans"));
    assert!(why("shop[{id}]=debug").contains("fields"));
    assert!(why("shop storage=debug").contains("\"shop storage\" is not a module"));
}
