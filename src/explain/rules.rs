//! What `gen` itself writes, by which rule, and which config decides it. One rule for every value that no template and no
//! line of the config gives: a test over the example fleet keeps it so.

use super::{
    known::Known,
    leaves::Leaf,
    path::{Path, Step},
    references::How,
};
use crate::{
    flux,
    resolve::{Component, Release},
    tree::Document,
    yaml::Node,
};

/// Why `gen` writes a value.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    /// The rule in words.
    pub(super) words: String,
    /// What decides it.
    pub(super) causes: Vec<(Path, How)>,
}

/// How a path in the tree is made.
const ROOT_PATH: &str = "`source.root` and the folder in the tree";

fn rule(words: impl Into<String>, causes: impl IntoIterator<Item = (Path, How)>) -> Option<Rule> {
    Some(Rule { words: words.into(), causes: causes.into_iter().collect() })
}

fn same(path: Path) -> [(Path, How); 1] {
    [(path, How::Same)]
}

/// Always so.
fn fixed(words: impl Into<String>) -> Option<Rule> {
    rule(words, [])
}

/// A field as texts, items of lists as `[]`.
fn shape(field: &Path) -> Vec<&str> {
    (0..field.0.len()).map(|at| field.text(at).unwrap_or("[]")).collect()
}

