//! What templates make of a path besides printing it where that can be seen: what they decide by it, the keys they write
//! with it, and what macros print of it.

use super::{
    answer::Reached,
    causes::Causes,
    known::Known,
    leaves::{Leaf, Text},
    path::{Path, leaves},
    reach::{Found, name},
    references::How,
};
use crate::{
    diag::Place,
    render::Use,
    resolve::{Component, Stage},
    template::{Decision, Decisions},
    tree::{Document, File, TreePath},
    yaml::{Key, Node, Trail, Value, to_json},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

/// What was asked of the engine before.
#[derive(Default)]
pub(super) struct Cache {
    uses: RefCell<BTreeMap<usize, Rc<Vec<Use>>>>,
    decisions: RefCell<BTreeMap<String, Rc<Decisions>>>,
}

/// A template of a component, and what of a path it read.
struct Asking<'a> {
    component: &'a Component,
    template: &'a Use,
    /// What it read of the path, from a root on.
    read: Vec<Vec<String>>,
    /// The objects that it gave.
    objects: Vec<Object<'a>>,
    /// Has the path a value? Then another value leaves it there.
    is_set: bool,
}

#[derive(Clone, Copy)]
struct Object<'a> {
    path: &'a TreePath,
    file: &'a File,
    document: usize,
}

impl<'a> Object<'a> {
    fn document(&self) -> &'a Document {
        &self.file.documents[self.document]
    }

    fn leaf(&self, field: &Path) -> Leaf<'a> {
        let node = field.of(&self.document().node);
        Leaf { path: self.path, file: self.file, document: Some(self.document), field: field.clone(), node }
    }
}

