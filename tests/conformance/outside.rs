//! Nothing leaves this machine: whoever is asked to fetch something asks here, is told no, and is remembered.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

/// A proxy for all the world that lets nobody through.
pub(crate) struct Outside {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Outside {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let heard = asked.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| refuse(&heard, stream)));
        Self { port, asked }
    }

    /// Lets a command find nothing of the world but this proxy. Loopback needs none.
    pub(crate) fn keep<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        let proxy = format!("http://127.0.0.1:{}", self.port);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, &proxy).env(name.to_lowercase(), &proxy);
        }
        command.env("NO_PROXY", "localhost,127.0.0.1").env("no_proxy", "localhost,127.0.0.1")
    }

    /// What was asked for, such as `CONNECT example.com:443`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn refuse(heard: &Mutex<Vec<String>>, mut stream: TcpStream) {
    let mut line = String::new();
    let _ = BufReader::new(&stream).read_line(&mut line);
    heard.lock().unwrap().push(line.rsplit_once(" HTTP").map_or(line.trim(), |(asked, _)| asked).to_owned());
    let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}