impl Known<'_> {
    /// The rule by which `gen` writes a value of the output, with what is there of what may decide it.
    pub(super) fn rule(&self, leaf: &Leaf<'_>) -> Option<Rule> {
        let mut rule = self.rule_of(leaf)?;
        rule.causes.retain(|(path, _)| self.value_of(path).is_some());
        Some(rule)
    }

    fn rule_of(&self, leaf: &Leaf<'_>) -> Option<Rule> {
        let path = leaf.path.as_str();
        let Some(object) = leaf.object() else { return self.list(leaf) };
        let field = shape(&leaf.field);
        match path {
            "cluster/sync.yaml" => self.sync(object, leaf, &field),
            "cluster/namespaces.yaml" => self.root(&field, "the namespaces"),
            "cluster/artifacts.yaml" => rule(
                "an artifact of each component's folder",
                [(Path::keys(["flux", "artifacts"]), How::Decides)],
            ),
            _ if path.starts_with("cluster/components/") => {
                let component = self.component(leaf.file.owner.as_ref())?;
                match object.kind() {
                    "Kustomization" => self.kustomization(component, leaf, &field),
                    _ => self.own_source(component, &field),
                }
            }
            _ if path.starts_with("namespaces/") => self.namespace(object, &field),
            _ => self.of_component(leaf, object, &field),
        }
    }

    /// A value in an object of a component.
    fn of_component(&self, leaf: &Leaf<'_>, object: &Document, field: &[&str]) -> Option<Rule> {
        let component = self.component(leaf.file.owner.as_ref())?;
        let release = component.releases.iter().find(|release| {
            release.name == object.name()
                && matches!(object.kind(), "HelmRelease" | "OCIRepository" | "HelmRepository")
        });
        match field {
            _ if component.flux.account.as_deref() == Some(object.name())
                && matches!(object.kind(), "ServiceAccount" | "ClusterRoleBinding") =>
            {
                rule(LOCKED_DOWN, locked_down())
            }
            ["metadata", "annotations", flux::SUBSTITUTE] => {
                fixed("an object with a literal `${` or `$$` is kept from Flux's substitution of variables")
            }
            ["metadata", "annotations", flux::PRUNE] => fixed(
                "a definition is kept when it leaves the tree: with it every object of its kind would go",
            ),
            ["metadata", "namespace"] => {
                let namespace = Path::keys(["components", &component.name, "namespace"]);
                rule("an object that names no namespace is put into its component's", same(namespace))
            }
            _ => match (release?, object.kind()) {
                (release, "HelmRelease") => helm_release(component, release, field),
                (release, _) => chart_source(component, release, field),
            },
        }
    }

    /// The Flux Kustomization of a component.
    fn kustomization(&self, component: &Component, leaf: &Leaf<'_>, field: &[&str]) -> Option<Rule> {
        let of = |keys: &[&str]| Path::keys(["components", &component.name].iter().chain(keys).copied());
        let elsewhere = component.source.is_some();
        match field {
            ["metadata", "name"] => {
                rule("a component's Flux Kustomization has its name", same(of(&["name"])))
            }
            ["spec", "dependsOn", "[]", "name"] => self.depends_on(component, leaf),
            ["spec", "interval"] => rule("how often Flux looks", same(of(&["flux", "interval"]))),
            ["spec", "retryInterval"] => {
                rule("how soon Flux tries again", same(of(&["flux", "retryInterval"])))
            }
            ["spec", "timeout"] => self.timeout(component),
            ["spec", "sourceRef", "kind"] if elsewhere => {
                rule("it reads the component's own source", same(of(&["source", "kind"])))
            }
            ["spec", "sourceRef", ..]
                if !elsewhere && self.environment().is_some_and(|found| found.flux.artifacts) =>
            {
                let artifacts = (Path::keys(["flux", "artifacts"]), How::Decides);
                rule("it reads an artifact of its own folder", [artifacts])
            }
            ["spec", "sourceRef", "kind"] => {
                rule("it reads the fleet's source", same(Path::keys(["source", "kind"])))
            }
            ["spec", "sourceRef", "name"] if elsewhere => {
                rule("it reads the component's own source", same(of(&["name"])))
            }
            ["spec", "sourceRef", "name"] => fixed("the fleet's source is named `flux-system`"),
            ["spec", "path"] if elsewhere => {
                rule("the folder in the component's own source", [(of(&["source", "path"]), How::Computed)])
            }
            ["spec", "path"] => {
                let own = [(of(&["stage"]), How::Part), (of(&["name"]), How::Part)];
                rule(ROOT_PATH, self.root_path().into_iter().chain(own))
            }
            ["spec", "prune"] if elsewhere => {
                rule("are objects deleted that vanish from the source?", same(of(&["source", "prune"])))
            }
            ["spec", "prune"] => fixed("what leaves the tree leaves the cluster"),
            ["spec", "wait"] => rule("whoever needs it waits until it is ready", same(of(&["flux", "wait"]))),
            ["spec", "suspend"] => rule("Flux leaves it alone", same(of(&["flux", "suspend"]))),
            ["spec", "decryption", "secretRef", "name"] => rule(
                "the Secret with the cluster's private key, as there are sealed files in its folder",
                same(Path::keys(["secrets", "decryption", "secret"])),
            ),
            ["spec", "decryption", ..] => fixed("there are sealed files in its folder"),
            ["metadata", "namespace"] => fixed("every Flux Kustomization of `gen` lives in `flux-system`"),
            ["metadata", "labels", _] => rule(SHARD, same(of(&["flux", "shard"]))),
            ["spec", "serviceAccountName"] => rule(LOCKED_DOWN, locked_down()),
            _ => rule("every component has a Flux Kustomization", [(of(&["name"]), How::Decides)]),
        }
    }

    /// The causes of a path in the tree.
    fn root_path(&self) -> [(Path, How); 2] {
        [(Path::keys(["source", "root"]), How::Computed), (Path::keys(["environment", "name"]), How::Part)]
    }

    /// Why a component waits for another.
    fn depends_on(&self, component: &Component, leaf: &Leaf<'_>) -> Option<Rule> {
        let name = leaf.node?.as_str()?;
        let needs = Path::keys(["components", &component.name, "needs"]);
        if name == "namespaces" {
            return rule("every component waits for the namespaces", []);
        }
        let (mut words, mut causes) = (Vec::new(), Vec::new());
        if let Some(at) = component.needs.iter().position(|need| need.text == name) {
            words.push(format!("`{}` needs `{name}`", component.name));
            causes.push((needs.item(at), How::Same));
        }
        for group in self.groups(component, name) {
            words.push(format!("`{}` uses `{group}`, and `{name}` brings its definitions", component.name));
            let said = |component: &str, key: &str| Path::keys(["components", component, key, &group]);
            let both = [said(&component.name, "requires"), said(name, "provides")];
            causes.extend(both.into_iter().map(|path| (path, How::Decides)));
        }
        causes.push((needs, How::Computed));
        rule(words.join("; "), causes)
    }

    /// The API groups that a component uses and another provides.
    fn groups(&self, user: &Component, provider: &str) -> Vec<String> {
        let Some(provider) = self.component(provider) else { return Vec::new() };
        let defined = self.documents(&provider.name).filter(|d| d.kind() == "CustomResourceDefinition");
        let defined = defined.filter_map(|d| d.node.at(&["spec", "group"]).and_then(Node::as_str));
        let mut groups: Vec<String> = provider
            .provides
            .iter()
            .map(|group| group.text.as_str())
            .chain(defined)
            .map(str::to_owned)
            .collect();
        groups.sort();
        groups.dedup();
        let required = |group: &str| user.requires.iter().any(|own| own.text == group);
        let used = |group: &str| self.documents(&user.name).any(|object| object.group() == group);
        groups.retain(|group| required(group) || used(group));
        groups
    }

    /// The objects of a component that are in its folder.
    pub(super) fn documents<'s>(&'s self, component: &'s str) -> impl Iterator<Item = &'s Document> {
        let files = self.built.tree.iter().flat_map(|tree| tree.files());
        let own = files
            .filter(move |(path, file)| &*file.owner == component && !path.as_str().starts_with("cluster/"));
        own.flat_map(|(_, file)| &file.documents)
    }

    /// A Kustomization waits for its releases; those of `gen`'s own wait as long as the component says.
    fn timeout(&self, component: &Component) -> Option<Rule> {
        let own = (Path::keys(["components", &component.name, "flux", "timeout"]), How::Same);
        let field = Path::keys(["spec", "timeout"]);
        let mut others = Vec::new();
        for (path, file) in self.built.tree.iter().flat_map(|tree| tree.files()) {
            for (index, object) in
                file.documents.iter().enumerate().filter(|(_, d)| d.kind() == "HelmRelease")
            {
                let node = field.of(&object.node).filter(|node| node.place().is_some());
                if let (Some(node), true) = (node, *file.owner == *component.name) {
                    let leaf =
                        Leaf { path, file, document: Some(index), field: field.clone(), node: Some(node) };
                    others.extend(self.causes(&leaf).paths);
                }
            }
        }
        let words = "how long Flux waits: at least as long as any of its releases may take";
        match others.is_empty() {
            true => rule(words, [own]),
            false => {
                rule(words, others.into_iter().chain([own]).map(|(path, how)| (path, how.max(How::Computed))))
            }
        }
    }

    /// The source of a component that lives elsewhere.
    fn own_source(&self, component: &Component, field: &[&str]) -> Option<Rule> {
        let of = |keys: &[&str]| Path::keys(["components", &component.name].iter().chain(keys).copied());
        match field {
            ["metadata", "name"] => rule("a component's own source has its name", same(of(&["name"]))),
            ["metadata", "namespace"] => fixed("every source of Flux Kustomizations lives in `flux-system`"),
            ["spec", "interval"] => rule("how often Flux looks", same(of(&["flux", "interval"]))),
            ["kind" | "apiVersion"] => {
                rule("the kind of the component's own source", [(of(&["source", "kind"]), How::Computed)])
            }
            ["spec", ..] => rule("the component's own source", [(of(&["source", "url"]), How::Computed)]),
            _ => None,
        }
    }

    /// A Kustomization with times of `gen`'s own: of the namespaces, or the root.
    fn root(&self, field: &[&str], what: &str) -> Option<Rule> {
        match field {
            ["spec", "path"] => rule(ROOT_PATH, self.root_path()),
            ["spec", "sourceRef", "kind"] => {
                rule("it reads the fleet's source", same(Path::keys(["source", "kind"])))
            }
            ["spec", "serviceAccountName"] => rule(LOCKED_DOWN, locked_down()),
            _ => fixed(format!("the Flux Kustomization of {what} is always like this")),
        }
    }

    /// What makes the root.
    fn sync(&self, object: &Document, leaf: &Leaf<'_>, field: &[&str]) -> Option<Rule> {
        let source = |key: &str| Path::keys(["source", key]);
        let flux = |key: &str| Path::keys(["flux", key]);
        let sync = (flux("sync"), How::Decides);
        match (object.kind(), field) {
            ("Kustomization", _) => self
                .root(field, "the root")
                .map(|found| Rule { causes: found.causes.into_iter().chain([sync]).collect(), ..found }),
            (_, ["spec", "distribution", "version"]) => {
                rule("the newest patch of Flux's minor version", [(flux("version"), How::Part)])
            }
            (_, ["spec", "distribution", "registry"]) => {
                rule("where Flux's images come from", same(flux("registry")))
            }
            (_, ["spec", "cluster", key]) if ["size", "networkPolicy", "multitenant"].contains(key) => {
                rule("how the operator sets Flux up", same(flux(key)))
            }
            (_, ["spec", "sharding", ..]) => rule("Flux's shards", [(flux("sharding"), How::Part)]),
            (_, ["spec", "storage", key]) => {
                rule("the volume of source-controller", same(Path::keys(["flux", "storage", key])))
            }
            (_, ["spec", "components", "[]"]) => {
                let index = leaf.field.0.last().cloned().unwrap_or(Step::Item(0));
                rule("Flux's controllers", same(flux("components").with(index)))
            }
            (_, ["spec", "sync", "kind"]) | ("GitRepository" | "OCIRepository" | "Bucket", ["kind"]) => {
                rule("the kind of the fleet's source", same(source("kind")))
            }
            (
                _,
                ["spec", .., "url"] | ["spec", "endpoint"] | ["spec", "bucketName"] | ["spec", "insecure"],
            ) => {
                let how = if object.kind() == "Bucket" { How::Computed } else { How::Same };
                rule("the address of the fleet's source", [(source("url"), how)])
            }
            (_, ["spec", "sync", "ref"]) => {
                let given =
                    ["name", "tag", "branch"].into_iter().map(|key| Path::keys(["source", "ref", key]));
                let given = given.map(|path| (path, How::Computed));
                let url = (source("url"), How::Computed);
                let bucket = self.environment().is_some_and(|e| e.source.kind == "Bucket").then_some(url);
                rule("the revision, as a FluxInstance takes it", given.chain(bucket))
            }
            (_, ["spec", "sync", "path"]) => rule(ROOT_PATH, self.root_path()),
            (_, ["spec", "sync", "pullSecret"] | ["spec", "secretRef", "name"]) => {
                rule("the pull Secret of the fleet's source", same(source("secret")))
            }
            (_, ["spec", .., "provider"]) => {
                rule("how Flux signs in at the source", same(source("provider")))
            }
            _ => rule("`flux.sync` says who makes the root", [sync]),
        }
    }

    /// A namespace.
    fn namespace(&self, object: &Document, field: &[&str]) -> Option<Rule> {
        let name = object.name();
        let residents = || {
            let all = self.environment().into_iter().flat_map(|environment| &environment.components);
            all.filter(|component| component.namespace == name).map(|component| component.name.as_str())
        };
        let said = Path::keys(["namespaces", name, "podSecurity"]);
        match field {
            ["metadata", "annotations", flux::PRUNE] => {
                fixed("a namespace stays when it leaves the tree: with it everything in it would go")
            }
            ["metadata", "labels", label] if label.ends_with("-version") => {
                fixed("the level is that of the newest Kubernetes")
            }
            ["metadata", "labels", _] if said.of(&self.whole).is_some() => {
                rule("its Pod Security level", same(said))
            }
            ["metadata", "labels", _] => {
                let levels = residents().map(|c| Path::keys(["components", c, "podSecurity"]));
                let levels = levels.map(|path| (path, How::Computed));
                rule("the Pod Security level that its components run under", levels)
            }
            _ => {
                let named = (Path::keys(["namespaces", name]), How::Decides);
                let homes = residents().map(|c| (Path::keys(["components", c, "namespace"]), How::Decides));
                rule("every namespace that something lives in", homes.chain([named]))
            }
        }
    }

    /// A `kustomization.yaml`.
    fn list(&self, leaf: &Leaf<'_>) -> Option<Rule> {
        let (folder, owner) = (leaf.path.folder(), &*leaf.file.owner);
        if !matches!(shape(&leaf.field).as_slice(), ["resources", "[]"]) {
            return fixed("what belongs to a folder is listed in its `kustomization.yaml`");
        }
        let words = "the files of the folder, sorted";
        match folder {
            "cluster" => {
                let components = self.whole.members_at("components").map(|(name, _)| name);
                let names = components.map(|name| Path::keys(["components", name, "name"]));
                let sync = Path::keys(["flux", "sync"]);
                rule(words, names.chain([sync]).map(|path| (path, How::Decides)))
            }
            "namespaces" => {
                let components = self.whole.members_at("components").map(|(name, _)| name);
                let homes = components.map(|name| Path::keys(["components", name, "namespace"]));
                rule(words, homes.chain([Path::keys(["namespaces"])]).map(|path| (path, How::Decides)))
            }
            _ => rule(words, [(Path::keys(["components", owner, "name"]), How::Decides)]),
        }
    }
}

