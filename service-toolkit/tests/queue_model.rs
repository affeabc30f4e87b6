//! Generated sequences of pushes and pops agree with a deque, and several threads with a set.
#![cfg(feature = "queue")]

mod harness;

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use harness::{paused, poll_once, seeds};
use service_toolkit::Queue;
use service_toolkit::queue::PushError;

#[test]
fn generated_sequences_agree_with_a_deque() {
    seeds(300, |seed| paused(sequence(seed)));
}

/// The model: the items that were accepted and not yet taken. Each push and pop may be dropped while it waits.
async fn sequence(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let capacity = random.usize(1..4);
    let queue = Queue::new("a", capacity);
    type Push = Pin<Box<dyn Future<Output = Result<(), PushError<usize>>>>>;
    type Pop = Pin<Box<dyn Future<Output = Option<usize>>>>;
    let (mut pushes, mut pops): (Vec<(usize, Push)>, Vec<Pop>) = (Vec::new(), Vec::new());
    let mut held = VecDeque::new();
    let closes_at = random.usize(50..250);
    for step in 0..200 {
        tokio::task::yield_now().await;
        let was_closed = step > closes_at;
        let is_closed = step >= closes_at;
        match random.u8(0..8) {
            0..3 => {
                let it = queue.clone();
                pushes.push((step, Box::pin(async move { it.push(step).await })));
            }
            3 => match queue.try_push(step) {
                Ok(()) => {
                    assert!(!was_closed, "step {step}");
                    held.push_back(step);
                }
                Err(PushError::Full(_)) => assert!(!was_closed && held.len() + pushes.len() >= capacity, "step {step}"),
                Err(PushError::Closed(_)) => assert!(was_closed, "step {step}"),
            },
            4..6 => {
                let it = queue.clone();
                pops.push(Box::pin(async move { it.pop().await }));
            }
            6 if !pushes.is_empty() => drop(pushes.swap_remove(random.usize(0..pushes.len()))),
            _ if !pops.is_empty() => drop(pops.swap_remove(random.usize(0..pops.len()))),
            _ => {}
        }
        if step == closes_at {
            queue.close();
        }
        // Until nothing is ready: a pop makes room for a push, and a push has an item for a pop.
        loop {
            let mut quiet = true;
            let mut index = 0;
            while index < pushes.len() {
                match poll_once(pushes[index].1.as_mut()) {
                    Poll::Pending => index += 1,
                    Poll::Ready(result) => {
                        let (item, _) = pushes.remove(index);
                        match result {
                            Ok(()) => held.push_back(item),
                            Err(PushError::Closed(back)) => assert!(is_closed && back == item, "step {step}"),
                            Err(PushError::Full(_)) => panic!("step {step}: `push` waits"),
                        }
                        quiet = false;
                    }
                }
            }
            let mut index = 0;
            while index < pops.len() {
                match poll_once(pops[index].as_mut()) {
                    Poll::Pending => index += 1,
                    Poll::Ready(item) => {
                        drop(pops.remove(index));
                        assert_eq!(item, held.pop_front(), "step {step}: in order, and `None` only at the end");
                        assert!(item.is_some() || is_closed, "step {step}");
                        quiet = false;
                    }
                }
            }
            if quiet {
                break;
            }
        }
        assert!(held.len() <= capacity, "step {step}");
        assert!(pops.is_empty() || held.is_empty() && !is_closed, "step {step}: a pop takes what there is");
        assert!(pushes.is_empty() || held.len() == capacity && !is_closed, "step {step}: a push uses the room");
        assert_eq!(queue.metrics().depth, held.len(), "step {step}");
    }
    queue.close();
    drop((pushes, pops));
    while let Some(item) = queue.pop().await {
        assert_eq!(Some(item), held.pop_front());
    }
    assert_eq!(held, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_threads_lose_nothing_and_see_nothing_twice() {
    let queue = Queue::new("a", 3);
    let producers: Vec<_> = (0..4)
        .map(|producer| {
            let queue = queue.clone();
            tokio::spawn(async move {
                for item in 0..1000 {
                    queue.push(producer * 1000 + item).await.expect("it is open");
                }
            })
        })
        .collect();
    let consumers: Vec<_> = (0..4)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                while let Some(item) = queue.pop().await {
                    got.push(item);
                }
                got
            })
        })
        .collect();
    for producer in producers {
        producer.await.unwrap();
    }
    queue.close();
    let mut got = Vec::new();
    for consumer in consumers {
        got.extend(consumer.await.unwrap());
    }
    got.sort_unstable();
    assert_eq!(got, (0..4000).collect::<Vec<_>>());
    assert_eq!(queue.metrics().depth, 0);
}
