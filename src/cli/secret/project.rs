//! The project as the commands about secrets see it: who can open what, and sealed files read and written back.

use super::{
    super::{Global, open},
    find,
};
use crate::{
    diag::{Diagnostic, Problems, did_you_mean, list},
    host,
    load::{self, Disk, Files, Kind, Project},
    pipeline::{self, Engine},
    resolve::{self, Decryption, SealPolicy, SealRule},
    secret::{Moment, Policy, Reader, sops::Sealed},
    write, yaml,
};
use std::{path::Path, sync::Arc};

/// A project with its sealed files.
pub(in crate::cli) struct SealedProject {
    /// All inputs.
    pub(in crate::cli) project: Project,
    /// Who can open what.
    pub(in crate::cli) policy: SealPolicy,
    /// What is wrong in the project. It is told where it is in the way; a render tells all of it.
    pub(in crate::cli) told: Problems,
    disk: Disk,
}

/// The time of what is sealed now.
pub(in crate::cli) fn now() -> Moment {
    Moment { seconds: host::seconds_since_1970() }
}

impl SealedProject {
    /// The project that a command works on; `None` if there is none.
    pub(in crate::cli) fn open(global: &Global, problems: &mut Problems) -> Option<Self> {
        let disk = open::disk(global, problems)?;
        let mut told = Problems::new();
        let Some(project) = load::project_with(&disk, &pipeline::spread, &mut told) else {
            problems.extend(told);
            return None;
        };
        Some(Self { policy: SealPolicy::of(&project), project, told, disk })
    }

    /// The project's folder.
    pub(in crate::cli) fn root(&self) -> &Path {
        self.disk.root()
    }

    /// The same of a project that was opened for rendering, and of which this was told.
    pub(in crate::cli) fn of(
        global: &Global,
        engine: Engine,
        told: Problems,
        problems: &mut Problems,
    ) -> Option<Self> {
        let disk = open::disk(global, problems)?;
        Some(Self { policy: Arc::unwrap_or_clone(engine.policy), project: engine.project, told, disk })
    }

    /// Does a name that the user gives lead to a file?
    pub(in crate::cli) fn is_file(&self, named: &Path) -> bool {
        self.path(named, &mut Problems::new()).is_some_and(|path| self.disk.kind(&path) == Kind::File)
    }

    /// The paths of all sealed files, also of those that are broken.
    pub(in crate::cli) fn paths(&self) -> Vec<String> {
        load::sealed_paths(&self.disk)
    }

    /// The path in the project of a file that the user names.
    pub(in crate::cli) fn path(&self, named: &Path, problems: &mut Problems) -> Option<String> {
        let root = self.disk.root();
        let from = |named: &Path| load::project_path(root, named);
        let places = [from(named), from(&root.join(named))];
        let there = |path: &&String| self.disk.kind(path) != Kind::Missing;
        let path = places.iter().flatten().find(there).or(places.iter().flatten().next()).cloned();
        if path.is_none() {
            let message = format!("`{}` is not in the project", named.display());
            problems.push(
                Diagnostic::error("secret/outside", message)
                    .because(format!("the project is `{}`", self.disk.root().display()))
                    .help("name a file of the project, or the project of the file with `--project DIR`"),
            );
        }
        path
    }

    /// The bytes of a file; `Some(None)` if there is none, `None` if an error was pushed.
    pub(in crate::cli) fn bytes(&self, path: &str, problems: &mut Problems) -> Option<Option<Vec<u8>>> {
        let why = match self.disk.kind(path) {
            Kind::Missing => return Some(None),
            Kind::File => match self.disk.read(path) {
                Ok(bytes) => return Some(Some(bytes)),
                Err(why) => why,
            },
            Kind::Folder => "is a folder".to_owned(),
            Kind::Refused(why) => why.to_owned(),
        };
        problems.push(Diagnostic::error("load/file", format!("`{path}` {why}")).help("name another file"));
        None
    }

    /// A sealed file by its bytes. `None` if an error was pushed.
    pub(in crate::cli) fn sealed(
        &mut self,
        path: &str,
        bytes: &[u8],
        problems: &mut Problems,
    ) -> Option<Sealed> {
        match yaml::decode(bytes) {
            Ok(text) => Sealed::read(&text, self.project.sources.add_hidden(path, &text), problems),
            Err(why) => {
                problems.push(load::no_text(path, &why));
                None
            }
        }
    }