/// Why an object names the ServiceAccount that it acts as.
const LOCKED_DOWN: &str =
    "where Flux is locked down for tenants, what names no ServiceAccount may do nothing";
/// Why an object has a label of sharding.
const SHARD: &str = "the controllers that look after it";

fn locked_down() -> [(Path, How); 1] {
    [(Path::keys(["flux", "multitenant"]), How::Decides)]
}

/// A HelmRelease of `gen`'s own.
fn helm_release(component: &Component, release: &Release, field: &[&str]) -> Option<Rule> {
    let of = |keys: &[&str]| Path::keys(["components", &component.name].iter().chain(keys).copied());
    let named = if release.key.is_empty() { How::Same } else { How::Part };
    match field {
        ["metadata", "name"]
        | ["spec", "releaseName"]
        | ["spec", "chartRef", "name"]
        | ["spec", "chart", "spec", "sourceRef", "name"] => {
            rule("release and source have the component's name", [(of(&["name"]), named)])
        }
        ["metadata", "namespace"] => rule("they live in the component's namespace", same(of(&["namespace"]))),
        ["metadata", "labels", _] | ["spec", "chart", "metadata", "labels", _] => {
            rule(SHARD, same(of(&["flux", "shard"])))
        }
        ["spec", "serviceAccountName"] => rule(LOCKED_DOWN, locked_down()),
        ["spec", "interval"] => rule("how often Flux looks", same(of(&["flux", "interval"]))),
        ["spec", "timeout"] => rule("how long an action of Helm may take", same(of(&["flux", "timeout"]))),
        ["spec", "chart", "spec", "chart"] => {
            rule("the chart's name in its repository", same(coordinate(component, release, "name")))
        }
        ["spec", "chart", "spec", "version"] => {
            rule("the chart's version", same(coordinate(component, release, "version")))
        }
        ["spec", "dependsOn", "[]", "name"] => {
            rule("the pack says which of its releases comes first", [(of(&["name"]), How::Part)])
        }
        ["spec", "install" | "upgrade", "crds"] => {
            let provides =
                component.provides.iter().map(|group| (of(&["provides", &group.text]), How::Decides));
            rule(
                "only a release whose component `provides` an API group brings its definitions",
                provides.chain([(of(&["provides"]), How::Decides)]),
            )
        }
        ["spec", "install" | "upgrade", "strategy", "retryInterval"] => {
            rule("how soon Flux tries again", same(of(&["flux", "retryInterval"])))
        }
        ["spec", "install" | "upgrade", ..] => {
            rule("what a release does when it fails", [(of(&["flux", "onFailure"]), How::Computed)])
        }
        ["spec", "driftDetection", "ignore", ..] => fixed("the pack's `ignoreDrift`"),
        ["spec", "driftDetection", ..] => fixed("Flux mends what is changed in the cluster by hand"),
        ["spec", "chart" | "chartRef", ..] => rule(
            "the kind of source that the chart's `url` leads to",
            [(coordinate(component, release, "url"), How::Decides)],
        ),
        _ => rule("every chart of a component has a HelmRelease", [(of(&["name"]), How::Decides)]),
    }
}