impl Known<'_> {
    fn uses(&self, index: usize) -> Rc<Vec<Use>> {
        if let Some(known) = self.templates.uses.borrow().get(&index) {
            return known.clone();
        }
        let found = self.environment().map(|environment| self.engine.uses(environment, index));
        let found = Rc::new(found.unwrap_or_default());
        self.templates.uses.borrow_mut().insert(index, found.clone());
        found
    }

    fn decisions(&self, pack: &str) -> Rc<Decisions> {
        let mut known = self.templates.decisions.borrow_mut();
        known.entry(pack.to_owned()).or_insert_with(|| Rc::new(self.engine.decisions(pack))).clone()
    }

    /// What templates do with a path.
    pub(super) fn in_templates(&self, asked: &Path, found: &mut Found) {
        let components = self.environment().into_iter().flat_map(|environment| &environment.components);
        for (index, component) in
            components.enumerate().filter(|(_, component)| self.may_see(component, asked))
        {
            let decisions = self.decisions(&component.pack.name);
            for template in self.uses(index).iter() {
                let asking = Asking {
                    component,
                    template,
                    read: self.read_of(asked, component, template),
                    objects: self.objects_of(component, template),
                    is_set: self.value_of(asked).is_some(),
                };
                let own = decisions.of(&template.template).iter();
                let looks = own.filter(|decision| asking.read.iter().any(|steps| decision.looks_at(steps)));
                looks.for_each(|decision| self.decision(&asking, decision, asked, found));
            }
        }
    }

    /// Can the templates of a component see something that is made of a path?
    fn may_see(&self, component: &Component, asked: &Path) -> bool {
        if asked.text(0) != Some("components") || asked.text(1) == Some(&component.name) {
            return true;
        }
        let roots = [Path::keys(["components", &component.name, "inputs"]), Path::keys(["vars"])];
        let leads = |origin: &Path| origin.below(asked).is_some() || asked.below(origin).is_some();
        roots.iter().any(|root| self.origins_of(root).keys().any(leads))
    }

    /// What a template read of a path; what is a part of what it read is read by itself.
    fn read_of(&self, asked: &Path, component: &Component, template: &Use) -> Vec<Vec<String>> {
        let reads = &template.reads;
        let texts = reads.paths.iter().map(|text| &**text).chain(reads.misses.iter().map(String::as_str));
        let of = |text: &str| {
            let path = self.read(text, &component.name);
            self.leads_to(&path, asked, 0).then(|| steps(text, &path, &component.name))
        };
        texts.filter_map(of).collect()
    }

    /// The objects of the output that a template gave, with their files.
    fn objects_of<'s>(&'s self, component: &Component, template: &Use) -> Vec<Object<'s>> {
        let given = |object: &Document| match &template.release {
            Some(release) => object.kind() == "HelmRelease" && object.name() == release,
            None => {
                template.objects.iter().any(|(kind, name)| object.kind() == kind && object.name() == name)
            }
        };
        let files = self.built.tree.iter().flat_map(|tree| tree.files());
        let own = files
            .filter(|(path, file)| *file.owner == *component.name && !path.as_str().starts_with("cluster/"));
        let objects = own.flat_map(|(path, file)| {
            let numbers = 0..file.documents.len();
            numbers.map(move |document| Object { path, file, document })
        });
        objects.filter(|object| given(object.document())).collect()
    }

    fn decision(&self, asking: &Asking<'_>, decision: &Decision, asked: &Path, found: &mut Found) {
        let place = decision.emitted.unwrap_or(decision.place);
        found.used(Some(place), if decision.prints { How::Computed } else { How::Decides });
        if decision.presence && asking.is_set {
            return;
        }
        let mut told = false;
        for object in &asking.objects {
            let mut fields = Vec::new();
            if let Some(emitted) = decision.emitted.filter(|_| decision.prints) {
                let printed =
                    |key: &Key| key.place.is_some_and(|own| emitted.within(own) || own.within(emitted));
                below_keys(&object.document().node, &Path::default(), &printed, &mut fields);
                if decision.in_macro {
                    self.equal_in_macros(object, asked, &mut fields);
                }
            } else if let Some(emitted) = decision.emitted {
                printed_by(object.document(), emitted, &mut fields);
            }
            told |= !fields.is_empty();
            let text = Text::of(object.file);
            for field in fields {
                found.add(self.reached(&object.leaf(&field), &text, How::Computed, None, Some(place)));
            }
        }
        if !told && !decision.prints {
            self.decided(asking, decision, found);
        }
    }

    /// The values that macros printed and that may be a path's, and those below keys that may be: which expression in a
    /// macro printed what is not known.
    fn equal_in_macros(&self, object: &Object<'_>, asked: &Path, fields: &mut Vec<Path>) {
        let Some(text) = self.value_of(asked).map(|node| text_of(&node)) else { return };
        leaves(&object.document().node, &Path::default(), &mut |field, node| {
            let trail = node.origin.trail();
            if trail.within.is_some() && !trail.exact && text_of(node).contains(&text) {
                let Causes { exact, .. } = self.causes(&object.leaf(field));
                fields.extend((!exact).then(|| field.clone()));
            }
        });
        let printed = |key: &Key| {
            key.text.contains(&text)
                && key.place.is_some_and(|place| self.sources().slice(place) != &*key.text)
        };
        below_keys(&object.document().node, &Path::default(), &printed, fields);
    }

    /// A template decides about its objects.
    fn decided(&self, asking: &Asking<'_>, decision: &Decision, found: &mut Found) {
        let Asking { component, template, objects, .. } = asking;
        let by = Some(decision.place);
        for object in objects {
            let (path, object) = (object.path.as_str(), name(object.document()));
            let whole = self.anywhere_in(path, "decided in its template");
            found.add(Reached { object, by, ..whole });
        }
        if decision.objects || objects.is_empty() && template.release.is_none() {
            let folder = format!("{}/{}/", component.stage.as_str(), component.name);
            let why = "objects may come and go";
            found.add(Reached { by, ..self.anywhere_in(&folder, why) });
            if component.stage != Stage::Outside {
                let wiring = format!("cluster/components/{}.yaml", component.name);
                found.add(Reached { by, ..self.anywhere_in(&wiring, why) });
            }
        }
    }

    /// The path whose value a macro printed as it is, where that is certain: of all that may have been printed only one
    /// has this value, and the macro prints it.
    pub(super) fn printed_in_macro(
        &self,
        leaf: &Leaf<'_>,
        trail: &Trail,
        paths: &[(Path, How)],
    ) -> Option<Path> {
        if trail.exact || trail.within.is_none() {
            return None;
        }
        let (node, object) = (leaf.node?, leaf.object()?);
        let components = &self.environment()?.components;
        let index = components.iter().position(|component| *component.name == *leaf.file.owner)?;
        let component = &components[index];
        let equal = |path: &Path| self.value_of(path).is_some_and(|value| value.same(node));
        let mut candidates = paths.iter().map(|(path, _)| path).filter(|path| equal(path));
        let only = candidates.next().filter(|_| candidates.next().is_none())?;
        let uses = self.uses(index);
        let template = uses.iter().find(|template| match &template.release {
            Some(release) => object.kind() == "HelmRelease" && object.name() == release,
            None => {
                template.objects.iter().any(|(kind, name)| object.kind() == kind && object.name() == name)
            }
        })?;
        let decisions = self.decisions(&component.pack.name);
        let prints = |path: &Path, bare: bool| {
            let steps = from_root(path, &component.name);
            let own = decisions.of(&template.template).iter().filter(|d| d.prints && d.in_macro);
            own.filter(|d| !bare || self.is_bare(d.place)).any(|decision| decision.looks_at(&steps))
        };
        // A parameter may have been read long before.
        let reads = template.reads.paths.iter().map(|text| self.read(text, &component.name));
        let other = reads.filter(|path| path != only && equal(path)).any(|path| prints(&path, true));
        (prints(only, false) && !other).then(|| only.clone())
    }

    /// Is an expression a name alone?
    fn is_bare(&self, place: Place) -> bool {
        self.sources().slice(place).chars().all(|c| c.is_alphanumeric() || c == '_')
    }
}

