//! Sources that Flux reads: the fleet's and those of components.

use super::{digest, duration, member, members, secrets::secret_name, text};
use crate::{
    diag::{Diagnostic, Problems, list},
    expression::Expression,
    flux::SourceKind,
    schema::Format,
    yaml::Node,
};

/// `source` of the fleet or an environment.
pub(super) fn fleet_source(node: &Node, problems: &mut Problems) {
    common(node, problems);
    inside(node, "root", problems);
}

/// `source` of a component, as written, or laid over that of its pack.
pub fn component_source(node: &Node, problems: &mut Problems) {
    common(node, problems);
    inside(node, "path", problems);
    duration(node, "timeout", false, problems);
}

fn common(node: &Node, problems: &mut Problems) {
    let kind = text(node, "kind").map(|(kind, _)| kind);
    if let Some((url, at)) = text(node, "url") {
        let said = |why: &str| Diagnostic::error("config/source", format!("`{url}` {why}")).at(at.place());
        let schemes: &[&str] = match kind {
            Some("GitRepository") => &["https://", "http://", "ssh://"],
            Some("OCIRepository") => &["oci://"],
            Some("Bucket") => &["https://", "http://"],
            _ => &[],
        };
        if !schemes.is_empty() && !schemes.iter().any(|scheme| url.starts_with(scheme)) {
            let said = said("is not an address that Flux reads");
            problems.push(match url.split_once(':') {
                Some((host, path)) if host.contains('@') && !path.starts_with("//") => {
                    said.help(format!("write `ssh://{host}/{path}`"))
                }
                _ => said.help(format!("it begins with `{}`", schemes.join("` or `"))),
            });
        } else if kind == Some("OCIRepository")
            && url.rsplit('/').next().is_some_and(|l| l.contains([':', '@']))
        {
            problems.push(said("has a tag or digest").help("write it under `ref:`"));
        } else if let Err(why) = Format::Url.check(url) {
            problems.push(said("is not an address").because(why).help(match kind {
                Some("OCIRepository") => "write for example `oci://registry.example.com/fleet`",
                Some("Bucket") => "write for example `https://s3.example.com/fleet`",
                _ => "write for example `https://git.example.com/fleet` or `ssh://git@git.example.com/fleet`",
            }));
        }
    }
    if let Some((name, at)) = text(node, "secret") {
        secret_name(name, at, problems);
    }
    if let Some(found) = member(node, "ref") {
        digest(found, problems);
        reference(kind, found, problems);
    }
}

/// Checks that a `ref` says one thing, and one that its kind of source knows.
pub fn reference(kind: Option<&str>, node: &Node, problems: &mut Problems) {
    const ALL: [&str; 7] = ["branch", "tag", "semver", "semverFilter", "commit", "name", "digest"];
    let known = kind.and_then(SourceKind::new).map_or(&ALL[..], SourceKind::references);
    let mut said: Vec<(&str, &Node)> = Vec::new();
    for (key, value) in members(Some(node)) {
        if known.contains(&&*key.text) {
            said.push((&key.text, value));
        } else if let Some(kind) = kind
            && ALL.contains(&&*key.text)
        {
            problems.push(
                Diagnostic::error(
                    "config/ref",
                    format!("the `ref` of {} {kind} has no `{}`", article(kind), key.text),
                )
                .at(key.place.or(value.place()))
                .help(match known {
                    [] => "remove it: a bucket has no revisions to choose".to_owned(),
                    known => format!("use one of {}", list(known.iter().copied())),
                }),
            );
        }
    }
    said.iter().for_each(|(key, value)| revision(kind, key, value, problems));
    let pinned = said.iter().any(|(key, _)| *key == "commit");
    said.retain(|(key, _)| !(pinned && *key == "branch") && *key != "semverFilter");
    if let [(first, at), (second, beside), ..] = said.as_slice() {
        problems.push(
            Diagnostic::error("config/ref", format!("`ref` has both `{first}` and `{second}`"))
                .label(beside.place(), "this one")
                .label(at.place(), "or this one")
                .because("Flux takes one and passes over the other")
                .help("keep one; a lower layer's is removed with `null`"),
        );
    }
}

/// One member of a `ref`: a name that Git or a registry can have.
fn revision(kind: Option<&str>, key: &str, node: &Node, problems: &mut Problems) {
    let Some(written) = node.as_str() else { return };
    // git-check-ref-format(1), as far as it tells a slip from a name.
    let git = |name: &str| {
        let bad = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
        let ends = name.starts_with(['/', '-']) || name.ends_with(['/', '.']) || name.ends_with(".lock");
        !name.is_empty()
            && !name.contains(bad)
            && !ends
            && !["..", "//", "@{"].iter().any(|x| name.contains(x))
    };
    let mut why = None;
    let (good, help) = match key {
        // The tag of the distribution specification.
        "tag" if kind == Some("OCIRepository") => (
            Format::Image.check(&format!("a:{written}")).is_ok(),
            "use letters, digits, `.`, `-` and `_`, at most 128 characters",
        ),
        "branch" | "tag" => (git(written), "write the bare name, for example `main` or `v1.2.3`"),
        "name" => {
            (written.starts_with("refs/") && git(written), "write it in full, for example `refs/heads/main`")
        }
        "commit" => (
            matches!(written.len(), 40 | 64) && written.bytes().all(|b| b.is_ascii_hexdigit()),
            "write it in full, with its 40 hexadecimal digits: `git rev-parse HEAD` gives it",
        ),
        "semver" => (
            !written.trim().is_empty() && !written.contains(char::is_control),
            "write a range of versions, for example `\">=1.0.0 <2.0.0\"`",
        ),
        "semverFilter" => {
            why = Expression::new(written).err();
            let good = why.is_none() && !written.is_empty();
            (good, "write a regular expression as Go reads it, for example `.*-rc.*`")
        }
        _ => return,
    };
    if !good {
        let mut said = Diagnostic::error("config/ref", format!("`{written}` is no `{key}` of a source"));
        said.because.extend(why);
        problems.push(said.at(node.place()).help(help));
    }
}

fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" }
}

/// A folder in the source: no `..`, not absolute.
fn inside(node: &Node, field: &str, problems: &mut Problems) {
    let Some((path, at)) = text(node, field) else { return };
    let bad = path.starts_with('/') || path.contains('\\') || path.split('/').any(|part| part == "..");
    if path.contains(char::is_control) {
        problems.push(
            Diagnostic::error(
                "config/path",
                format!("`{field}` has a control character, such as a line end"),
            )
            .at(at.place())
            .help("write a folder in the source, for example `./clusters`"),
        );
    } else if bad {
        problems.push(
            Diagnostic::error("config/path", format!("`{field}` leaves the source: `{path}`"))
                .at(at.place())
                .help("write a folder in the source, for example `./clusters`"),
        );
    }
}
