//! How long the stages of a run take, for `--verbose`. What is rendered knows no time.

use super::Stopwatch;
use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// In the order in which they first ended.
static SPENT: Mutex<Vec<Spent>> = Mutex::new(Vec::new());

/// What a stage took so far.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// Its name.
    pub stage: &'static str,
    /// Added up over all threads.
    pub time: Duration,
    /// How often it ran.
    pub times: usize,
}

/// Does a job as a part of a stage.
pub fn timed<T>(stage: &'static str, job: impl FnOnce() -> T) -> T {
    let start = Stopwatch::start();
    let result = job();
    let time = start.elapsed();
    let mut all = SPENT.lock().unwrap_or_else(PoisonError::into_inner);
    match all.iter_mut().find(|spent| spent.stage == stage) {
        Some(spent) => {
            spent.time += time;
            spent.times += 1;
        }
        None => all.push(Spent { stage, time, times: 1 }),
    }
    result
}

/// What all stages took so far.
pub fn spent() -> Vec<Spent> {
    SPENT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
