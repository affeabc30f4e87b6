//! [`Program`]: a program that is written and compiled to be counted: its generated code, its LLVM code, its size.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use service_core::Result;

/// The guarded method of each service of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarded {
    Nothing,
    Sync,
    Async,
}

/// A program with a chain of services. Each gets the service before it in its `init`, and calls its guarded method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub services: usize,
    pub guarded: Guarded,
    pub default_features: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The lines of a snapshot of an expansion. A test of `service-macros` keeps it equal to what the macro generates.
pub(crate) fn generated_lines(snapshot: &str) -> Result<u64> {
    let path = root().join("service-macros/src/tests/snapshots").join(snapshot).with_extension("rs");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().filter(|line| !line.trim().is_empty()).count() as u64)
}

impl Program {
    fn source(self) -> String {
        let mut source = String::from(
            "#![recursion_limit = \"512\"]\n#![allow(dead_code)]\n\
             use std::sync::Arc;\nuse service_core::{Context, Lifecycle, NotReady, Registry, Result, guarded, service};\n",
        );
        let (method, call) = match self.guarded {
            Guarded::Nothing => ("", ""),
            Guarded::Sync => ("pub fn read(&self) -> Result<u32, NotReady> { Ok(self.n) }", "on.read()?;"),
            Guarded::Async => ("pub async fn read(&self) -> Result<u32, NotReady> { Ok(self.n) }", "on.read().await?;"),
        };
        let guarded =
            |at| if method.is_empty() { String::new() } else { format!("#[guarded]\nimpl S{at} {{ {method} }}\n") };
        source += "#[service]\npub struct S0 { n: u32 }\nimpl Lifecycle for S0 {\n\
                   async fn init(_: &Context<Self>) -> Result<Self> { Ok(Self { n: 0 }) }\n}\n";
        source += &guarded(0);
        for at in 1..self.services {
            let before = at - 1;
            // Writing to a string does not fail.
            let _ = write!(
                source,
                "#[service(requires = [S{before}])]\npub struct S{at} {{ on: Arc<S{before}>, n: u32 }}\n\
                 impl Lifecycle for S{at} {{\nasync fn init(cx: &Context<Self>) -> Result<Self> {{\n\
                 let on: Arc<S{before}> = cx.get();\n{call}\nOk(Self {{ on, n: {at} }})\n}}\n}}\n{}",
                guarded(at)
            );
        }
        source += "#[tokio::main(flavor = \"current_thread\")]\nasync fn main() -> Result<()> {\n\
                   Registry::boot().await?.shutdown().await?;\nOk(())\n}\n";
        source
    }

    /// Compiles it with these arguments, and returns the folder of what cargo has made.
    fn compile(self, arguments: &[&str]) -> Result<PathBuf> {
        let target =
            std::env::current_exe()?.ancestors().nth(3).ok_or("the bench is in no target folder")?.join("counted");
        let package = target.join("package");
        let core = root().join("service-core").canonicalize()?;
        let manifest = format!(
            "[package]\nname = \"counted\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
             service-core = {{ path = {core:?}, default-features = {} }}\n\
             tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt\"] }}\n\
             [profile.dev]\ndebug = false\nincremental = false\n[profile.release]\nstrip = true\n",
            self.default_features
        );
        std::fs::create_dir_all(package.join("src"))?;
        std::fs::write(package.join("src/main.rs"), self.source())?;
        std::fs::write(package.join("Cargo.toml"), manifest)?;
        // The versions of the workspace.
        std::fs::copy(root().join("Cargo.lock"), package.join("Cargo.lock"))?;
        let output = Command::new(env!("CARGO"))
            .args(["rustc", "--quiet", "--offline", "--target-dir"])
            .arg(&target)
            .args(arguments)
            .current_dir(&package)
            .output()?;
        match output.status.success() {
            true => Ok(target),
            false => Err(format!("the program did not compile: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }

    /// The lines of LLVM code in its functions, before the optimization.
    fn llvm_lines(self) -> Result<u64> {
        let made = self.compile(&["--", "--emit=llvm-ir", "-Ccodegen-units=1"])?.join("debug/deps");
        let mut newest = None;
        for entry in std::fs::read_dir(made)? {
            let entry = entry?;
            let is_code = entry.file_name().to_string_lossy().starts_with("counted-")
                && entry.path().extension().is_some_and(|extension| extension == "ll");
            if is_code {
                newest = newest.max(Some((entry.metadata()?.modified()?, entry.path())));
            }
        }
        let (_, path) = newest.ok_or("rustc has emitted no LLVM code")?;
        let text = std::fs::read_to_string(path)?;
        let mut in_function = false;
        Ok(text
            .lines()
            .filter(|line| {
                match *line {
                    "}" => in_function = false,
                    line if line.starts_with("define ") => in_function = true,
                    _ => {}
                }
                in_function
            })
            .count() as u64)
    }

    /// The lines of LLVM code of each service, or of its guarded method.
    pub(crate) fn llvm_lines_each(guarded: Guarded) -> Result<u64> {
        const FEW: usize = 5;
        const MANY: usize = 25;
        let lines = |services, guarded| Self { services, guarded, default_features: true }.llvm_lines();
        let each =
            |guarded| -> Result<u64> { Ok((lines(MANY, guarded)? - lines(FEW, guarded)?) / (MANY - FEW) as u64) };
        match guarded {
            Guarded::Nothing => each(guarded),
            _ => Ok(each(guarded)? - each(Guarded::Nothing)?),
        }
    }

    /// The size of the stripped program, in KiB.
    pub(crate) fn size(default_features: bool) -> Result<u64> {
        let program = Self { services: 3, guarded: Guarded::Async, default_features };
        let made = program.compile(&["--release"])?;
        Ok(std::fs::metadata(made.join("release/counted"))?.len() / 1024)
    }
}
