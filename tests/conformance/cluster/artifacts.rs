//! What source-controller would hold: a tree as a tarball, served over HTTP on loopback, and the status of its source.

use crate::context::{Context, output};
use fleetgen::hash::sha256;
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

type Files = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// A server of tarballs; it serves until the suite ends.
pub(crate) struct Artifacts {
    folder: PathBuf,
    port: u16,
    files: Files,
}

impl Artifacts {
    pub(crate) fn new(context: &Context) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let files = Files::default();
        let served = files.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| answer(&served, stream)));
        Self { folder: context.folder("artifacts"), port, files }
    }

    /// The `artifact` of a source that holds the folder `fleet-out` of a project; equal trees have equal revisions.
    pub(crate) fn make(&self, kind: &str, project: &Path) -> Json {
        let file = self.folder.join("tree.tar.gz");
        let mut tar = Command::new("tar");
        tar.args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--use-compress-program=gzip -n"]);
        output(tar.arg("-cf").arg(&file).arg("-C").arg(project).arg("fleet-out"));
        let bytes = fs::read(&file).unwrap();
        let (digest, size) = (sha256(&bytes), bytes.len());
        let path = format!("{}/{digest}.tar.gz", kind.to_lowercase());
        self.files.lock().unwrap().insert(format!("/{path}"), bytes);
        json!({
            "path": path,
            "url": format!("http://127.0.0.1:{}/{path}", self.port),
            "revision": match kind {
                "GitRepository" => format!("main@sha1:{}", &digest[..40]),
                _ => format!("latest@sha256:{digest}"),
            },
            "digest": format!("sha256:{digest}"),
            "size": size,
            "lastUpdateTime": super::NOW,
        })
    }
}

fn answer(files: &Files, mut stream: TcpStream) {
    let mut line = String::new();
    let _ = BufReader::new(&stream).read_line(&mut line);
    let file = line.split(' ').nth(1).and_then(|path| files.lock().unwrap().get(path).cloned());
    let status = if file.is_some() { "200 OK" } else { "404 Not Found" };
    let body = file.unwrap_or_default();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
