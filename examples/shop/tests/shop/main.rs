//! The tests of the shop, one file for each topic.

mod background_tasks;
mod bad_input;
mod client;
mod deploy;
#[cfg(unix)]
mod exit_codes;
mod folder;
#[cfg(target_os = "linux")]
mod full_disk;
mod http;
mod isolated;
mod recorded_log;
#[cfg(unix)]
mod stop;
#[cfg(unix)]
mod storage;