/// The source of a chart.
fn chart_source(component: &Component, release: &Release, field: &[&str]) -> Option<Rule> {
    let of = |keys: &[&str]| Path::keys(["components", &component.name].iter().chain(keys).copied());
    let coordinate = |part| coordinate(component, release, part);
    let named = if release.key.is_empty() { How::Same } else { How::Part };
    match field {
        ["metadata", "name"] => {
            rule("release and source have the component's name", [(of(&["name"]), named)])
        }
        ["metadata", "namespace"] => rule("they live in the component's namespace", same(of(&["namespace"]))),
        ["metadata", "labels", _] => rule(SHARD, same(of(&["flux", "shard"]))),
        ["spec", "interval"] => rule("how often Flux looks", same(of(&["flux", "interval"]))),
        ["spec", "url"] => rule("the chart's address", same(coordinate("url"))),
        ["spec", "ref", "tag"] => {
            let how = if release.chart.version.contains('+') { How::Computed } else { How::Same };
            rule(
                "the chart's version; `+` is no character of a tag, `_` stands for it",
                [(coordinate("version"), how)],
            )
        }
        ["spec", "ref", "digest"] => rule("the chart's digest", same(coordinate("digest"))),
        _ => rule("the kind of source that the chart's `url` leads to", [(coordinate("url"), How::Decides)]),
    }
}

/// Where a coordinate of a chart is set.
fn coordinate(component: &Component, release: &Release, part: &str) -> Path {
    match release.key.as_str() {
        "" => Path::keys(["components", &component.name, "chart", part]),
        key => Path::keys(["components", &component.name, "charts", key, part]),
    }
}
