//! What is wrong with a pack that renders: inputs without a description, inputs that nothing reads, templates that no
//! example reaches. What cannot be rendered at all, such as a comparison of captured text, is refused when packs are
//! compiled.

use crate::{
    diag::{Diagnostic, Place, Problems},
    load::{self, ExampleFiles, Pack},
    pipeline::Engine,
    resolve::{self, Example},
    schema::Described,
    template::Decisions,
    yaml::Node,
};
use std::{collections::BTreeSet, sync::Arc};

/// Any member or item.
const ANY: &str = "*";

/// Everything that one would mend in a pack; its examples are rendered for it.
pub fn lint(engine: &Engine, pack: &Arc<Pack>, examples: &[ExampleFiles]) -> Problems {
    let mut problems = Problems::new();
    let inputs = pack.schema.inputs();
    let shown = Shown::of(engine, pack, examples, &mut problems);
    // What an entry of a mapping is, the mapping's own description says.
    let is_entry = |input: &Described| input.path.ends_with("<name>");
    for input in inputs.iter().filter(|input| input.description.is_none() && !is_entry(input)) {
        problems.push(
            Diagnostic::warning(
                "pack/undocumented",
                format!("the input `{}` has no description", input.path),
            )
            .at(place(pack, input))
            .help("say what it is under `description`: `gen pack show` and editors show that"),
        );
    }
    // Of templates that could not be compiled nothing is known; what is wrong with them was told.
    if engine.has_templates(&pack.name) {
        if !shown.partly {
            unread(engine, pack, &inputs, &shown, &mut problems);
        }
        unreached(pack, &shown, &mut problems);
    }
    problems
}

/// What the examples of a pack show.
#[derive(Default)]
struct Shown {
    /// Templates that give something.
    templates: BTreeSet<Arc<str>>,
    /// What templates read, or ask for in vain.
    reads: BTreeSet<Vec<String>>,
    /// Was there an example that could not be rendered, or none at all? What it shows is not known, and why was told.
    partly: bool,
}

impl Shown {
    fn of(engine: &Engine, pack: &Arc<Pack>, examples: &[ExampleFiles], problems: &mut Problems) -> Self {
        let mut shown = Self { partly: examples.is_empty(), ..Self::default() };
        for example in examples {
            let Some(component) = example.component.clone() else {
                shown.partly = true;
                continue;
            };
            let built = engine.example(&Example {
                pack: pack.clone(),
                component,
                environment: example.environment.clone(),
                place: example.place,
            });
            if built.problems.has_errors() {
                shown.partly = true;
                problems.extend(built.problems);
            }
            let Some(environment) = built.environment else { continue };
            let own = environment.components.iter().position(|component| component.name == pack.name);
            for used in own.into_iter().flat_map(|index| engine.uses(&environment, index)) {
                if used.release.is_some() || !used.objects.is_empty() {
                    shown.templates.insert(used.template);
                }
                let paths = used.reads.paths.iter().map(|path| &**path);
                let paths = paths.chain(used.reads.misses.iter().map(String::as_str));
                shown.reads.extend(paths.filter_map(|path| resolve::steps(path).ok()));
            }
        }
        shown
    }
}

/// Inputs that nothing reads. What is in one that is read as a whole is read with it; one is read if something in it is.
fn unread(engine: &Engine, pack: &Pack, inputs: &[Described], shown: &Shown, problems: &mut Problems) {
    let decisions = engine.decisions(&pack.name);
    let given: Vec<Vec<String>> = load::input_paths(&pack.node)
        .into_iter()
        .filter_map(|(path, _)| resolve::steps(&path).ok())
        .collect();
    let is_read = |input: &Described| {
        let steps = steps(input);
        let begins = |read: &Vec<String>| read.len() >= steps.len() && fits(read, &steps);
        let whole = |read: &Vec<String>| read.len() < steps.len() && fits(read, &steps);
        shown.reads.iter().any(begins)
            || given.iter().any(|read| begins(read) || whole(read))
            || looked_at(pack, &decisions, &steps)
            || input.secret && looked_at(pack, &decisions, &[&steps[..], &["secret".to_owned()]].concat())
    };
    let unread: Vec<&Described> = inputs.iter().filter(|input| !is_read(input)).collect();
    let is_in = |inner: &Described, outer: &Described| {
        inner.path.strip_prefix(&outer.path).is_some_and(|rest| rest.starts_with(['.', '[']))
    };
    for input in &unread {
        let read_inside = inputs
            .iter()
            .any(|inner| is_in(inner, input) && !unread.iter().any(|unread| unread.path == inner.path));
        // What nothing reads is told once, not again for everything in it.
        if read_inside || unread.iter().any(|outer| is_in(input, outer)) {
            continue;
        }
        problems.push(
            Diagnostic::warning("pack/unused-input", format!("nothing reads the input `{}`", input.path))
                .at(place(pack, input))
                .because("no template looks at it, in no example, and `pack.yaml` does not name it")
                .help("use it in a template, or take it out"),
        );
    }
}

