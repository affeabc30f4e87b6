//! Error messages are one sentence in lower case without a full stop, and do not mention internal names.

use crate::source::{Source, Word, all, none, rust_in};

/// The error messages of the macros: those inside `Error::new(…)` and `mistakes.<any>(…)`.
fn messages(source: &Source) -> Vec<Word> {
    let words = source.words();
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let mut found = Vec::new();
    for at in 0..words.len() {
        let is_error =
            text(at) == "Error" && (text(at + 3) == "new" || text(at + 3) == "new_spanned") && text(at + 4) == "(";
        let is_mistake = text(at) == "mistakes" && text(at + 1) == "." && text(at + 3) == "(";
        if !is_error && !is_mistake {
            continue;
        }
        let mut depth = 0;
        for word in &words[at + if is_error { 4 } else { 3 }..] {
            match word.text.as_str() {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ if word.is_text => found.push(word.clone()),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    found
}

/// What is wrong with the style of a message.
fn style(message: &str) -> Option<&'static str> {
    let message = message.trim_start_matches(['r', '#']).trim_matches(['"', '#']);
    let mut words = message.split_whitespace();
    let first = words.next()?;
    // A sentence may begin with a name (`Arc`, `{name}`, `#[service]`), but not with a capitalised English word.
    let is_name =
        first.contains(['{', '`', '#', '<', ':', '_']) || first.chars().filter(|it| it.is_uppercase()).count() > 1;
    let is_upper = first.chars().next().is_some_and(char::is_uppercase);
    match () {
        () if words.next().is_none() => None,
        () if is_upper && !is_name => Some("begins with a capital"),
        () if message.ends_with('.') => Some("ends with a full stop"),
        () if message.ends_with('!') => Some("shouts"),
        () => None,
    }
}

/// Internal names, which a user cannot look up.
const PLUMBING: [&str; 12] = [
    "__",
    "StaticRef",
    "Hidden<",
    "HasTypeEntry",
    "Declared",
    "::base::",
    "::gate::",
    "::guard::",
    "::lifecycle::",
    "::plan::",
    "::registry::",
    "inventory",
];

fn plumbing(source: &Source) -> Vec<String> {
    // A line that quotes a file is not part of the message.
    let is_quoted = |line: &str| line.trim_start().starts_with(|it: char| it.is_ascii_digit() || it == '|');
    let is_ours = |line: &&str| !is_quoted(line);
    let mut found = Vec::new();
    for line in source.text.lines().filter(is_ours) {
        for word in PLUMBING.iter().filter(|word| line.contains(**word)) {
            found.push(format!("{}: `{word}` in: {}", source.path, line.trim()));
        }
    }
    found
}

#[test]
fn every_message_is_one_plain_sentence() {
    let mut found = Vec::new();
    for source in rust_in(&["service-macros/src/"]) {
        for word in messages(&source) {
            if let Some(what) = style(&word.text) {
                found.push(format!("{}:{}: {what}: {}", source.path, word.lines.start(), word.text));
            }
        }
    }
    none(&found, "Write one sentence in lower case without a full stop: what was found, and what to do.");
}

#[test]
fn compile_errors_do_not_mention_internal_names() {
    let snapshots =
        all().into_iter().filter(|source| source.path.starts_with("tests/ui/") && source.path.ends_with(".stderr"));
    let found: Vec<_> = snapshots.collect::<Vec<_>>().iter().flat_map(plumbing).collect();
    none(&found, "Change the span, the bound or the hidden type, so that the message uses only public names.");
}

#[test]
fn a_message_of_bad_style_is_found() {
    let source = Source::new(
        "a.rs",
        r#"fn f() { Err(Error::new(span, format!("Bad {x}."))); let s = "Fine."; mistakes.at(s, "take it out.") }"#,
    );
    let found: Vec<_> = messages(&source).into_iter().map(|word| style(&word.text)).collect();
    assert_eq!(found, [Some("begins with a capital"), Some("ends with a full stop")]);
    assert_eq!(style("\"a service has one instance, so {name} cannot be generic\""), None);
    assert_eq!(style("\"`requires` is written twice; keep one of them\""), None);
    let leaky = Source::new(
        "tests/ui/a.stderr",
        "error: no\n 3 | __x\n  = note: add `__private::HasTypeEntry`\nnote: required by a bound in `__private::x`\n",
    );
    assert_eq!(plumbing(&leaky).len(), 3);
}
