//! Compile errors. Each case in `ui/` contains one mistake and the error that rustc prints for it. `cargo check` also reports
//! such a mistake in a library that does not use its services.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// The compiler that the expected errors come from. Other versions print different texts.
const PINNED: &str = "rustc 1.95.";

fn is_pinned() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc prints its version");
    let version = String::from_utf8_lossy(&output.stdout).into_owned();
    if !version.starts_with(PINNED) {
        // The test harness captures `eprintln!`, and a skipped test must be visible.
        let note = format!(
            "tests/ui.rs: skipped: the expected errors are those of {PINNED}x, and this compiler is {}\n",
            version.trim()
        );
        std::io::stderr().write_all(note.as_bytes()).expect("stderr takes the note");
    }
    version.starts_with(PINNED)
}

#[test]
fn every_compile_error_matches_its_snapshot() {
    if is_pinned() {
        trybuild::TestCases::new().compile_fail("ui/**/*.rs");
    }
}

const CHAIN: &str = "
    #[service_core::service(autowire, requires = [B])] struct A {}
    #[service_core::service(autowire, requires = [C])] struct B {}
    #[service_core::service(autowire, requires = [A])] struct C {}
";

// shows: K04
#[test]
fn cargo_check_refuses_a_library_that_uses_none_of_its_services() {
    let valid = "#[service_core::service(autowire)] struct A {}";
    assert_eq!(check("library_valid", valid), None, "a valid library compiles");
    for (name, source, expected) in [
        (
            "library_not_a_service",
            "struct P; #[service_core::service(autowire, requires = [P])] struct A {}",
            "`P` is not a service",
        ),
        ("library_cycle", CHAIN, " (src/lib.rs:"),
        ("library_itself", "#[service_core::service(autowire, requires = [A])] struct A {}", "itself"),
        // The cases in `ui/` have the feature.
        (
            "library_without_feature",
            "#[service_core::test(start_paused = true)] async fn waits() {}",
            "`start_paused` needs the feature `test-util` of service-core",
        ),
    ] {
        let error = check(name, source).unwrap_or_else(|| panic!("{name} compiled"));
        assert!(error.contains(expected), "{name}:\n{error}");
    }
}

/// The errors of `cargo check` for a library with this source, if it does not compile.
fn check(name: &str, source: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let core = root.join("service-core");
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\
         [dependencies]\nservice-core = {{ path = {core:?} }}\n[workspace]\n"
    );
    fs::create_dir_all(folder.join("src")).expect("a folder for the library");
    fs::write(folder.join("Cargo.toml"), manifest).expect("its manifest");
    fs::write(folder.join("src/lib.rs"), source).expect("its source");
    // The same versions as in the workspace, so that cargo downloads nothing.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).expect("the lock file");
    let output = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--all-targets"])
        .current_dir(&folder)
        // Shared with the other tests that call cargo, so that service-core is built once.
        .env("CARGO_TARGET_DIR", folder.with_file_name("nested"))
        .output()
        .expect("cargo runs");
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}
