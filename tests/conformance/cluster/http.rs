//! HTTP/1.0 over loopback: a connection a request, no chunks. `kubectl proxy` speaks TLS to the API server for us.

use std::{
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

/// What a server answered.
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Response {
    /// All values of a header; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// One request, one answer.
pub(crate) fn request(
    port: u16,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Response> {
    let mut reader = send(port, (method, path), headers, body)?;
    let (status, headers) = head(&mut reader)?;
    let mut body = Vec::new();
    reader.read_to_end(&mut body)?;
    Ok(Response { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

/// The lines of an answer that does not end by itself. The stream's other half ends it, by `shutdown`.
pub(crate) fn lines(port: u16, path: &str) -> io::Result<(BufReader<TcpStream>, TcpStream)> {
    let mut reader = send(port, ("GET", path), &[], &[])?;
    reader.get_ref().set_read_timeout(None)?;
    let (status, _) = head(&mut reader)?;
    if status != 200 {
        return Err(io::Error::other(format!("{path}: HTTP {status}")));
    }
    let end = reader.get_ref().try_clone()?;
    Ok((reader, end))
}

fn send(
    port: u16,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<BufReader<TcpStream>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut head =
        format!("{method} {path} HTTP/1.0\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    Ok(BufReader::new(stream))
}

fn head(reader: &mut BufReader<TcpStream>) -> io::Result<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no HTTP status: {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok((status, headers))
}
