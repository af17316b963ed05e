//! Packs: those of the project under `templates/`, and those inside the binary. A project's pack replaces a
//! built-in one whole, by its name.

use super::{
    builtin::Builtin,
    charts::{Charts, is_facts},
    files::{Files, Kind, file_name, join},
    model::{Pack, PackRelease},
    reads::reads,
    text::{Each, Hidden, Text, gather, reserved, texts, walk},
};
use crate::{
    config::{self, ChartFile, PackFile},
    diag::{Diagnostic, Problems, Sources, Spot, did_you_mean, list},
    name::PackName,
    schema::Schema,
    template::{Delimiters, TemplateFile},
    yaml::{self, Node},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The folder of a project's packs.
const FOLDER: &str = "templates";
/// The folder of partials that packs share.
const LIB: &str = "_lib";

/// What was read of packs.
pub(super) struct Packs {
    pub(super) packs: BTreeMap<String, Arc<Pack>>,
    pub(super) broken: BTreeSet<String>,
    pub(super) lib: Vec<TemplateFile>,
    pub(super) charts: Charts,
}

/// The texts of one pack.
struct Draft {
    name: String,
    builtin: bool,
    /// Paths relative to the pack's folder.
    texts: Vec<Text>,
    examples: Vec<String>,
    /// A file of it could not be read, which was told.
    incomplete: bool,
}

/// Where packs lie: a folder of folders.
struct Shelf<'a> {
    files: &'a dyn Files,
    /// The folder; empty for built-in packs.
    parent: &'static str,
    each: Each<'a>,
}

/// Reads all packs: the project's, then built-in ones that it does not replace.
pub(super) fn packs(files: &dyn Files, each: Each, sources: &mut Sources, problems: &mut Problems) -> Packs {
    let mut read =
        Packs { packs: BTreeMap::new(), broken: BTreeSet::new(), lib: Vec::new(), charts: Charts::default() };
    let mut drafts = BTreeMap::new();
    let shelves = [Shelf { files, parent: FOLDER, each }, Shelf { files: &Builtin, parent: "", each }];
    for shelf in shelves {
        let paths = walk(shelf.files, shelf.parent, Hidden::Skip, problems);
        for (folder, paths) in folders(paths, shelf.parent, problems) {
            if folder == LIB {
                shelf.lib(paths, &mut read.lib, sources, problems);
            } else if !drafts.contains_key(&folder) && !read.broken.contains(&folder) {
                match shelf.draft(&folder, paths, sources, problems) {
                    Some(draft) => drop(drafts.insert(folder, draft)),
                    None => drop(read.broken.insert(folder)),
                }
            }
        }
    }
    let drafts: Vec<Draft> = drafts.into_values().collect();
    let made = gather(each, drafts.len(), |index| {
        let mut found = Problems::new();
        (pack(&drafts[index], sources, &mut found), found)
    });
    for (draft, (pack, found)) in drafts.iter().zip(made) {
        problems.extend(found);
        match pack.filter(|_| !draft.incomplete) {
            Some(pack) => {
                read.charts.add(&pack, &draft.texts, problems);
                read.packs.insert(draft.name.clone(), Arc::new(pack));
            }
            None => drop(read.broken.insert(draft.name.clone())),
        }
    }
    read.charts.read(files, each, sources, problems);
    read
}

/// The paths by the folder they are in; a file beside the packs is an error.
fn folders(paths: Vec<String>, parent: &str, problems: &mut Problems) -> BTreeMap<String, Vec<String>> {
    let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let below = if parent.is_empty() { &*path } else { path[parent.len()..].trim_start_matches('/') };
        match below.split_once('/') {
            Some((folder, _)) => folders.entry(folder.to_owned()).or_default().push(path),
            None if ignored(below) => {}
            None => problems.push(
                Diagnostic::error("load/stray", format!("`{path}` is in no pack"))
                    .help(format!("move it to the folder of a pack, such as `{parent}/my-app/`")),
            ),
        }
    }
    folders
}

/// Files for people: `README.md`, `LICENSE`.
fn ignored(name: &str) -> bool {
    name.ends_with(".md") || !name.contains('.')
}

