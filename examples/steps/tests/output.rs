//! Each step prints the text of its file in `expected`. `UPDATE=1 cargo test -p steps` rewrites these files.

use std::path::Path;
use std::process::Command;

fn prints(step: &str, program: &str) {
    let output = Command::new(program).env_remove("SERVICE_GRAPH").output().expect("the step runs");
    let printed = String::from_utf8(output.stdout).expect("text");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{stderr}");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("expected").join(step).with_extension("txt");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, &printed).expect("the file can be written");
    }
    let expected = std::fs::read_to_string(&file).expect("the file exists");
    assert_eq!(printed, expected, "\nprinted:\n{printed}\nexpected:\n{expected}");
}

macro_rules! steps {
    ($($test:ident = $step:literal;)*) => {
        $(
            #[test]
            fn $test() {
                prints($step, env!(concat!("CARGO_BIN_EXE_", $step)));
            }
        )*
    };
}

steps! {
    boot = "01_boot";
    autowire = "02_autowire";
    traits = "03_traits";
    guarded = "04_guarded";
    lazy_and_optional = "05_lazy_and_optional";
    background = "06_background";
    rollback = "07_rollback";
    shutdown = "08_shutdown";
    testing = "09_testing";
    definitions = "10_definitions";
    graph = "11_graph";
}
