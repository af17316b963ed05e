//! What happened to the objects of the kinds that are watched, in the order of the API server.

use super::{api::Api, object::Identity};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    io::BufRead as _,
    net::{Shutdown, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// One event.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) identity: Identity,
    /// `ADDED`, `MODIFIED`, `DELETED`.
    pub(crate) event: String,
    /// The API server's count of changes, of all objects.
    pub(crate) version: u64,
    pub(crate) object: Json,
}

/// What to do at an event, beside writing it down.
type React = dyn Fn(&Entry) + Send + Sync;

/// All events so far.
pub(crate) struct Journal {
    api: Api,
    entries: Arc<Mutex<Vec<Entry>>>,
    watched: Mutex<BTreeMap<(String, String), TcpStream>>,
    react: Arc<React>,
}

impl Journal {
    pub(crate) fn new(api: Api, react: impl Fn(&Entry) + Send + Sync + 'static) -> Self {
        Self { api, entries: Arc::default(), watched: Mutex::default(), react: Arc::new(react) }
    }

    /// Watches a kind from now on; its objects that are there come first, as `ADDED`.
    pub(crate) fn watch(&self, api_version: &str, kind: &str) {
        let mut watched = self.watched.lock().unwrap();
        let key = (api_version.to_owned(), kind.to_owned());
        if watched.contains_key(&key) {
            return;
        }
        let (lines, end) = self.api.watch(api_version, kind);
        let (entries, react) = (self.entries.clone(), self.react.clone());
        thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let Some(entry) = entry(&line) else { continue };
                entries.lock().unwrap().push(entry.clone());
                react(&entry);
            }
        });
        watched.insert(key, end);
    }

    /// The watched kinds, with their versions.
    pub(crate) fn kinds(&self) -> Vec<(String, String)> {
        self.watched.lock().unwrap().keys().cloned().collect()
    }

    /// Those events that a question is about, in order of their versions.
    pub(crate) fn entries(&self, about: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        let mut found: Vec<Entry> =
            self.entries.lock().unwrap().iter().filter(|entry| about(entry)).cloned().collect();
        found.sort_by_key(|entry| entry.version);
        found
    }

    /// The objects that are there now, of the watched kinds.
    pub(crate) fn now(&self, about: impl Fn(&Identity) -> bool) -> BTreeMap<Identity, Json> {
        let mut now = BTreeMap::new();
        for entry in self.entries(|entry| about(&entry.identity)) {
            if entry.event == "DELETED" {
                now.remove(&entry.identity);
            } else {
                now.insert(entry.identity, entry.object);
            }
        }
        now
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        for end in self.watched.lock().iter().flat_map(|watched| watched.values()) {
            let _ = end.shutdown(Shutdown::Both);
        }
    }
}

fn entry(line: &str) -> Option<Entry> {
    let mut event: Json = serde_json::from_str(line).ok()?;
    let object = event["object"].take();
    let version = object.pointer("/metadata/resourceVersion")?.as_str()?.parse().ok()?;
    Some(Entry {
        identity: Identity::of(&object),
        event: event["type"].as_str()?.to_owned(),
        version,
        object,
    })
}
