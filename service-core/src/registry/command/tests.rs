use std::ffi::OsString;

use super::{Command, CommandKind, Form, Show};

fn parse(line: &str) -> Result<Option<CommandKind>, String> {
    let arguments = line.split_whitespace().map(OsString::from);
    Command::parse(arguments).map(|command| command.map(|it| it.kind)).map_err(|error| error.to_string())
}

#[test]
fn each_command_is_read_with_its_options() {
    let boot = |show, trace: Option<&str>| CommandKind::Boot { show, trace: trace.map(Into::into) };
    let diff = |old: &str, new: Option<&str>| CommandKind::Diff { old: old.into(), new: new.map(Into::into) };
    for (line, kind) in [
        ("graph", CommandKind::Graph(Form::Text)),
        ("graph --text", CommandKind::Graph(Form::Text)),
        ("graph --dot", CommandKind::Graph(Form::Dot)),
        ("graph --mermaid", CommandKind::Graph(Form::Mermaid)),
        ("graph --dot --json", CommandKind::Graph(Form::Json)),
        ("graph diff old.json", diff("old.json", None)),
        ("graph diff old.json new.json", diff("old.json", Some("new.json"))),
        ("boot", boot(Show::Timeline, None)),
        ("boot --timeline", boot(Show::Timeline, None)),
        ("boot --trace t.json --report", boot(Show::Report, Some("t.json"))),
    ] {
        assert_eq!(parse(line), Ok(Some(kind)), "{line}");
    }
}

#[test]
fn the_arguments_of_the_program_itself_are_no_command() {
    for line in ["", "serve", "--graph", "--port 80 graph", "Graph"] {
        assert_eq!(parse(line), Ok(None), "{line}");
    }
}

#[test]
fn a_mistake_in_the_arguments_is_named() {
    for (line, message) in [
        ("graph --svg", "`graph` does not take the argument \"--svg\""),
        ("graph --json old.json", "`graph` does not take the argument \"old.json\""),
        ("graph diff", "`graph diff` takes one file or two, which `graph --json` wrote"),
        ("graph diff --json a", "`graph diff` takes one file or two, which `graph --json` wrote"),
        ("graph diff a b c", "`graph diff` takes one file or two, which `graph --json` wrote"),
        ("boot fast", "`boot` does not take the argument \"fast\""),
        ("boot --trace", "`--trace` takes a file"),
    ] {
        assert_eq!(parse(line), Err(message.to_owned()), "{line}");
    }
}
