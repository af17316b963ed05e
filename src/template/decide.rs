//! What templates read and what they decide by it, for one component: asked after the fact, by `gen explain`. Rendering
//! does without.

use super::{
    compile::Compiled,
    inputs::{Context, Globals, ROOTS},
    slots,
    walk::{self, Unit},
    whitespace,
};
use crate::{diag::Place, schema::member};
use minijinja::value::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// That a template looks at something without printing it.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The expression that looks at it.
    pub place: Place,
    /// The emitted expression that it is a part of: it decides what that prints. None in a tag.
    pub emitted: Option<Place>,
    /// Does it decide whether there are objects, not only what is in them?
    pub objects: bool,
    /// Is it only asked whether it is there? Another value leaves the answer as it is.
    pub presence: bool,
    /// Is it only printed? That leaves a trace where it is a value, but none where it is a key.
    pub prints: bool,
    /// Does it stand in a macro? The output knows only where that was called.
    pub in_macro: bool,
    of: walk::Decision,
}

impl Decision {
    /// Does it look at this value? The steps begin with a root: `inputs`, `web`, `port`.
    pub fn looks_at(&self, steps: &[String]) -> bool {
        self.of.looks_at(steps)
    }
}

/// The decisions of a pack's templates, each with those of the templates that it imports or includes.
#[derive(Clone, Debug, Default)]
pub struct Decisions(BTreeMap<String, Vec<Decision>>);

impl Decisions {
    /// Those of a template.
    pub fn of(&self, template: &str) -> &[Decision] {
        self.0.get(template).map_or(&[], Vec::as_slice)
    }
}

/// What one rendering read.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// The values, as the template writes them: `inputs.ports[0]`.
    pub paths: BTreeSet<Arc<str>>,
    /// Members that were asked for and are not there.
    pub misses: BTreeSet<String>,
}

impl Compiled {
    /// Everything that a template reads when it is rendered; also when it fails, up to there.
    pub fn reads(&self, template: &str, context: &Context) -> Reads {
        let globals = Value::from_object(Globals(context.clone()));
        let (_, session) =
            slots::session(|| self.environment.get_template(template)?.render_with_spans(globals).map(drop));
        let misses = session.misses.iter().map(|miss| member(&miss.of.path, &miss.name));
        Reads { paths: session.log.iter().map(|node| node.path.clone()).collect(), misses: misses.collect() }
    }

    /// What the templates decide by the values that they see.
    pub fn decisions(&self) -> Decisions {
        let prepared: Vec<_> = self
            .sources()
            .filter_map(|(name, id, text, syntax)| {
                Some((name, id, text, syntax, whitespace::prepare(text, syntax).ok()?))
            })
            .collect();
        let units: Vec<Unit<'_>> = prepared
            .iter()
            .map(|(name, id, written, syntax, text)| Unit {
                name,
                source: *id,
                text,
                written,
                syntax,
                partial: super::compile::is_partial(name),
            })
            .collect();
        let all = walk::Decisions::all(&units, &ROOTS);
        let decisions = all.of.keys().map(|name| {
            let found = closure(name, &all.named).into_iter().flat_map(|name| {
                let own = all.of.get(name).into_iter().flatten();
                own.map(|of| Decision {
                    place: self.place(name, of.range.clone()),
                    emitted: of.emitted.clone().map(|range| self.place(name, range)),
                    objects: of.objects,
                    presence: of.presence,
                    prints: of.prints,
                    in_macro: of.in_macro,
                    of: of.clone(),
                })
            });
            (name.clone(), found.collect())
        });
        Decisions(decisions.collect())
    }
}

/// A template and all that it names, at any remove.
fn closure<'n>(name: &'n str, named: &'n BTreeMap<String, BTreeSet<String>>) -> BTreeSet<&'n str> {
    let mut all = BTreeSet::from([name]);
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        open.extend(
            named.get(next).into_iter().flatten().map(String::as_str).filter(|name| all.insert(name)),
        );
    }
    all
}