    /// The sealed file that is there, with its bytes. `None` if an error was pushed.
    pub(in crate::cli) fn read(&mut self, path: &str, problems: &mut Problems) -> Option<(Vec<u8>, Sealed)> {
        let Some(bytes) = self.bytes(path, problems)? else {
            let there = self.paths();
            let said = Diagnostic::error("secret/no-file", format!("there is no file `{path}`"));
            problems.push(match did_you_mean(path, there.iter().map(String::as_str)) {
                Some(near) => said.help(format!("did you mean `{near}`?")),
                None => said.help("`gen seal` makes one"),
            });
            return None;
        };
        let sealed = self.sealed(path, &bytes, problems)?;
        Some((bytes, sealed))
    }

    /// The rule for the files of an environment or layer. `None` if an error was pushed: no such owner, or names
    /// without a usable key.
    pub(in crate::cli) fn rule(&self, owner: &str, problems: &mut Problems) -> Option<&SealRule> {
        let rule = self.policy.rule(owner);
        match rule {
            Some(rule) if rule.complete => return Some(rule),
            Some(_) => {
                problems.push(
                    Diagnostic::error(
                        "secret/incomplete",
                        format!("not everyone is known who is to open the secrets of `{owner}`"),
                    )
                    .help("correct what else is said of `keys` and `secrets`"),
                );
                problems.extend(self.told.clone());
            }
            None if self.project.broken.environments.contains(owner) => problems.extend(self.told.clone()),
            None => {
                find::known_owner(&self.project, owner, problems);
            }
        }
        None
    }

    /// Who is to open the files of an environment or layer, and by which rule. `None` if an error was pushed.
    pub(in crate::cli) fn policy_of(&self, owner: &str, problems: &mut Problems) -> Option<Policy> {
        let readers = self.rule(owner, problems)?.readers.iter();
        let reader =
            |r: &crate::resolve::Reader| Reader { name: r.name.clone(), recipient: r.recipient.clone() };
        Some(Policy::secret(readers.map(reader)))
    }

    /// The public key of an environment's cluster, and where Flux finds the private one. `None` if an error was pushed.
    pub(in crate::cli) fn cluster(
        &self,
        name: &str,
        problems: &mut Problems,
    ) -> Option<(String, Decryption)> {
        let rule = self.rule(name, problems)?;
        let mut found = Problems::new();
        let Some(environment) =
            resolve::environment(&self.project, name, &mut found).filter(|_| !rule.is_layer)
        else {
            problems.extend(found);
            if rule.is_layer {
                problems.push(
                    Diagnostic::error("usage/layer", format!("`{name}` is a layer, and has no cluster"))
                        .help(format!("name one of {}", list(rule.environments.iter().map(String::as_str)))),
                );
            }
            return None;
        };
        let resolve::Secrets { cluster, decryption, .. } = environment.secrets;
        let reader = cluster.and_then(|spot| rule.readers.iter().find(|reader| reader.name == spot.text));
        if reader.is_none() {
            let message = format!("nothing says which key is that of the cluster of `{name}`");
            problems.push(
                Diagnostic::error("key/no-cluster", message)
                    .help("name it under `secrets.cluster` of the environment"),
            );
        }
        Some((reader?.recipient.to_string(), decryption))
    }

    /// Puts a file in place, whole or not at all, if what was read still stands there. `false` if an error was pushed.
    pub(in crate::cli) fn put(
        &self,
        path: &str,
        before: Option<&[u8]>,
        after: &[u8],
        problems: &mut Problems,
    ) -> bool {
        let put = write::replace(self.disk.root(), path, before, Some(after));
        put.map_err(|problem| problems.push(*problem)).is_ok()
    }

    /// What people call recipients: their names under `keys`.
    pub(in crate::cli) fn call<'r>(&self, recipients: impl IntoIterator<Item = &'r str>) -> String {
        let names: Vec<String> =
            recipients.into_iter().map(|key| self.policy.call(key).replace('`', "")).collect();
        names.join(", ")
    }
}
