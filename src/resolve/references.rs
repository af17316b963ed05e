//! `{$from: PATH}`, `{$text: "…{PATH}…"}`, `{$file: PATH}`: values that stand elsewhere. Resolved on
//! demand, depth first, with a memo per path; a cycle or a missing target is told once.

use super::{
    faults::Faults,
    target::{Target, reference},
};
use crate::{
    config::path::{self, Piece},
    diag::{Diagnostic, Place, Problems, did_you_mean, list},
    yaml::{Key, Map, Node, Origin, Read, Value},
};
use indexmap::IndexMap;
use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// A longer chain of references to references is refused, before the stack is.
const LONGEST_CHAIN: usize = 64;

/// References bring no more values than this into one environment, and no longer text into one `$text`: ten
/// references to ten references, ten times over, are without end.
const MOST_VALUES: usize = 500_000;
const LONGEST_TEXT: usize = 4 << 20;

/// What references may name in one environment.
pub(super) struct Roots<'a> {
    pub(super) vars: &'a Node,
    pub(super) cluster: &'a Node,
    pub(super) environment: &'a Node,
    pub(super) components: IndexMap<String, Target<'a>>,
    /// Texts under `environments/files/`, by path relative to it.
    pub(super) files: &'a dyn Fn(&str) -> Option<Arc<str>>,
    /// Components that are there but unusable, which was told.
    pub(super) broken: BTreeSet<String>,
    /// What else was told and is not there.
    pub(super) faults: &'a Faults<'a>,
    /// Names of those texts, for proposals.
    pub(super) file_names: Vec<String>,
}

/// The outcome of looking a path up.
#[derive(Clone)]
enum Found {
    Value(Node),
    /// The export reads an input that is absent.
    Absent,
    /// Told already.
    Poison,
}

/// Resolves references against [`Roots`].
pub(super) struct Resolver<'a> {
    roots: Roots<'a>,
    memo: HashMap<String, Found>,
    stack: Vec<String>,
    /// How many values references brought.
    brought: usize,
    /// Places of references that could not be resolved: what is said about them elsewhere is noise.
    pub(super) poisoned: Vec<Place>,
}

/// Where a reference stands: only an export may say `inputs.` and `component.`.
#[derive(Clone, Copy)]
enum Scope<'s> {
    Environment,
    Export(&'s str),
}

impl<'a> Resolver<'a> {
    pub(super) fn new(roots: Roots<'a>) -> Self {
        Self { roots, memo: HashMap::new(), stack: Vec::new(), brought: 0, poisoned: Vec::new() }
    }

    /// A value with all references in it resolved; those that cannot be stay as they are.
    pub(super) fn value(&mut self, node: &Node, problems: &mut Problems) -> Node {
        self.deep(node, Scope::Environment, problems)
    }

    fn deep(&mut self, node: &Node, scope: Scope, problems: &mut Problems) -> Node {
        match &node.value {
            Value::Map(map) => match reference(map) {
                Some((kind, target)) => match self.follow(node, map, kind, target, scope, problems) {
                    Found::Value(value) => value,
                    Found::Absent | Found::Poison => {
                        self.poisoned.extend(node.place());
                        node.clone()
                    }
                },
                None => {
                    let members = map.iter().map(|(k, v)| (unescape(k), self.deep(v, scope, problems)));
                    let map: Map = members.collect();
                    Node { value: Value::Map(map), origin: node.origin.clone(), style: node.style }
                }
            },
            Value::Seq(items) => {
                let items = items.iter().map(|n| self.deep(n, scope, problems)).collect();
                Node { value: Value::Seq(items), origin: node.origin.clone(), style: node.style }
            }
            _ => node.clone(),
        }
    }

    fn follow(
        &mut self,
        node: &Node,
        map: &Map,
        kind: &str,
        target: &Node,
        scope: Scope,
        problems: &mut Problems,
    ) -> Found {
        if map.len() > 1 {
            let other = map.iter().find(|(k, _)| &*k.text != kind).and_then(|(k, _)| k.place);
            problems.push(
                Diagnostic::error("config/reference-alone", format!("`{kind}` stands alone in its mapping"))
                    .label(node.place(), "this is a reference")
                    .label(other, "and this is another key")
                    .help(format!("remove the other keys, or write `${kind}` if the key itself is meant")),
            );
            return Found::Poison;
        }
        let Some(text) = target.as_str() else {
            problems.push(
                Diagnostic::error(
                    "config/reference-type",
                    format!("`{kind}` takes a string, not {}", target.value.kind()),
                )
                .at(target.place().or(node.place())),
            );
            return Found::Poison;
        };
        match kind {
            "$from" => self.from(text, target, scope, problems),
            "$text" => self.text(text, target, scope, problems),
            _ => self.file(text, target, problems),
        }
    }

