//! What must hold in every run, derived from the plan of the run and from what was recorded.

use std::time::Duration;

use crate::{Call, DRAIN, Outcome, PoolPlan, Stop, ms};

/// An error with this rule, unless it holds.
pub(crate) fn ensure(holds: bool, rule: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.to_owned()) }
}

pub(crate) fn judge_calls(calls: &[Call], outcomes: &[Outcome], stops: &[Option<Stop>]) -> Result<(), String> {
    let is_up = |number: usize, at: Duration| stops[number].is_some_and(|stop| at < stop.draining);
    let mut last = [Duration::ZERO; 2];
    for (call, outcome) in calls.iter().zip(outcomes) {
        let at = ms(call.at);
        let scope = call.scope.filter(|&number| stops[number].is_some());
        // The registry in whose scope it is, if that admits it; else the first that does.
        let expected = scope.into_iter().chain([0, 1]).find(|&number| is_up(number, at));
        let admitted = outcome.admitted_by;
        ensure(admitted == expected.map(Ok), "a call runs in the registry of its scope, else in the first that is up")?;
        let Some(number) = expected else {
            // Nothing manages the value any more, or what does refuses the call at once.
            ensure(outcome.ended == at, "a call that nobody admits is refused at once")?;
            continue;
        };
        last[number] = last[number].max(outcome.ended);
        let again_at = at + ms(call.takes);
        let is_own = stops[number].is_some_and(|stop| again_at <= stop.stopping);
        let is_admitted = is_own || is_up(1 - number, again_at);
        if call.again.is_some() && !is_own && is_admitted {
            // A call that was abandoned calls again, and the other registry admits that.
            last[1 - number] = last[1 - number].max(outcome.ended);
        }
        let again_refused = call.again.is_some() && !is_admitted && !outcome.timed_out;
        ensure(outcome.again_refused == again_refused, "a drain does not refuse the calls of admitted calls")?;
        let takes = call.takes + call.again.filter(|_| is_admitted).unwrap_or(0);
        ensure(outcome.ended == at + ms(takes.min(call.timeout)), "a call takes as long as its body")?;
    }
    for (stop, last) in stops.iter().zip(last) {
        let Some(stop) = stop else { continue };
        let due = last.clamp(stop.draining, stop.draining + DRAIN);
        ensure(stop.stopping == due, "a drain waits for the calls of its own registry, and for no others")?;
    }
    Ok(())
}

pub(crate) fn judge_hooks(pools: &[PoolPlan], hooks: &[(Duration, usize, &'static str)]) -> Result<(), String> {
    let mut began = Duration::ZERO;
    for (number, pool) in pools.iter().enumerate() {
        let of_pool: Vec<_> = hooks.iter().filter(|hook| hook.1 == number).map(|hook| hook.2).collect();
        let mut expected = vec!["start"];
        if !pool.is_given {
            expected.insert(0, "init");
        }
        if !pool.start_fails {
            expected.push("shutdown");
        }
        expected.push("drop");
        ensure(of_pool == expected, "a given value has its hooks, and is made by `init` only if none was given")?;
        let at = |name: &str| hooks.iter().find(|hook| hook.1 == number && hook.2 == name).map(|hook| hook.0);
        let started = began + ms(if pool.is_given { 0 } else { pool.init });
        ensure(at("start") == Some(started), "`start` begins when there is a value")?;
        if let (Some(shutdown), Some(dropped)) = (at("shutdown"), at("drop")) {
            ensure(dropped == shutdown + ms(pool.shutdown), "the value is released after its `shutdown`")?;
        }
        began = started + ms(pool.start);
    }
    Ok(())
}
