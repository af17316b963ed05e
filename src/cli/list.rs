//! `gen list`: environments and their components.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping},
};
use crate::{
    diag::Problems,
    pipeline::Engine,
    resolve::{self, Environment},
    yaml::Node,
};

/// Environments, their clusters and components
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen list                 every environment\n  gen list prod 'edge/*'   some, with their components\n  gen list --format json   for programs"
)]
pub(super) struct Arguments {
    /// Environments: names or globs; all by default
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    let selection = super::select::Selection {
        environments: arguments.environments.clone(),
        all: arguments.environments.is_empty(),
        shard: None,
    };
    let names = super::select::choose(&selection, &super::select::Choice::of(&engine), &mut problems);
    let environments: Vec<Environment> =
        names.iter().filter_map(|name| resolve::environment(&engine.project, name, &mut problems)).collect();
    if global.format == Format::Json {
        report::json(&mapping([
            ("environments", Node::new(environments.iter().map(to_node).collect::<Vec<_>>())),
            ("layers", report::words(engine.layers())),
            ("findings", report::to_node(&problems, &engine.project.sources)),
        ]));
    } else {
        report::print(&text(&engine, &environments, !arguments.environments.is_empty()));
        report::findings(global, &problems, &engine.project.sources);
    }
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}

fn text(engine: &Engine, environments: &[Environment], components: bool) -> String {
    let width = environments.iter().map(|e| e.name.len()).max().unwrap_or(0);
    let mut out = String::new();
    for environment in environments {
        let count = environment.components.len();
        let plural = if count == 1 { "" } else { "s" };
        out.push_str(&format!(
            "{:width$}  cluster {}  {count} component{plural}\n",
            environment.name, environment.cluster.name
        ));
        if components {
            out.push_str(&table(environment));
        }
    }
    let layers = engine.layers();
    if !components && !layers.is_empty() {
        out.push_str(&format!("layers: {}\n", layers.join(", ")));
    }
    out
}

fn table(environment: &Environment) -> String {
    let rows: Vec<[&str; 4]> = environment
        .components
        .iter()
        .map(|c| [c.name.as_str(), c.pack.name.as_str(), c.stage.as_str(), c.namespace.as_str()])
        .collect();
    let width = |column: usize| rows.iter().map(|r| r[column].len()).max().unwrap_or(0);
    let (a, b, c) = (width(0), width(1), width(2));
    rows.iter()
        .map(|[name, pack, stage, namespace]| format!("  {name:a$}  {pack:b$}  {stage:c$}  {namespace}\n"))
        .collect()
}

fn to_node(environment: &Environment) -> Node {
    let component = |c: &resolve::Component| {
        let releases = c.releases.iter().map(|r| {
            mapping([
                ("name", Node::new(r.name.as_str())),
                ("chart", Node::new(&*r.chart.chart_ref().shown_url())),
                ("version", Node::new(r.chart.version.as_str())),
            ])
        });
        mapping([
            ("name", Node::new(c.name.as_str())),
            ("pack", Node::new(c.pack.name.as_str())),
            ("stage", Node::new(c.stage.as_str())),
            ("namespace", Node::new(c.namespace.as_str())),
            ("needs", report::words(c.needs.iter().map(|n| n.text.as_str()))),
            ("releases", Node::new(releases.collect::<Vec<_>>())),
        ])
    };
    mapping([
        ("name", Node::new(environment.name.as_str())),
        ("cluster", Node::new(environment.cluster.name.as_str())),
        ("components", Node::new(environment.components.iter().map(component).collect::<Vec<_>>())),
    ])
}
