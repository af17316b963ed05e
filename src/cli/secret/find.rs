//! Which sealed file is meant: by its path, by its copy in a tree, or by what it belongs to.

use super::SealedProject;
use crate::{
    cli::{Global, open},
    diag::{Diagnostic, Problems, did_you_mean, list},
    load::{self, Project, SEALED, SECRETS},
    name::is_subdomain,
    resolve::SealedPath,
};
use std::path::Path;

/// What a command takes to name one sealed file.
#[derive(Clone, Debug, clap::Args)]
pub(in crate::cli) struct WhichArguments {
    /// The file, or the environment or layer and `COMPONENT/NAME`
    #[arg(value_name = "FILE | ENV COMPONENT/NAME", required = true, num_args = 1..=2)]
    file: Vec<String>,
}

impl WhichArguments {
    /// The file that is meant, existing or not. `None` if an error was pushed.
    pub(in crate::cli) fn place(
        &self,
        global: &Global,
        project: &Project,
        problems: &mut Problems,
    ) -> Option<SealedPath> {
        let found = match self.file.as_slice() {
            [owner, component_and_name] => pair(owner, component_and_name),
            [path, ..] => by_path(global, project, path).or_else(|| short(path)),
            [] => None,
        };
        sealed_path(found, &self.file, project, problems)
    }

    /// The path in the project of the file that is meant, which may be any of the project if its path is given. `None`
    /// if an error was pushed.
    pub(in crate::cli) fn path(
        &self,
        global: &Global,
        project: &SealedProject,
        problems: &mut Problems,
    ) -> Option<String> {
        match self.file.as_slice() {
            [word] => match short(word).filter(|found| has(&project.project, &found.owner, found)) {
                Some(found) => Some(found.to_string()),
                None => project.path(Path::new(word), problems),
            },
            _ => Some(self.place(global, &project.project, problems)?.to_string()),
        }
    }
}

/// The place of `COMPONENT/NAME` of an environment or layer. `None` if an error was pushed.
pub(in crate::cli) fn place(
    owner: &str,
    component_and_name: &str,
    project: &Project,
    problems: &mut Problems,
) -> Option<SealedPath> {
    let words = [owner.to_owned(), component_and_name.to_owned()];
    sealed_path(pair(owner, component_and_name), &words, project, problems)
}

/// The file that one word means, existing or not: its path, or `ENVIRONMENT/COMPONENT/NAME`. `None` if an error was
/// pushed.
pub(in crate::cli) fn named(
    global: &Global,
    project: &Project,
    word: &str,
    problems: &mut Problems,
) -> Option<SealedPath> {
    let found = by_path(global, project, word).or_else(|| short(word));
    sealed_path(found, &[word.to_owned()], project, problems)
}

/// The sealed file that one word means where environments and layers are named: as the list prints it, or its path.
/// `None` if there is none, and an error was pushed.
pub(in crate::cli) fn single(
    project: &SealedProject,
    word: &str,
    problems: &mut Problems,
) -> Option<SealedPath> {
    let by_path =
        load::project_path(project.root(), Path::new(word)).and_then(|path| SealedPath::parse(&path));
    let found = short(word).or(by_path);
    let there = found.clone().filter(|found| has(&project.project, &found.owner, found));
    let told = problems.0.len();
    if there.is_none()
        && !known_owner(&project.project, word, problems)
        && let (Some(said), Some(found)) = (problems.0.get_mut(told), found)
    {
        said.help.push(format!("nor is there a sealed file `{found}`"));
    }
    there
}

/// The same as the list of values to replace names it, whether there is such a file or not.
pub(in crate::cli) fn listed(global: &Global, project: &Project, word: &str) -> String {
    let path = by_path(global, project, word).map(|path| path.to_string());
    load::to_replace_name(path.as_deref().unwrap_or(word)).to_owned()
}

fn short(word: &str) -> Option<SealedPath> {
    SealedPath::parse(&format!("{SECRETS}{}{SEALED}", load::to_replace_name(word)))
}

