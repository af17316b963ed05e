//! A progress bar on a terminal, for work that takes longer than a moment.

use super::{Format, Global};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{io::IsTerminal, time::Duration};

/// A bar over `length` environments; draws nothing unless stderr is a terminal, and nothing in the
/// first moment.
pub(super) fn bar(global: &Global, length: usize) -> ProgressBar {
    if global.quiet || global.format == Format::Json || length < 2 || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(length as u64), ProgressDrawTarget::stderr_with_hz(10));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} environments  {msg}") {
        bar.set_style(style);
    }
    // The first tick draws: a run that ends before it shows no bar.
    bar.enable_steady_tick(Duration::from_millis(300));
    bar
}
