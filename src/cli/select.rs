//! Which environments are meant: names, globs (`edge/*`), `--all`, a shard of them.

use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    pipeline::Engine,
};
use globset::GlobBuilder;

/// What a command takes to choose environments.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Selection {
    /// Environments: names or globs (`edge/*`)
    #[arg(value_name = "ENV")]
    pub(super) environments: Vec<String>,
    /// Every environment
    #[arg(long, conflicts_with = "environments")]
    pub(super) all: bool,
    /// Of those chosen only every N-th, beginning with the I-th: for CI jobs side by side
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub(super) shard: Option<(usize, usize)>,
}

fn shard(text: &str) -> Result<(usize, usize), String> {
    let parsed = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    match parsed {
        Some((i, n)) if i >= 1 && i <= n => Ok((i, n)),
        _ => Err("a shard is written I/N with 1 ≤ I ≤ N, for instance 1/4".to_owned()),
    }
}

/// What there is to choose from.
pub(super) struct Choice<'a> {
    /// The environments that can be rendered.
    pub(super) known: Vec<&'a str>,
    /// Layers, which are never rendered alone.
    pub(super) layers: Vec<&'a str>,
    /// Those that are there but cannot be used, which was told.
    pub(super) broken: Vec<&'a str>,
}

impl<'a> Choice<'a> {
    /// What a project has.
    pub(super) fn of(engine: &'a Engine) -> Self {
        let broken = engine.project.broken.environments.iter().map(String::as_str).collect();
        Self { known: engine.environments(), layers: engine.layers(), broken }
    }
}

/// The names meant, sorted; every mistake is told.
pub(super) fn choose<'a>(
    selection: &Selection,
    choice: &Choice<'a>,
    problems: &mut Problems,
) -> Vec<&'a str> {
    let known = choice.known.as_slice();
    if selection.environments.is_empty() && !selection.all {
        problems.push(
            Diagnostic::error("usage/no-environment", "no environment is named")
                .because(format!("this project has {}", list(known.iter().copied())))
                .help("name some, or say `--all`"),
        );
        return Vec::new();
    }
    let mut chosen: Vec<&str> = if selection.all { known.to_vec() } else { Vec::new() };
    for pattern in &selection.environments {
        match matching(pattern, known) {
            Ok(found) if found.is_empty() && choice.broken.contains(&pattern.as_str()) => {}
            Ok(found) if found.is_empty() => problems.push(unknown(pattern, known, &choice.layers)),
            Ok(found) => chosen.extend(found),
            Err(why) => {
                problems.push(Diagnostic::error("usage/glob", format!("`{pattern}` is no glob: {why}")))
            }
        }
    }
    chosen.sort_unstable();
    chosen.dedup();
    match selection.shard {
        Some((i, n)) => chosen.into_iter().skip(i - 1).step_by(n).collect(),
        None => chosen,
    }
}

/// The names that a name or a glob means.
///
/// # Errors
/// Says why it is no glob.
pub(super) fn matching<'a>(pattern: &str, known: &[&'a str]) -> Result<Vec<&'a str>, String> {
    if let Some(name) = known.iter().find(|name| **name == pattern) {
        return Ok(vec![name]);
    }
    let glob = GlobBuilder::new(pattern).literal_separator(true).build().map_err(|e| e.kind().to_string())?;
    let matcher = glob.compile_matcher();
    Ok(known.iter().copied().filter(|name| matcher.is_match(name)).collect())
}

/// Can the environment of this name be rendered? If not, it is told, unless it was.
pub(super) fn one(name: &str, choice: &Choice, problems: &mut Problems) -> bool {
    let known = choice.known.contains(&name);
    if !known && !choice.broken.contains(&name) {
        problems.push(unknown(name, &choice.known, &choice.layers));
    }
    known
}

/// Says that there is no such environment.
pub(super) fn unknown(pattern: &str, known: &[&str], layers: &[&str]) -> Diagnostic {
    if layers.contains(&pattern) {
        return Diagnostic::error(
            "usage/layer",
            format!("`{pattern}` is a layer (`abstract: true`) and is never rendered alone"),
        )
        .help(format!("render an environment that extends it: {}", list(known.iter().copied())));
    }
    let diagnostic =
        Diagnostic::error("usage/unknown-environment", format!("there is no environment `{pattern}`"));
    let folder = format!("{}/", pattern.trim_end_matches('/'));
    if known.iter().any(|name| name.starts_with(&folder)) {
        return diagnostic.help(format!("for all in this folder write `'{folder}*'`"));
    }
    match did_you_mean(pattern, known.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => diagnostic.help("add one under `environments/`"),
        None => diagnostic.help(format!("there is {}", list(known.iter().copied()))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KNOWN: [&str; 5] = ["dev", "edge/store-001", "edge/store-002", "prod", "staging"];

    fn chosen(
        environments: &[&str],
        all: bool,
        shard: Option<(usize, usize)>,
    ) -> (Vec<&'static str>, Problems) {
        let environments = environments.iter().map(|e| (*e).to_owned()).collect();
        let mut problems = Problems::new();
        let choice = Choice { known: KNOWN.to_vec(), layers: vec!["base"], broken: vec!["bad"] };
        (choose(&Selection { environments, all, shard }, &choice, &mut problems), problems)
    }

    #[test]
    fn names_globs_and_all() {
        assert_eq!(chosen(&["prod"], false, None).0, ["prod"]);
        assert_eq!(
            chosen(&["edge/*", "prod", "edge/store-001"], false, None).0,
            ["edge/store-001", "edge/store-002", "prod"]
        );
        assert_eq!(chosen(&["*"], false, None).0, ["dev", "prod", "staging"]);
        assert_eq!(chosen(&[], true, None).0, KNOWN);
    }

    #[test]
    fn shards_share_everything_between_them() {
        let mut together = chosen(&[], true, Some((1, 2))).0;
        together.extend(chosen(&[], true, Some((2, 2))).0);
        together.sort_unstable();
        assert_eq!(together, KNOWN);
        assert!(shard("0/2").is_err() && shard("3/2").is_err() && shard("x").is_err());
        assert_eq!(shard("2/4").unwrap(), (2, 4));
    }

    #[test]
    fn mistakes_have_a_remedy() {
        assert_eq!(chosen(&["prd"], false, None).1.0[0].help, ["did you mean `prod`?"]);
        assert_eq!(chosen(&["edge"], false, None).1.0[0].help, ["for all in this folder write `'edge/*'`"]);
        assert!(chosen(&["base"], false, None).1.0[0].message.contains("is a layer"));
        assert!(chosen(&["bad"], false, None).1.is_empty(), "why it cannot be used was told");
        assert!(chosen(&[], false, None).1.has_errors());
    }
}
