//! New versions of charts: what they take differently, told where the version changes, which is between what stands on the
//! disk and what would be rendered.

use crate::{
    check::{Facts, Installed, KnownCharts, Policy},
    cli::{chart::Difference, report::mapping},
    diag::{Problems, Sources},
    load::{self, Disk},
    tree::Tree,
    write::{Change, Kind},
    yaml::{Node, Value},
};
use std::path::Path;

/// More defaults than these are counted, not told one by one.
const MANY: usize = 20;

/// A release whose chart gets another version.
pub(super) struct Bump {
    /// The release.
    release: String,
    chart: String,
    old: String,
    new: String,
    /// What differs; absent where facts of one of the two are not known.
    difference: Option<Difference>,
}

/// The releases whose charts have other versions in a tree than in the one that stands in `folder` on the disk. Nothing is
/// read if no release or source changed.
pub(super) fn bumps(
    known: &KnownCharts,
    tree: &Tree,
    changes: &[Change],
    (root, folder): (&Path, &str),
    sources: &Sources,
) -> Vec<Bump> {
    let is_release = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        ["HelmRelease", "OCIRepository"].iter().any(|kind| text.contains(&format!("kind: {kind}\n")))
    };
    let meant =
        |change: &Change| change.kind() == Kind::Changed && change.before.as_deref().is_some_and(is_release);
    let Some(disk) = Disk::new(root).ok().filter(|_| changes.iter().any(meant)) else { return Vec::new() };
    let before = load::tree(&disk, folder, &mut Sources::new(), &mut Problems::new());
    let policy = Policy::default();
    let (before, now) = (Facts::new(&before, None, &policy), Facts::new(tree, None, &policy));
    let bump = |release: Installed| {
        let document = &release.object.document;
        let same = |old: &Installed| {
            let other = &old.object.document;
            (other.namespace(), other.name(), old.name)
                == (document.namespace(), document.name(), release.name)
        };
        let old = before.installed().find(same)?.version;
        let all = known.of(document.component.as_deref(), release.chart());
        let facts = |version: &str| all.iter().find(|facts| facts.is_of(version))?.facts();
        (old != release.version).then(|| Bump {
            release: document.name().to_owned(),
            chart: release.name.to_owned(),
            difference: facts(&old)
                .zip(facts(&release.version))
                .map(|(old, new)| Difference::of(old, new, release.values, sources)),
            old,
            new: release.version,
        })
    };
    now.installed().filter_map(bump).collect()
}

impl Bump {
    /// For people.
    pub(super) fn text(&self) -> String {
        let Self { release, chart, old, new, difference } = self;
        let head = format!("{release}: the chart {chart} {old} → {new}");
        match difference {
            None => format!("{head}: to tell what it takes differently, both need facts: `gen chart add`\n"),
            Some(difference) => match difference.of_concern(MANY) {
                (rows, _) if rows.is_empty() => {
                    format!("{head}: nothing that is set differs, and no default\n")
                }
                (rows, 0) => format!("{head}\n{rows}"),
                (rows, more) => {
                    format!("{head}\n{rows}and {more} more defaults: `gen chart diff` tells all\n")
                }
            },
        }
    }

    /// For programs: `values` as `gen chart diff` has them, null where they are not known.
    pub(super) fn to_node(&self) -> Node {
        let text = |text: &str| Node::new(text);
        mapping([
            ("release", text(&self.release)),
            ("chart", text(&self.chart)),
            ("old", text(&self.old)),
            ("new", text(&self.new)),
            ("values", self.difference.as_ref().map_or(Node::new(Value::Null), Difference::to_node)),
        ])
    }
}
