//! What a render says: a line an environment, what is wrong, JSON.

use super::{Arguments, Followed, Outcome, begun};
use crate::{
    cli::{
        Global,
        report::{self, mapping, number, print, say},
    },
    diag::{Problems, Sources, list},
    load,
    write::{Changes, Kind, SopsConfigChange},
    yaml::Node,
};

/// More environments than this without a change are counted, not listed.
const MANY: usize = 10;

pub(super) fn tell(
    global: &Global,
    arguments: &Arguments,
    (outcomes, sops_config, followed): (&[Outcome], &SopsConfigChange, &[Followed]),
    problems: &Problems,
) {
    let failed = problems.has_errors();
    let same = outcomes.iter().filter(|o| o.changes.as_ref().is_some_and(Changes::is_empty)).count();
    for outcome in outcomes {
        // What is refused is for no reader: a Secret in it may stand in the clear.
        if !failed {
            report::exact(&report::content(&outcome.text));
        }
        if let Some(changes) = &outcome.changes
            && (!failed || arguments.check)
            && !(changes.is_empty() && same > MANY)
        {
            if arguments.check {
                changes
                    .list
                    .iter()
                    .for_each(|c| print(&format!("{} {}/{}\n", word(c.kind()), changes.shown, c.path)));
            }
            say(global, &format!("{}: {changes}", outcome.name));
            if let Some(root) = outcome.root.as_deref().filter(|_| is_new(changes) && !arguments.check) {
                say(
                    global,
                    &format!(
                        "\nFlux has no root in this tree (`sync: none`); add this Kustomization:\n\n{root}"
                    ),
                );
            }
        }
    }
    if same > MANY && (!failed || arguments.check) {
        say(global, &format!("{same} environments unchanged"));
    }
    if let Some(kind) = sops_config.kind().filter(|_| !failed || arguments.check) {
        match arguments.check {
            true => print(&format!("{} {}\n", word(kind), load::SOPS_CONFIG)),
            false => say(global, &format!("{}: {}", load::SOPS_CONFIG, done(kind))),
        }
    }
    for (path, why) in followed.iter().filter(|_| !failed) {
        say(global, &format!("{path}: {why}"));
    }
    sum_up(global, arguments, outcomes, followed, problems);
}

/// How many problems there are, and what was written in spite of errors.
fn sum_up(
    global: &Global,
    arguments: &Arguments,
    outcomes: &[Outcome],
    followed: &[Followed],
    problems: &Problems,
) {
    match (problems.has_errors(), report::count(problems)) {
        (true, Some(count)) if arguments.check => report::tell(&count),
        (true, Some(count)) if arguments.stdout => report::tell(&format!("{count}; nothing was printed")),
        (true, Some(count)) if begun(outcomes) => {
            report::tell(&format!("{count}; not all was written, and the next render writes the rest"));
        }
        (true, Some(count)) if !followed.is_empty() => {
            report::tell(&format!(
                "{count}; nothing but {} was written",
                list(followed.iter().map(|(path, _)| *path))
            ));
        }
        (true, Some(count)) => report::tell(&format!("{count}; nothing was written")),
        (false, Some(count)) => say(global, &count),
        (_, None) => {}
    }
}

/// Is this the first render of the tree?
fn is_new(changes: &Changes) -> bool {
    changes.list.iter().any(|c| c.kind() == Kind::Added && c.path.as_str() == "cluster/kustomization.yaml")
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "add   ",
        Kind::Changed => "change",
        Kind::Removed => "remove",
    }
}

fn done(kind: Kind) -> &'static str {
    match kind {
        Kind::Added => "added",
        Kind::Changed => "changed",
        Kind::Removed => "removed",
    }
}

pub(super) fn to_node(
    outcomes: &[Outcome],
    sops_config: &SopsConfigChange,
    problems: &Problems,
    sources: &Sources,
    (followed, written): (&[Followed], bool),
) -> Node {
    let environment = |outcome: &Outcome| {
        let changes = outcome.changes.as_ref();
        let files = |kind| {
            let of_kind = changes.into_iter().flat_map(|c| &c.list).filter(move |c| c.kind() == kind);
            report::words(of_kind.map(|c| c.path.as_str()))
        };
        mapping([
            ("name", Node::new(outcome.name.as_str())),
            ("rendered", Node::new(!outcome.remembered)),
            ("added", files(Kind::Added)),
            ("changed", files(Kind::Changed)),
            ("removed", files(Kind::Removed)),
            ("unchanged", number(changes.map_or(0, |c| c.unchanged))),
        ])
    };
    mapping([
        ("written", Node::new(written)),
        ("environments", Node::new(outcomes.iter().map(environment).collect::<Vec<_>>())),
        ("sopsConfig", Node::new(sops_config.kind().map_or("unchanged", done))),
        ("schemas", report::words(followed.iter().map(|(path, _)| *path))),
        ("findings", report::to_node(problems, sources)),
    ])
}
