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
    diag::{Diagnostic, Problems},
    yaml::{Node, raw},
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
        let parsed = raw::parse(&rendered.text, self.place(template, 0..0).source, &mut found);
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
    rendered.translate(problem)
}

/// Does a line begin with a key and a slot, without a blank after the colon?
fn glued(line: &str) -> bool {
    let key = line.trim_start_matches([' ', '-']);
    let colon = key.find(|c: char| !c.is_alphanumeric() && !"-_./".contains(c)).unwrap_or(key.len());
    key[colon..].strip_prefix(':').is_some_and(|rest| rest.starts_with(slots::OPEN))
}
