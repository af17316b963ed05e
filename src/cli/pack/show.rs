//! `gen pack show`: what a pack is and takes.

use super::{find, page};
use crate::{
    address,
    cli::{
        Exit, Format, Global, WithMarkdown, open,
        report::{self, mapping},
    },
    config::When,
    diag::{Diagnostic, Problems, did_you_mean},
    load::Pack,
    schema::Described,
    yaml::{Node, Value},
};

/// What a pack is, its inputs, charts, exports and the Secrets it needs
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen pack show web-app            what it is, its inputs, what it needs\n  gen pack show web-app probes     an input and all that is in it\n  gen pack show web-app --all      every input at every depth\n  gen pack show web-app --format markdown    as a page"
)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    _format: WithMarkdown,
    /// The pack
    #[arg(value_name = "PACK")]
    pack: String,
    /// One input, with all that is in it
    #[arg(value_name = "INPUT", conflicts_with = "all")]
    input: Option<String>,
    /// Every input at every depth
    #[arg(long)]
    all: bool,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine_or_builtin(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    // What is wrong elsewhere in the project is no business of this command, what is wrong with the pack is.
    let broken = engine.project.broken.packs.contains(&arguments.pack);
    let mut problems = if broken { problems } else { Problems::new() };
    let Some(pack) = find(&engine.project, &arguments.pack, &mut problems) else {
        return open::failed_in(global, &problems, &engine.project.sources);
    };
    let all = pack.schema.inputs();
    let chosen = |path: &str| arguments.input.as_deref().is_none_or(|wanted| is_within(path, wanted));
    let inputs: Vec<Described> = all.iter().filter(|input| chosen(&input.path)).cloned().collect();
    let print = |text: &str| report::print(&address::masked(text));
    match &arguments.input {
        Some(wanted) if inputs.is_empty() => {
            problems.push(unknown(pack, wanted, &all));
            return open::failed_in(global, &problems, &engine.project.sources);
        }
        _ if global.format == Format::Json => report::json(&report::masked(&to_node(pack, &inputs))),
        _ if global.format == Format::Markdown => print(&page::one(pack, &inputs, "#")),
        None => print(&text(pack, &inputs, arguments.all)),
        Some(_) => print(&inputs.iter().map(input_text).collect::<String>()),
    }
    Exit::Yes
}

/// Is a path this input's, or that of something in it?
fn is_within(path: &str, input: &str) -> bool {
    path.strip_prefix(input).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn unknown(pack: &Pack, wanted: &str, inputs: &[Described]) -> Diagnostic {
    let message = format!("the pack `{}` has no input `{wanted}`", pack.name);
    let diagnostic = Diagnostic::error("usage/unknown-input", message);
    match did_you_mean(wanted, inputs.iter().map(|i| i.path.as_str())) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic.help(format!("`gen pack show {}` lists them", pack.name)),
    }
}

/// Is the input a member of the inputs themselves?
fn is_top(input: &Described) -> bool {
    !input.path.contains(['.', '['])
}

fn text(pack: &Pack, inputs: &[Described], all: bool) -> String {
    let file = &pack.file;
    let mut out = format!("{}: {}\n", pack.name, file.description);
    if let Some(why) = &file.deprecated {
        out.push_str(&format!("DEPRECATED: {why}\n"));
    }
    let namespace = file.namespace.as_deref().unwrap_or("the component's name");
    out.push_str(&format!("stage {}, namespace {namespace}", file.stage.as_str()));
    if let Some(level) = file.pod_security {
        out.push_str(&format!(", pods run under `{}`", level.as_str()));
    }
    out.push('\n');
    for release in &pack.releases {
        let key = if release.key.is_empty() { String::new() } else { format!("{}: ", release.key) };
        let name = release.chart.name.as_deref().map(|n| format!(" {n}")).unwrap_or_default();
        let when = condition(release.when.as_ref());
        let (url, version) = (release.chart_ref().shown_url(), &release.chart.version);
        out.push_str(&format!("chart {key}{url}{name} {version}{when}\n"));
    }
    if let Some(source) = &file.source {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let tag = source.r#ref.as_ref().map(|r| text(&r.tag)).unwrap_or_default();
        let (url, path) = (text(&source.url), text(&source.path));
        out.push_str(&format!("source {url} {tag} {path}\n"));
    }
    groups(&mut out, "provides", &file.provides);
    groups(&mut out, "requires", &file.requires);
    if !inputs.is_empty() {
        out.push_str("\ninputs:\n");
        let shown = inputs.iter().filter(|input| all || is_top(input));
        shown.for_each(|input| out.push_str(&input_text(input)));
        let below = inputs.iter().filter(|input| !is_top(input)).count();
        if below > 0 && !all {
            let name = &pack.name;
            let are = if below == 1 { "is" } else { "are" };
            out.push_str(&format!(
                "  {below} more {are} in these: `gen pack show {name} INPUT`, or `--all`\n"
            ));
        }
    }
    if !file.secrets.is_empty() {
        out.push_str("\nsecrets (sealed under environments/secrets/<environment or layer>/<component>/):\n");
        for (suffix, secret) in &file.secrets {
            let keys: Vec<&str> = secret.keys.keys().map(String::as_str).collect();
            out.push_str(&format!(
                "  <component>-{suffix}  keys {}{}\n      {}\n",
                keys.join(", "),
                condition(secret.when.as_ref()),
                secret.description
            ));
        }
    }
    if !file.exports.is_empty() {
        let names = file.exports.keys().map(|name| format!("  components.<name>.{name}\n"));
        out.push_str(&format!("\nexports:\n{}", names.collect::<String>()));
    }
    if !pack.examples.is_empty() {
        out.push_str(&format!("\nexamples: {}\n", pack.examples.join(", ")));
    }
    out
}