impl Shelf<'_> {
    fn texts(&self, paths: Vec<String>, sources: &mut Sources, problems: &mut Problems) -> Vec<Text> {
        texts(self.files, paths, self.each, sources, problems)
    }

    /// Adds the partials that packs share; those of an earlier shelf stay.
    fn lib(
        &self,
        paths: Vec<String>,
        lib: &mut Vec<TemplateFile>,
        sources: &mut Sources,
        problems: &mut Problems,
    ) {
        let paths = paths.into_iter().filter(|path| partial(path, problems)).collect();
        for text in self.texts(paths, sources, problems) {
            let path = text.path[self.parent.len()..].trim_start_matches('/');
            if !lib.iter().any(|file| *file.path == *path) {
                lib.push(TemplateFile { path: path.into(), source: text.source, text: text.text });
            }
        }
    }

    /// Reads the texts of a pack; `None` only if an error was pushed.
    fn draft(
        &self,
        folder: &str,
        paths: Vec<String>,
        sources: &mut Sources,
        problems: &mut Problems,
    ) -> Option<Draft> {
        let start = join(self.parent, folder);
        if !self.is_pack(folder, &start, problems) {
            return None;
        }
        let (mut wanted, mut examples) = (Vec::new(), BTreeMap::<String, bool>::new());
        for path in paths {
            let below = &path[start.len() + 1..];
            match below.strip_prefix("examples/").and_then(|rest| rest.split_once('/')) {
                Some((case, file)) => {
                    *examples.entry(case.to_owned()).or_default() |= file == "component.yaml"
                }
                None if below.starts_with("examples/") && ignored(below) => {}
                None if wants(below, &path, problems) => wanted.push(path),
                None => {}
            }
        }
        for (case, _) in examples.iter().filter(|(_, complete)| !**complete) {
            problems.push(
                Diagnostic::error(
                    "load/example",
                    format!("`{start}/examples/{case}/` has no `component.yaml`"),
                )
                .help("write one: a component as an environment has it"),
            );
        }
        let count = wanted.len();
        let mut texts = self.texts(wanted, sources, problems);
        let incomplete = texts.len() < count;
        texts.iter_mut().for_each(|text| text.path = text.path[start.len() + 1..].to_owned());
        let examples = examples.into_iter().filter(|(_, complete)| *complete).map(|(case, _)| case).collect();
        Some(Draft { name: folder.to_owned(), builtin: self.parent.is_empty(), texts, examples, incomplete })
    }

    fn is_pack(&self, folder: &str, start: &str, problems: &mut Problems) -> bool {
        if let Err(why) = PackName::new(folder) {
            problems.push(
                Diagnostic::error("load/name", format!("`{start}/` cannot be a pack: its name {why}"))
                    .help("rename the folder; partials that packs share belong under `templates/_lib/`"),
            );
            return false;
        }
        if self.files.kind(&join(start, "pack.yaml")) != Kind::File {
            let said = Diagnostic::error("load/no-pack", format!("`{start}/` has no `pack.yaml`"));
            problems.push(match self.files.kind(&join(start, "pack.yml")) {
                Kind::File => said.help("rename `pack.yml` to `pack.yaml`"),
                _ => said.help("write one; it needs `description` and `stage`"),
            });
            return false;
        }
        true
    }
}

fn partial(path: &str, problems: &mut Problems) -> bool {
    let name = file_name(path);
    if !name.ends_with(".j2") && !ignored(name) {
        problems.push(
            Diagnostic::error("load/stray", format!("`{path}` is not a partial"))
                .help("let its name end in `.j2`, or move it away"),
        );
    }
    name.ends_with(".j2")
}

/// Is this file of a pack read? `below` is its path in the pack's folder.
fn wants(below: &str, path: &str, problems: &mut Problems) -> bool {
    let name = file_name(below);
    if below == "pack.yaml" || is_facts(below) || below.starts_with("files/") || name.ends_with(".yaml.j2") {
        return true;
    }
    let said = if name.ends_with(".j2") && name.starts_with('_') {
        return true;
    } else if let Some(stem) = name.strip_suffix(".yml.j2") {
        Diagnostic::error("load/ending", format!("`{path}` ends in `.yml.j2`, and would not be rendered"))
            .help(format!("rename it to `{stem}.yaml.j2`"))
    } else if let Some(stem) = name.strip_suffix(".j2") {
        Diagnostic::error("load/ending", format!("`{path}` is neither a template nor a partial")).help(
            format!("rename it to `{stem}.yaml.j2` if it makes objects, to `_{name}` if others include it"),
        )
    } else if let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) {
        Diagnostic::error("load/ending", format!("`{path}` is not a template, and would not be rendered"))
            .help(format!("rename it to `{stem}.yaml.j2`, or move it to `files/`"))
    } else if ignored(name) {
        return false;
    } else {
        Diagnostic::error("load/stray", format!("`{path}` is no part of a pack"))
            .help("move it to `files/` if templates embed it, else away")
    };
    problems.push(said);
    false
}

