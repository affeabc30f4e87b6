use super::*;

fn read(variables: &[(&str, &str)]) -> Systemd {
    let find = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value));
    Systemd::read(find, 7)
}

#[test]
fn without_a_socket_nothing_is_notified() {
    assert_eq!(read(&[("WATCHDOG_USEC", "1000")]).address, None);
    assert_eq!(read(&[("NOTIFY_SOCKET", "")]).address, None);
}

#[test]
fn a_watchdog_for_another_process_is_ignored() {
    let socket = ("NOTIFY_SOCKET", "@a");
    let read = |more: &[(&str, &str)]| read(&[&[socket], more].concat());
    assert_eq!(read(&[]).watchdog, None);
    assert_eq!(read(&[("WATCHDOG_USEC", "20000000")]).watchdog, Some(Duration::from_secs(20)));
    assert_eq!(read(&[("WATCHDOG_USEC", "5"), ("WATCHDOG_PID", "7")]).watchdog, Some(Duration::from_micros(5)));
    assert_eq!(read(&[("WATCHDOG_USEC", "5"), ("WATCHDOG_PID", "8")]).watchdog, None);
    assert_eq!(read(&[("WATCHDOG_USEC", "0")]).watchdog, None);
    let odd = read(&[("WATCHDOG_USEC", "soon")]);
    assert_eq!(odd.problem.as_deref(), Some("WATCHDOG_USEC is \"soon\", which is not a number of microseconds"));
}