/// Do the steps begin alike? A star on either side is any step.
fn fits(one: &[String], other: &[String]) -> bool {
    one.iter().zip(other).all(|(a, b)| a == b || a == ANY || b == ANY)
}

/// Of a macro that nobody calls nothing is known, so partials count with the templates that take them in.
fn looked_at(pack: &Pack, decisions: &Decisions, steps: &[String]) -> bool {
    let whole = pack.templates.iter().filter(|template| !is_partial(&template.path));
    let mut all = whole.flat_map(|template| decisions.of(&template.path));
    all.any(|decision| decision.looks_at(steps))
}

/// Is a template only there for others?
fn is_partial(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with('_'))
}

/// `containers.<name>.ports[].port` as steps from the top, with stars for what may have any name.
fn steps(input: &Described) -> Vec<String> {
    let dot = if input.path.starts_with('[') { "" } else { "." };
    let written =
        resolve::steps(&format!("inputs{dot}{}", input.path.replace("[]", "[0]"))).unwrap_or_default();
    written
        .into_iter()
        .map(|step| if matches!(&*step, "<name>" | "0") { ANY.to_owned() } else { step })
        .collect()
}

/// Where `pack.yaml` declares an input.
fn place(pack: &Pack, input: &Described) -> Option<Place> {
    let top = pack.node.get("inputs")?;
    let mut here = vec![top];
    for step in steps(input).iter().skip(1) {
        let mut next = Vec::new();
        here.iter().for_each(|rule| members(top, rule, step, &mut next, 0));
        here = next;
    }
    here.first().and_then(|rule| rule.place())
}

/// The rules for a member of what a rule describes.
fn members<'n>(top: &'n Node, rule: &'n Node, step: &str, found: &mut Vec<&'n Node>, depth: usize) {
    if depth > 8 {
        return;
    }
    let own = match step {
        ANY => ["additionalProperties", "items"].iter().find_map(|key| rule.get(key)?.as_map().map(|_| *key)),
        _ => None,
    };
    found.extend(own.and_then(|key| rule.get(key)));
    found.extend(rule.get("properties").and_then(|all| all.get(step)));
    let forms = rule.get("oneOf").and_then(Node::as_seq).into_iter().flatten();
    let named = rule.get("$ref").and_then(Node::as_str).and_then(|name| name.strip_prefix("#/$defs/"));
    let target = named.and_then(|name| top.get("$defs")?.get(name));
    forms.chain(target).for_each(|rule| members(top, rule, step, found, depth + 1));
}

/// Templates that give nothing in any example, and partials that nothing takes in.
fn unreached(pack: &Pack, shown: &Shown, problems: &mut Problems) {
    for template in &pack.templates {
        let others = || pack.templates.iter().filter(|other| other.path != template.path);
        let said = if is_partial(&template.path) {
            if others().any(|other| other.text.contains(&*template.path)) {
                continue;
            }
            Diagnostic::warning("pack/unreached", format!("nothing takes in the partial `{}`", template.path))
                .help("import or include it, or delete it")
        } else if shown.partly || shown.templates.contains(&template.path) {
            continue;
        } else {
            Diagnostic::warning("pack/unreached", format!("`{}` gives nothing in any example", template.path))
                .because("what no example shows, no test holds")
                .help("add an example that needs it: `examples/<case>/component.yaml`")
        };
        problems.push(said.at(Place::top(template.source)));
    }
}
