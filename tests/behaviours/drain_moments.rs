//! The three moments of a shutdown: requested, draining, stopping. What calls need still works while they are drained.
#![expect(unreachable_pub, reason = "on an impl block, `#[guarded]` takes the `pub` methods")]

use std::sync::{Arc, Mutex};

use service_core::{Context, Definition, Lifecycle, NotReady, Registry, Restart, Result, State, guarded, service};
use tests::{EventCollector, Latch, Recorder, isolated, ms, secs, worker};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

type Question = (u32, oneshot::Sender<u32>);

/// Answers through a loop of its own that ends on `stopping()`.
#[service(lazy, requires = [Settings])]
struct Answers {
    questions: mpsc::UnboundedSender<Question>,
    cx: Context<Answers>,
    recorder: Recorder,
    begin: Latch,
}

#[service(lazy, autowire)]
struct Settings {
    recorder: Recorder,
    begin: Latch,
}

impl Lifecycle for Answers {
    async fn init(cx: &Context<Self>) -> Result<Self> {
        let (questions, mut asked) = mpsc::unbounded_channel::<Question>();
        let (settings, stopping) = (cx.get::<Settings>(), cx.stopping());
        cx.spawn("answer", async move {
            while let Some(Some((question, reply))) = stopping.run_until_cancelled(asked.recv()).await {
                sleep(ms(10)).await;
                let _ = reply.send(question * 2);
            }
        });
        let Settings { recorder, begin } = &*settings;
        Ok(Self { questions, cx: cx.clone(), recorder: recorder.clone(), begin: begin.clone() })
    }

    async fn shutdown(&self, _cx: &Context<Self>) -> Result<()> {
        self.recorder.record("shutdown");
        Ok(())
    }
}

#[guarded]
impl Answers {
    pub async fn ask(&self, question: u32) -> Result<u32> {
        self.begin.opened().await;
        let (reply, answer) = oneshot::channel();
        self.questions.send((question, reply))?;
        Ok(answer.await?)
    }

    /// Hands work to a task as soon as the latch opens.
    pub async fn hand_over(&self) -> Result<bool, NotReady> {
        self.begin.opened().await;
        let recorder = self.recorder.clone();
        Ok(self.cx.spawn("handed over", async move {
            sleep(ms(50)).await;
            recorder.record("worked");
        }))
    }

    /// An endless call: by mistake it waits for `stopping()`, which would wait for this call.
    pub async fn endless(&self) -> Result<(), NotReady> {
        self.cx.stopping().cancelled().await;
        Ok(())
    }
}

async fn answers(recorder: &Recorder, begin: &Latch) -> Result<(Registry, Arc<Answers>)> {
    let settings = Settings { recorder: recorder.clone(), begin: begin.clone() };
    let registry = isolated().replace::<Settings>(settings).only::<Answers>().boot().await?;
    let answers = registry.get::<Answers>()?;
    Ok((registry, answers))
}

