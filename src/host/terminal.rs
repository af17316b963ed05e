//! Questions at the terminal. What is secret is not shown while it is typed.

use super::{interrupted, watch_interrupts};
use crate::plain::{Plain, PlainText};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr},
};
use std::{
    fs::{File, OpenOptions},
    io::{self, IsTerminal, Write},
};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// There is no terminal.
    Nobody,
    /// Whoever was asked ended it: Ctrl-C, Ctrl-D.
    Refused,
    /// What was typed is no text.
    NoText,
}

/// How long at most an interrupt waits to be seen.
const MOMENT: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// The most bytes of an answer: a terminal gives no longer lines.
const LONGEST: usize = 4096;

/// Is there somebody at a terminal?
pub fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Asks for a secret: what is typed is not shown. Without the line feed that ends it, else as it was typed.
///
/// # Errors
/// Why there is no answer.
pub fn ask_secret(question: &str) -> Result<PlainText, NoAnswer> {
    let terminal = terminal().ok_or(NoAnswer::Nobody)?;
    let hidden = Hidden::new(&terminal).ok_or(NoAnswer::Nobody)?;
    let answer = line(&terminal, question);
    drop(hidden);
    answer?.into_text().map_err(|_| NoAnswer::NoText)
}

/// Asks for a word of consent: `y` or `yes`.
///
/// # Errors
/// Why there is no answer.
pub fn ask_consent(question: &str) -> Result<bool, NoAnswer> {
    let terminal = terminal().ok_or(NoAnswer::Nobody)?;
    let answer = line(&terminal, question)?;
    Ok(matches!(answer.trim_ascii().to_ascii_lowercase().as_slice(), b"y" | b"yes"))
}

/// Standard input if it is a terminal, else the terminal that the program was started from, if its messages go there.
fn terminal() -> Option<File> {
    let open = |path| OpenOptions::new().read(true).write(true).open(path).ok();
    if io::stdin().is_terminal() {
        let name = rustix::termios::ttyname(io::stdin(), Vec::new()).ok()?;
        return open(name.to_str().ok()?);
    }
    if io::stderr().is_terminal() { open("/dev/tty") } else { None }
}

/// As long as it lives the terminal shows nothing of what is typed.
struct Hidden<'t> {
    terminal: &'t File,
    before: Termios,
}

impl<'t> Hidden<'t> {
    fn new(terminal: &'t File) -> Option<Self> {
        let before = tcgetattr(terminal).ok()?;
        let mut after = before.clone();
        after.local_modes.remove(LocalModes::ECHO);
        after.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &after).ok()?;
        Some(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

/// One line, without its end. Signals do not kill while it is waited for, so that the terminal is put in order again.
fn line(terminal: &File, question: &str) -> Result<Plain, NoAnswer> {
    watch_interrupts();
    let mut terminal_out = terminal;
    let shown = terminal_out.write_all(question.as_bytes()).and_then(|()| terminal_out.flush());
    shown.map_err(|_| NoAnswer::Nobody)?;
    let mut bytes = vec![0; LONGEST];
    let count = loop {
        if interrupted() {
            return Err(NoAnswer::Refused);
        }
        let mut waiting = [PollFd::new(terminal, PollFlags::IN)];
        match poll(&mut waiting, Some(&MOMENT)) {
            Ok(0) | Err(Errno::INTR) => continue,
            Ok(_) => {}
            Err(_) => return Err(NoAnswer::Nobody),
        }
        match rustix::io::read(terminal, &mut bytes) {
            Ok(count) => break count,
            Err(Errno::INTR | Errno::AGAIN) => continue,
            Err(_) => return Err(NoAnswer::Nobody),
        }
    };
    let whole = Plain::new(bytes);
    let typed = &whole[..count];
    if typed.is_empty() {
        return Err(NoAnswer::Refused);
    }
    Ok(Plain::from(typed.strip_suffix(b"\n").unwrap_or(typed)))
}
