//! Other programs that make or read such a tree, beside `gen`, each on the same environments. Those that are not there are
//! named: `kubectl`, `helm` and `flate` are taken from the judges (`conformance/judges/build`), `makejinja` from the `PATH`.

use super::{
    figures::{Cost, emptier, gen_command, quietest, seconds, shell},
    root, said,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

/// So many environments: what others take for all would be most of the time of the whole run.
const MOST: usize = 20;

/// One line of the table.
struct Peer {
    program: &'static str,
    /// What it does, in words.
    what: &'static str,
    /// Run by `sh` for each environment, `ENV`; the program is called by its name.
    each: &'static str,
}

const PEERS: [Peer; 4] = [
    Peer {
        program: "makejinja",
        what: "puts two texts in place in files that are otherwise finished, and parses nothing",
        each: "makejinja --quiet --input templates --output out/ENV --data values/ENV.yaml",
    },
    Peer {
        program: "helm",
        what: "the same, in a chart with these files as templates, and reads the result as YAML",
        each: "helm template fleet chart --values values/ENV.yaml --output-dir out/ENV",
    },
    Peer {
        program: "kubectl",
        what: "reads the finished tree of `gen` and prints its objects",
        each: "kubectl kustomize all/ENV --output out/ENV.yaml",
    },
    Peer {
        program: "flate",
        what: "the same as Flux would, one Kustomization after the other; releases and their sources suspended",
        each: "flate build ks --path flux/ENV/fleet-out/ENV/cluster --no-progress --skip-crds=false --skip-secrets=false --cache-dir flate > out/ENV.yaml",
    },
];

/// Measures and prints a table: what one environment takes.
pub(super) fn print(gen_path: &Path, folder: &Path, n: usize) -> Result<(), String> {
    let names: Vec<String> = (1..=n.min(MOST)).map(|index| format!("shop-{index:04}")).collect();
    prepare(folder, &names).map_err(|e| e.to_string())?;
    let arguments = format!("-C fleet render {} --out few", names.join(" "));
    let cost = quietest(&mut emptier(folder, "few"), || gen_command(gen_path, folder, &arguments))?;
    let each = |cost: Cost| seconds(cost.wall / names.len() as f64);
    println!("\nOne environment of it, {} in a row:\n", names.len());
    println!("| | wall | objects | what it does |\n|---|---|---|---|");
    let count = objects(&folder.join("few")).map_err(|e| e.to_string())? / names.len();
    let what = "merges layers, checks inputs by their types, renders, judges the objects, writes and flushes";
    println!("| `gen` | {} | {count} | {what} |", each(cost));
    let mut commands = vec![format!("gen {}", arguments.replace(&names[1..].join(" "), "…"))];
    for peer in &PEERS {
        let Some((program, version)) = found(peer.program) else {
            println!("| `{}` | | | is not there |", peer.program);
            continue;
        };
        let script: String =
            names.iter().map(|name| format!("{}\n", peer.each.replace("ENV", name))).collect();
        let command = || {
            let paths = std::env::var("PATH").unwrap_or_default();
            let mut command = shell(folder, &format!("set -e\n{script}"));
            command.env("PATH", format!("{}:{paths}", program.display()));
            // Whatever one of them would fetch, it gets nowhere.
            command.env("HTTP_PROXY", "http://127.0.0.1:9").env("HTTPS_PROXY", "http://127.0.0.1:9");
            command
        };
        let mut anew = emptier(folder, "out");
        let mut anew = || {
            anew()?;
            fs::create_dir(folder.join("out")).map_err(|e| e.to_string())
        };
        let cost = quietest(&mut anew, command)?;
        let count = objects(&folder.join("out")).map_err(|e| e.to_string())? / names.len();
        println!("| `{}` {version} | {} | {count} | {} |", peer.program, each(cost), peer.what);
        commands.push(peer.each.replace("ENV", &names[0]));
    }
    println!();
    commands.iter().for_each(|command| println!("    {command}"));
    Ok(())
}

/// The folder that a program is in, and its version.
fn found(program: &str) -> Option<(PathBuf, String)> {
    let judges = said(Command::new(root().join("conformance/judges/build")).arg("--print-dir")).ok()?;
    let paths = std::env::var_os("PATH")?;
    let mut folders = std::iter::once(PathBuf::from(judges)).chain(std::env::split_paths(&paths));
    let folder = folders.find(|folder| folder.join(program).is_file())?;
    let ways: &[&[&str]] = &[&["--version"], &["version", "--short"], &["version", "--client"], &["version"]];
    let text = ways.iter().find_map(|way| said(Command::new(folder.join(program)).args(*way)).ok())?;
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    let number =
        text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').map(|word| word.trim_start_matches('v'));
    Some((folder, number.clone().find(is_number).unwrap_or_default().to_owned()))
}

/// What the others need: templates and a chart made of the first environment's files, values, one Kustomization around all of
/// an environment, and a repository of each for `flate`.
fn prepare(folder: &Path, names: &[String]) -> io::Result<()> {
    let write = |path: String, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)
    };
    let team = |index: usize| format!("team-{}", (index + 1) % 7);
    write("chart/Chart.yaml".to_owned(), "apiVersion: v2\nname: fleet\nversion: 1.0.0\n")?;
    for path in files(&folder.join("tree").join(&names[0]))? {
        let text = fs::read_to_string(&path)?;
        let below = path.strip_prefix(folder.join("tree").join(&names[0])).unwrap_or(&path).display();
        // A brace that is meant is written as Go's and Jinja's templates both know it.
        let text = text.replace("{{", "{{ \"{{\" }}");
        let with = |root: &str| {
            let text = text.replace(&names[0], &format!("{{{{ {root}name }}}}"));
            text.replace(&team(0), &format!("{{{{ {root}team }}}}"))
        };
        if !path.ends_with("kustomization.yaml") {
            write(format!("chart/templates/{below}"), &with(".Values."))?;
            write(format!("templates/{below}.jinja"), &with(""))?;
        }
    }
    for (index, name) in names.iter().enumerate() {
        write(format!("values/{name}.yaml"), &format!("name: {name}\nteam: {}\n", team(index)))?;
        let (mut bases, tree) = (String::new(), folder.join("tree").join(name));
        for path in files(&tree)? {
            let below = path.strip_prefix(&tree).unwrap_or(&path).display().to_string();
            let text = fs::read_to_string(&path)?;
            if let Some(base) = below.strip_suffix("/kustomization.yaml") {
                bases.push_str(&format!("  - ../../tree/{name}/{base}\n"));
            }
            let fetched = ["HelmRelease", "OCIRepository"]
                .iter()
                .any(|kind| text.contains(&format!("\nkind: {kind}\n")));
            let text =
                if fetched { text.replacen("\nspec:\n", "\nspec:\n  suspend: true\n", 1) } else { text };
            write(format!("flux/{name}/fleet-out/{name}/{below}"), &text)?;
        }
        fs::create_dir(folder.join(format!("flux/{name}/.git")))?;
        let head = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n";
        write(format!("all/{name}/kustomization.yaml"), &format!("{head}{bases}"))?;
    }
    Ok(())
}

/// All files below a folder.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => found.extend(files(&entry.path())?),
            false => found.push(entry.path()),
        }
    }
    Ok(found)
}

/// The objects in the files below a folder, without what kustomize alone reads.
fn objects(folder: &Path) -> io::Result<usize> {
    let mut count = 0;
    for path in files(folder)?.iter().filter(|path| !path.ends_with("kustomization.yaml")) {
        count += fs::read_to_string(path)?.lines().filter(|line| line.starts_with("kind: ")).count();
    }
    Ok(count)
}
