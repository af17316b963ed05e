//! `gen pack new` and `gen pack eject`: a pack of the project's own, new or after a built-in one.

use super::{choose, find, test};
use crate::{
    cli::{
        Exit, Format, Global, open,
        report::{self, mapping, say},
    },
    diag::{Diagnostic, Problems, Sources},
    load::{Builtin, Disk, Files, Kind},
    name::PackName,
    write,
};

/// A pack of this project's own to start with: typed inputs, two templates, an example
///
/// It works as it is: `gen pack test` holds it, and an environment can use it at once.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  gen pack new my-app    writes templates/my-app/; then change what it takes and gives\n\nWhat an input may be: `gen schema --pack`, and the table in CONTRIBUTING.md, \"Your own pack in ten minutes\""
)]
pub(in crate::cli) struct New {
    /// Its name, which is that of its folder
    #[arg(value_name = "NAME")]
    name: String,
}

/// A built-in pack as one of this project's own, to be changed
///
/// The project's pack replaces the built-in one whole, for every component that uses it. Newer versions of `gen` no longer
/// change it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  gen pack eject web-app    writes templates/web-app/")]
pub(in crate::cli) struct Eject {
    /// The pack
    #[arg(value_name = "PACK")]
    name: String,
}

/// The files of a new pack. `NAME` stands for its name.
const FILES: [(&str, &str); 4] = [
    ("pack.yaml", include_str!("new/pack.yaml")),
    ("deployment.yaml.j2", include_str!("new/deployment.yaml.j2")),
    ("service.yaml.j2", include_str!("new/service.yaml.j2")),
    ("examples/minimal/component.yaml", include_str!("new/component.yaml")),
];

pub(super) fn new(global: &Global, arguments: &New) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    // What is wrong elsewhere in the project is no business of this command.
    let mut problems = Problems::new();
    let name = &arguments.name;
    if let Err(why) = PackName::new(name) {
        problems.push(
            Diagnostic::error("usage/pack-name", format!("`{name}` cannot be the name of a pack: it {why}"))
                .help("use lower-case letters, digits and hyphens, `my-app`"),
        );
    } else if engine.project.packs.get(name).is_some_and(|pack| pack.builtin) {
        problems.push(
            Diagnostic::error("usage/pack-exists", format!("`{name}` is a built-in pack"))
                .help(format!("start from it: `gen pack eject {name}`"))
                .help("or choose another name"),
        );
    }
    if problems.has_errors() {
        return open::failed(global, &problems);
    }
    let files =
        FILES.iter().map(|(path, text)| ((*path).to_owned(), text.replace("NAME", name).into_bytes()));
    let Some(mut made) = write_pack(global, name, files.collect(), &mut problems) else {
        return open::failed(global, &problems);
    };
    made.extend(expect(global, name, &mut problems));
    told(
        global,
        &made,
        &problems,
        &format!("gen pack test {name}, then use it: `pack: {name}` in an environment"),
    )
}

pub(super) fn eject(global: &Global, arguments: &Eject) -> Exit {
    let mut problems = Problems::new();
    let Some(engine) = open::engine(global, &mut problems) else { return open::failed(global, &problems) };
    let mut problems = Problems::new();
    let name = &arguments.name;
    // One of the project's own that cannot be used stands in the way as well, which is told when its files are written.
    if !engine.project.broken.packs.contains(name) && find(&engine.project, name, &mut problems).is_none() {
        return open::failed(global, &problems);
    }
    let files = built_in(name, "");
    match write_pack(global, name, files, &mut problems) {
        Some(made) => told(global, &made, &problems, &format!("change it, then `gen pack test {name}`")),
        None => open::failed(global, &problems),
    }
}

/// The files of a built-in pack below a folder of it: path in the pack, and bytes.
fn built_in(pack: &str, folder: &str) -> Vec<(String, Vec<u8>)> {
    let at = |path: &str| if path.is_empty() { pack.to_owned() } else { format!("{pack}/{path}") };
    let mut files = Vec::new();
    for entry in Builtin.list(&at(folder)).unwrap_or_default() {
        let path = if folder.is_empty() { entry.name } else { format!("{folder}/{}", entry.name) };
        match entry.kind {
            Kind::Folder => files.extend(built_in(pack, &path)),
            _ => files.extend(Builtin.read(&at(&path)).ok().map(|bytes| (path, bytes))),
        }
    }
    files
}

/// Writes the files of a pack that is not there yet; their paths in the project.
fn write_pack(
    global: &Global,
    name: &str,
    files: Vec<(String, Vec<u8>)>,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    let root = open::root(global);
    let folder = format!("templates/{name}");
    if Disk::new(&root).is_ok_and(|disk| disk.kind(&folder) != Kind::Missing) {
        problems.push(
            Diagnostic::error("usage/pack-exists", format!("there is a `{folder}/` already"))
                .help("choose another name, or move the folder away"),
        );
        return None;
    }
    let mut made = Vec::new();
    for (path, bytes) in files {
        let path = format!("{folder}/{path}");
        if let Err(error) = write::create(&root, &path, &bytes) {
            problems.push(
                Diagnostic::error("init/write", format!("`{path}` cannot be written: {error}"))
                    .help("choose a folder that you can write to"),
            );
            return None;
        }
        made.push(path);
    }
    Some(made)
}

/// Renders the example of a new pack to what is expected of it.
fn expect(global: &Global, name: &str, problems: &mut Problems) -> Option<String> {
    let mut told = Problems::new();
    let mut engine = open::engine(global, &mut told)?;
    let root = open::root(global);
    let pack = engine.project.packs.get(name)?.clone();
    let examples = choose::examples(&mut engine, &root, &pack, None, problems);
    let mut results = test::all(&engine, &pack, examples, problems);
    let before = problems.errors();
    test::update(&root, "templates", &mut results, problems);
    (problems.errors() == before).then(|| format!("templates/{name}/examples/minimal/expected/"))
}

fn told(global: &Global, made: &[String], problems: &Problems, next: &str) -> Exit {
    if global.format == Format::Json {
        report::json(&mapping([
            ("created", report::words(made.iter().map(String::as_str))),
            ("findings", report::to_node(problems, &Sources::new())),
        ]));
    } else {
        made.iter().for_each(|path| say(global, &format!("created {path}")));
        report::findings(global, problems, &Sources::new());
        say(global, &format!("\nnext: {next}"));
    }
    if problems.has_errors() { Exit::Unknown } else { Exit::Yes }
}
