//! The table in `conformance/README.md`: judge, version, cases, disagreements with their reasons.

use crate::{
    context::Context,
    suite::{Judge, Tally},
};
use std::{collections::BTreeMap, fmt::Write as _, fs};

const BEGIN: &str = "<!-- table -->\n";
const END: &str = "<!-- /table -->";

/// Writes the table, or says that it is stale. A run of all judges asks. True if all is well.
pub(crate) fn keep(judges: &[&Judge], tallies: &[Tally], context: &Context, write: bool) -> bool {
    let path = context.root().join("conformance/README.md");
    let old = fs::read_to_string(&path).unwrap();
    let (head, rest) = old.split_once(BEGIN).expect("conformance/README.md has the table's first mark");
    let (_, tail) = rest.split_once(END).expect("conformance/README.md has the table's last mark");
    let new = format!("{head}{BEGIN}{}{END}{tail}", table(judges, tallies, context));
    if new == old {
        return true;
    }
    if write {
        fs::write(&path, new).unwrap();
        println!("conformance: wrote the table in conformance/README.md");
        return true;
    }
    println!(
        "conformance: the table in conformance/README.md is stale: cargo test --test conformance -- --table"
    );
    false
}

fn table(judges: &[&Judge], tallies: &[Tally], context: &Context) -> String {
    let mut text = "| judge | version | cases | disagreements |\n|---|---|---|---|\n".to_owned();
    for (judge, tally) in judges.iter().zip(tallies) {
        let versions = judge.programs.iter().map(|name| format!("{name} {}", context.programs.version(name)));
        let versions = versions.collect::<Vec<_>>().join(", ");
        let _ = writeln!(text, "| {} | {versions} | {} | {} |", judge.name, tally.cases(), reasons(tally));
    }
    text
}

fn reasons(tally: &Tally) -> String {
    let mut by_reason: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, why) in &tally.explained {
        *by_reason.entry(why).or_default() += 1;
    }
    if by_reason.is_empty() {
        return "none".to_owned();
    }
    let list = by_reason.into_iter().map(|(why, count)| format!("{count}: {why}"));
    list.collect::<Vec<_>>().join("; ")
}
