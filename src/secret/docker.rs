//! `.dockerconfigjson`: what kubelets sign in with where images are pulled.

use crate::{
    diag::{Problems, Sources},
    plain::{Plain, PlainText},
    yaml::commented::{self, Document, Item, Kind, Node, Value},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};

/// The key of a Secret of type `kubernetes.io/dockerconfigjson`.
pub const DOCKER_KEY: &str = ".dockerconfigjson";

/// What is wrong with a file of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DockerFault {
    /// It is no JSON object with `auths`.
    Shape,
    /// It names programs that keep the passwords (`credsStore`, `credHelpers`), and holds none itself.
    Elsewhere,
    /// An `auth` in it is no base64 of `USER:PASSWORD`.
    Auth,
}

/// Adds a registry's user and password, or replaces them; `before` is what was there.
///
/// # Errors
/// What is wrong with `before`.
pub fn sign_in(
    before: Option<&Plain>,
    registry: &str,
    user: &str,
    password: &PlainText,
) -> Result<Plain, DockerFault> {
    let mut document = match before {
        Some(before) => read(before)?,
        None => Document { items: vec![Item::member("auths", Value::Map(Vec::new()))] },
    };
    let mut pair = PlainText::from(user);
    pair.push_str(":");
    pair.push_str(password);
    let encoded = PlainText::new(STANDARD.encode(pair.as_bytes()));
    let entry = vec![
        Item::member("username", user),
        Item::member("password", password.clone()),
        Item::member("auth", encoded),
    ];
    let auths = document.items.iter_mut().filter_map(Item::entry_mut);
    for auths in auths.filter(|entry| entry.key.as_ref().is_some_and(|key| key.text == "auths")) {
        if let Value::Map(items) = &mut auths.node.value {
            items.retain(|item| item.key() != Some(registry));
            items.push(Item::member(registry, Value::Map(entry.clone())));
        }
    }
    let mut text = PlainText::default();
    json(&Node::new(Value::Map(document.items)), &mut text);
    Ok(text.into())
}

/// Does it hold passwords that a kubelet can use?
///
/// # Errors
/// What is wrong.
pub fn check(config: &Plain) -> Result<(), DockerFault> {
    let document = read(config)?;
    let auths = document.get("auths").map(Node::items).unwrap_or_default();
    let holds = |item: &Item| {
        let Some(node) = item.entry().map(|entry| &entry.node) else { return false };
        ["auth", "password", "identitytoken", "registrytoken"].iter().any(|key| node.get(key).is_some())
    };
    let elsewhere = document.get("credsStore").is_some() || document.get("credHelpers").is_some();
    let auth = |item: &Item| Some(item.entry()?.node.get("auth")?.as_str()?.to_owned());
    match !auths.is_empty() && auths.iter().all(holds) {
        true if !auths.iter().filter_map(auth).all(|text| is_pair(&text)) => Err(DockerFault::Auth),
        true => Ok(()),
        false if elsewhere => Err(DockerFault::Elsewhere),
        false => Err(DockerFault::Shape),
    }
}

/// Is it base64 of `USER:PASSWORD`, padded or not, as kubelets read it? An empty one counts for nothing.
fn is_pair(auth: &str) -> bool {
    let decoded = STANDARD_NO_PAD.decode(auth.trim_end_matches('=')).map(Plain::new);
    auth.is_empty() || decoded.is_ok_and(|pair| pair.as_text().is_some_and(|text| text.contains(':')))
}

/// JSON is YAML.
fn read(config: &Plain) -> Result<Document, DockerFault> {
    let text = config.as_text().ok_or(DockerFault::Shape)?;
    let source = Sources::new().add("", "");
    let documents = commented::read(text, source, &mut Problems::new()).ok_or(DockerFault::Shape)?;
    let [document] = documents.as_slice() else { return Err(DockerFault::Shape) };
    match document.get("auths").map(|node| &node.value) {
        Some(Value::Map(_)) => Ok(document.clone()),
        _ => Err(DockerFault::Shape),
    }
}

fn json(node: &Node, out: &mut PlainText) {
    let list = |open: &str, close: &str, out: &mut PlainText| {
        out.push_str(open);
        let entries = node.items().iter().filter_map(Item::entry);
        for (at, entry) in entries.enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            if let Some(key) = &entry.key {
                string(&key.text, out);
                out.push_str(":");
            }
            json(&entry.node, out);
        }
        out.push_str(close);
    };
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Map(_) => list("{", "}", out),
        Value::Seq(_) => list("[", "]", out),
        Value::Scalar(scalar) => match scalar.kind {
            Kind::Str | Kind::Time => string(&scalar.text, out),
            Kind::Bool => out.push_str(if &*scalar.text == "True" { "true" } else { "false" }),
            Kind::Int | Kind::Float => out.push_str(&scalar.text),
        },
    }
}

fn string(text: &str, out: &mut PlainText) {
    out.push_str("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(c.encode_utf8(&mut [0; 4])),
        }
    }
    out.push_str("\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_added_beside_each_other() {
        let one = sign_in(None, "ghcr.io", "me", &"p\"w\\d\n".into()).unwrap();
        assert_eq!(
            one.as_text().unwrap(),
            r#"{"auths":{"ghcr.io":{"username":"me","password":"p\"w\\d\u000a","auth":"bWU6cCJ3XGQK"}}}"#
        );
        let two = sign_in(Some(&one), "https://index.docker.io/v1/", "you", &"x".into()).unwrap();
        let again = sign_in(Some(&two), "ghcr.io", "me", &"new".into()).unwrap();
        assert_eq!(
            again.as_text().unwrap(),
            r#"{"auths":{"https://index.docker.io/v1/":{"username":"you","password":"x","auth":"eW91Ong="},"ghcr.io":{"username":"me","password":"new","auth":"bWU6bmV3"}}}"#
        );
        assert_eq!(check(&again), Ok(()));
        let odd = Plain::from(r#"{"auths": {}, "a": [1, true, null, 1.5, "2020-01-01"]}"#);
        let kept = sign_in(Some(&odd), "r", "u", &"p".into()).unwrap();
        assert!(
            kept.as_text().unwrap().ends_with(r#","a":[1,true,null,1.5,"2020-01-01"]}"#),
            "{:?}",
            kept.as_text()
        );
    }

    #[test]
    fn what_a_kubelet_cannot_use_is_told() {
        let fault = |text: &str| check(&Plain::from(text)).unwrap_err();
        assert_eq!(fault(r#"{"auths":{"ghcr.io":{}},"credsStore":"desktop"}"#), DockerFault::Elsewhere);
        assert_eq!(fault(r#"{"auths":{}}"#), DockerFault::Shape);
        assert_eq!(fault("hello"), DockerFault::Shape);
        for auth in ["dTpw!", "dXA=", "u:p"] {
            assert_eq!(
                fault(&format!(r#"{{"auths":{{"a":{{"auth":"dTpw"}},"b":{{"auth":"{auth}"}}}}}}"#)),
                DockerFault::Auth
            );
        }
        let token = Plain::from(r#"{"auths":{"a":{"auth":"","identitytoken":"x"},"b":{"auth":"YTpiYw=="}}}"#);
        assert_eq!(check(&token), Ok(()));
        assert_eq!(fault(r#"{"ghcr.io":{"auth":"eA=="}}"#), DockerFault::Shape);
        assert_eq!(sign_in(Some(&"[]".into()), "a", "b", &"c".into()), Err(DockerFault::Shape));
    }
}