    fn from(&mut self, text: &str, at: &Node, scope: Scope, problems: &mut Problems) -> Found {
        match self.look_up(text, at.place(), scope, problems) {
            Found::Value(mut value) => {
                if self.brought > MOST_VALUES {
                    return Found::Poison;
                }
                self.brought += via(&mut value, at.place());
                if self.brought > MOST_VALUES {
                    problems.push(too_much(&format!("past {MOST_VALUES} values"), at));
                    return Found::Poison;
                }
                Found::Value(value)
            }
            other => other,
        }
    }

    fn text(&mut self, text: &str, at: &Node, scope: Scope, problems: &mut Problems) -> Found {
        let pieces = match path::pieces(text) {
            Ok(pieces) => pieces,
            Err(why) => {
                problems.push(
                    Diagnostic::error("config/reference-path", format!("`$text` {why}")).at(at.place()),
                );
                return Found::Poison;
            }
        };
        let (mut out, mut reads, mut outcome) = (String::new(), Vec::new(), None);
        for piece in pieces {
            match piece {
                Piece::Text(text) => out.push_str(&text),
                Piece::Path(path) => match self.look_up(&path, at.place(), scope, problems) {
                    Found::Value(value) => {
                        if !print(&mut out, &value) {
                            problems.push(not_text(&path, &value, at));
                            outcome = Some(Found::Poison);
                        }
                        if out.len() > LONGEST_TEXT {
                            problems.push(too_much("a text past 4 MiB", at));
                            return Found::Poison;
                        }
                        reads.push(Read { path: path.into(), place: value.place() });
                    }
                    other => outcome = Some(outcome.unwrap_or(other)),
                },
            }
        }
        outcome.unwrap_or_else(|| {
            let mut trail = at.origin.trail();
            trail.reads = reads;
            Found::Value(Node::with(out, Origin::from(trail)))
        })
    }

