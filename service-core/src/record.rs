//! [`record!`](crate::record!): the macro with which applications and the other crates log in the words of the events.

/// Logs a `tracing` event with the fields `domain`, `action` and `status`, as the events of a registry have them.
///
/// The `domain` is the part of the program, the `action` is what the part does, and the `status` is one of five words. So a reader
/// of the logs finds all failed imports of orders without parsing a message. Fields and a message follow, written as for
/// `tracing::event!`.
///
/// | `status` | meaning | level |
/// |---|---|---|
/// | `started` | the action has begun | `INFO` |
/// | `success` | the action has ended as intended | `INFO` |
/// | `error` | the action has failed | `ERROR` |
/// | `warning` | an operator should know about it; the action goes on | `WARN` |
/// | `cancelled` | the action has ended early, because nobody waits for it any more, or because of something else | `WARN` |
///
/// With `level: DEBUG` before the `domain`, the event has another level. A status that does not exist does not compile.
///
/// ```
/// use service_core::record;
///
/// # let error = "no such file";
/// record!(domain: "orders", action: "import", status: started, file = "orders.csv", "importing");
/// record!(domain: "orders", action: "import", status: error, %error, "not imported");
/// record!(level: DEBUG, domain: "orders", action: "count", status: success, orders = 3, "counted {} files", 1);
/// ```
#[macro_export]
macro_rules! record {
    (@event $level:ident, $domain:expr, $action:expr, $status:literal $($fields:tt)*) => {
        $crate::__private_v1::tracing::event!(
            $crate::__private_v1::tracing::Level::$level,
            domain = $domain,
            action = $action,
            status = $status
            $($fields)*
        )
    };
    (level: $level:ident, domain: $domain:expr, action: $action:expr, status: started $($fields:tt)*) => {
        $crate::record!(@event $level, $domain, $action, "started" $($fields)*)
    };
    (level: $level:ident, domain: $domain:expr, action: $action:expr, status: success $($fields:tt)*) => {
        $crate::record!(@event $level, $domain, $action, "success" $($fields)*)
    };
    (level: $level:ident, domain: $domain:expr, action: $action:expr, status: error $($fields:tt)*) => {
        $crate::record!(@event $level, $domain, $action, "error" $($fields)*)
    };
    (level: $level:ident, domain: $domain:expr, action: $action:expr, status: warning $($fields:tt)*) => {
        $crate::record!(@event $level, $domain, $action, "warning" $($fields)*)
    };
    (level: $level:ident, domain: $domain:expr, action: $action:expr, status: cancelled $($fields:tt)*) => {
        $crate::record!(@event $level, $domain, $action, "cancelled" $($fields)*)
    };
    (level: $level:ident, domain: $domain:expr, action: $action:expr, status: $other:ident $($fields:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "there is no status `",
            ::core::stringify!($other),
            "`; write `started`, `success`, `error`, `warning` or `cancelled`"
        ))
    };
    (domain: $domain:expr, action: $action:expr, status: started $($fields:tt)*) => {
        $crate::record!(@event INFO, $domain, $action, "started" $($fields)*)
    };
    (domain: $domain:expr, action: $action:expr, status: success $($fields:tt)*) => {
        $crate::record!(@event INFO, $domain, $action, "success" $($fields)*)
    };
    (domain: $domain:expr, action: $action:expr, status: error $($fields:tt)*) => {
        $crate::record!(@event ERROR, $domain, $action, "error" $($fields)*)
    };
    (domain: $domain:expr, action: $action:expr, status: $status:ident $($fields:tt)*) => {
        $crate::record!(level: WARN, domain: $domain, action: $action, status: $status $($fields)*)
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "write `record!(domain: \"orders\", action: \"import\", status: success, field = value, \"message\")`"
        )
    };
}
