//! Of what a value of the output is made: the way back from its origin to paths of the config.

use super::{
    answer::Made,
    known::Known,
    leaves::Leaf,
    path::Path,
    references::{How, Target},
};
use crate::{
    config::path,
    diag::Place,
    yaml::{Origin, Trail},
};

/// How a value was made, and of which paths of the config.
#[derive(Clone, Debug)]
pub(super) struct Causes {
    pub(super) made: Option<Made>,
    pub(super) paths: Vec<(Path, How)>,
    /// Nothing else can have had a part in it.
    pub(super) exact: bool,
}

/// Under these parts of a component the config itself gives values of objects.
const WRITTEN: [&str; 4] = ["values", "patches", "extra", "source"];

impl Known<'_> {
    /// How a value of the output was made.
    pub(super) fn causes(&self, leaf: &Leaf<'_>) -> Causes {
        let component = &*leaf.file.owner;
        let origin = leaf.node.map_or(&Origin::None, |node| &node.origin);
        if let Origin::Template(place) = origin {
            return literal(*place);
        }
        let trail = origin.trail();
        if let Some(place) = trail.template {
            return self.of_template(leaf, &trail, place, component);
        }
        let written = self.written(&trail, component);
        if !written.is_empty() {
            let made = Some(Made::Config(given_by(&written[0])));
            let paths = written.into_iter().map(|path| (path, How::Same)).collect();
            return Causes { made, paths, exact: true };
        }
        match self.rule(leaf) {
            Some(rule) => Causes { made: Some(Made::Gen(rule.words)), paths: rule.causes, exact: true },
            None => Causes { made: None, paths: Vec::new(), exact: false },
        }
    }

    fn of_template(&self, leaf: &Leaf<'_>, trail: &Trail, place: Place, component: &str) -> Causes {
        let mut paths = Vec::new();
        for read in &trail.reads {
            let path = self.read(&read.path, component);
            let how = match (trail.exact, self.is_key(&path, trail)) {
                (true, true) => How::Key,
                (true, false) => How::Same,
                (false, _) => How::Computed,
            };
            paths.push((path, how));
        }
        let printed = self.printed_in_macro(leaf, trail, &paths);
        let exact = trail.exact || printed.is_some();
        let paths = printed.map_or(paths, |path| vec![(path, How::Same)]);
        let within = trail.within.as_ref().map(|(name, place)| (name.to_string(), *place));
        let made = Made::Template { place, within, literal: paths.is_empty() };
        Causes { made: Some(made), exact, paths }
    }

    /// Was it the key that was printed, not the value?
    fn is_key(&self, path: &Path, trail: &Trail) -> bool {
        let own = path.of(&self.whole).and_then(|node| node.origin.config());
        trail.config.is_some() && own.is_some() && own != trail.config
    }

    /// The path of the config that a template reads: `inputs.port` of a component.
    pub(super) fn read(&self, text: &str, component: &str) -> Path {
        let whole = match text.split_once(['.', '[']) {
            Some(("inputs" | "component", _)) => {
                let rest = text.strip_prefix("component.").unwrap_or(text);
                self.named(&format!("{}.{rest}", Path::keys(["components", component])))
            }
            _ => self.named(text),
        };
        whole.cloned().unwrap_or_else(|| {
            let steps = path::steps(text).unwrap_or_else(|_| vec![text.to_owned()]);
            self.seen(&steps.iter().map(String::as_str).collect::<Vec<_>>(), Some(component))
        })
    }

    /// The paths where the config itself gives the value of an object.
    fn written(&self, trail: &Trail, component: &str) -> Vec<Path> {
        let Some(place) = trail.via.first().copied().or(trail.config) else { return Vec::new() };
        let gives = |path: &&Path| match path.text(0) {
            Some("components") => {
                path.text(1) == Some(component) && path.text(2).is_some_and(|part| WRITTEN.contains(&part))
            }
            Some("flux") => path.starts_with(&["flux", "instance"]),
            Some("namespaces") => matches!(path.text(2), Some("labels" | "annotations")),
            Some("source") => path.starts_with(&["source", "ref"]),
            _ => false,
        };
        let found = self.at(place).iter().filter(gives).cloned();
        let rest = self.rest(trail);
        found
            .map(
                |path| {
                    if trail.via.is_empty() { path } else { path.join(rest.as_ref().map_or(&[], |r| &r.0)) }
                },
            )
            .collect()
    }

    /// What of the target of a reference a value is: the steps from what the last reference names to where it is set.
    fn rest(&self, trail: &Trail) -> Option<Path> {
        let (last, set) = (*trail.via.last()?, trail.config?);
        let at = self.at(last).first()?;
        let targets = self.edges(at).into_iter().filter_map(|edge| match edge.to {
            Target::Path(path) => Some(path),
            Target::File(_) => None,
        });
        let set = self.at(set);
        let rest =
            |target: Path| set.iter().find_map(|path| path.below(&target).map(|rest| Path(rest.to_vec())));
        targets.into_iter().find_map(rest)
    }
}

/// What part of the config gives a value of an object.
fn given_by(path: &Path) -> String {
    let name = path.text(3).unwrap_or_default();
    match (path.text(0), path.text(2)) {
        (Some("components"), Some("patches")) => format!("set by the patch `{name}`"),
        (Some("components"), Some("extra")) => format!("in the object `{name}` of the component's own"),
        (Some("components"), Some("values")) => {
            "from the component's `values`, which are merged last".to_owned()
        }
        (Some("flux"), _) => "from `flux.instance`, which is merged last".to_owned(),
        _ => "given by the config itself".to_owned(),
    }
}

fn literal(place: Place) -> Causes {
    let made = Made::Template { place, within: None, literal: true };
    Causes { made: Some(made), paths: Vec::new(), exact: true }
}
