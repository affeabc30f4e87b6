//! The rules of this repository as tests. A failure lists every violation and explains the fix. Each rule has a second test with
//! an artificial violation, which fails if the rule no longer detects it.

mod attributes;
mod files;
mod folders;
mod krate;
mod lines;
mod manifests;
mod messages;
mod requests;
mod source;
mod structure;
mod template;
mod third_party;
mod walkthrough;
mod words;
