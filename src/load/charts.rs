//! What is known of charts: facts that packs keep in `charts/`, and those of the project, in `charts/` at its top, of
//! charts and versions that no pack of its own installs.

use super::{
    files::{Files, Kind},
    model::{Pack, PackRelease},
    text::{Each, Text, texts},
};
use crate::{
    address,
    chart::{self, Facts, NoFacts},
    diag::{Diagnostic, Place, Problems, Sources},
};
use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// The folder of facts: of a pack, and of a project.
pub const CHARTS: &str = "charts";
/// How names of files with facts end.
const ENDING: &str = ".facts";

/// The facts of one version of a chart, read from their text when somebody asks: most are never looked at.
#[derive(Debug)]
pub struct ChartFacts {
    /// The chart's name.
    pub name: String,
    /// The chart's version.
    pub version: String,
    /// Their file as such.
    pub place: Place,
    text: Arc<str>,
    read: OnceLock<Option<Facts>>,
}

impl ChartFacts {
    /// Are they of this version? Charts write a `v` before it or not.
    pub fn is_of(&self, version: &str) -> bool {
        self.version.trim_start_matches('v') == version.trim_start_matches('v')
    }

    /// Are they of a version with the same first number? Across it, keys that are not known may well be new.
    pub fn is_near(&self, version: &str) -> bool {
        let major = |version: &str| version.trim_start_matches('v').split('.').next().map(str::to_owned);
        major(&self.version) == major(version)
    }

    /// The facts; `None` only where the text is none, which was told.
    pub fn facts(&self) -> Option<&Facts> {
        self.read.get_or_init(|| chart::parse(&self.text).ok()).as_ref()
    }
}

/// A chart as releases name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartRef<'a> {
    /// Its address: `oci://…` with the chart's name, or a repository.
    pub url: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
}

impl<'a> ChartRef<'a> {
    /// By its coordinates: the name is the end of an OCI address, where it does not stand by itself.
    pub fn new(url: &'a str, name: Option<&'a str>, version: &'a str) -> Self {
        let end = || url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        Self { url, name: name.unwrap_or_else(end), version }
    }

    /// Its address as it is shown: without a password or token.
    pub fn shown_url(&self) -> Cow<'a, str> {
        address::masked(self.url)
    }
}

impl PackRelease {
    /// The chart that the pack installs.
    pub fn chart_ref(&self) -> ChartRef<'_> {
        ChartRef::new(&self.chart.url, self.chart.name.as_deref(), &self.chart.version)
    }
}

/// All facts of a project and its packs.
#[derive(Debug, Default)]
pub struct Charts {
    /// The project's own.
    own: Vec<ChartFacts>,
    /// Those of packs, by pack.
    packs: BTreeMap<String, Vec<ChartFacts>>,
    /// Where the charts of packs come from: pack, address, chart.
    homes: Vec<(String, String, String)>,
}

impl Charts {
    /// What is known of a chart, which a component of this pack installs: the facts of this very version first, then of
    /// others. A name is not enough, since unlike charts share one: facts of a pack are of the charts that the pack
    /// installs, and of others from the same address.
    pub fn of(&self, pack: Option<&str>, chart: ChartRef) -> Vec<&ChartFacts> {
        let url = chart.url.trim_end_matches('/');
        let from_there = |(_, home, name): &&(String, String, String)| *home == url && *name == chart.name;
        let packs =
            pack.into_iter().chain(self.homes.iter().filter(from_there).map(|(pack, ..)| pack.as_str()));
        let of_packs = packs.filter_map(|pack| self.packs.get(pack)).flatten();
        let mut found: Vec<&ChartFacts> = Vec::new();
        for facts in self.own.iter().chain(of_packs).filter(|facts| facts.name == chart.name) {
            if !found.iter().any(|other| other.is_of(&facts.version)) {
                found.push(facts);
            }
        }
        // Of another version, those of the pack say more: they stand at the end.
        let exact = found.iter().position(|facts| facts.is_of(chart.version));
        let exact = exact.map(|at| found.remove(at));
        found.reverse();
        exact.into_iter().chain(found).collect()
    }

