//! Packs as a page for documents: `--format markdown`.

use super::show::condition;
use crate::{load::Pack, schema::Described};
use std::sync::Arc;

/// All packs: a table, then each with its inputs.
pub(super) fn all<'p>(packs: impl Iterator<Item = &'p Arc<Pack>> + Clone) -> String {
    let mut out = String::from(
        "# Packs\n\nWhat each pack takes and gives. `gen pack show PACK` prints the same on a terminal; `gen pack list --format markdown` makes this page.\n\n| pack | what it is |\n|---|---|\n",
    );
    for pack in packs.clone() {
        let old = if pack.file.deprecated.is_some() { " (deprecated)" } else { "" };
        let name = &pack.name;
        out.push_str(&format!("| [`{name}`](#{name}) | {}{old} |\n", cell(&pack.file.description)));
    }
    packs.for_each(|pack| out.push_str(&format!("\n{}", one(pack, &pack.schema.inputs(), "##"))));
    out
}

/// A pack under a heading of this level.
pub(super) fn one(pack: &Pack, inputs: &[Described], heading: &str) -> String {
    let file = &pack.file;
    let mut out = format!("{heading} {}\n\n{}.\n", pack.name, plain(file.description.trim_end_matches('.')));
    if let Some(why) = &file.deprecated {
        out.push_str(&format!("\n**Deprecated:** {}\n", plain(why)));
    }
    let mut facts = vec![format!("Stage `{}`", file.stage.as_str())];
    let namespace = file.namespace.as_deref().map(code);
    facts.push(format!("namespace: {}", namespace.unwrap_or_else(|| "the component's name".to_owned())));
    facts.extend(file.pod_security.map(|level| format!("pods run under `{}`", level.as_str())));
    out.push_str(&format!("\n{}.\n", facts.join("; ")));
    let mut list: Vec<String> = Vec::new();
    for release in &pack.releases {
        let key = if release.key.is_empty() { String::new() } else { format!("{} ", code(&release.key)) };
        let name = release.chart.name.as_deref().map(|name| format!(" {}", code(name))).unwrap_or_default();
        let when = condition(release.when.as_ref());
        let url = code(&release.chart_ref().shown_url());
        list.push(format!("chart {key}{url}{name} {}{when}", release.chart.version));
    }
    for (word, groups) in [("provides", &file.provides), ("requires", &file.requires)] {
        list.extend(
            groups.iter().map(|(group, when)| format!("{word} {}{}", code(group), condition(Some(when)))),
        );
    }
    list.extend(
        file.exports.keys().map(|name| format!("exports {}", code(&format!("components.<name>.{name}")))),
    );
    for (suffix, secret) in &file.secrets {
        let keys: Vec<String> = secret.keys.keys().map(|key| code(key)).collect();
        list.push(format!(
            "Secret {} with {}{}: {}",
            code(&format!("<component>-{suffix}")),
            keys.join(", "),
            condition(secret.when.as_ref()),
            plain(&secret.description)
        ));
    }
    if !list.is_empty() {
        out.push('\n');
        list.iter().for_each(|item| out.push_str(&format!("* {item}\n")));
    }
    if !inputs.is_empty() {
        out.push_str("\n| input | takes | default | what it is |\n|---|---|---|---|\n");
        // What an entry of a mapping is, the mapping's own line says.
        let is_told = |input: &&Described| input.description.is_some() || !input.path.ends_with("<name>");
        inputs.iter().filter(is_told).for_each(|input| out.push_str(&row(input)));
    }
    out
}

fn row(input: &Described) -> String {
    let default = match &input.default {
        _ if input.required => "**required**".to_owned(),
        Some(default) => code(default),
        None => String::new(),
    };
    let takes = if input.secret { "`{secret: NAME, key: KEY}`".to_owned() } else { cell(&input.kind) };
    let old = if input.deprecated { "Deprecated. " } else { "" };
    let description = input.description.as_deref().map(cell).unwrap_or_default();
    format!("| {} | {takes} | {default} | {old}{description} |\n", code(&input.path))
}

/// Prose on one line, in which nothing is a tag.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    // What stands between backticks is literal already.
    let parts = words.split('`').enumerate();
    let parts = parts.map(|(at, part)| if at % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}

fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}

/// A literal text, also in a cell of a table.
fn code(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}
