//! The API server as its clients see it: kinds, server-side apply with strict field validation, warnings.

use super::{
    http::{self, Response},
    object::{Identity, Object},
    until,
};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    io::{self, BufReader},
    net::TcpStream,
    sync::{Arc, Mutex},
    time::Duration,
};

/// The name under which kustomize-controller applies; the suite applies under the same.
const MANAGER: &str = "kustomize-controller";
const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// A client; clones share what they know.
#[derive(Clone)]
pub(crate) struct Api {
    port: u16,
    kinds: Arc<Mutex<BTreeMap<(String, String), Kind>>>,
}

#[derive(Clone)]
struct Kind {
    plural: String,
    namespaced: bool,
}

/// What the API server made of an object.
pub(crate) struct Applied {
    pub(crate) object: Json,
    pub(crate) warnings: Vec<String>,
}

/// Why the API server refuses something.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl Api {
    /// A client that speaks to `kubectl proxy`.
    pub(crate) fn new(port: u16) -> Self {
        Self { port, kinds: Arc::default() }
    }

    /// Does it answer that it is ready?
    pub(crate) fn ready(&self) -> bool {
        http::request(self.port, ("GET", "/readyz"), &[], &[]).is_ok_and(|answer| answer.status == 200)
    }

    /// Server-side apply as Flux does it, with strict field validation.
    pub(crate) fn apply(&self, object: &Object) -> Result<Applied, Refused> {
        self.apply_as(MANAGER, object)
    }

    /// The same under another manager's name.
    pub(crate) fn apply_as(&self, manager: &str, object: &Object) -> Result<Applied, Refused> {
        let path = self.path(&object.identity())?;
        let path = format!("{path}?fieldManager={manager}&fieldValidation=Strict&force=true");
        self.send("PATCH", &path, "application/apply-patch+yaml", &object.text)
    }

    /// Applies an object that must be taken.
    pub(crate) fn must_apply(&self, object: &Object) -> Json {
        self.must_apply_as(MANAGER, object)
    }

    /// The same under another manager's name.
    pub(crate) fn must_apply_as(&self, manager: &str, object: &Object) -> Json {
        let applied = self.apply_as(manager, object);
        applied.unwrap_or_else(|why| panic!("{}: {} {}", object.identity(), why.status, why.message)).object
    }

    /// Would it be created? Nothing is kept.
    pub(crate) fn try_create(&self, object: &Json) -> Result<Applied, Refused> {
        let path = self.collection(&Identity::of(object))?;
        let path = format!("{path}?fieldManager={MANAGER}&fieldValidation=Strict&dryRun=All");
        self.send("POST", &path, "application/json", &object.to_string())
    }

    /// A merge patch; `part` is empty or a subresource such as `/status`.
    pub(crate) fn merge(&self, identity: &Identity, part: &str, patch: &Json) -> Result<Json, Refused> {
        let path = format!("{}{part}?fieldManager=conformance", self.path(identity)?);
        Ok(self.send("PATCH", &path, "application/merge-patch+json", &patch.to_string())?.object)
    }

    /// The object, if it is there.
    pub(crate) fn get(&self, identity: &Identity) -> Option<Json> {
        match self.send("GET", &self.path(identity).ok()?, "application/json", "") {
            Ok(found) => Some(found.object),
            Err(why) if why.status == 404 => None,
            Err(why) => panic!("{identity}: {} {}", why.status, why.message),
        }
    }

    /// All objects of a kind.
    pub(crate) fn list(&self, api_version: &str, kind: &str) -> Vec<Json> {
        let all = Identity::new(api_version, kind, "", "");
        let found = self.collection(&all).and_then(|path| self.send("GET", &path, "application/json", ""));
        let mut list = found.unwrap_or_else(|why| panic!("{kind}: {}", why.message)).object;
        let Json::Array(items) = list["items"].take() else { panic!("{kind}: no list") };
        let named = |mut item: Json| {
            item["apiVersion"] = api_version.into();
            item["kind"] = kind.into();
            item
        };
        items.into_iter().map(named).collect()
    }

    /// Deletes an object, if it is there. It goes when its finalizers are gone.
    pub(crate) fn delete(&self, identity: &Identity) {
        if let Err(why) = self.send("DELETE", &self.path(identity).unwrap(), "application/json", "") {
            assert_eq!(why.status, 404, "{identity}: {}", why.message);
        }
    }

    /// Deletes an object although no controller is there for its finalizers.
    pub(crate) fn clear_away(&self, identity: &Identity) {
        self.delete(identity);
        if self.get(identity).is_some() {
            let none = serde_json::json!({"metadata": {"finalizers": null}});
            let freed = self.merge(identity, "", &none);
            assert!(freed.as_ref().err().is_none_or(|why| why.status == 404), "{identity}: {freed:?}");
        }
    }

    /// What happens to the objects of a kind, a line of JSON each, beginning with those that are there.
    pub(crate) fn watch(&self, api_version: &str, kind: &str) -> (BufReader<TcpStream>, TcpStream) {
        let path = self.collection(&Identity::new(api_version, kind, "", ""));
        let path = path.unwrap_or_else(|why| panic!("{kind}: {}", why.message));
        let mut stream = Err(io::Error::other("never asked"));
        let why = || format!("{path} cannot be watched");
        until(Duration::from_secs(20), &why, || {
            stream = http::lines(self.port, &format!("{path}?watch=true"));
            stream.is_ok()
        });
        stream.unwrap()
    }

    /// Status 0: it did not answer.
    fn send(&self, method: &str, path: &str, content: &str, body: &str) -> Result<Applied, Refused> {
        let headers = [("Content-Type", content), ("Accept", "application/json")];
        let mut answer = None;
        // 429: the storage of a new kind is being made ready.
        until(Duration::from_secs(20), &|| format!("{method} {path}: always 429"), || {
            answer = Some(http::request(self.port, (method, path), &headers, body.as_bytes()));
            !matches!(&answer, Some(Ok(answer)) if answer.status == 429)
        });
        let answer = answer.expect("it was asked");
        let answer =
            answer.map_err(|error| Refused { status: 0, message: format!("{method} {path}: {error}") })?;
        let warnings = answer.header("warning").map(str::to_owned).collect();
        let object = parsed(&answer);
        if (200..300).contains(&answer.status) {
            return Ok(Applied { object, warnings });
        }
        let message = object["message"].as_str().unwrap_or(&answer.body).to_owned();
        Err(Refused { status: answer.status, message })
    }

    fn path(&self, identity: &Identity) -> Result<String, Refused> {
        Ok(format!("{}/{}", self.collection(identity)?, identity.name))
    }

    fn collection(&self, identity: &Identity) -> Result<String, Refused> {
        let kind = self.kind(identity)?;
        let base = if identity.group().is_empty() { "/api" } else { "/apis" };
        let namespace = match (kind.namespaced, identity.namespace.as_str()) {
            (true, "") if !identity.name.is_empty() => return Err(refused(identity, "has no namespace")),
            (false, namespace) if !namespace.is_empty() => {
                return Err(refused(identity, "takes no namespace"));
            }
            (_, "") => String::new(),
            (_, namespace) => format!("/namespaces/{namespace}"),
        };
        Ok(format!("{base}/{}{namespace}/{}", identity.api_version, kind.plural))
    }

    /// Asks the API server once more where a kind is not known: its definition may be new.
    fn kind(&self, identity: &Identity) -> Result<Kind, Refused> {
        let key = (identity.api_version.clone(), identity.kind.clone());
        let known = |kinds: &BTreeMap<_, Kind>| kinds.get(&key).cloned();
        let found = known(&self.kinds.lock().unwrap());
        if let Some(kind) = found {
            return Ok(kind);
        }
        self.discover();
        known(&self.kinds.lock().unwrap()).ok_or_else(|| refused(identity, "is of a kind that is not served"))
    }

    /// Is a kind served, now or before?
    pub(crate) fn serves(&self, api_version: &str, kind: &str) -> bool {
        self.kind(&Identity::new(api_version, kind, "", "")).is_ok()
    }

    fn discover(&self) {
        let mut kinds = self.kinds.lock().unwrap();
        for path in ["/api", "/apis"] {
            let answer = http::request(self.port, ("GET", path), &[("Accept", DISCOVERY)], &[]).unwrap();
            let list = parsed(&answer);
            for group in list["items"].as_array().into_iter().flatten() {
                let name = group.pointer("/metadata/name").and_then(Json::as_str).unwrap_or_default();
                let versions = group["versions"].as_array().into_iter().flatten();
                for version in versions {
                    let text = version["version"].as_str().unwrap();
                    let api_version =
                        if name.is_empty() { text.to_owned() } else { format!("{name}/{text}") };
                    for resource in version["resources"].as_array().into_iter().flatten() {
                        let kind = resource["responseKind"]["kind"].as_str().unwrap_or_default().to_owned();
                        let plural = resource["resource"].as_str().unwrap().to_owned();
                        let namespaced = resource["scope"] == "Namespaced";
                        kinds.insert((api_version.clone(), kind), Kind { plural, namespaced });
                    }
                }
            }
        }
    }
}

fn parsed(answer: &Response) -> Json {
    serde_json::from_str(&answer.body).unwrap_or(Json::Null)
}

fn refused(identity: &Identity, why: &str) -> Refused {
    Refused { status: 0, message: format!("{identity} {why}") }
}