fn input_text(input: &Described) -> String {
    let mut notes = Vec::new();
    if input.required {
        notes.push("required".to_owned());
    }
    if let Some(default) = &input.default {
        notes.push(format!("default {default}"));
    }
    if input.secret {
        notes.push("takes {secret: NAME, key: KEY}".to_owned());
    }
    if input.deprecated {
        notes.push("deprecated".to_owned());
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    let description =
        input.description.as_deref().map(|d| format!("      {}\n", d.trim())).unwrap_or_default();
    format!("  {}: {}{notes}\n{description}", input.path, input.kind)
}

fn groups(out: &mut String, word: &str, groups: &indexmap::IndexMap<String, When>) {
    for (group, when) in groups {
        out.push_str(&format!("{word} {group}{}\n", condition(Some(when))));
    }
}

pub(super) fn condition(when: Option<&When>) -> String {
    match when {
        None | Some(When::Fixed(true)) => String::new(),
        Some(When::Fixed(false)) => " (never)".to_owned(),
        Some(When::Input(path)) => format!(" (when `{path}` is set)"),
    }
}

fn to_node(pack: &Pack, inputs: &[Described]) -> Node {
    let optional = |text: Option<&str>| text.map_or(Node::new(Value::Null), Node::new);
    let input = |i: &Described| {
        mapping([
            ("path", Node::new(i.path.as_str())),
            ("type", Node::new(i.kind.as_str())),
            ("required", Node::new(i.required)),
            ("default", optional(i.default.as_deref())),
            ("secret", Node::new(i.secret)),
            ("deprecated", Node::new(i.deprecated)),
            ("description", optional(i.description.as_deref())),
        ])
    };
    let release = |r: &crate::load::PackRelease| {
        mapping([
            ("release", Node::new(r.key.as_str())),
            ("url", Node::new(&*r.chart_ref().shown_url())),
            ("name", optional(r.chart.name.as_deref())),
            ("version", Node::new(r.chart.version.as_str())),
        ])
    };
    let file = &pack.file;
    mapping([
        ("name", Node::new(pack.name.as_str())),
        ("description", Node::new(file.description.as_str())),
        ("deprecated", optional(file.deprecated.as_deref())),
        ("builtIn", Node::new(pack.builtin)),
        ("stage", Node::new(file.stage.as_str())),
        ("namespace", optional(file.namespace.as_deref())),
        ("podSecurity", optional(file.pod_security.map(|p| p.as_str()))),
        ("charts", Node::new(pack.releases.iter().map(release).collect::<Vec<_>>())),
        ("source", pack.node.get("source").cloned().unwrap_or_else(|| mapping([]))),
        ("inputs", Node::new(inputs.iter().map(input).collect::<Vec<_>>())),
        ("provides", report::words(file.provides.keys().map(String::as_str))),
        ("requires", report::words(file.requires.keys().map(String::as_str))),
        ("secrets", pack.node.get("secrets").cloned().unwrap_or_else(|| mapping([]))),
        ("exports", report::words(file.exports.keys().map(String::as_str))),
        ("examples", report::words(pack.examples.iter().map(String::as_str))),
    ])
}
