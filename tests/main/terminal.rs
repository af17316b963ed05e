//! A person at a terminal: a pseudo-terminal as standard input, what is asked on it, what is typed.

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};
use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

/// A program with a terminal.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// All that was shown so far.
    pub(crate) shown: String,
    /// Keeps the terminal there while the program opens it.
    inner: File,
}

/// The standard streams in their order; a terminal is given to all up to one of them.
#[derive(PartialEq, PartialOrd)]
enum Stream {
    Input,
    Output,
    Errors,
}

impl Terminal {
    /// Runs a program whose standard input is a terminal.
    pub(crate) fn run(command: Command) -> Self {
        Self::start(command, Stream::Input)
    }

    /// Runs a program whose standard input and output are a terminal.
    pub(crate) fn run_whole(command: Command) -> Self {
        Self::start(command, Stream::Output)
    }

    /// Runs a program whose three standard streams are a terminal.
    pub(crate) fn run_all(command: Command) -> Self {
        Self::start(command, Stream::Errors)
    }

    fn start(mut command: Command, up_to: Stream) -> Self {
        let outer = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&outer).unwrap();
        unlockpt(&outer).unwrap();
        let name = ptsname(&outer, Vec::new()).unwrap();
        let inner = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        if up_to >= Stream::Output {
            command.stdout(Stdio::from(inner.try_clone().unwrap()));
        }
        if up_to >= Stream::Errors {
            command.stderr(Stdio::from(inner.try_clone().unwrap()));
        }
        let child = command.stdin(Stdio::from(inner.try_clone().unwrap())).spawn().unwrap();
        let outer = File::from(outer);
        let (send, screen) = channel();
        let mut reader = outer.try_clone().unwrap();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard: outer, screen, shown: String::new(), inner }
    }

    /// Waits until something new shows this text.
    pub(crate) fn expect(&mut self, text: &str) -> &mut Self {
        let start = Instant::now();
        while !self.shown.contains(text) {
            assert!(start.elapsed() < Duration::from_secs(60), "no `{text}` in\n{}", self.shown);
            if let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(50)) {
                self.shown.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
        self
    }

    /// Types.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        self.keyboard.write_all(text.as_bytes()).unwrap();
        self
    }

    /// The program's number.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the program is gone.
    pub(crate) fn wait(&mut self) {
        self.child.wait().unwrap();
    }

    /// Does the terminal show what is typed?
    pub(crate) fn echoes(&self) -> bool {
        tcgetattr(&self.inner).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end; what was shown on the terminal, and what was printed.
    pub(crate) fn end(self) -> (String, Output) {
        let Self { child, keyboard, screen, mut shown, inner } = self;
        let output = child.wait_with_output().unwrap();
        // With the last one who holds it the terminal ends, and so does what is shown on it.
        drop(inner);
        while let Ok(bytes) = screen.recv_timeout(Duration::from_secs(60)) {
            shown.push_str(&String::from_utf8_lossy(&bytes));
        }
        drop(keyboard);
        (shown, output)
    }
}