    fn file(&mut self, text: &str, at: &Node, problems: &mut Problems) -> Found {
        if let Some(content) = (self.roots.files)(text) {
            return Found::Value(Node::with(content, at.origin.clone()));
        }
        let mut diagnostic =
            Diagnostic::error("config/no-such-file", format!("there is no file `environments/files/{text}`"))
                .at(at.place());
        if text.contains('\\') {
            diagnostic = diagnostic.help("write `/` between folders, on Windows too");
        } else if let Some(near) = did_you_mean(text, self.roots.file_names.iter().map(String::as_str)) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        } else {
            diagnostic = diagnostic.help("paths of `$file` are relative to `environments/files/`");
        }
        problems.push(diagnostic);
        Found::Poison
    }

    fn look_up(&mut self, text: &str, at: Option<Place>, scope: Scope, problems: &mut Problems) -> Found {
        let steps = match path::steps(text) {
            Ok(steps) => steps,
            Err(why) => {
                problems.push(
                    Diagnostic::error("config/reference-path", format!("the path `{text}` {why}"))
                        .at(at)
                        .help("a path is written like `vars.storageClass` or `components.loki.url`"),
                );
                return Found::Poison;
            }
        };
        let key = match scope {
            Scope::Export(component) if matches!(&*steps[0], "inputs" | "component") => {
                format!("components.{component}.{}", path::join(&steps))
            }
            _ => path::join(&steps),
        };
        if let Some(found) = self.memo.get(&key) {
            return found.clone();
        }
        if let Some(start) = self.stack.iter().position(|k| *k == key) {
            let mut circle: Vec<&str> = self.stack[start..].iter().map(String::as_str).collect();
            circle.push(&key);
            problems.push(
                Diagnostic::error("config/reference-cycle", format!("`{key}` is made of itself"))
                    .at(at)
                    .because(format!("the circle is `{}`", circle.join("` → `")))
                    .help("give one of them a value of its own"),
            );
            return Found::Poison;
        }
        if self.stack.len() >= LONGEST_CHAIN {
            problems.push(
                Diagnostic::error(
                    "config/reference-chain",
                    format!("`{key}` is more than {LONGEST_CHAIN} references deep"),
                )
                .at(at)
                .help("refer to the value itself, not to a reference to a reference"),
            );
            return Found::Poison;
        }
        self.stack.push(key.clone());
        let found = self.find(&steps, at, scope, problems);
        self.stack.pop();
        self.memo.insert(key, found.clone());
        found
    }

    fn find(&mut self, steps: &[String], at: Option<Place>, scope: Scope, problems: &mut Problems) -> Found {
        // A component is sound or not as a whole.
        let depth = if steps[0] == "components" { 2 } else { steps.len() };
        let path: Vec<&str> = steps.iter().take(depth).map(String::as_str).collect();
        if self.roots.faults.at(&path) {
            return Found::Poison;
        }
        match (steps[0].as_str(), scope) {
            ("vars", _) => {
                self.walk(Cow::Borrowed(self.roots.vars), steps, 1, at, Scope::Environment, problems)
            }
            ("cluster", _) => {
                self.walk(Cow::Borrowed(self.roots.cluster), steps, 1, at, Scope::Environment, problems)
            }
            ("environment", _) => {
                self.walk(Cow::Borrowed(self.roots.environment), steps, 1, at, Scope::Environment, problems)
            }
            ("components", Scope::Environment) => self.component(steps, at, problems),
            ("inputs", Scope::Export(name)) => {
                let inputs = self.roots.components[name].inputs().clone();
                self.walk(Cow::Owned(inputs), steps, 1, at, scope, problems)
            }
            ("component", Scope::Export(name)) => {
                let component = self.roots.components[name].component.clone();
                self.walk(Cow::Owned(component), steps, 1, at, scope, problems)
            }
            (root, _) => {
                let roots: &[&str] = match scope {
                    Scope::Environment => &["vars", "cluster", "environment", "components"],
                    Scope::Export(_) => &["inputs", "component", "cluster", "vars", "environment"],
                };
                let mut diagnostic =
                    Diagnostic::error("config/reference-root", format!("a path cannot begin with `{root}`"))
                        .at(at);
                if let Some(near) = did_you_mean(root, roots.iter().copied()) {
                    diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                }
                problems.push(diagnostic.help(format!("paths begin with {}", list(roots.iter().copied()))));
                Found::Poison
            }
        }
    }

    fn component(&mut self, steps: &[String], at: Option<Place>, problems: &mut Problems) -> Found {
        let Some(name) = steps.get(1) else {
            problems.push(
                Diagnostic::error("config/reference-path", "`components` alone is no value")
                    .at(at)
                    .help("name a component and one of its exports: `components.loki.url`"),
            );
            return Found::Poison;
        };
        if self.roots.broken.contains(name) {
            return Found::Poison;
        }
        let Some(target) = self.roots.components.get(name) else {
            let known = self.roots.components.keys().map(String::as_str).collect();
            problems.push(missing(&format!("components.{name}"), name, known, "there is no component", at));
            return Found::Poison;
        };
        let exports: Vec<&str> =
            target.exports.and_then(Node::as_map).into_iter().flat_map(Map::keys).collect();
        let Some(export) = steps.get(2) else {
            problems.push(
                Diagnostic::error("config/reference-path", format!("`components.{name}` alone is no value"))
                    .at(at)
                    .help(format!("it exports {}", list(exports.into_iter().chain(["name", "namespace"])))),
            );
            return Found::Poison;
        };
        if matches!(export.as_str(), "name" | "namespace") && !exports.contains(&export.as_str()) {
            return self.walk(
                Cow::Owned(target.component.clone()),
                steps,
                2,
                at,
                Scope::Environment,
                problems,
            );
        }
        let Some(node) = target.exports.and_then(|e| e.get(export)).cloned() else {
            let known = exports.into_iter().chain(["name", "namespace"]).collect();
            let what = format!("the pack of `{name}` exports no");
            problems.push(missing(&join_to(steps, 3), export, known, &what, at));
            return Found::Poison;
        };
        match self.export(&node, name, problems) {
            Found::Absent => {
                problems.push(
                    Diagnostic::error("config/export-absent", format!("`{}` is absent", join_to(steps, 3)))
                        .label(at, "used here")
                        .label(node.place(), "defined by an input that is not set")
                        .help(format!("set the input that it reads at component `{name}`")),
                );
                Found::Poison
            }
            Found::Value(value) => self.walk(Cow::Owned(value), steps, 3, at, Scope::Environment, problems),
            Found::Poison => Found::Poison,
        }
    }

    /// Resolves no more; tells what is wrong with the exports of the component that is `shown`, used or not. One that
    /// reads an absent input is absent, and sound.
    pub(super) fn end(mut self, shown: Option<&str>, problems: &mut Problems) {
        let Some(component) = shown else { return };
        let exports = self.roots.components.get(component).and_then(|target| target.exports);
        for (_, node) in exports.and_then(Node::as_map).into_iter().flat_map(Map::iter) {
            self.export(node, component, problems);
        }
    }

    /// The value of an export: a scalar, `$from` or `$text` over the component's own facts.
    fn export(&mut self, node: &Node, component: &str, problems: &mut Problems) -> Found {
        match node.as_map().and_then(|map| reference(map).map(|r| (map, r))) {
            Some((map, (kind, target))) => {
                self.follow(node, map, kind, target, Scope::Export(component), problems)
            }
            None => Found::Value(node.clone()),
        }
    }

    fn walk(
        &mut self,
        mut node: Cow<'_, Node>,
        steps: &[String],
        from: usize,
        at: Option<Place>,
        scope: Scope,
        problems: &mut Problems,
    ) -> Found {
        let inner = if matches!(steps[0].as_str(), "inputs") { Scope::Environment } else { scope };
        for (index, step) in steps.iter().enumerate().skip(from) {
            match self.through(&node, inner, problems) {
                None => {}
                Some(Found::Value(value)) => node = Cow::Owned(value),
                Some(other) => return other,
            }
            let next = match &node {
                Cow::Borrowed(node) => node.part(step).map(Cow::Borrowed),
                Cow::Owned(node) => node.part(step).cloned().map(Cow::Owned),
            };
            let Some(next) = next else {
                if matches!(scope, Scope::Export(_)) && steps[0] == "inputs" {
                    return Found::Absent;
                }
                let known = node.as_map().map(|m| m.keys().collect()).unwrap_or_default();
                let what = format!("`{}` has no", join_to(steps, index));
                problems.push(missing(&join_to(steps, index + 1), step, known, &what, at));
                return Found::Poison;
            };
            node = next;
        }
        match self.through(&node, inner, problems).unwrap_or_else(|| Found::Value(node.into_owned())) {
            Found::Value(node) => {
                let poisoned = self.poisoned.len();
                let value = self.deep(&node, inner, problems);
                if self.poisoned.len() > poisoned { Found::Poison } else { Found::Value(value) }
            }
            other => other,
        }
    }

    /// Goes through a reference that stands in the way of a path.
    /// `None` if none stands there.
    fn through(&mut self, node: &Node, scope: Scope, problems: &mut Problems) -> Option<Found> {
        let map = node.as_map()?;
        let (kind, target) = reference(map)?;
        Some(self.follow(node, map, kind, target, scope, problems))
    }
}

