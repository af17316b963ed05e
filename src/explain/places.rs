//! Questions about a place: a line of the output, an object, a line that somebody wrote.

use super::{
    answer::{Answer, Line, Made, Output, Part},
    find::{Answered, joined},
    known::Known,
    leaves::{self, Leaf, Text},
    path::Path,
    reach::name,
    references::How,
};
use crate::{
    config,
    diag::{Diagnostic, Place, Problems, did_you_mean, list},
    load::SEALED,
    resolve,
    tree::{Document, File, Tree, TreePath},
    yaml::{self, Map, Node, Value},
};

impl Known<'_> {
    fn tree(&self) -> Result<&Tree, Box<Diagnostic>> {
        let name = &self.built.name;
        self.built.tree.as_ref().ok_or_else(|| {
            Box::new(
                Diagnostic::error(
                    "usage/not-rendered",
                    format!("`{name}` cannot be rendered, so it has no output"),
                )
                .help(format!(
                    "`gen render {name}` says why; paths of the config can be explained all the same"
                )),
            )
        })
    }

    /// Answers about a line of a file of the output. `disk`: what stands in the file now, if it is there.
    pub(super) fn output(
        &self,
        path: &str,
        line: Option<usize>,
        column: Option<usize>,
        disk: Option<&[u8]>,
    ) -> Answered {
        let tree = self.tree()?;
        let Some((path, file)) = tree.files().find(|(own, _)| own.as_str() == path) else {
            let said =
                Diagnostic::error("usage/no-output", format!("`{}` has no file `{path}`", self.built.name));
            let names = || tree.files().map(|(path, _)| path.as_str());
            return Err(Box::new(match did_you_mean(path, names()) {
                Some(near) => said.help(format!("did you mean `{}`?", self.file(near))),
                None => said.help(format!("`gen render {} --stdout` prints all of them", self.built.name)),
            }));
        };
        if file.documents.is_empty() && !leaves::is_list(path, file) {
            return Ok(self.copied(path, file, line.unwrap_or(1)));
        }
        let changed = disk.filter(|bytes| *bytes != file.bytes.as_slice());
        let text = changed.map_or_else(|| Text::of(file), Text::new);
        let mut notes = Vec::new();
        let (document, field) = match line {
            None => (0, Path::default()),
            Some(line) => {
                let found = text.field(line, column);
                let (document, field, shown) =
                    found.ok_or_else(|| Box::new(self.no_line(path, &text, line)))?;
                if changed.is_some() {
                    notes.push(on_disk(shown));
                }
                (document, field)
            }
        };
        let document = match changed {
            None => document,
            Some(_) => same_document(&text, document, file),
        };
        self.field(path, file, document, field, notes)
    }

    fn no_line(&self, path: &TreePath, text: &Text, line: usize) -> Diagnostic {
        let count = text.lines();
        let file = self.file(path.as_str());
        match line > count {
            true => {
                Diagnostic::error("usage/line", format!("`{file}` has {count} lines, and no line {line}"))
            }
            false => Diagnostic::error("usage/line", format!("nothing stands on line {line} of `{file}`")),
        }
    }

    fn copied(&self, path: &TreePath, file: &File, line: usize) -> Answer {
        let made = file.place.map(Made::Copied);
        let sealed = path.as_str().ends_with(SEALED);
        let why = match sealed {
            true => "a sealed file is copied byte for byte; the nearest along `extends` wins",
            false => "a file of the component's `base` is copied as it is",
        };
        Answer::Output(Box::new(Output {
            file: self.file(path.as_str()),
            at: (line, 1),
            object: String::new(),
            field: Path::default(),
            value: None,
            made,
            exact: true,
            overrode: Vec::new(),
            values: Vec::new(),
            parts: Vec::new(),
            notes: vec![why.to_owned()],
        }))
    }

    /// What is said of an object in a file that is copied sealed.
    fn sealed(&self, tree: &Tree, wanted: &str) -> Option<Box<Diagnostic>> {
        let holds = |file: &File| {
            let (place, text) = (file.place?, yaml::decode(&file.bytes).ok()?);
            let nodes = yaml::read_manifests(&text, place.source, &mut Problems::new())?;
            let mut objects = nodes.into_iter().map(|node| Document { node, component: None, place: None });
            objects.find(|object| is_meant(wanted, object))
        };
        let mut sealed = tree.files().filter(|(path, _)| path.as_str().ends_with(SEALED));
        let path = self.file(sealed.find(|(_, file)| holds(file).is_some())?.0.as_str());
        let said = Diagnostic::error("usage/no-object", format!("`{wanted}` is sealed, in `{path}`"));
        Some(Box::new(said.because("it is copied byte for byte; what is in it cannot be explained").help(
            format!("`gen secrets explain {path}` says who can open it, `gen unseal {path}` shows it"),
        )))
    }

    /// Answers about an object, `Deployment/kuard`, or a field of it.
    pub(super) fn object(&self, wanted: &str, field: Option<&str>) -> Answered {
        let tree = self.tree()?;
        let all = || {
            let files = tree.files();
            files.flat_map(|(path, file)| {
                file.documents.iter().enumerate().map(move |(n, d)| (path, file, n, d))
            })
        };
        let found: Vec<_> = all().filter(|(.., object)| is_meant(wanted, object)).collect();
        let (path, file, document, object) = match found.as_slice() {
            [] => {
                if let Some(sealed) = self.sealed(tree, wanted) {
                    return Err(sealed);
                }
                let names: Vec<String> = all().map(|(.., object)| name(object)).collect();
                let said = Diagnostic::error(
                    "usage/no-object",
                    format!("`{}` has no object `{wanted}`", self.built.name),
                );
                return Err(Box::new(match did_you_mean(wanted, names.iter().map(String::as_str)) {
                    Some(near) => said.help(format!("did you mean `{near}`?")),
                    None => said.help("an object is written like `Deployment/kuard`, or with its namespace `Deployment/kuard/kuard`"),
                }));
            }
            [one] => *one,
            several => {
                let files: Vec<String> = several.iter().map(|(path, ..)| self.file(path.as_str())).collect();
                let message = format!("`{}` has several objects `{wanted}`", self.built.name);
                let said = Diagnostic::error("usage/no-object", message);
                return Err(Box::new(
                    said.help(format!("name the file instead: {}", list(files.iter().map(String::as_str)))),
                ));
            }
        };
        let field = match field {
            None => Path::default(),
            Some(text) => self.field_of(object, text)?,
        };
        self.field(path, file, document, field, Vec::new())
    }

    fn field_of(&self, object: &Document, text: &str) -> Result<Path, Box<Diagnostic>> {
        let said = |message: String| Box::new(Diagnostic::error("usage/field", message));
        let steps = config::path::steps(text).map_err(|why| said(format!("the field `{text}` {why}")))?;
        if let Some(path) = joined(&object.node, &steps) {
            return Ok(path);
        }
        let (mut node, mut good) = (&object.node, 0);
        while let Some(next) = steps.get(good).and_then(|step| node.part(step)) {
            (node, good) = (next, good + 1);
        }
        let mut message = said(format!("{} has no field `{text}`", name(object)));
        if text == "spec.replicas" && self.is_scaled(object) {
            return Err(Box::new(
                message
                    .because("a HorizontalPodAutoscaler decides how many there are, so `gen` leaves `replicas` out")
                    .help(format!("ask for the HorizontalPodAutoscaler: `gen explain {} HorizontalPodAutoscaler/{}`", self.built.name, object.name())),
            ));
        }
        let names: Vec<&str> = node.as_map().into_iter().flat_map(Map::keys).collect();
        *message = match did_you_mean(&steps[good], names.iter().copied()) {
            Some(near) => message.help(format!("did you mean `{near}`?")),
            None if names.is_empty() => *message,
            None => message.help(format!("there is {}", list(names))),
        };
        Err(message)
    }

    fn is_scaled(&self, object: &Document) -> bool {
        let owner = object.component.as_deref().unwrap_or_default();
        let scalers = self.documents(owner).filter(|other| other.kind() == "HorizontalPodAutoscaler");
        let target = |scaler: &Document, key: &str| {
            scaler
                .node
                .at(&["spec", "scaleTargetRef", key])
                .and_then(Node::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        scalers.into_iter().any(|s| target(s, "kind") == object.kind() && target(s, "name") == object.name())
    }

    /// Answers about a field of an object of the output.
    fn field(
        &self,
        path: &TreePath,
        file: &File,
        document: usize,
        field: Path,
        mut notes: Vec<String>,
    ) -> Answered {
        let text = Text::of(file);
        let object = file.documents.get(document);
        let node = match object {
            Some(object) => field.of(&object.node),
            None => text.documents.first().and_then(|root| field.of(root)),
        };
        let Some(node) = node else {
            let message = format!("a render would write no `{field}` into `{}`", self.file(path.as_str()));
            let said = Diagnostic::error("usage/field", message);
            return Err(Box::new(said.because("the file on disk is not what would be rendered now")));
        };
        let whole = matches!(&node.value, Value::Map(m) if !m.is_empty())
            || matches!(&node.value, Value::Seq(s) if !s.is_empty());
        let mut answer = Output {
            file: self.file(path.as_str()),
            at: text.position(document, &field).unwrap_or((1, 1)),
            object: object.map(name).unwrap_or_default(),
            field: field.clone(),
            value: Some(self.shown(node)),
            made: None,
            exact: true,
            overrode: Vec::new(),
            values: Vec::new(),
            parts: Vec::new(),
            notes: Vec::new(),
        };
        if whole {
            answer.parts = self.parts_of(node, &field, object.is_some());
        } else {
            let leaf =
                Leaf { path, file, document: object.map(|_| document), field, node: object.map(|_| node) };
            let causes = self.causes(&leaf);
            let overrode = node.origin.overrode().iter().copied();
            answer.overrode = match causes.made {
                // What layers override is told with the value.
                Some(Made::Config(_)) => overrode.filter(|place| !self.is_layer(*place)).collect(),
                _ => Vec::new(),
            };
            answer.exact = causes.exact;
            answer.values = self.values_of(&causes.paths, &mut notes);
            answer.made = causes.made;
        }
        answer.notes = notes;
        Ok(Answer::Output(Box::new(answer)))
    }

    /// Is a place in the config that layers make?
    fn is_layer(&self, place: Place) -> bool {
        let name = self.sources().name(place.source);
        name.starts_with("environments/") && !self.at(place).iter().any(is_of_object)
    }

    /// The values that something was made of; of those that only decide, the first.
    fn values_of(&self, paths: &[(Path, How)], notes: &mut Vec<String>) -> Vec<(How, super::answer::Value)> {
        const MOST: usize = 8;
        // Of a list and an item of it, the item is enough.
        let is_around =
            |path: &Path| paths.iter().any(|(other, _)| other != path && other.below(path).is_some());
        let mut sorted: Vec<&(Path, How)> = paths.iter().filter(|(path, _)| !is_around(path)).collect();
        sorted.sort_by_key(|(_, how)| *how);
        if sorted.len() > MOST {
            notes.push(format!("and {} more have a part in it", sorted.len() - MOST));
        }
        sorted.into_iter().take(MOST).map(|(path, how)| (*how, self.value(path))).collect()
    }

    fn parts_of(&self, node: &Node, field: &Path, ours: bool) -> Vec<Part> {
        let mut parts = Vec::new();
        super::path::leaves(node, field, &mut |path, node| {
            let place = node.origin.place().filter(|_| ours);
            parts.push(Part { path: path.clone(), value: self.shown(node), place });
        });
        parts
    }

    /// Answers about a line that somebody wrote: of a layer, of the fleet's file, of a template.
    pub(super) fn line(&self, file: &str, line: usize, column: Option<usize>) -> Answered {
        let sets = self.sets(file, line, column)?;
        if let [one] = sets.as_slice() {
            return self.config(&one.path.to_string());
        }
        let mut reaches = Vec::new();
        for leaf in self.built.tree.iter().flat_map(leaves::all) {
            let own = leaf.node.and_then(|node| node.origin.template());
            if own.is_some_and(|place| self.is_at(place, file, line)) {
                let text = Text::of(leaf.file);
                reaches.push(self.reached(&leaf, &text, How::Same, None, None));
            }
        }
        if sets.is_empty() && reaches.is_empty() {
            let message =
                format!("`{file}:{line}` sets nothing of `{}`, and prints nothing for it", self.built.name);
            return Err(Box::new(Diagnostic::error("usage/line", message)));
        }
        Ok(Answer::Line(Box::new(Line { file: format!("{file}:{line}"), sets, reaches })))
    }

    fn is_at(&self, place: Place, file: &str, line: usize) -> bool {
        self.sources().name(place.source) == file && self.sources().line_column(place).0 == line
    }

    /// What a line of a layer sets.
    fn sets(&self, file: &str, line: usize, column: Option<usize>) -> Result<Vec<Part>, Box<Diagnostic>> {
        let Some(name) = file.strip_prefix("environments/").and_then(|name| name.strip_suffix(".yaml"))
        else {
            return Ok(Vec::new());
        };
        let layers = resolve::layers(self.project(), &self.built.name);
        let Some((_, node)) = layers.iter().find(|(layer, _)| *layer == name) else {
            let message = format!("`{file}` is no layer of `{}`", self.built.name);
            let said = Diagnostic::error("usage/line", message);
            return Err(Box::new(
                said.help(format!("its layers are {}", list(layers.iter().map(|(layer, _)| *layer)))),
            ));
        };
        let mut found = Vec::new();
        written(node, &Path::default(), &mut |path, key, node| {
            let whole = is_merged(node);
            let on = |place: Option<Place>| place.is_some_and(|place| self.is_at(place, file, line));
            if on(key) || !whole && on(node.place()) {
                let start = key.filter(|key| on(Some(*key))).or(node.place());
                let start = start.map_or(1, |place| self.sources().line_column(place).1);
                let part = Part { path: path.clone(), value: self.shown(node), place: node.place() };
                found.push((start, whole, part));
            }
        });
        // A mapping is meant only where nothing in it stands beside it.
        if found.iter().any(|(_, whole, _)| !whole) {
            found.retain(|(_, whole, _)| !whole);
        } else {
            found.truncate(1);
        }
        if let Some(column) = column {
            found.retain(|(start, ..)| *start <= column);
            found.sort_by_key(|(start, ..)| std::cmp::Reverse(*start));
            found.truncate(1);
        }
        Ok(found.into_iter().map(|(.., part)| part).collect())
    }
}

/// Calls `visit` with everything that is set, with its path and key: mappings before their members, a reference as one.
fn written<'n>(node: &'n Node, at: &Path, visit: &mut impl FnMut(&Path, Option<Place>, &'n Node)) {
    for (key, inner) in node.as_map().into_iter().flat_map(Map::iter) {
        let path = at.key(&key.text);
        visit(&path, key.place, inner);
        if is_merged(inner) {
            written(inner, &path, visit);
        }
    }
}

/// Is it a mapping that is merged with those of other layers?
fn is_merged(node: &Node) -> bool {
    node.as_map().is_some_and(|map| !map.is_empty() && resolve::reference(map).is_none())
}

/// `Deployment/kuard`, `Deployment.apps/kuard`, `Deployment/kuard-system/kuard`.
fn is_meant(wanted: &str, object: &Document) -> bool {
    let mut parts = wanted.split('/');
    let kind = parts.next().unwrap_or_default();
    let rest: Vec<&str> = parts.collect();
    let (kind, group) = kind.split_once('.').map_or((kind, None), |(kind, group)| (kind, Some(group)));
    kind.eq_ignore_ascii_case(object.kind())
        && group.is_none_or(|group| group == object.group())
        && match rest.as_slice() {
            [name] => *name == object.name(),
            [namespace, name] => *namespace == object.namespace() && *name == object.name(),
            _ => false,
        }
}

/// The document of a file that is the same object as one of the text on disk.
fn same_document(text: &Text, document: usize, file: &File) -> usize {
    let of = |node: &Node| Document { node: node.clone(), component: None, place: None }.identity();
    let wanted = text.documents.get(document).map(of);
    let same = |own: &Document| Some(own.identity()) == wanted;
    file.documents.iter().position(same).unwrap_or(document.min(file.documents.len().saturating_sub(1)))
}

fn on_disk(shown: &Node) -> String {
    match &shown.value {
        Value::Map(_) | Value::Seq(_) => "the file on disk is not what would be rendered now".to_owned(),
        _ => format!(
            "the file on disk is not what would be rendered now: there stands `{}`",
            crate::schema::short(shown)
        ),
    }
}

/// Is it a path under which the config changes objects?
fn is_of_object(path: &Path) -> bool {
    matches!(path.text(2), Some("patches" | "extra"))
}
