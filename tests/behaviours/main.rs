//! The behaviours of the library, a file for each topic. Every service that is linked in here is lazy: see `tests::isolated`.

mod blocking;
mod boot_order;
mod boot_time;
mod budgets;
mod definitions;
mod dependencies;
mod deployment;
mod events;
mod every_failure;
mod guard;
mod guard_crowd;
mod guard_drain;
mod guard_ends;
mod guard_shapes;
mod guard_undeclared;
mod guard_waiters;
mod health;
mod health_askers;
mod inside;
mod lazy;
mod leaks;
mod logs;
mod panics;
mod registries;
mod reports;
mod restarts;
mod rollback;
mod shutdown;
mod storms;
mod substitutes;
#[cfg(unix)]
mod systemd;
mod task_waits;
mod tasks;
mod telemetry;
mod timeouts;
