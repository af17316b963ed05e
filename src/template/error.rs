//! What MiniJinja refuses while rendering, in our own words: never a value, always a line.

use super::{
    compile::{Compiled, FUEL},
    inputs::{Kind, Tracked},
    origin::{below, mentions},
    slots::{Miss, Session},
};
use crate::{
    diag::{Diagnostic, Place, did_you_mean},
    schema::member,
    yaml,
};
use minijinja::{Error, ErrorKind};
use std::{error::Error as _, sync::Arc};

/// How the filter `required` begins what its author says.
const REQUIRED: &str = "the filter `required`: ";

/// The diagnostic for an error of MiniJinja.
pub(super) fn explain(compiled: &Compiled, template: &str, error: &Error, session: &Session) -> Diagnostic {
    let error = deepest(error);
    // A filter's place is its name alone: what it was given stands before.
    let place = compiled.with_subject(place(compiled, template, error));
    let detail = error.detail().unwrap_or("");
    match error.kind() {
        _ if detail.starts_with(REQUIRED) => required(place, compiled, session, &detail[REQUIRED.len()..]),
        ErrorKind::UndefinedError => undefined(compiled, place, session),
        _ if detail.contains("undefined") => undefined(compiled, place, session),
        ErrorKind::OutOfFuel => {
            Diagnostic::error("template/endless", "rendering this template takes too long")
                .label(place, "stopped here")
                .because(format!("it took more than {FUEL} steps, or as many pieces of text"))
                .help("look for loops in loops, or for a macro that calls itself")
        }
        ErrorKind::InvalidOperation if detail.contains("recursion limit") => {
            Diagnostic::error("template/recursion", "macros or includes nest too deeply")
                .label(place, "stopped here")
                .help("look for a macro that calls itself, or a template that includes itself")
        }
        ErrorKind::TooManyArguments if detail.contains("`caller`") => {
            Diagnostic::error("template/caller", "this macro takes no body")
                .at(place)
                .because("a macro can be used with `{% call %}` only if it says `caller()`")
                .help("say `{{ caller() }}` in the macro, or call it as `{{ name(…) }}`")
        }
        ErrorKind::TemplateNotFound => Diagnostic::error(
            "template/missing",
            format!("there is no such template in pack `{}`", compiled.pack),
        )
        .at(place)
        .help("name a template of the pack, or one that begins with `_lib/`"),
        kind => other(compiled, place, kind, detail),
    }
}

fn other(compiled: &Compiled, place: Place, kind: ErrorKind, detail: &str) -> Diagnostic {
    let expression = compiled.expression(place);
    // MiniJinja's own text for failed arithmetic shows the operands.
    let detail = if detail.starts_with("unable to calculate") {
        "this has no result: the numbers are too large, or one is zero"
    } else {
        detail
    };
    let detail = if detail.is_empty() { kind.to_string() } else { detail.to_owned() };
    let detail = detail.trim_end_matches('.');
    let mut letters = detail.chars();
    let lower = match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect::<String>(),
        None => "this fails".to_owned(),
    };
    let problem = Diagnostic::error("template/failed", lower).at(place);
    match expression.is_empty() {
        true => problem.help("check the expression"),
        false => problem.help(format!("check what `{expression}` is given")),
    }
}

/// The error that happened, not those it was wrapped in on its way through includes.
fn deepest(error: &Error) -> &Error {
    let mut found = error;
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(inner) = inner.downcast_ref::<Error>()
            && inner.line().is_some()
        {
            found = inner;
        }
        source = inner.source();
    }
    found
}

fn place(compiled: &Compiled, template: &str, error: &Error) -> Place {
    let name = error.name().unwrap_or(template);
    match (error.range(), error.line()) {
        (Some(range), _) => compiled.place(name, range),
        (None, Some(line)) => compiled.line(name, line).unwrap_or_else(|| compiled.place(name, 0..0)),
        (None, None) => compiled.place(name, 0..0),
    }
}

