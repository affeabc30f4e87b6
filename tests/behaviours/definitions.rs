//! Services that are defined at run time: the order of the builder's calls, and names.

use service_core::{Definition, Health, Result};
use tests::{Recorder, isolated};

#[tokio::test(start_paused = true)]
async fn a_hook_that_is_set_before_the_init_of_a_definition_runs() -> Result<()> {
    let recorder = Recorder::new();
    let (start, health, shutdown) = (recorder.clone(), recorder.clone(), recorder.clone());
    let definition = Definition::new("a")
        .start(move |_, cx| {
            start.record(format!("start {}", cx.name()));
            async { Ok(()) }
        })
        .health(move |_| {
            health.record("health");
            async { Health::Healthy }
        })
        .shutdown(move |_, cx| {
            shutdown.record(format!("shutdown {}", cx.name()));
            async { Ok(()) }
        })
        .init(async |_| Ok(7_u8));
    let registry = isolated().define(definition).boot().await?;
    assert_eq!(*registry.get_named::<u8>("a")?, 7);
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["start a", "health", "shutdown a"]);
    Ok(())
}

#[tokio::test]
async fn a_name_with_control_characters_is_refused() {
    let builder =
        isolated().define(Definition::new(" ")).define(Definition::new("a\nb")).define(Definition::new("a\u{1b}[2J"));
    let error = builder.plan().expect_err("the names are not plain lines").to_string();
    assert!(!error.contains('\u{1b}') && error.contains(r#""a\u{1b}[2J", has a line break or another"#), "{error}");
    assert!(
        error.contains(r#", "a\nb", has a line break or another control character; write one plain line"#),
        "{error}"
    );
    assert!(error.contains("definitions.rs:") && error.contains("is empty; write what people should see"), "{error}");
    isolated().define(Definition::new("orders · Köln 2")).plan().expect("the name is a plain line");
}
