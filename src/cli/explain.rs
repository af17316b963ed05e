//! `gen explain`: who set a value, what is made of it; and the way back from the output.

mod json;
mod text;

use super::{Exit, Format, Global, open, report, select};
use crate::{
    address,
    diag::{Diagnostic, Problems, list},
    explain::{self, Question},
    load::{self, Disk, Files},
    pipeline::Engine,
};
use std::path::Path;

/// Who set a value, what it overrode, where it goes; or where a line of the output comes from
///
/// WHAT is a path of the config (`components.kuard.inputs.port`, `vars.zones[0]`, `values["a.b"].c`), a line of the output
/// (`fleet-out/prod/apps/kuard/deployment.yaml:23`, with a column too), an object (`Deployment/kuard`, with FIELD
/// `spec.replicas`), or a line of yours (`environments/base.yaml:12`). Without WHAT: the environment in short.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen explain prod                                     the environment in short\n  gen explain prod components.kuard.inputs.replicas    who set it, where it goes\n  gen explain fleet-out/prod/apps/kuard/service.yaml:9     where the line comes from\n  gen explain prod Service/kuard 'spec.ports[0].port'  the same by object and field\n  gen explain prod environments/base.yaml:9            what a line of yours does\n  gen explain prod cluster.domain --format json        for programs"
)]
pub(super) struct Arguments {
    /// The environment; not needed if WHAT is a file of its output, or its own
    #[arg(value_name = "ENV")]
    first: String,
    /// A path of the config, a file of the output with `:LINE`, or an object
    #[arg(value_name = "WHAT")]
    what: Option<String>,
    /// A field of the object
    #[arg(value_name = "FIELD")]
    field: Option<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    let (name, question) = match meant(global, &engine, arguments) {
        Ok(meant) => meant,
        Err(said) => return wrong(global, &engine, *said, problems),
    };
    if !select::one(&name, &select::Choice::of(&engine), &mut problems) {
        return open::failed_in(global, &problems, &engine.project.sources);
    }
    let built = engine.build(&name);
    match explain::explain(&engine, &built, &question) {
        Err(said) => wrong(global, &engine, *said, Problems::new()),
        Ok(answer) => {
            match global.format {
                Format::Json => {
                    report::json(&report::masked(&json::answer(&name, &answer, &engine.project.sources)))
                }
                Format::Text | Format::Markdown => {
                    report::print(&address::masked(&text::answer(&answer, &engine.project.sources)))
                }
            }
            Exit::Yes
        }
    }
}

/// Says why there is no answer; of the project's own problems only if nothing else is known.
fn wrong(global: &Global, engine: &Engine, said: Diagnostic, mut problems: Problems) -> Exit {
    if said.id != "usage/no-environment" {
        problems = Problems::new();
    }
    problems.push(said);
    open::failed_in(global, &problems, &engine.project.sources)
}

/// The environment and what is asked about it.
fn meant(
    global: &Global,
    engine: &Engine,
    arguments: &Arguments,
) -> Result<(String, Question), Box<Diagnostic>> {
    let Arguments { first, what, field } = arguments;
    let known = |name: &str| engine.environments().contains(&name);
    let (environment, what, field) = match what {
        _ if known(first) => (Some(first.as_str()), what.as_deref(), field.as_deref()),
        None if is_file(first) => (None, Some(first.as_str()), None),
        Some(_) if is_file(first) => (None, Some(first.as_str()), what.as_deref()),
        _ => return Ok((first.clone(), Question::Environment)),
    };
    let Some(what) = what else { return Ok((first.clone(), Question::Environment)) };
    if is_file(what) {
        if field.is_some() {
            let said = Diagnostic::error("usage/field", "a field belongs to an object, not to a file");
            return Err(Box::new(
                said.help("name the object: `gen explain prod Deployment/kuard spec.replicas`"),
            ));
        }
        return file(global, engine, environment, what);
    }
    let environment = environment.unwrap_or(first).to_owned();
    if is_object(what) {
        let (object, field) = (what.to_owned(), field.map(str::to_owned));
        return Ok((environment, Question::Object { object, field }));
    }
    match field {
        None => Ok((environment, Question::Path(what.to_owned()))),
        Some(_) => {
            let message = format!("`{what}` is no object, so it has no fields");
            let said = Diagnostic::error("usage/field", message);
            Err(Box::new(said.help("an object is written like `Deployment/kuard`; a path is one word")))
        }
    }
}

/// `Deployment/kuard`: a kind begins with a capital letter.
fn is_object(word: &str) -> bool {
    word.contains('/') && word.starts_with(|c: char| c.is_ascii_uppercase())
}

/// A file with or without a line: `…/deployment.yaml:23`.
fn is_file(word: &str) -> bool {
    let (file, _) = position(word);
    [".yaml", ".yml", ".j2"].iter().any(|ending| file.ends_with(ending)) && !file.contains('[')
}