/// Something that was not set: which input, where it is used, and where to set it.
pub(super) fn undefined(compiled: &Compiled, place: Place, session: &Session) -> Diagnostic {
    let expression = compiled.expression(place);
    let text = compiled.text(place);
    let missing = session.misses.iter().rev().find(|miss| mentions(text, &miss.name));
    let Some(Miss { of, name, .. }) = missing else {
        return Diagnostic::error("template/undefined", format!("`{expression}` has no value"))
            .label(place, "used here")
            .help("set the name before, or give a default: `| default(…)`, `| default(omit)` to leave the key out");
    };
    let path = member(&of.path, name);
    let problem =
        Diagnostic::error("template/undefined", format!("`{path}` is not set")).label(place, "used here");
    let problem = match of.origin.place() {
        Some(at) => problem.label(at, format!("set `{name}` here")),
        None => problem,
    };
    let problem = problem.help(format!("set `{}`, {}", path, remedy(of)));
    // Defaults of members count only where there is an object.
    match path.starts_with("inputs") && text.contains(&format!("{name}.")) {
        true => problem.help(format!(
            "if its members have defaults: `default: {{}}` of `{name}` itself, in the pack's schema, fills them in"
        )),
        false => problem,
    }
}

/// What a template asked for with `required`, in its author's words.
fn required(place: Place, compiled: &Compiled, session: &Session, said: &str) -> Diagnostic {
    // What it was given, without the author's words, which may name other inputs.
    let subject = compiled.text(place).split("required(").next().unwrap_or_default();
    let problem = Diagnostic::error("template/required", said).label(place, "required here");
    let mentioned = |node: &Arc<Tracked>| mentions(subject, &node.key.text);
    let miss = session.misses.iter().rev().take_while(|miss| session.log[miss.reads..].iter().all(mentioned));
    for Miss { of, name, reads } in miss {
        if mentions(subject, name) {
            let problem = problem.label(of.origin.place(), format!("set `{name}` here"));
            return problem.help(format!("set `{}`", member(&of.path, name)));
        }
        let named = session.log[..*reads].iter().rev().find_map(|node| names(node, name));
        if let (true, Some(place)) = (mentioned(of), named) {
            return absent(problem.label(place, format!("not in `{}`", of.path)), of, name);
        }
    }
    let reads: Vec<&Arc<Tracked>> = session.log.iter().rev().take_while(|node| mentioned(node)).collect();
    read(problem, &reads)
}

/// Where an input gives a name: its text, or its own key.
fn names(node: &Arc<Tracked>, name: &Arc<str>) -> Option<Place> {
    match &node.kind {
        Kind::Scalar(yaml::Value::Str(text), _) if text == name => node.origin.place(),
        _ if node.key.text == *name => node.key.place,
        _ => None,
    }
}

/// A name that another input gave is none of a mapping's.
fn absent(problem: Diagnostic, of: &Tracked, name: &str) -> Diagnostic {
    let Kind::Map(map) = &of.kind else { return problem };
    match did_you_mean(name, map.keys().map(|key| &*key.text)) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help(format!("add it to `{}`, or name one that is there", of.path)),
    }
}

/// What was read, the latest first, is not as it should be.
fn read(mut problem: Diagnostic, reads: &[&Arc<Tracked>]) -> Diagnostic {
    let mut named: Vec<String> = Vec::new();
    for node in reads.iter().rev().filter(|node| !reads.iter().any(|other| below(other, node))) {
        let path = format!("`{}`", node.path);
        if let Some(place) = node.origin.place()
            && !named.contains(&path)
        {
            problem = problem.label(place, format!("{path} is set here"));
            named.push(path);
        }
    }
    match named.is_empty() {
        true => problem.help("give it a value that is not empty"),
        false => problem.help(format!("change {}", named.join(" or "))),
    }
}

fn remedy(of: &Arc<Tracked>) -> &'static str {
    if of.path.starts_with("inputs") {
        "or give a default in the template or the pack's schema; `| default(omit)` leaves the key out"
    } else {
        "or give a default in the template: `| default(…)`; `| default(omit)` leaves the key out"
    }
}
