//! The messages to systemd, received at a socket of the test.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use service_core::{Builder, Context, Definition, EventKind, Result, Systemd};
use tests::{Latch, Recorder, event_lines, failing, isolated, ms, secs};
use tokio::time::{Instant, sleep, timeout};

/// The socket that systemd would listen at.
struct Socket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Socket {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("notify-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_nonblocking(true).expect("a socket that does not wait");
        Self { socket, path }
    }

    fn systemd(&self) -> Systemd {
        Systemd::at(&self.path)
    }

    /// The messages since the last call. A socket holds about ten.
    fn messages(&self) -> Vec<String> {
        messages(&self.socket)
    }

    /// The output of the future, and the messages until it has ended.
    async fn during<T>(&self, future: impl Future<Output = T>) -> (T, Vec<String>) {
        let mut future = pin!(future);
        let mut received = Vec::new();
        loop {
            let ended = timeout(secs(1), &mut future).await;
            received.extend(self.messages());
            if let Ok(output) = ended {
                return (output, received);
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // A file that is left in the temporary folder is no reason to fail.
        let _ = std::fs::remove_file(&self.path);
    }
}

fn messages(socket: &UnixDatagram) -> Vec<String> {
    let mut messages = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(length) = socket.recv(&mut bytes) {
        messages.push(String::from_utf8_lossy(&bytes[..length]).into_owned());
    }
    messages
}

/// The values of a variable, in the order of the messages.
fn of<'a>(messages: &'a [String], name: &str) -> Vec<&'a str> {
    let lines = messages.iter().flat_map(|message| message.lines());
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix('=')).collect()
}

/// The requested extensions in seconds.
fn extensions(messages: &[String]) -> Vec<u64> {
    of(messages, "EXTEND_TIMEOUT_USEC").iter().map(|it| it.parse::<u64>().expect("a number") / 1_000_000).collect()
}

fn two(recorder: &Recorder) -> Builder {
    isolated().define(recorder.service("db", ms(2_000), ms(3_000))).define(recorder.quick("users").requires(["db"]))
}