/// The file, and the line and column behind it.
fn position(word: &str) -> (&str, Option<(usize, Option<usize>)>) {
    let cut = |text: &'_ str| {
        let (before, number) = text.rsplit_once(':')?;
        Some((before.len(), number.parse::<usize>().ok()?))
    };
    let Some((end, last)) = cut(word) else { return (word, None) };
    match cut(&word[..end]) {
        Some((start, line)) => (&word[..start], Some((line, Some(last)))),
        None => (&word[..end], Some((last, None))),
    }
}

/// What is asked by a file.
fn file(
    global: &Global,
    engine: &Engine,
    environment: Option<&str>,
    word: &str,
) -> Result<(String, Question), Box<Diagnostic>> {
    let (file, at) = position(word);
    let root = open::root(global);
    let path = if file.starts_with('<') {
        Some(file.to_owned())
    } else {
        load::project_path(&root, Path::new(file))
    };
    let path = path.unwrap_or_else(|| file.to_owned());
    let (line, column) = (at.map(|(line, _)| line), at.and_then(|(_, column)| column));
    if let Some((name, rest)) = in_tree(engine, environment, &path, file) {
        let disk = Disk::new(&root).ok().and_then(|disk| disk.read(&format!("fleet-out/{name}/{rest}")).ok());
        return Ok((name, Question::Output { file: rest, line, column, disk }));
    }
    if !["environments/", "templates/", "<"].iter().any(|start| path.starts_with(start)) {
        let said =
            Diagnostic::error("usage/no-output", format!("`{file}` is no file of an environment's output"));
        return Err(Box::new(said.help("those are `fleet-out/ENV/…`; `gen list` names the environments")));
    }
    let own = path.strip_prefix("environments/").and_then(|name| name.strip_suffix(".yaml"));
    let own = own.filter(|name| engine.environments().contains(name));
    let Some(name) = environment.or(own) else {
        let said =
            Diagnostic::error("usage/no-environment", format!("`{path}` is not of one environment alone"));
        let names = list(engine.environments());
        return Err(Box::new(
            said.because(format!("this project has {names}"))
                .help(format!("name one: `gen explain ENV {word}`")),
        ));
    };
    match line {
        Some(line) => Ok((name.to_owned(), Question::Line { file: path, line, column })),
        None if own == Some(name) => Ok((name.to_owned(), Question::Environment)),
        None => {
            let said = Diagnostic::error("usage/line", format!("`{path}` as a whole cannot be explained"));
            Err(Box::new(said.help(format!("name a line: `{path}:1`"))))
        }
    }
}

/// The environment and the path in its tree that a file means: in `fleet-out/`, in another folder that was rendered to, or
/// with the environment named from its tree on.
fn in_tree(
    engine: &Engine,
    environment: Option<&str>,
    path: &str,
    written: &str,
) -> Option<(String, String)> {
    let names: Vec<&str> = environment.map_or_else(|| engine.environments(), |name| vec![name]);
    let strip = |name: &&str, path: &str| path.strip_prefix(*name)?.strip_prefix('/').map(str::to_owned);
    let below = |path: &str| names.iter().find_map(|name| Some(((*name).to_owned(), strip(name, path)?)));
    if let Some(rest) = path.strip_prefix("fleet-out/") {
        // That of another environment than the one named is told by its own name.
        let all = engine.environments();
        return below(rest)
            .or_else(|| all.iter().find_map(|name| Some(((*name).to_owned(), strip(name, rest)?))));
    }
    if path.starts_with("environments/") || path.starts_with("templates/") || path.starts_with('<') {
        return None;
    }
    let cuts = path.match_indices('/').map(|(at, _)| &path[at + 1..]);
    let elsewhere = std::iter::once(path).chain(cuts).find_map(below);
    let written = written.trim_start_matches("./");
    elsewhere.or_else(|| environment.map(|name| (name.to_owned(), written.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        assert_eq!(position("a/b.yaml:12:3"), ("a/b.yaml", Some((12, Some(3)))));
        assert_eq!(position("a/b.yaml:12"), ("a/b.yaml", Some((12, None))));
        assert_eq!(position("a/b.yaml"), ("a/b.yaml", None));
        for file in ["fleet-out/prod/apps/x/a.yaml:3", "./a.yaml", "x.yaml.j2:1:2"] {
            assert!(is_file(file) && !is_object(file), "{file}");
        }
        for path in ["components.kuard.inputs.port", r#"components.x.values["a.yaml"]"#, "vars.a[0]"] {
            assert!(!is_file(path) && !is_object(path), "{path}");
        }
        assert!(is_object("Deployment/kuard") && is_object("Deployment.apps/ns/kuard"));
    }
}
