use service_core::telemetry;

use super::*;

fn parse(line: &str) -> Result<Command, String> {
    Command::parse(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
}

#[test]
fn nothing_means_serve_with_the_defaults() {
    assert_eq!(parse(""), Ok(Command::Serve(Settings::default(), Logs::default())));
}

#[test]
fn options_change_the_settings() {
    let settings = Settings {
        host: [0, 0, 0, 0].into(),
        port: 0,
        probes: Some(([127, 0, 0, 1], 9090).into()),
        data: "there".into(),
        catalog: Some("list.csv".into()),
        wait: Duration::from_secs(3),
    };
    let logs = Logs { format: Some(telemetry::Format::Json), levels: Some("info,shop=debug".to_owned()) };
    let line = "--host 0.0.0.0 --port 0 --probes 127.0.0.1:9090 --data there --catalog=list.csv --wait 3 \
                --log-format json --log-level info,shop=debug";
    assert_eq!(parse(line), Ok(Command::Serve(settings, logs)));
}

#[test]
fn graph_and_help_win_over_serving() {
    assert_eq!(parse("--port 1 --graph dot"), Ok(Command::Graph(Format::Dot)));
    assert_eq!(parse("--graph dot -h"), Ok(Command::Help));
    assert_eq!(parse("--port 1 --version"), Ok(Command::Version));
}

#[test]
fn each_mistake_gets_a_sentence() {
    for (line, sentence) in [
        ("--port", "missing argument for option '--port'; see --help"),
        ("--port 70000", "cannot parse argument \"70000\": a port is a number from 0 to 65535"),
        ("--host here", "cannot parse argument \"here\": a host is an IP address"),
        ("--wait 0", "cannot parse argument \"0\": a wait is a number of seconds from 1 to 3600"),
        ("--log-format xml", "cannot parse argument \"xml\": logs are written as text, key-value or json"),
        ("--graph svg", "cannot parse argument \"svg\": a graph is printed as text, dot, mermaid or json"),
        ("--prot 1", "invalid option '--prot'; see --help"),
        ("here", "unexpected argument \"here\"; see --help"),
    ] {
        assert_eq!(parse(line), Err(sentence.to_owned()));
    }
}