    /// The facts that a pack keeps.
    pub fn of_pack(&self, pack: &str) -> &[ChartFacts] {
        self.packs.get(pack).map_or(&[], Vec::as_slice)
    }

    /// The facts that a project keeps.
    pub fn own(&self) -> &[ChartFacts] {
        &self.own
    }

    /// Adds what a pack's files say.
    pub(super) fn add(&mut self, pack: &Pack, texts: &[Text], problems: &mut Problems) {
        let files = texts.iter().filter(|text| is_facts(&text.path));
        let all: Vec<ChartFacts> = files.filter_map(|text| facts(text, pack.builtin, problems)).collect();
        for release in &pack.releases {
            let coordinates = release.chart_ref();
            let url = coordinates.url.trim_end_matches('/');
            self.homes.push((pack.name.clone(), url.to_owned(), coordinates.name.to_owned()));
        }
        if !all.is_empty() {
            self.packs.insert(pack.name.clone(), all);
        }
    }

    /// Reads the project's own. Other files there are none of ours: many keep charts in a folder of this name.
    pub(super) fn read(
        &mut self,
        files: &dyn Files,
        each: Each,
        sources: &mut Sources,
        problems: &mut Problems,
    ) {
        // One that is a link may be of other tools; facts of ours are not read through it.
        if let Kind::Refused(why) = files.kind(CHARTS) {
            let said = Diagnostic::warning("load/file", format!("`{CHARTS}` {why}"));
            return problems.push(
                said.because("facts about charts are not read there")
                    .help("replace the link by what it leads to, or leave it if it is not for `gen`"),
            );
        }
        let entries = files.list(CHARTS).unwrap_or_default();
        let paths = entries.into_iter().filter(|entry| entry.kind == Kind::File);
        let paths =
            paths.map(|entry| format!("{CHARTS}/{}", entry.name)).filter(|path| is_facts(path)).collect();
        for text in texts(files, paths, each, sources, problems) {
            self.own.extend(facts(&text, false, problems));
        }
    }
}

/// Is this path, in a pack or a project, one of facts?
pub(super) fn is_facts(path: &str) -> bool {
    let below = path.strip_prefix(CHARTS).and_then(|rest| rest.strip_prefix('/'));
    below.is_some_and(|name| !name.contains('/') && name.ends_with(ENDING))
}

/// Does a file's name say which chart it is of: `NAME.facts` or `NAME-VERSION.facts`, with a `v` or without?
fn is_named(path: &str, name: &str, version: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path);
    let rest = file.strip_suffix(ENDING).and_then(|stem| stem.strip_prefix(name));
    let plain = |version: &str| version.trim_start_matches('v').to_owned();
    rest.is_some_and(|rest| {
        rest.is_empty() || rest.strip_prefix('-').is_some_and(|said| plain(said) == plain(version))
    })
}

/// The facts of a text. Those inside the binary are good, which a test of ours keeps; others are read at once.
fn facts(text: &Text, builtin: bool, problems: &mut Problems) -> Option<ChartFacts> {
    let mut fault = None;
    let read = OnceLock::new();
    if !builtin {
        match chart::parse(&text.text) {
            Ok(facts) => drop(read.set(Some(facts))),
            Err(wrong) => fault = Some(wrong),
        }
    }
    let first = |why: String| NoFacts { at: 0..text.text.lines().next().map_or(0, str::len), why };
    let head = chart::head(&text.text).filter(|_| fault.is_none());
    if let Some((name, version)) = &head
        && !is_named(&text.path, name, version)
    {
        fault = Some(first(format!("they are of `{name}` {version}, which the file's name does not say")));
    }
    let Some((name, version)) = head.filter(|_| fault.is_none()) else {
        let fault = fault.unwrap_or_else(|| first("no name and version".to_owned()));
        let message = format!("what is known of a chart cannot be read: {}", fault.why);
        problems.push(
            Diagnostic::error("load/facts", message)
                .at(Place::new(text.source, fault.at))
                .help("make it anew with `gen chart add`, or delete the file"),
        );
        return None;
    };
    Some(ChartFacts { name, version, place: text.place(), text: Arc::clone(&text.text), read })
}