#[tokio::test(start_paused = true)]
async fn systemd_is_notified_from_boot_to_shutdown() -> Result<()> {
    let socket = Socket::new();
    let registry = two(&Recorder::new()).systemd(socket.systemd()).boot().await?;
    let boot = socket.messages();
    assert_eq!(of(&boot, "READY"), ["1"]);
    assert!(boot.last().is_some_and(|last| last.starts_with("READY=1\n")), "{boot:?}");
    assert_eq!(of(&boot, "STATUS").first(), Some(&"booting, services ready: 0 of 2"));
    assert_eq!(of(&boot, "STATUS").last(), Some(&"services ready: 2"));
    assert!(of(&boot, "STOPPING").is_empty());

    sleep(secs(600)).await;
    assert!(socket.messages().is_empty(), "there is no event and no watchdog");

    registry.request_shutdown("the paper has run out");
    registry.stopped().await?;
    let down = socket.messages();
    assert!(down[0].starts_with("STOPPING=1\nSTATUS=shutting down (the paper has run out), services left: 2\n"));
    assert_eq!(of(&down, "STOPPING"), ["1"]);
    assert!(of(&down, "STATUS").contains(&"shutting down (the paper has run out), services left: 1"), "{down:?}");
    assert_eq!(of(&down, "STATUS").last(), Some(&"down after 3s"));

    sleep(secs(600)).await;
    assert!(socket.messages().is_empty(), "there is no message after the end");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_boot_and_a_shutdown_ask_for_the_time_that_their_budgets_allow() -> Result<()> {
    let socket = Socket::new();
    let slow = Recorder::new().service("slow", secs(60), secs(12)).init_timeout(secs(100)).shutdown_timeout(secs(20));
    let builder = isolated().define(slow).shutdown_timeout(secs(40)).lame_duck(secs(5)).systemd(socket.systemd());
    let (registry, messages) = socket.during(builder.boot()).await;
    let (registry, boot) = (registry?, extensions(&messages));
    assert_eq!(boot.iter().max(), Some(&110), "100 s for the init, and 10 s");
    assert!(boot.len() >= 60 / 5, "the request is repeated: {boot:?}");
    assert!(boot[2..].is_sorted_by(|a, b| a > b), "the end does not move: {boot:?}");

    let (down, messages) = socket.during(registry.shutdown()).await;
    down?;
    let down = extensions(&messages);
    assert_eq!(down.first(), Some(&55), "the lame duck period, the shutdown, and 10 s");
    assert!(down.is_sorted_by(|a, b| a >= b), "{down:?}");
    Ok(())
}

// shows: T05
#[tokio::test(start_paused = true)]
async fn a_hook_that_extends_its_budget_requests_time_from_systemd_at_once() -> Result<()> {
    let socket = Socket::new();
    let definition = Definition::new("import").init_timeout(secs(20)).shutdown_timeout(secs(5));
    let import = definition.init(|cx: Context<()>| async move {
        sleep(secs(15)).await;
        cx.extend(secs(300));
        // The thread is blocked, so the request must have been sent before.
        std::thread::sleep(ms(20));
        for item in 1..=200 {
            cx.progress(format!("{item} of 200"));
            (0..20).for_each(|more| cx.extend(secs(100) + ms(more)));
            sleep(secs(1)).await;
        }
        sleep(secs(90)).await;
        Ok(())
    });
    let import = import.shutdown(|_, cx| async move {
        cx.extend(secs(1_000));
        sleep(secs(12)).await;
        Ok(())
    });
    let builder = isolated().define(import).shutdown_timeout(secs(30)).systemd(socket.systemd());
    let boot = tokio::spawn(builder.boot());
    // When each message was received, and until when systemd waits because of it.
    let (began, mut waits) = (Instant::now(), Vec::new());
    let mut receive = || {
        for time in extensions(&socket.messages()) {
            waits.push((began.elapsed(), began.elapsed() + secs(time)));
        }
    };
    while !boot.is_finished() {
        sleep(ms(100)).await;
        receive();
    }
    let registry = boot.await??;
    assert_eq!(began.elapsed().as_secs(), 15 + 200 + 90, "the init takes far longer than its budget");
    let at_once = waits.iter().find(|(at, _)| *at >= secs(15)).expect("the hook requests time");
    assert!(at_once.0 <= ms(15_100) && at_once.1 >= secs(15 + 300), "{at_once:?}");
    let is_in_time = |pair: &[(Duration, Duration)]| pair[1].0 < pair[0].1;
    assert!(waits.windows(2).all(is_in_time), "{waits:?}");
    assert!(waits.len() < 400, "{} messages, although most extensions are small", waits.len());

    let (down, messages) = socket.during(registry.shutdown()).await;
    down?;
    assert_eq!(extensions(&messages).iter().max(), Some(&40), "the budget of the whole shutdown and 10 s");
    assert!(extensions(&messages).last().is_some_and(|last| *last <= 31), "the request is repeated");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_failed_boot_never_notifies_ready() {
    let socket = Socket::new();
    let db = Recorder::new().service("db", ms(0), ms(1_000));
    let users = failing("users", "no").requires(["db"]);
    let boot = isolated().define(db).define(users).rollback_timeout(secs(7)).systemd(socket.systemd());
    boot.boot().await.expect_err("users fail");
    let messages = socket.messages();
    assert!(of(&messages, "READY").is_empty());
    let rollback =
        messages.iter().find(|message| message.starts_with("STOPPING=1\n")).expect("the rollback is reported");
    assert!(rollback.contains("STATUS=the boot failed, rolling back, services left: 1\n"), "{rollback}");
    assert_eq!(extensions(std::slice::from_ref(rollback)), [17]);
}

#[tokio::test(start_paused = true)]
async fn the_watchdog_is_notified_twice_per_interval_while_the_process_is_alive() -> Result<()> {
    let socket = Socket::new();
    let registry = isolated().systemd(socket.systemd().watchdog(secs(20))).boot().await?;
    let notifications = async |time| of(&socket.during(sleep(time)).await.1, "WATCHDOG").len();
    assert_eq!(notifications(secs(95)).await, 10, "at once, and every 10 s");
    registry.set_unready("busy");
    assert_eq!(notifications(secs(20)).await, 2, "an unready process is alive");
    registry.set_dead("beyond help");
    assert_eq!(notifications(secs(60)).await, 0);
    registry.shutdown().await?;
    assert_eq!(notifications(secs(60)).await, 0);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn progress_is_a_status_message_only() -> Result<()> {
    let socket = Socket::new();
    let (reported, received) = (Latch::new(), Latch::new());
    let (report, receive) = (reported.clone(), received.clone());
    let import = Definition::new("import").init(move |cx| {
        let (reported, received) = (report.clone(), receive.clone());
        async move {
            cx.progress(format!("3 of 7\nREADY=1\n{}", "x".repeat(9_000)));
            reported.open();
            received.opened().await;
            Ok(())
        }
    });
    let boot = tokio::spawn(isolated().define(import).systemd(socket.systemd()).boot());
    reported.opened().await;
    sleep(secs(1)).await;
    let messages = socket.messages();
    assert!(of(&messages, "READY").is_empty(), "{messages:?}");
    let status = of(&messages, "STATUS").pop().unwrap_or_default().to_owned();
    assert!(status.starts_with("booting, services ready: 0 of 1; import: 3 of 7 READY=1 xxx"), "{status}");
    assert_eq!(status.len(), 512);
    received.open();
    boot.await??.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn many_services_produce_few_messages() -> Result<()> {
    let socket = Socket::new();
    let mut builder = isolated().systemd(socket.systemd());
    for number in 0..500 {
        builder = builder.define(Recorder::new().service(&format!("s{number}"), ms(number), ms(0)));
    }
    let registry = builder.boot().await?;
    let messages = socket.messages();
    assert!(messages.len() <= 10, "{} messages in half a second", messages.len());
    assert_eq!(of(&messages, "READY"), ["1"]);
    registry.shutdown().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn messages_that_found_the_socket_full_are_sent_later_in_order() -> Result<()> {
    let socket = Socket::new();
    // A sender has room for less than a socket may take, so it takes several of them.
    loop {
        let sender = UnixDatagram::unbound()?;
        sender.set_nonblocking(true)?;
        let send = || sender.send_to(b"STATUS=somebody else\n", &socket.path).is_ok();
        if !send() {
            break;
        }
        while send() {}
    }
    let registry = isolated().define(Definition::new("a")).systemd(socket.systemd()).boot().await?;
    assert!(of(&socket.messages(), "READY").is_empty());
    sleep(secs(1)).await;
    let messages = socket.messages();
    assert_eq!(of(&messages, "READY"), ["1"]);
    assert!(messages[0].starts_with("STATUS=booting"), "{messages:?}");
    registry.shutdown().await?;
    assert!(!event_lines(&registry).contains(&"systemd unreachable".to_owned()), "a full socket is not unreachable");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_socket_is_reported_once_and_affects_nothing() -> Result<()> {
    for (address, why) in
        [("/nowhere/notify", "No such file"), ("vsock:2:1234", "which is neither a path nor an abstract name")]
    {
        let registry = isolated().define(Definition::new("a")).systemd(Systemd::at(address)).boot().await?;
        sleep(secs(1)).await;
        registry.shutdown().await?;
        let events = registry.events();
        let errors = events.iter().filter_map(|event| match &event.kind {
            EventKind::SystemdUnreachable { error } => Some(error.to_string()),
            _ => None,
        });
        let errors: Vec<_> = errors.collect();
        assert!(errors.len() == 1 && errors[0].contains(why), "{errors:?}");
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_registry_does_not_notify_systemd_unless_asked() -> Result<()> {
    let socket = Socket::new();
    let registry = isolated().systemd(Systemd::default()).define(Definition::new("a")).boot().await?;
    registry.shutdown().await?;
    assert!(socket.messages().is_empty());
    Ok(())
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn a_socket_may_have_an_abstract_name() -> Result<()> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let name = format!("notify-of-the-tests-{}", std::process::id());
    let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name)?)?;
    socket.set_nonblocking(true)?;
    let registry = isolated().define(Definition::new("a")).systemd(Systemd::at(format!("@{name}"))).boot().await?;
    assert_eq!(of(&messages(&socket), "READY"), ["1"]);
    registry.shutdown().await?;
    Ok(())
}
