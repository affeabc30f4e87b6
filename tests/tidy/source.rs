//! [`Source`]: a file of this repository, and the tokens of a Rust file without its comments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A text file, with its path from the root.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// A token of a Rust file, and its lines.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) lines: std::ops::RangeInclusive<usize>,
    pub(crate) is_text: bool,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// Its tokens in order, without comments and doc comments.
    pub(crate) fn words(&self) -> Vec<Word> {
        let tokens: TokenStream = match self.text.parse() {
            Ok(tokens) => tokens,
            Err(error) => panic!("{} is no Rust: {error}", self.path),
        };
        let mut words = Vec::new();
        flatten(tokens, &mut words);
        words
    }
}

fn flatten(tokens: TokenStream, words: &mut Vec<Word>) {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let lines = token.span().start().line..=token.span().end().line;
        let mut push = |text: String, is_text| words.push(Word { text, lines: lines.clone(), is_text });
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '#' => {
                while tokens.next_if(|next| matches!(next, TokenTree::Punct(sign) if sign.as_char() == '!')).is_some() {
                }
                if tokens.next_if(is_documentation).is_none() {
                    push("#".to_owned(), false);
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                let line = |span: proc_macro2::Span| span.start().line..=span.end().line;
                words.push(Word { text: open.to_owned(), lines: line(group.span_open()), is_text: false });
                flatten(group.stream(), words);
                words.push(Word { text: close.to_owned(), lines: line(group.span_close()), is_text: false });
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let is_text = text.contains('"');
                push(text, is_text);
            }
            other => push(other.to_string(), false),
        }
    }
}

/// Whether a token is the `[doc = "…"]` of a doc comment, not `[doc(hidden)]` or `[doc = include_str!(…)]`.
fn is_documentation(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let mut inside = group.stream().into_iter();
    matches!(inside.next(), Some(TokenTree::Ident(name)) if name == "doc")
        && matches!(inside.next(), Some(TokenTree::Punct(sign)) if sign.as_char() == '=')
        && matches!(inside.next(), Some(TokenTree::Literal(_)))
}

/// The root folder of this repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text file of the repository: the files that git does not ignore, or all files if there is no git.
pub(crate) fn all() -> Vec<Source> {
    let root = root();
    let mut paths = tracked(&root).unwrap_or_else(|| lying_in(&root));
    paths.sort();
    paths.dedup();
    let source = |path: String| Some(Source { text: fs::read_to_string(root.join(&path)).ok()?, path });
    let all: Vec<_> = paths.into_iter().filter_map(source).collect();
    assert!(all.iter().any(|source| source.path == "Cargo.toml"), "the repository's files were not found");
    all
}

/// The Rust files that the rules apply to: all except for the cases of compile errors.
pub(crate) fn rust() -> Vec<Source> {
    all().into_iter().filter(|source| source.path.ends_with(".rs") && !source.path.starts_with("tests/ui/")).collect()
}

/// The Rust files under these folders.
pub(crate) fn rust_in(folders: &[&str]) -> Vec<Source> {
    rust().into_iter().filter(|source| folders.iter().any(|folder| source.path.starts_with(folder))).collect()
}

fn tracked(root: &Path) -> Option<Vec<String>> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
    let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
    let text = String::from_utf8(output.stdout).ok().filter(|text| output.status.success() && !text.is_empty())?;
    Some(text.split_terminator('\0').map(str::to_owned).collect())
}

fn lying_in(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if path.is_dir() && ![".git", "target", "data", "wip"].iter().any(|skipped| name == *skipped) {
                folders.push(path);
            } else if path.is_file()
                && let Ok(inside) = path.strip_prefix(root)
            {
                found.push(inside.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found
}

/// Fails with every violation and the fix, if there are violations.
pub(crate) fn none(violations: &[String], cure: &str) {
    assert!(violations.is_empty(), "\n{}\n\n{cure}\n", violations.join("\n"));
}
