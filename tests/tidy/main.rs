//! The house rules, each a test: what it finds, and what to do about it. Each has a second test with a violation made up,
//! so that a rule which no longer finds anything is found out.

mod attributes;
mod files;
mod folders;
mod krate;
mod lines;
mod manifests;
mod messages;
mod source;
mod structure;
mod third_party;
mod walkthrough;
mod words;
