//! [`Bench`]: what a check tries a subject with.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::end::{all_ended, ended};
use crate::subject::Erased;
use crate::{Plan, Value};

/// What a check tries a subject with. The error of each function is a finding: something hung, panicked, or went
/// otherwise than it had to.
#[derive(Clone)]
pub(crate) struct Bench {
    subject: Arc<dyn Erased>,
}

/// A registry of the subject's that is up.
pub(crate) struct Up {
    inner: Box<dyn Any>,
}

/// Longer than anything in any plan that a check leaves behind.
pub(crate) const A_WHILE: Duration = Duration::from_secs(600);

impl Bench {
    pub(crate) fn new(subject: Arc<dyn Erased>) -> Self {
        Self { subject }
    }

    /// Boots, and tells how that went in the subject's words.
    pub(crate) async fn boot(&self, plan: &Plan) -> Result<Result<Up, String>, String> {
        Ok(ended("boot", self.subject.boot(plan)).await?.map(|inner| Up { inner }))
    }

    /// Boots what has to come up.
    pub(crate) async fn up(&self, plan: &Plan) -> Result<Up, String> {
        self.boot(plan).await?.map_err(|error| format!("boot failed: {error}"))
    }

    /// Boots what must not come up: the subject's words.
    pub(crate) async fn refused(&self, plan: &Plan) -> Result<String, String> {
        match self.boot(plan).await? {
            Ok(_) => Err(format!("boot succeeded: {}", plan.log)),
            Err(words) => Ok(words),
        }
    }

    /// Boots, and drops the boot if it is not over after this time; then waits for what goes on behind it. Whether it
    /// was dropped.
    pub(crate) async fn give_up(&self, plan: &Plan, after: Duration) -> Result<bool, String> {
        let boot = timeout(after, self.boot(plan)).await;
        let dropped = boot.is_err();
        if let Ok(boot) = boot {
            let _up = boot?;
        }
        sleep(A_WHILE).await;
        Ok(dropped)
    }

    /// The value of a service.
    pub(crate) async fn get(&self, up: &Up, service: &str) -> Result<Result<Value, String>, String> {
        ended("get", self.subject.get(&*up.inner, service)).await
    }

    /// The value of a service, by many callers at once.
    pub(crate) async fn get_at_once(&self, up: &Up, service: &str, callers: usize) -> Result<Vec<Value>, String> {
        let soon = (0..callers).map(|_| self.subject.get(&*up.inner, service)).collect();
        all_ended("get", soon).await?.into_iter().collect()
    }

    /// Shuts down, and tells how that went in the subject's words.
    pub(crate) async fn shutdown(&self, up: &Up) -> Result<Result<(), String>, String> {
        ended("shutdown", self.subject.shutdown(&*up.inner)).await
    }

    /// Shuts down what has to go down cleanly.
    pub(crate) async fn down(&self, up: &Up) -> Result<(), String> {
        self.shutdown(up).await?.map_err(|error| format!("shutdown failed: {error}"))
    }

    /// Shuts down what can't go down cleanly: the subject's words.
    pub(crate) async fn down_with_errors(&self, up: &Up) -> Result<String, String> {
        match self.shutdown(up).await? {
            Ok(()) => Err("shutdown told of no error".to_owned()),
            Err(words) => Ok(words),
        }
    }

    /// Boots and shuts down what has to go well.
    pub(crate) async fn cycle(&self, plan: &Plan) -> Result<(), String> {
        let up = self.up(plan).await?;
        self.down(&up).await
    }

    pub(crate) fn validate(&self, plan: &Plan) -> Result<(), String> {
        self.subject.validate(plan)
    }
}