fn sealed_path(
    found: Option<SealedPath>,
    words: &[String],
    project: &Project,
    problems: &mut Problems,
) -> Option<SealedPath> {
    let Some(path) = found else {
        if let [_, pair] = words
            && let Some((_, name)) = pair.split_once('/').filter(|(_, name)| !is_subdomain(name))
        {
            let message = format!("`{name}` cannot be the name of a Secret");
            problems.push(
                Diagnostic::error("usage/sealed-file", message)
                    .help("use lower-case letters, digits, `-` and `.`, such as `my-secret`"),
            );
            return None;
        }
        problems.push(
            Diagnostic::error("usage/sealed-file", format!("`{}` is no sealed file", words.join(" ")))
                .help("name it as `environments/secrets/ENVIRONMENT/COMPONENT/NAME.sops.yaml`")
                .help("or by what it belongs to: `ENVIRONMENT COMPONENT/NAME`"),
        );
        return None;
    };
    known(project, &path, problems).then_some(path)
}

fn pair(owner: &str, component_and_name: &str) -> Option<SealedPath> {
    let (component, name) = component_and_name.split_once('/')?;
    let name = name.strip_suffix(SEALED).unwrap_or(name);
    SealedPath::parse(&format!("{SECRETS}{owner}/{component}/{name}{SEALED}"))
}

fn by_path(global: &Global, project: &Project, path: &str) -> Option<SealedPath> {
    let from_here = load::project_path(&open::root(global), Path::new(path));
    let from_project = Some(path.trim_start_matches("./").to_owned());
    let paths = [from_here, from_project].into_iter().flatten();
    paths.into_iter().find_map(|path| SealedPath::parse(&path).or_else(|| copy(project, &path)))
}

/// The file that a copy `fleet-out/<environment>/<stage>/<component>/<name>.sops.yaml` was made from.
fn copy(project: &Project, path: &str) -> Option<SealedPath> {
    let below = path.strip_prefix("fleet-out/")?;
    let environment = project.environments.values().find(|source| {
        !source.is_abstract && below.strip_prefix(&*source.name).is_some_and(|rest| rest.starts_with('/'))
    })?;
    let parts: Vec<&str> = below[environment.name.len() + 1..].split('/').collect();
    let [_, component, file] = parts[..] else { return None };
    let name = file.strip_suffix(SEALED)?;
    let path = |owner: &String| SealedPath {
        owner: owner.clone(),
        component: component.to_owned(),
        name: name.to_owned(),
    };
    let nearest = environment.layers.iter().rev().find(|layer| has(project, layer, &path(layer)));
    Some(path(nearest.unwrap_or(&environment.name)))
}

/// Has an owner a file for the component and of the name of this one?
pub(in crate::cli) fn has(project: &Project, owner: &str, path: &SealedPath) -> bool {
    let files = project.secrets.get(owner).and_then(|components| components.get(&path.component));
    files.is_some_and(|files| files.iter().any(|found| found.name() == path.name))
}

/// Is there an environment or layer of this name? That one cannot be used was told.
pub(in crate::cli) fn known_owner(project: &Project, owner: &str, problems: &mut Problems) -> bool {
    let owners = || project.environments.keys().map(String::as_str);
    let is_known = project.environments.contains_key(owner);
    if !is_known && !project.broken.environments.contains(owner) {
        let message = format!("there is no environment or layer `{owner}`");
        let said = Diagnostic::error("usage/unknown-owner", message);
        problems.push(match did_you_mean(owner, owners()) {
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None => said.help(format!("there is {}", list(owners()))),
        });
    }
    is_known
}

/// Are its owner and its component there?
fn known(project: &Project, path: &SealedPath, problems: &mut Problems) -> bool {
    if !known_owner(project, &path.owner, problems) {
        return false;
    }
    let components = load::components_of(&path.owner, &project.environments);
    if !components.contains(&*path.component) {
        let message = format!("`{}` has no component `{}`", path.owner, path.component);
        let said = Diagnostic::error("usage/unknown-component", message);
        problems.push(match did_you_mean(&path.component, components.iter().copied()) {
            Some(near) => said.help(format!("did you mean `{near}`?")),
            None => said.help(format!("it has {}", list(components.iter().copied()))),
        });
        return false;
    }
    true
}
