//! The stages in order: load → resolve → render → layout → check; writing is the caller's decision.
//! Start reading here.

use crate::{
    check,
    diag::{Diagnostic, Problems},
    host, layout,
    load::{self, Builtin, Files, Pack, Project},
    render,
    resolve::{self, Environment, Example, SealPolicy},
    template::{self, Compiled, Decisions, TemplateSet},
    tree::Tree,
    write,
    yaml::{Map, Node},
};
use rayon::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

/// A project with its templates compiled: everything that environments share.
#[derive(Debug)]
pub struct Engine {
    /// The project.
    pub project: Project,
    /// Who can open what is sealed.
    pub policy: Arc<SealPolicy>,
    /// Is a needed Secret that is not sealed only worth a warning?
    pub allow_missing_secrets: bool,
    /// Those of packs that nothing is rendered with are compiled when somebody asks.
    templates: BTreeMap<String, OnceLock<Option<Compiled>>>,
}

/// What became of one environment.
#[derive(Debug)]
pub struct Built {
    /// Its name.
    pub name: String,
    /// The environment, if it could be resolved.
    pub environment: Option<Environment>,
    /// Its tree, if all went well up to there. Findings of checks do not take it away.
    pub tree: Option<Tree>,
    /// What the stages found on the way.
    pub problems: Problems,
    /// What the checks found in the tree.
    pub findings: Problems,
}

impl Built {
    /// An environment that was not begun.
    fn interrupted(name: &str) -> Self {
        let mut problems = Problems::new();
        problems.push(Diagnostic::error(write::INTERRUPTED, "interrupted"));
        Self { name: name.to_owned(), environment: None, tree: None, problems, findings: Problems::new() }
    }
}

impl Engine {
    /// Loads a project and compiles its packs. Problems of single environments and packs do not keep the
    /// rest from being used; `None` if there is no project at all.
    pub fn open(files: &dyn Files, problems: &mut Problems) -> Option<Self> {
        let project = host::timed("load", || load::project_with(files, &spread, problems))?;
        resolve::cluster_names(&project, problems);
        let mut templates: BTreeMap<_, _> =
            project.packs.keys().map(|name| (name.clone(), OnceLock::new())).collect();
        for (name, compiled, found) in host::timed("compile", || compiled(&project)) {
            problems.extend(found);
            templates.insert(name, compiled.into());
        }
        Some(Self {
            policy: Arc::new(SealPolicy::of(&project)),
            allow_missing_secrets: false,
            project,
            templates,
        })
    }

    /// The environments that can be rendered, sorted.
    pub fn environments(&self) -> Vec<&str> {
        self.project.environments.values().filter(|e| !e.is_abstract).map(|e| e.name.as_str()).collect()
    }

    /// The layers, sorted.
    pub fn layers(&self) -> Vec<&str> {
        self.project.environments.values().filter(|e| e.is_abstract).map(|e| e.name.as_str()).collect()
    }

    /// Builds and judges one environment; its components in parallel.
    pub fn build(&self, name: &str) -> Built {
        let mut problems = Problems::new();
        let environment = host::timed("resolve", || resolve::environment(&self.project, name, &mut problems));
        let policy = environment.as_ref().map(|environment| self.policy_of(environment));
        self.finish(name, environment, policy, problems)
    }

    /// The Secrets that an environment needs and does not have. What is wrong with it otherwise is told, and hinders no
    /// more than it must.
    pub fn to_seal(&self, name: &str, problems: &mut Problems) -> Vec<check::ToSeal> {
        let Some(environment) = resolve::environment(&self.project, name, problems) else {
            return Vec::new();
        };
        let tree = self.tree(&environment, problems);
        check::to_seal(&environment, tree.as_ref(), &self.policy_of(&environment))
    }

    fn policy_of(&self, environment: &Environment) -> check::Policy {
        let policy = check::Policy::of(environment);
        let policy = policy.sealed_by(environment, &self.policy).needing(environment, &self.project);
        let policy = policy.knowing(environment, &self.project);
        check::Policy { allow_missing_secrets: self.allow_missing_secrets, ..policy }
    }

    /// Builds environments in parallel and hands each one on as soon as it is there; the results in
    /// the order of the names. After Ctrl-C those not begun are left out, each with `write/interrupted`.
    pub fn each<T: Send>(&self, names: &[&str], then: impl Fn(Built) -> T + Sync) -> Vec<T> {
        self.each_unless(names, |_| None, then)
    }

    /// The same for those environments of which `known` does not tell the result.
    pub fn each_unless<T: Send>(
        &self,
        names: &[&str],
        known: impl Fn(&str) -> Option<T> + Sync,
        then: impl Fn(Built) -> T + Sync,
    ) -> Vec<T> {
        let build = |name| if host::interrupted() { Built::interrupted(name) } else { self.build(name) };
        names.par_iter().map(|name| known(name).unwrap_or_else(|| then(build(name)))).collect()
    }

    /// Builds an example of a pack. All Secrets that it needs come from elsewhere.
    pub fn example(&self, example: &Example) -> Built {
        let mut problems = Problems::new();
        let environment = resolve::example(&self.project, example, &mut problems);
        let policy = environment.as_ref().map(|e| check::Policy::of(e).knowing(e, &self.project));
        self.finish("example", environment, policy, problems)
    }