/// Makes a pack of its texts; `None` only if an error was pushed.
fn pack(draft: &Draft, sources: &Sources, problems: &mut Problems) -> Option<Pack> {
    let text = draft.texts.iter().find(|text| text.path == "pack.yaml")?;
    let mut node = yaml::read_one(&text.text, text.source, problems)?;
    let before = problems.errors();
    let good = config::check::<PackFile>(&mut node, sources, problems);
    let schema = match node.get("inputs").filter(|inputs| !inputs.is_null()) {
        Some(inputs) => Schema::parse(inputs, sources, problems),
        None => Some(Schema::empty()),
    };
    if let Some(schema) = &schema {
        reads(&node, schema, problems);
    }
    let file: PackFile = good.then(|| config::decode(&node, sources, problems)).flatten()?;
    let (mut templates, mut files) = (Vec::new(), BTreeMap::new());
    for text in &draft.texts {
        if let Some(path) = text.path.strip_prefix("files/") {
            reserved(text, problems);
            files.insert(path.to_owned(), Arc::clone(&text.text));
        } else if text.path != "pack.yaml" && !is_facts(&text.path) {
            values(text, &file, problems);
            templates.push(TemplateFile {
                path: text.path.as_str().into(),
                source: text.source,
                text: Arc::clone(&text.text),
            });
        }
    }
    let releases = releases(&file, &node);
    let delimiters = file.delimiters.as_ref().and_then(|marks| {
        let pair = |marks: &[String]| match marks {
            [start, end] => Some((start.clone(), end.clone())),
            _ => None,
        };
        Some(Delimiters {
            variable: pair(&marks.variable)?,
            block: pair(&marks.block)?,
            comment: pair(&marks.comment)?,
        })
    });
    (problems.errors() == before).then_some(())?;
    Some(Pack {
        name: draft.name.clone(),
        builtin: draft.builtin,
        place: text.place(),
        node,
        schema: schema?,
        delimiters,
        templates,
        files,
        examples: draft.examples.clone(),
        releases,
        file,
    })
}

/// `values.yaml.j2` belongs to a single chart, `<release>.values.yaml.j2` to one of several.
fn values(text: &Text, file: &PackFile, problems: &mut Problems) {
    let Some(stem) = text.path.strip_suffix("values.yaml.j2") else { return };
    let releases = || file.charts.keys().map(String::as_str);
    let said = match stem.strip_suffix('.') {
        None if stem.is_empty() && !file.charts.is_empty() => {
            Diagnostic::error("pack/values", "`values.yaml.j2` fits no release of a pack with several charts")
                .help(format!(
                    "name it after its release: {}",
                    list(
                        releases()
                            .map(|r| format!("{r}.values.yaml.j2"))
                            .collect::<Vec<_>>()
                            .iter()
                            .map(String::as_str)
                    )
                ))
        }
        Some(release) if !release.contains('/') && !file.charts.contains_key(release) => {
            let said =
                Diagnostic::error("pack/values", format!("`{}` fits no release of this pack", text.path));
            match did_you_mean(release, releases()) {
                Some(near) => said.help(format!("did you mean `{near}.values.yaml.j2`?")),
                None if file.charts.is_empty() => {
                    said.help("the values of a single chart are in `values.yaml.j2`")
                }
                None => said.help(format!("its releases are {}", list(releases()))),
            }
        }
        _ => return,
    };
    problems.push(said.at(text.place()));
}

fn releases(file: &PackFile, node: &Node) -> Vec<PackRelease> {
    let release = |key: &str, chart: ChartFile, node: &Node| PackRelease {
        key: key.to_owned(),
        chart,
        version_place: node.get("version").and_then(Node::place),
        when: None,
        needs: node
            .get("needs")
            .and_then(Node::as_seq)
            .into_iter()
            .flatten()
            .filter_map(|need| Some(Spot { text: need.as_str()?.to_owned(), place: need.place() }))
            .collect(),
        node: node.clone(),
    };
    if let (Some(chart), Some(node)) = (&file.chart, node.get("chart")) {
        return vec![release("", chart.clone(), node)];
    }
    file.charts
        .iter()
        .filter_map(|(key, written)| {
            let chart = ChartFile {
                url: written.url.clone(),
                name: written.name.clone(),
                version: written.version.clone(),
                digest: written.digest.clone(),
            };
            Some(PackRelease {
                when: written.when.clone(),
                ..release(key, chart, node.get("charts")?.get(key)?)
            })
        })
        .collect()
}