/// `$$from` writes the key `$from`.
fn unescape(key: &Key) -> Key {
    match key.text.strip_prefix('$') {
        Some(rest @ ("$from" | "$text" | "$file" | "$unset")) => Key::new(rest, key.place),
        _ => key.clone(),
    }
}

fn too_much(what: &str, at: &Node) -> Diagnostic {
    Diagnostic::error("config/reference-size", format!("references bring {what}"))
        .label(at.place(), "with this one")
        .help("refer to less: values that refer to others several times multiply them")
}

/// Adds the reference to the way that the value came. How many values it is made of.
fn via(node: &mut Node, place: Option<Place>) -> usize {
    if let Some(place) = place {
        let mut trail = node.origin.trail();
        trail.via.insert(0, place);
        node.origin = Origin::from(trail);
    }
    match &mut node.value {
        Value::Map(map) => 1 + map.iter_mut().map(|(_, n)| via(n, place)).sum::<usize>(),
        Value::Seq(items) => 1 + items.iter_mut().map(|n| via(n, place)).sum::<usize>(),
        _ => 1,
    }
}

/// Prints a scalar into a text; false if it is none.
fn print(out: &mut String, value: &Node) -> bool {
    match &value.value {
        Value::Str(text) => out.push_str(text),
        Value::Int(n) => out.push_str(&n.to_string()),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Float(f) => out.push_str(&format!("{f:?}")),
        Value::Null | Value::Seq(_) | Value::Map(_) => return false,
    }
    true
}

fn join_to(steps: &[String], end: usize) -> String {
    path::join(&steps[..end])
}

fn not_text(path: &str, value: &Node, at: &Node) -> Diagnostic {
    Diagnostic::error(
        "config/reference-type",
        format!("`{path}` is {}, which is no text", value.value.kind()),
    )
    .label(at.place(), "in this text")
    .label(value.place(), "set here")
    .help(format!("use `{{$from: {path}}}` for the whole value"))
}

fn missing(full: &str, step: &str, known: Vec<&str>, what: &str, at: Option<Place>) -> Diagnostic {
    let mut diagnostic =
        Diagnostic::error("config/reference-missing", format!("`{full}` does not exist: {what} `{step}`"))
            .at(at);
    if let Some(near) = did_you_mean(step, known.iter().copied()) {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    } else if !known.is_empty() {
        diagnostic = diagnostic.help(format!("there is {}", list(known)));
    }
    diagnostic
}
