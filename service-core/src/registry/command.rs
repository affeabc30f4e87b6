//! [`Command`]: what a program does instead of running: print its graph, compare it, or boot once and print the timeline.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use super::builder::Builder;
use crate::plan::{Graph, Plan};
use crate::report::{BootReport, ShutdownReport, Timeline};

#[cfg(test)]
mod tests;

const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// What [`Command::parse`] understands, as text for the `--help` of a program.
pub const HELP: &str = "\
  graph [--text|--dot|--mermaid|--json]     print the graph of services
  graph diff OLD.json [NEW.json]            compare it with one that `graph --json` printed
  boot [--timeline|--report|--trace FILE]   boot, print how long each service took, shut down
";

/// What a program does instead of running: `graph`, `graph diff` or `boot`.
///
/// A program that reads its arguments itself gives [`parse`](Self::parse) those that follow its own; with clap, those of a
/// subcommand with `trailing_var_arg`. [`Builder::launch_or_command`] is the whole `main` of a program that has no arguments of
/// its own.
///
/// | command | prints | exit code |
/// |---|---|---|
/// | `graph` | the plan as a tree, or with `--dot`, `--mermaid` or `--json` in that form | 1 if the plan is unsound |
/// | `graph diff old.json` | what has changed since the file that `graph --json` wrote | 1 if anything has |
/// | `graph diff old.json new.json` | what has changed between two such files | 1 if anything has |
/// | `boot` | boots, prints the timeline of the boot, shuts down, prints that of the shutdown | 1 if the boot failed, 2 if the shutdown was not clean |
/// | `boot --report` | the reports instead of the timelines | as above |
/// | `boot --trace FILE` | the timelines, and writes a Chrome trace for <https://ui.perfetto.dev> to the file | as above |
///
/// The exit code is 2 after a mistake in the arguments, or if a file cannot be read or written.
///
/// ```
/// use std::process::ExitCode;
///
/// use service_core::Registry;
/// use service_core::cli::{Command, HELP};
///
/// #[tokio::main]
/// async fn main() -> ExitCode {
///     match Command::parse(std::env::args_os().skip(1)) {
///         Ok(Some(command)) => command.run(Registry::builder()).await,
///         Ok(None) => ExitCode::SUCCESS, // other arguments, which are those of the program
///         Err(error) => {
///             eprintln!("{error}\n{HELP}");
///             ExitCode::from(2)
///         }
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    kind: CommandKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum CommandKind {
    Graph(Form),
    Diff { old: PathBuf, new: Option<PathBuf> },
    Boot { show: Show, trace: Option<PathBuf> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Dot,
    Mermaid,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Show {
    Timeline,
    Report,
}

/// Why arguments are no [`Command`]. Displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    message: String,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for CommandError {}

fn unexpected<T>(command: &str, argument: &OsString) -> Result<T, CommandError> {
    Err(CommandError { message: format!("`{command}` does not take the argument {argument:?}") })
}

impl Command {
    /// Reads arguments, without the name of the program. `None` if the first one is neither `graph` nor `boot`, or if there is none.
    ///
    /// # Errors
    /// If an argument after `graph` or `boot` is unknown, or if one is missing.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Option<Self>, CommandError> {
        let mut arguments = arguments.into_iter();
        let kind = match arguments.next().as_ref().and_then(|word| word.to_str()) {
            Some("graph") => Self::parse_graph(arguments.collect())?,
            Some("boot") => Self::parse_boot(arguments)?,
            _ => return Ok(None),
        };
        Ok(Some(Self { kind }))
    }

    fn parse_graph(arguments: Vec<OsString>) -> Result<CommandKind, CommandError> {
        if let [word, files @ ..] = &*arguments
            && word == "diff"
        {
            return match files {
                [old] if !is_option(old) => Ok(CommandKind::Diff { old: old.into(), new: None }),
                [old, new] if !is_option(old) && !is_option(new) => {
                    Ok(CommandKind::Diff { old: old.into(), new: Some(new.into()) })
                }
                _ => Err(CommandError {
                    message: "`graph diff` takes one file or two, which `graph --json` wrote".into(),
                }),
            };
        }
        let mut form = Form::Text;
        for argument in &arguments {
            form = match argument.to_str() {
                Some("--text") => Form::Text,
                Some("--dot") => Form::Dot,
                Some("--mermaid") => Form::Mermaid,
                Some("--json") => Form::Json,
                _ => return unexpected("graph", argument),
            };
        }
        Ok(CommandKind::Graph(form))
    }

    fn parse_boot(mut arguments: impl Iterator<Item = OsString>) -> Result<CommandKind, CommandError> {
        let (mut show, mut trace) = (Show::Timeline, None);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--timeline") => show = Show::Timeline,
                Some("--report") => show = Show::Report,
                Some("--trace") => {
                    let file =
                        arguments.next().ok_or_else(|| CommandError { message: "`--trace` takes a file".into() })?;
                    trace = Some(PathBuf::from(file));
                }
                _ => return unexpected("boot", &argument),
            }
        }
        Ok(CommandKind::Boot { show, trace })
    }

    /// Runs the command for the registry of this builder, and prints to stdout, or what went wrong to stderr. The documentation of
    /// [`Command`] lists the exit codes.
    pub async fn run(self, builder: Builder) -> ExitCode {
        let code = match self.kind {
            CommandKind::Graph(form) => print_graph(form, builder),
            CommandKind::Diff { old, new } => print_diff(&old, new.as_ref(), builder),
            CommandKind::Boot { show, trace } => boot(show, trace, builder).await,
        };
        code.map_or_else(ExitCode::from, |()| ExitCode::SUCCESS)
    }
}

