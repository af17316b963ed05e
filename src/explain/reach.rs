//! Where a path of the config comes to: the values of the output that are made of it, and what templates decide by it.

use super::{
    answer::{Made, Reached, Used},
    known::Known,
    leaves::{self, Leaf, Text},
    path::Path,
    references::How,
};
use crate::{diag::Place, tree::Document};
use std::collections::BTreeMap;

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub(super) uses: Vec<Used>,
    pub(super) reaches: Vec<Reached>,
}

impl Found {
    pub(super) fn used(&mut self, place: Option<Place>, how: How) {
        let Some(place) = place else { return };
        match self.uses.iter_mut().find(|used| used.place == place) {
            Some(known) => known.how = known.how.min(how),
            None => self.uses.push(Used { place, how }),
        }
    }

    /// Leaves out what a folder or file says of all that is in it, and sorts.
    fn sort(&mut self) {
        let whole: Vec<String> = self
            .reaches
            .iter()
            .filter(|reached| reached.at.is_none())
            .map(|reached| reached.file.clone())
            .collect();
        let covered = |reached: &Reached| {
            let inside = |other: &&String| other.ends_with('/') && reached.file.starts_with(*other);
            let in_folder = whole.iter().any(|other| inside(&other) && *other != reached.file);
            in_folder || reached.at.is_some() && whole.contains(&reached.file)
        };
        self.reaches.retain(|reached| reached.how < How::Decides || !covered(reached));
        let weak = |how: How| if how < How::Computed { How::Same } else { how };
        self.reaches.sort_by(|a, b| (weak(a.how), &a.file, a.at).cmp(&(weak(b.how), &b.file, b.at)));
        self.uses.sort_by_key(|used| (used.how, used.place));
    }

    pub(super) fn add(&mut self, reached: Reached) {
        let same = |known: &&mut Reached| {
            known.file == reached.file && known.object == reached.object && known.field == reached.field
        };
        match self.reaches.iter_mut().find(same) {
            Some(known) if known.how <= reached.how => {}
            Some(known) => *known = reached,
            None => self.reaches.push(reached),
        }
    }
}

/// How a path is one of those that a value is made of: itself, a part of it, or what it is a part of.
fn relates(path: &Path, asked: &Path, how: How) -> Option<How> {
    if path == asked || path.below(asked).is_some() {
        Some(how)
    } else {
        asked.below(path).map(|_| how.max(How::Computed))
    }
}

impl<'a> Known<'a> {
    /// Where a path of the config comes to in the output.
    pub(super) fn reach(&self, asked: &Path) -> Found {
        let mut found = Found::default();
        let Some(tree) = &self.built.tree else { return found };
        let mut texts: BTreeMap<&str, Text> = BTreeMap::new();
        for leaf in leaves::all(tree) {
            let causes = self.causes(&leaf);
            let Some(how) = self.how(&causes.paths, asked) else { continue };
            let trail = leaf.node.map(|node| node.origin.trail()).unwrap_or_default();
            found.used(trail.template.filter(|_| !trail.reads.is_empty()), how);
            let text = texts.entry(leaf.path.as_str()).or_insert_with(|| Text::of(leaf.file));
            let why = match causes.made {
                Some(Made::Gen(words)) => Some(words),
                _ => None,
            };
            found.add(self.reached(&leaf, text, how, why, None));
            self.identity(&leaf, how, &mut found);
        }
        self.in_templates(asked, &mut found);
        self.absent(asked, &mut found);
        found.sort();
        found
    }

    /// How a value made of these paths is made of the one asked for.
    fn how(&self, paths: &[(Path, How)], asked: &Path) -> Option<How> {
        let one = |(path, how): &(Path, How)| match how {
            // A key belongs to the mapping: what stands behind it says nothing of it.
            How::Key => (path != asked && path.below(asked).is_some()).then_some(*how),
            _ => {
                let origins = self.origins_of(path);
                let related = origins
                    .iter()
                    .filter_map(|(origin, through)| relates(origin, asked, (*how).max(*through)));
                related.min()
            }
        };
        paths.iter().filter_map(one).min()
    }

    pub(super) fn reached(
        &self,
        leaf: &Leaf<'_>,
        text: &Text,
        how: How,
        why: Option<String>,
        by: Option<Place>,
    ) -> Reached {
        let value = match leaf.node {
            Some(node) => Some(self.shown(node)),
            None => text.documents.first().and_then(|root| leaf.field.of(root)).cloned(),
        };
        Reached {
            file: self.file(leaf.path.as_str()),
            at: text.position(leaf.document.unwrap_or(0), &leaf.field),
            object: leaf.object().map(name).unwrap_or_default(),
            field: Some(leaf.field.clone()),
            value,
            how,
            why,
            by,
        }
    }

    /// A path in the tree as a path in the project.
    pub(super) fn file(&self, path: &str) -> String {
        format!("fleet-out/{}/{path}", self.built.name)
    }

    /// A file, or with `/` at its end a folder, in which anything may change.
    pub(super) fn anywhere_in(&self, path: &str, why: &str) -> Reached {
        Reached {
            file: self.file(path),
            at: None,
            object: String::new(),
            field: None,
            value: None,
            how: How::Decides,
            why: Some(why.to_owned()),
            by: None,
        }
    }

    /// A file is named after its object, and listed by that name.
    fn identity(&self, leaf: &Leaf<'_>, how: How, found: &mut Found) {
        let field = leaf.field.to_string();
        if leaf.path.as_str().starts_with("cluster/") || leaf.document.is_none() {
            return;
        }
        if matches!(field.as_str(), "metadata.name" | "kind") {
            let why = "files are named after their objects";
            let folder = leaf.path.folder();
            // What only decides the kind seldom makes another one of it.
            let file = if how < How::Decides { format!("{folder}/") } else { leaf.path.as_str().to_owned() };
            found.add(self.anywhere_in(&file, why));
            found.add(self.anywhere_in(&format!("{folder}/kustomization.yaml"), why));
        }
        if field == "metadata.namespace" {
            let why = "every namespace that something lives in";
            found.add(self.anywhere_in("namespaces/", why));
        }
    }
}

/// `Deployment/kuard`.
pub(super) fn name(object: &Document) -> String {
    match (object.kind(), object.name()) {
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind}/{name}"),
    }
}