#[tokio::test(start_paused = true)]
async fn admitted_calls_use_the_loop_of_their_service_while_it_drains() -> Result<()> {
    let (recorder, begin) = (Recorder::new(), Latch::new());
    let (registry, answers) = answers(&recorder, &begin).await?;
    let calls: Vec<_> = (0..4)
        .map(|question| {
            let answers = answers.clone();
            tokio::spawn(async move { answers.ask(question).await })
        })
        .collect();
    sleep(ms(50)).await;
    registry.request_shutdown("test");
    while registry.state::<Answers>() != State::Draining {
        tokio::task::yield_now().await;
    }
    begin.open();
    for (question, call) in (0..).zip(calls) {
        assert_eq!(call.await??, question * 2);
    }
    drop(answers);
    registry.stopped().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn work_that_an_admitted_call_hands_to_a_task_runs_and_later_work_is_refused() -> Result<()> {
    let (recorder, begin, events) = (Recorder::new(), Latch::new(), EventCollector::new());
    let settings = Settings { recorder: recorder.clone(), begin: begin.clone() };
    let registry =
        isolated().replace::<Settings>(settings).only::<Answers>().on_event(events.listener()).boot().await?;
    let answers = registry.get::<Answers>()?;
    let call = tokio::spawn({
        let answers = answers.clone();
        async move { answers.hand_over().await }
    });
    sleep(ms(1)).await;
    let shutdown = tokio::spawn({
        let registry = registry.clone();
        async move { registry.shutdown().await }
    });
    sleep(ms(1)).await;
    begin.open();
    assert!(call.await??, "the work was accepted");
    let cx = answers.cx.clone();
    drop(answers);
    shutdown.await??;
    assert!(recorder.in_order("worked", "shutdown"), "{:?}", recorder.entries());
    assert!(!cx.spawn("late", async {}), "it was refused");
    assert!(cx.spawn_job("late job", async { Ok::<_, NotReady>(1) }).await.is_err(), "it was refused");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_that_waits_for_stopping_ends_when_its_service_drains() -> Result<()> {
    let (registry, answers) = answers(&Recorder::new(), &Latch::new()).await?;
    let call = tokio::spawn(async move { answers.endless().await });
    sleep(ms(1)).await;
    let report = registry.shutdown().await?;
    call.await??;
    assert!(report.total < ms(100), "{report}");
    Ok(())
}

/// Records each moment when its token is cancelled.
fn record_moments(cx: &Context<()>, recorder: &Recorder) {
    let moments = [("requested", cx.shutdown_requested()), ("draining", cx.draining()), ("stopping", cx.stopping())];
    for (moment, token) in moments {
        let recorder = recorder.clone();
        cx.spawn(moment, async move {
            token.cancelled().await;
            recorder.record(moment);
        });
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_lame_duck_delay_the_request_comes_first() -> Result<()> {
    let recorder = Recorder::new();
    let moments = recorder.clone();
    let definition = Definition::new("a").init(move |cx: Context<()>| {
        record_moments(&cx, &moments);
        async { Ok(()) }
    });
    let registry = isolated().define(definition).lame_duck(secs(3)).boot().await?;
    registry.shutdown().await?;
    assert_eq!(recorder.entries(), ["requested", "draining", "stopping"]);
    assert_eq!(recorder.at("draining") - recorder.at("requested"), secs(3));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_rollback_and_a_failed_start_have_all_three_moments() -> Result<()> {
    for fails_itself in [true, false] {
        let recorder = Recorder::new();
        let moments = recorder.clone();
        let a = Definition::new("a").init(move |cx: Context<()>| {
            record_moments(&cx, &moments);
            async move { if fails_itself { Err("no".into()) } else { Ok(()) } }
        });
        let b = Definition::new("b").requires(["a"]).init(async |_| Err::<(), _>("no".into()));
        isolated().define(a).define(b).boot().await.expect_err("one of them fails");
        let mut entries = recorder.entries();
        entries.sort_unstable();
        assert_eq!(entries, ["draining", "requested", "stopping"], "fails itself: {fails_itself}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_restart_has_all_three_moments_and_the_next_instance_begins_anew() -> Result<()> {
    let (recorder, fails) = (Recorder::new(), Latch::new());
    let contexts = Arc::new(Mutex::new(Vec::new()));
    let (moments, failing, made) = (recorder.clone(), fails.clone(), contexts.clone());
    let definition = Definition::new("a").restart(Restart::transient()).init(move |cx: Context<()>| {
        let mut made = made.lock().expect("no holder panics");
        if made.is_empty() {
            record_moments(&cx, &moments);
            tests::fail_when_open(&cx, &failing);
        }
        made.push(cx);
        async { Ok(()) }
    });
    let registry = isolated().define(definition).boot().await?;
    fails.open();
    sleep(secs(1)).await;
    assert_eq!(recorder.entries(), ["requested", "draining", "stopping"]);
    let second = contexts.lock().expect("no holder panics").last().expect("it was restarted").clone();
    assert!(!second.shutdown_requested().is_cancelled() && !second.draining().is_cancelled());
    registry.request_shutdown("test");
    assert!(second.shutdown_requested().is_cancelled(), "at the request, before the driver has received it");
    registry.stopped().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_producer_and_a_consumer_of_one_service_lose_nothing() -> Result<()> {
    let recorder = Recorder::new();
    let made = recorder.clone();
    let (registry, _cx) = worker(move |cx| {
        let (send, mut receive) = mpsc::channel(1);
        let (draining, produced, consumed) = (cx.draining(), made.clone(), made.clone());
        cx.spawn("producer", async move {
            for number in 0.. {
                produced.record("produced");
                let _ = send.send(number).await;
                if draining.run_until_cancelled(sleep(ms(3))).await.is_none() {
                    break;
                }
            }
        });
        cx.spawn("consumer", async move {
            while receive.recv().await.is_some() {
                sleep(ms(7)).await;
                consumed.record("consumed");
            }
        });
    })
    .await?;
    sleep(ms(100)).await;
    registry.shutdown().await?;
    assert!(recorder.count("produced") > 10);
    assert_eq!(recorder.count("produced"), recorder.count("consumed"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn tasks_can_still_end_after_calls_have_used_up_the_drain_budget() -> Result<()> {
    let recorder = Recorder::new();
    let settings = Settings { recorder: recorder.clone(), begin: Latch::new() };
    let registry = isolated().replace::<Settings>(settings).only::<Answers>().boot().await?;
    let answers = registry.get::<Answers>()?;
    let flushed = recorder.clone();
    let flush = answers.cx.clone();
    answers.cx.spawn("flush", async move {
        flush.stopping().cancelled().await;
        sleep(ms(100)).await;
        flushed.record("flushed");
    });
    // This call never ends.
    let call = tokio::spawn(async move { answers.ask(1).await });
    sleep(ms(1)).await;
    let error = registry.shutdown().await.expect_err("the call does not end");
    assert_eq!(recorder.count("flushed"), 1, "{error}");
    let failures: Vec<_> = error.report().expect("it was waited for").failures().map(ToString::to_string).collect();
    assert!(matches!(&failures[..], [one] if one.contains("1 × ask")), "{failures:?}");
    call.abort();
    Ok(())
}
