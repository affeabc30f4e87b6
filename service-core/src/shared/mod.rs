//! What all handles, hooks and calls of one registry share, as data; the wait-for graph; and admission to a service.
//!
//! # Locks
//!
//! Every lock of the crate is held for a few lines and never across an `await`. No user code runs under one: what a user
//! owns (an instance, a closure, a waker, an error) is taken out under the lock, and dropped, called, woken or formatted
//! after it. Two locks are held at once only in this order:
//!
//! | lock | protects | taken under it |
//! |---|---|---|
//! | `REGISTRY` in `registry/process.rs` | the process's registry, while it is launched | `ALL`, `LISTENING` |
//! | `GRAPH` in `shared/wait.rs` | the wait-for graph | `ALL`, the status of slots |
//! | `TypeSlots::managed` in `gate/type_slots.rs` | which slots have instances of a type | `TypeSlots::owner`, `Slot::token`, the status of slots |
//! | `TypeSlots::owner` in `gate/type_slots.rs` | the slot that uses the gate of its type | the status of that slot |
//! | `HealthChecker::states` in `health/checker.rs` | results and running checks | `PollMonitor`, the status of slots |
//! | `Incarnation::monitor` in `service/incarnation.rs` | the monitor of the running hook | `PollMonitor` |
//! | `EventChannel::buffer` in `events/event_channel.rs` | the latest events, and which of them observers have seen | nothing |
//! | `ALL` in `shared/registries.rs` | the registries of the process, by number | nothing |
//! | `KEEPER` in `shared/timer_keeper.rs` | the runtimes whose timers are kept going, and their blocked threads | nothing |
//! | `LISTENING` in `signals/disposition.rs` | the actions of signals | nothing |
//! | every other lock | the field that it wraps | nothing |

mod admission;
mod boot;
mod current_task;
mod deadline;
mod in_runtime;
mod isolated;
mod message;
mod options;
mod owned_tasks;
pub(crate) mod poll_monitor;
mod probes;
pub(crate) mod registries;
mod restart;
mod shared;
mod snapshots;
mod timer_keeper;
mod undeclared;
pub(crate) mod wait;
mod wait_graph;
mod waiter;
mod worker_watch;

pub(crate) use admission::{admit, admit_now, named, reach, reach_now};
pub(crate) use boot::boot;
pub(crate) use current_task::CurrentTask;
pub(crate) use deadline::{Deadline, later, rest_of_instant, within};
pub(crate) use in_runtime::in_runtime;
pub(crate) use isolated::any_isolated;
pub(crate) use message::{Message, Reply};
pub(crate) use options::Options;
pub(crate) use poll_monitor::PollMonitor;
pub(crate) use restart::restart;
pub(crate) use shared::{End, Shared, Timing};
pub(crate) use timer_keeper::Busy;
pub(crate) use wait::Wait;