    /// Could the templates of a pack be compiled?
    pub fn has_templates(&self, pack: &str) -> bool {
        self.templates(pack, &mut Problems::new()).is_some()
    }

    /// The templates of a pack, compiled.
    fn templates(&self, pack: &str, problems: &mut Problems) -> Option<&Compiled> {
        let make = || compile(&self.project, self.project.packs.get(pack)?, problems);
        self.templates.get(pack)?.get_or_init(make).as_ref()
    }

    /// What the templates of a pack decide by the values that they see; nothing if they could not be compiled.
    pub fn decisions(&self, pack: &str) -> Decisions {
        self.templates(pack, &mut Problems::new()).map(Compiled::decisions).unwrap_or_default()
    }

    /// What the templates of a component read; none where they cannot be rendered.
    pub fn uses(&self, environment: &Environment, index: usize) -> Vec<render::Use> {
        let mut problems = Problems::new();
        let component = environment.components.get(index);
        let templates = component.and_then(|component| self.templates(&component.pack.name, &mut problems));
        let shared = render::Shared::new(environment, &mut problems);
        templates.zip(shared).map_or(Vec::new(), |(t, shared)| render::uses(environment, &shared, index, t))
    }

    fn finish(
        &self,
        name: &str,
        environment: Option<Environment>,
        policy: Option<check::Policy>,
        mut problems: Problems,
    ) -> Built {
        let tree = environment.as_ref().and_then(|environment| self.tree(environment, &mut problems));
        let findings = match (&tree, &environment, &policy) {
            (Some(tree), _, Some(policy)) => {
                host::timed("check", || check::check(tree, None, policy).findings)
            }
            (None, Some(environment), Some(policy)) => check::without_tree(environment, policy),
            _ => Problems::new(),
        };
        Built { name: name.to_owned(), environment, tree, problems, findings }
    }

    /// Renders the components and lays them out. Where one is missing, the others are rendered for their own errors only.
    fn tree(&self, environment: &Environment, problems: &mut Problems) -> Option<Tree> {
        let shared = render::Shared::new(environment, problems)?;
        let parts: Vec<_> = (0..environment.components.len())
            .into_par_iter()
            .map(|index| {
                let mut found = Problems::new();
                let component = &environment.components[index];
                // What is wrong with those that were compiled when the project was opened was told then.
                let templates = self.templates(&component.pack.name, &mut found);
                let rendered = host::timed("render", || {
                    templates.and_then(|t| render::component(environment, &shared, index, t, &mut found))
                });
                let part = rendered.map(|r| host::timed("layout", || layout::component(environment, r)));
                (part, found)
            })
            .collect();
        let count = parts.len();
        let mut all = Vec::with_capacity(count);
        for (part, found) in parts {
            problems.extend(found);
            all.extend(part);
        }
        if !environment.complete || all.len() < count {
            return None;
        }
        host::timed("layout", || layout::join(environment, &self.project.packs, all, problems))
    }
}

/// Runs the jobs `0..count` on all cores, as [`load::Each`] wants it.
pub fn spread(count: usize, job: &(dyn Fn(usize) + Sync)) {
    (0..count).into_par_iter().for_each(job);
}

/// Runs a job for each item on all cores, `&[T]` or `Vec<T>`; the results in the order of the items.
pub fn parallel<I: IntoParallelIterator, R: Send>(
    items: I,
    job: impl Fn(I::Item) -> R + Sync + Send,
) -> Vec<R> {
    items.into_par_iter().map(job).collect()
}

/// The templates of the packs that may be rendered or be wrong, with what was found in them.
fn compiled(project: &Project) -> Vec<(String, Option<Compiled>, Problems)> {
    let named = named(project);
    let own_lib = project.lib.iter().any(|file| !Builtin::has(project.sources.name(file.source)));
    let wanted = |pack: &Pack| own_lib || !pack.builtin || named.contains(pack.name.as_str());
    let packs: Vec<&Arc<Pack>> = project.packs.values().filter(|pack| wanted(pack)).collect();
    parallel(&packs, |pack| {
        let mut found = Problems::new();
        let compiled = compile(project, pack, &mut found);
        (pack.name.clone(), compiled, found)
    })
}

/// What may be the name of a pack in some environment or layer: of a component `pack`, or its own name.
fn named(project: &Project) -> BTreeSet<&str> {
    let files = project.environments.values();
    let components = files.filter_map(|file| file.written().get("components")?.as_map()).flat_map(Map::iter);
    let names = components.flat_map(|(name, component)| {
        [Some(&*name.text), component.get("pack").and_then(Node::as_str)].into_iter().flatten()
    });
    names.collect()
}

fn compile(project: &Project, pack: &Pack, problems: &mut Problems) -> Option<Compiled> {
    let secrets: Vec<String> = pack.file.secrets.keys().cloned().collect();
    template::compile(
        &TemplateSet {
            pack: &pack.name,
            templates: &pack.templates,
            lib: &project.lib,
            files: &pack.files,
            delimiters: pack.delimiters.as_ref(),
            schema: &pack.schema,
            secrets: &secrets,
        },
        problems,
    )
}
