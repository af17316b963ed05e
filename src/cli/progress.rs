//! A progress bar on a terminal, for work that takes longer than a moment.

use super::{Format, Global};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    io::IsTerminal,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

/// Work that ends sooner shows no bar.
const MOMENT: Duration = Duration::from_millis(400);

/// A bar that appears after a moment, and only on a terminal.
pub(super) struct Bar {
    bar: ProgressBar,
    /// Still to appear.
    waiting: AtomicBool,
}

/// A bar over `length` things of this kind, `environments`.
pub(super) fn bar(global: &Global, length: usize, kind: &str) -> Bar {
    let wanted =
        !global.quiet && global.format != Format::Json && length > 1 && std::io::stderr().is_terminal();
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::hidden());
    if let Ok(style) = ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {kind}")) {
        bar.set_style(style);
    }
    Bar { bar, waiting: AtomicBool::new(wanted) }
}

impl Bar {
    /// One more is done.
    pub(super) fn step(&self) {
        self.bar.inc(1);
        if self.bar.elapsed() > MOMENT && self.waiting.swap(false, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    }

    /// All is done: the bar vanishes.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
