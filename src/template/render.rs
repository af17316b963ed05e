//! One template to documents.

use super::{
    compile::Compiled,
    error,
    fill::{self, missing_blank},
    inputs::{Context, Globals},
    origin::Rendered,
    slots,
};
use crate::{
    diag::{Diagnostic, Problems, list},
    yaml::Node,
};
use minijinja::value::Value;

impl Compiled {
    /// Renders a template, by its path, to its documents, each value with its origin; empty documents are left
    /// out. Under `values` of a HelmRelease, and in the whole of a template that gives a release's values
    /// (`values.yaml.j2`, `*.values.yaml.j2`), null is data.
    ///
    /// `None` if an error was pushed: what the template itself refuses (the first of it), or all that is wrong
    /// with the YAML that it gives, at the lines of the template.
    pub fn render(&self, template: &str, context: &Context, problems: &mut Problems) -> Option<Vec<Node>> {
        if !self.has(template) {
            let message = format!("pack `{}` has no template `{template}`", self.pack);
            problems.push(
                Diagnostic::error("template/missing", message).help(format!("add `{template}` to the pack")),
            );
            return None;
        }
        let globals = Value::from_object(Globals(context.clone()));
        let (result, session) =
            slots::session(|| self.environment.get_template(template)?.render_with_spans(globals));
        let output = match result {
            Ok(output) => output,
            Err(error) => {
                problems.push(error::explain(self, template, &error, &session));
                return None;
            }
        };
        let rendered = Rendered::new(self, context, template, output, session);
        let mut found = Problems::new();
        let parsed = self.parsed.documents(&rendered.text, self.place(template, 0..0).source, &mut found);
        let mut all: Problems =
            found.0.into_iter().map(|problem| syntax(&rendered, problem)).collect::<Vec<_>>().into();
        let nodes = parsed.map(|documents| fill::documents(&rendered, &documents, &mut all));
        let good = !all.has_errors();
        problems.extend(all);
        nodes.filter(|_| good)
    }
}

/// What the YAML parser says, at the line of the template; with a guess for what happens most: `key:{{ x }}`.
fn syntax(rendered: &Rendered<'_>, problem: Diagnostic) -> Diagnostic {
    let at = problem.labels.first().map_or(0, |label| label.place.start as usize);
    let text = rendered.text.as_str();
    let here = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    // The parser often notices only at the next line.
    let before = text[..here].trim_end_matches('\n').rfind('\n').map_or(0, |end| end + 1);
    for start in [here, before] {
        let line = text[start..].lines().next().unwrap_or("");
        if glued(line) {
            return missing_blank().at(rendered.place(start..start + line.len()));
        }
    }
    let mut problem = rendered.in_include(rendered.translate(problem), at);
    let lines = [here, before].map(|start| text[start..].lines().next().unwrap_or(""));
    if let Some(help) = lines.iter().find_map(|line| other_marks(rendered, &problem, line)) {
        problem.help.insert(0, help);
    }
    problem
}

/// What template engines are written with, ours among them.
const MARKS: [(&str, &str); 9] = [
    ("{{", "}}"),
    ("{%", "%}"),
    ("{#", "#}"),
    ("[[", "]]"),
    ("[%", "%]"),
    ("[#", "#]"),
    ("<<", ">>"),
    ("<%", "%>"),
    ("<#", "#>"),
];

/// A line written with marks that are not those of its template was meant for others.
fn other_marks(rendered: &Rendered<'_>, problem: &Diagnostic, line: &str) -> Option<String> {
    let place = problem.labels.first()?.place;
    let syntax = rendered.compiled.syntax_at(place)?;
    let own = [syntax.variable_delimiters(), syntax.block_delimiters(), syntax.comment_delimiters()];
    let holds = |(open, close): &(&str, &str)| {
        line.split_once(open).is_some_and(|(_, rest)| rest.contains(close))
            && own.iter().all(|own| own.0 != *open)
    };
    let (open, close) = MARKS.iter().find(|marks| holds(marks))?;
    let own = own.map(|(open, close)| format!("{open} {close}"));
    let own = list(own.iter().map(String::as_str));
    Some(match rendered.compiled.template_of(place) {
        Some(shared) if shared.starts_with("_lib/") => {
            format!("`{open} {close}` means nothing here: files under `_lib/` are always written with {own}")
        }
        _ => format!(
            "`{open} {close}` means nothing here: this pack's templates are written with {own}; \
             `delimiters` in its `pack.yaml` chooses others"
        ),
    })
}

/// Does a line begin with a key and a slot, without a blank after the colon?
fn glued(line: &str) -> bool {
    let key = line.trim_start_matches([' ', '-']);
    let colon = key.find(|c: char| !c.is_alphanumeric() && !"-_./".contains(c)).unwrap_or(key.len());
    key[colon..].strip_prefix(':').is_some_and(|rest| rest.starts_with(slots::OPEN))
}
