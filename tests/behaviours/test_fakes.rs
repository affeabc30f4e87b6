//! The concrete value of a fake, as an argument of `#[service_core::test]`.

use std::sync::{Arc, Mutex};

use service_core::{Registry, Result, service};

trait Mail: Send + Sync {
    fn send(&self, to: &str);
}

trait Alarm: Send + Sync {
    fn ring(&self);
}

#[service(lazy, autowire, provides = [dyn Mail, dyn Alarm])]
struct Smtp;

impl Mail for Smtp {
    fn send(&self, _to: &str) {
        unreachable!("it is replaced")
    }
}

impl Alarm for Smtp {
    fn ring(&self) {
        unreachable!("it is replaced")
    }
}

#[service(lazy, autowire)]
struct Letters {
    mail: Arc<dyn Mail>,
}

#[derive(Default)]
struct Outbox {
    sent: Mutex<Vec<String>>,
}

impl Outbox {
    fn sent(&self) -> Vec<String> {
        self.sent.lock().expect("not poisoned").clone()
    }
}

impl Mail for Outbox {
    fn send(&self, to: &str) {
        self.sent.lock().expect("not poisoned").push(to.to_owned());
    }
}

impl Alarm for Outbox {
    fn ring(&self) {
        self.send("everybody");
    }
}

fn as_trait_object() -> Box<dyn Mail> {
    Box::new(Outbox::default())
}

#[service_core::test(replace(dyn Mail = Arc::new(Outbox::default())))]
async fn the_argument_is_the_value_that_the_service_uses(letters: Arc<Letters>, outbox: Arc<Outbox>) {
    letters.mail.send("Ada");
    assert_eq!(outbox.sent(), ["Ada"]);
}

#[service_core::test(replace(dyn Mail = Arc::new(Outbox::default())))]
async fn it_stands_beside_the_trait_object(mail: Arc<dyn Mail>, outbox: Arc<Outbox>, registry: Registry) -> Result<()> {
    mail.send("Ada");
    registry.get::<dyn Mail>()?.send("Grace");
    assert_eq!(outbox.sent(), ["Ada", "Grace"]);
    Ok(())
}

#[service_core::test(replace(dyn Mail = as_trait_object().into()))]
async fn a_value_whose_type_is_not_seen_is_the_trait_object(mail: Arc<dyn Mail>) {
    mail.send("Ada");
}

#[service_core::test(replace(dyn Mail = Arc::new(Outbox::default())), replace(dyn Alarm = Arc::new(Outbox::default())))]
#[should_panic(expected = "several values that replace a trait have the type Outbox")]
async fn two_values_of_one_type_are_refused(letters: Arc<Letters>, outbox: Arc<Outbox>) {
    drop((letters, outbox));
}

fn shared() -> Arc<Outbox> {
    static OUTBOX: std::sync::OnceLock<Arc<Outbox>> = std::sync::OnceLock::new();
    OUTBOX.get_or_init(Arc::default).clone()
}

#[service_core::test(replace(dyn Mail = shared()), replace(dyn Alarm = shared()))]
async fn one_value_may_replace_two_traits(mail: Arc<dyn Mail>, alarm: Arc<dyn Alarm>, outbox: Arc<Outbox>) {
    mail.send("Ada");
    alarm.ring();
    assert_eq!(outbox.sent(), ["Ada", "everybody"]);
}

#[service_core::test(replace(dyn Mail = Arc::new(Outbox::default())))]
#[should_panic(expected = "Absent")]
async fn a_type_that_is_neither_a_service_nor_a_fake_is_an_error(letters: Arc<Letters>, absent: Arc<Absent>) {
    drop((letters, absent));
}

struct Absent;