/// A scalar as a template prints it into a text.
fn text_of(node: &Node) -> String {
    node.as_str().map_or_else(|| to_json(node, None), str::to_owned)
}

/// What was read, as a template's decisions name it: from a root on.
fn steps(text: &str, path: &Path, component: &str) -> Vec<String> {
    match text.starts_with("environment") {
        true => text.split('.').map(str::to_owned).collect(),
        false => from_root(path, component),
    }
}

/// A path as the templates of a component see it.
fn from_root(path: &Path, component: &str) -> Vec<String> {
    let texts = |steps: &[super::path::Step]| steps.iter().map(ToString::to_string).collect::<Vec<_>>();
    match path.below(&Path::keys(["components", component])) {
        Some(rest) if path.text(2) == Some("inputs") => texts(rest),
        Some(rest) => [vec!["component".to_owned()], texts(rest)].concat(),
        None => path.steps(),
    }
}

/// The values of an object that an expression printed.
fn printed_by(object: &Document, emitted: Place, fields: &mut Vec<Path>) {
    leaves(&object.node, &Path::default(), &mut |field, node| {
        if node.origin.template().is_some_and(|own| emitted.within(own) || own.within(emitted)) {
            fields.push(field.clone());
        }
    });
}

/// The values below keys that fit.
fn below_keys(node: &Node, at: &Path, fits: &impl Fn(&Key) -> bool, fields: &mut Vec<Path>) {
    match &node.value {
        Value::Map(map) => {
            for (key, node) in map.iter() {
                let path = at.key(&key.text);
                match fits(key) {
                    true => leaves(node, &path, &mut |field, _| fields.push(field.clone())),
                    false => below_keys(node, &path, fits, fields),
                }
            }
        }
        Value::Seq(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, node)| below_keys(node, &at.item(index), fits, fields));
        }
        _ => {}
    }
}