fn is_option(argument: &OsString) -> bool {
    argument.as_encoded_bytes().starts_with(b"-")
}

/// Prints to stdout. If the reader has closed the pipe, there is nobody to report an error to.
fn print(text: impl fmt::Display) {
    let _ = writeln!(stdout(), "{text}");
}

/// Prints what went wrong to stderr, and returns the exit code.
fn fail(code: u8, text: impl fmt::Display) -> u8 {
    let _ = writeln!(stderr(), "{text}");
    code
}

fn plan(builder: Builder) -> Result<Plan, u8> {
    builder.plan().map_err(|error| fail(FAILED, error))
}

fn print_graph(form: Form, builder: Builder) -> Result<(), u8> {
    let plan = plan(builder)?;
    let text = match form {
        Form::Text => plan.to_string(),
        Form::Dot => plan.to_dot(),
        Form::Mermaid => plan.to_mermaid(),
        Form::Json => plan.to_json(),
    };
    print(text.trim_end());
    Ok(())
}

fn print_diff(old: &PathBuf, new: Option<&PathBuf>, builder: Builder) -> Result<(), u8> {
    let read = |path: &PathBuf| {
        fs::read_to_string(path).map_err(|error| fail(USAGE, format_args!("cannot read {}: {error}", path.display())))
    };
    let old = read(old)?;
    let diff = match new {
        Some(new) => crate::plan::GraphDiff::between(&old, &read(new)?),
        None => Graph::diff_json(&plan(builder)?.graph(), &old),
    };
    let diff = diff.map_err(|error| fail(USAGE, error))?;
    print(&diff);
    if diff.is_empty() { Ok(()) } else { Err(FAILED) }
}

/// Boots, shuts down, and prints how it went: also how a boot went that failed.
async fn boot(show: Show, trace: Option<PathBuf>, builder: Builder) -> Result<(), u8> {
    let registry = match builder.boot().await {
        Ok(registry) => registry,
        Err(error) => {
            if let Some(report) = error.report() {
                show.boot(report);
                write_trace(trace, report, error.rollback())?;
            }
            return Err(fail(FAILED, &error));
        }
    };
    let report = registry.report();
    show.boot(&report);
    let down = match registry.shutdown().await {
        Ok(down) => Ok(down),
        Err(error) => Err((fail(USAGE, &error), error.report().cloned())),
    };
    let (code, down) = match down {
        Ok(down) => (Ok(()), Some(down)),
        Err((code, down)) => (Err(code), down),
    };
    if let Some(down) = &down {
        show.shutdown(down);
    }
    write_trace(trace, &report, down.as_ref())?;
    code
}

fn write_trace(path: Option<PathBuf>, boot: &BootReport, shutdown: Option<&ShutdownReport>) -> Result<(), u8> {
    let Some(path) = path else { return Ok(()) };
    let trace = shutdown.map_or_else(|| boot.to_trace(), |shutdown| boot.to_trace_with(shutdown));
    fs::write(&path, trace).map_err(|error| fail(USAGE, format_args!("cannot write {}: {error}", path.display())))
}

impl Show {
    fn boot(self, report: &BootReport) {
        match self {
            Self::Timeline => {
                print(for_stdout(report.timeline()));
                if !report.critical_path.is_empty() {
                    print(format_args!("critical path: {}", report.path()));
                }
            }
            Self::Report => print(report),
        }
    }

    fn shutdown(self, report: &ShutdownReport) {
        match self {
            Self::Timeline => print(for_stdout(report.timeline())),
            Self::Report => print(report),
        }
    }
}

/// With colours on a terminal that shows them, unless the user has said no to them: see <https://no-color.org>.
fn for_stdout(timeline: Timeline) -> Timeline {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let timeline = timeline.color(stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb);
    match columns {
        Some(columns) => timeline.width(columns),
        None => timeline,
    }
}

#[cfg(feature = "signals")]
impl Builder {
    /// The whole `main` of a service process that also has the commands `graph`, `graph diff` and `boot`: runs the one that the
    /// arguments of the process name, and otherwise does what [`launch`](Self::launch) does.
    ///
    /// ```no_run
    /// use service_core::Registry;
    ///
    /// #[tokio::main]
    /// async fn main() -> std::process::ExitCode {
    ///     Registry::builder().launch_or_command().await
    /// }
    /// ```
    ///
    /// A program with arguments of its own uses [`Command::parse`].
    pub async fn launch_or_command(self) -> ExitCode {
        match Command::parse(std::env::args_os().skip(1)) {
            Ok(Some(command)) => command.run(self.signals(true)).await,
            Ok(None) => self.launch().await,
            Err(error) => ExitCode::from(fail(USAGE, format_args!("{error}\n{HELP}"))),
        }
    }
}
