//! What an empty cluster needs before Flux looks after it: steps in their order, as plain data. Running them is the
//! caller's business.

use crate::{
    address,
    flux::{NAMESPACE, ROOT},
    layout,
    resolve::{Environment, Sync},
    tree::{Document, Tree, TreePath},
    yaml::{self, Map, Node},
};

/// The API group of FluxInstance: who provides it installs Flux.
const OPERATOR: &str = "fluxcd.controlplane.io";
/// The name that its operator asks of a FluxInstance.
const INSTANCE: &str = "flux";
/// How long is waited for something to be ready.
const TIMEOUT: &str = "5m";

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is for.
    pub title: String,
    /// The command; absent for what `gen` cannot know how to do.
    pub command: Option<Command>,
    /// A command that succeeds where the step is done already.
    pub done_if: Option<Vec<String>>,
    /// What is to be known beside.
    pub note: Option<String>,
}

/// A command that is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program and its arguments; without the name of the file that it reads, which is the last of them.
    pub words: Vec<String>,
    /// What it reads.
    pub input: Input,
}

/// What a command reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing.
    Nothing,
    /// A file of the tree.
    File(TreePath),
    /// This YAML.
    Text(String),
    /// The Secret with the cluster's private key.
    ClusterKey,
    /// The Secret with which the source is pulled.
    PullSecret,
}

/// The steps for an environment. `context` is the user's name of the cluster; without it the current one is meant, or
/// the one that kind makes.
pub fn steps(environment: &Environment, tree: &Tree, context: Option<&str>) -> Vec<Step> {
    let kind = kind_cluster(tree);
    let own = kind.as_ref().map(|(_, name)| format!("kind-{name}"));
    let planning = Planning { environment, tree, context: context.or(own.as_deref()) };
    let mut steps = Vec::new();
    steps.extend(kind.map(|(file, name)| planning.kind(file, &name)));
    steps.push(planning.namespace());
    steps.push(planning.flux());
    steps.extend(planning.cluster_key());
    steps.extend(planning.pull_secret());
    steps.extend(planning.sync());
    steps
}

/// The cluster that a tree has a file for, as the context that kind gives it.
pub fn own_context(tree: &Tree) -> Option<String> {
    kind_cluster(tree).map(|(_, name)| format!("kind-{name}"))
}

fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    node.at(path).and_then(Node::as_str)
}

/// The file of a cluster beside the tree, and the cluster's name.
fn kind_cluster(tree: &Tree) -> Option<(TreePath, String)> {
    tree.below("outside").find_map(|(path, file)| {
        let is_cluster = |document: &&Document| {
            text(&document.node, &["kind"]) == Some("Cluster")
                && text(&document.node, &["apiVersion"]).is_some_and(|v| v.starts_with("kind.x-k8s.io/"))
        };
        let cluster = file.documents.iter().find(is_cluster)?;
        Some((path.clone(), text(&cluster.node, &["name"]).unwrap_or("kind").to_owned()))
    })
}

struct Planning<'a> {
    environment: &'a Environment,
    tree: &'a Tree,
    context: Option<&'a str>,
}

impl Planning<'_> {
    fn kubectl(&self, words: &[&str]) -> Vec<String> {
        self.words("kubectl", "--context", words)
    }

    /// A command for the cluster that is meant.
    fn words(&self, program: &str, flag: &str, words: &[&str]) -> Vec<String> {
        let context = self.context.map(|context| [flag, context]);
        [program].iter().chain(context.iter().flatten()).chain(words).map(|word| (*word).to_owned()).collect()
    }

    /// Server-side: kubectl's own way would copy a Secret into an annotation.
    fn apply(&self) -> Vec<String> {
        self.kubectl(&["apply", "--server-side", "-f"])
    }

    fn kind(&self, file: TreePath, name: &str) -> Step {
        let words = ["kind", "create", "cluster", "--config"].map(str::to_owned).to_vec();
        let own = format!("kind-{name}");
        let is_there = ["kubectl", "--context", &own, "get", "--raw", "/readyz"].map(str::to_owned);
        Step {
            title: format!("the cluster `{name}` on this machine"),
            command: Some(Command { words, input: Input::File(file) }),
            done_if: Some(is_there.to_vec()),
            note: None,
        }
    }

    fn namespace(&self) -> Step {
        Step {
            title: "the namespace of Flux".to_owned(),
            command: Some(Command {
                words: self.kubectl(&["create", "namespace", NAMESPACE]),
                input: Input::Nothing,
            }),
            done_if: Some(self.kubectl(&["get", "namespace", NAMESPACE])),
            note: None,
        }
    }

    fn flux(&self) -> Step {
        match (self.environment.flux.sync, &self.environment.own_flux_system) {
            (Sync::Operator, _) => self.operator(),
            (_, Some(_)) => {
                let folder = format!("fleet-out/{}/cluster/flux-system", self.environment.name);
                Step {
                    title: "Flux, as your own folder has it".to_owned(),
                    command: Some(Command {
                        words: self.kubectl(&["apply", "--server-side", "-k", &folder]),
                        input: Input::Nothing,
                    }),
                    done_if: None,
                    note: None,
                }
            }
            (_, None) => self.install(),
        }
    }

    /// The operator, as the component that brings it has it, so that it takes this release over.
    fn operator(&self) -> Step {
        let brings = |component: &&crate::resolve::Component| {
            component.provides.iter().any(|group| group.text == OPERATOR)
        };
        let component = self.environment.components.iter().find(brings);
        let found = component.and_then(|component| Some((component, component.releases.first()?)));
        let Some((component, release)) = found else {
            return Step {
                title: "the Flux operator".to_owned(),
                command: None,
                done_if: None,
                note: Some("no chart of this environment brings it: install it as you always do".to_owned()),
            };
        };
        let chart = &release.chart;
        let mut words: Vec<&str> = vec!["upgrade", "--install", &release.name];
        match &chart.name {
            Some(name) => words.extend([name.as_str(), "--repo", &chart.url.text]),
            None => words.push(&chart.url.text),
        }
        words.extend(["--version", &chart.version, "--namespace", &component.namespace]);
        words.extend(["--create-namespace", "--wait", "--timeout", TIMEOUT, "--values"]);
        Step {
            title: format!("the Flux operator, which the component `{}` then looks after", component.name),
            command: Some(Command {
                words: self.words("helm", "--kube-context", &words),
                input: Input::Text(yaml::emit(&self.values(&release.name))),
            }),
            done_if: None,
            note: None,
        }
    }

    /// The values of a release, without what needs definitions that are not there yet.
    fn values(&self, release: &str) -> Node {
        let is_release = |document: &&Document| {
            text(&document.node, &["kind"]) == Some("HelmRelease")
                && text(&document.node, &["metadata", "name"]) == Some(release)
        };
        let release =
            self.tree.files().find_map(|(_, file)| file.documents.iter().find(is_release).map(|d| &d.node));
        let values = release.and_then(|node| node.at(&["spec", "values"])).cloned();
        let mut values = values.unwrap_or_else(|| Node::new(Map::new()));
        let monitor = values.as_map_mut().and_then(|map| map.get_mut("serviceMonitor"));
        if let Some(monitor) = monitor.and_then(Node::as_map_mut) {
            monitor.insert("create", Node::new(false));
        }
        values
    }

    fn install(&self) -> Step {
        let flux = &self.environment.flux;
        let exact = (flux.version.split('.').count() > 2).then(|| format!("--version=v{}", flux.version));
        let components = format!("--components={}", flux.components.join(","));
        let registry = format!("--registry={}", flux.registry);
        let mut words = vec!["install", "--namespace", NAMESPACE, &components, &registry];
        words.extend(exact.as_deref());
        let note = format!("this installs the version of your `flux`: it should be {}", flux.version);
        Step {
            title: format!("Flux {}", flux.version),
            command: Some(Command { words: self.words("flux", "--context", &words), input: Input::Nothing }),
            done_if: None,
            note: exact.is_none().then_some(note),
        }
    }

    fn cluster_key(&self) -> Option<Step> {
        let secrets = &self.environment.secrets;
        let cluster = secrets.cluster.as_ref()?;
        Some(Step {
            title: format!("the private key `{}`, with which Flux opens what is sealed", cluster.text),
            command: Some(Command { words: self.apply(), input: Input::ClusterKey }),
            done_if: None,
            note: None,
        })
    }

    fn pull_secret(&self) -> Option<Step> {
        let source = &self.environment.source;
        let name = source.secret.as_ref()?;
        Some(Step {
            title: format!(
                "the Secret `{name}`, with which Flux reads {}",
                address::masked(&source.url.text)
            ),
            command: Some(Command { words: self.apply(), input: Input::PullSecret }),
            done_if: Some(self.kubectl(&["get", "secret", name, "--namespace", NAMESPACE])),
            note: Some(fields(&source.url.text, source.provider.as_deref())),
        })
    }

    /// What Flux is to follow, and that it does.
    fn sync(&self) -> Vec<Step> {
        let (input, title, note) = match (self.environment.flux.sync, TreePath::new("cluster/sync.yaml")) {
            (Sync::Operator | Sync::Classic, Ok(file)) if self.tree.get(file.as_str()).is_some() => {
                (Input::File(file), "what Flux follows", None)
            }
            _ => (
                Input::Text(yaml::emit(&layout::root_kustomization(self.environment))),
                "the Kustomization that Flux follows",
                Some(format!(
                    "with `sync: none` the {} `{ROOT}` is yours: make it first",
                    self.environment.source.kind
                )),
            ),
        };
        let what = match self.environment.flux.sync {
            Sync::Operator => format!("fluxinstance/{INSTANCE}"),
            _ => format!("kustomization/{ROOT}"),
        };
        let timeout = format!("--timeout={TIMEOUT}");
        let wait = ["wait", "--namespace", NAMESPACE, "--for=condition=Ready", &what, &timeout];
        vec![
            Step {
                title: title.to_owned(),
                command: Some(Command { words: self.apply(), input }),
                done_if: None,
                note,
            },
            Step {
                title: "Flux has taken over".to_owned(),
                command: Some(Command { words: self.kubectl(&wait), input: Input::Nothing }),
                done_if: None,
                note: None,
            },
        ]
    }
}

/// What a pull Secret holds, by how its source is read (Flux: GitRepository and OCIRepository, `secretRef`).
fn fields(url: &str, provider: Option<&str>) -> String {
    match (provider, url.split_once("://").map_or(url, |(scheme, _)| scheme)) {
        (Some("github"), _) => "`githubAppID`, `githubAppInstallationID` and `githubAppPrivateKey`",
        (_, "ssh") => "`identity` (a private key of SSH) and `known_hosts`",
        (_, "oci") => "`.dockerconfigjson`, of type kubernetes.io/dockerconfigjson",
        (Some("generic") | None, _) => "`username` and `password`, or `bearerToken`",
        _ => "what its provider says",
    }
    .to_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::{diag::Problems, load::Memory, pipeline::Engine};

    fn plan(fleet: &str, environment: &str, context: Option<&str>) -> Vec<String> {
        let files: Memory = [("environments/fleet.yaml", fleet), ("environments/dev.yaml", environment)]
            .into_iter()
            .collect();
        let mut problems = Problems::new();
        let engine = Engine::open(&files, &mut problems).unwrap();
        let built = engine.build("dev");
        let (environment, tree) = (built.environment.unwrap(), built.tree);
        let tree = tree.unwrap_or_else(|| panic!("{:#?}", built.problems));
        let line = |step: Step| match step.command {
            None => format!("# {}", step.title),
            Some(Command { words, input }) => {
                let input = match input {
                    Input::Nothing => String::new(),
                    Input::File(path) => format!(" < {path}"),
                    Input::Text(text) => format!(" << {}", text.lines().next().unwrap_or_default()),
                    Input::ClusterKey => " < key".to_owned(),
                    Input::PullSecret => " < pull".to_owned(),
                };
                words.join(" ") + &input
            }
        };
        steps(&environment, &tree, context).into_iter().map(line).collect()
    }

    const KEY: &str = "keys: {dev: age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux}\n";

    #[test]
    fn an_operator_of_a_kind_cluster() {
        let fleet = format!(
            "{KEY}source: {{kind: GitRepository, url: \"https://example.com/f\", ref: {{branch: main}}, secret: pull}}\nflux: {{version: \"2.9\", sync: operator}}\n"
        );
        let environment = "cluster: {name: dev, domain: example.com, provides: [monitoring.coreos.com]}\nsecrets: {cluster: dev}\n\
             components: {local: {pack: kind}, flux-operator: {pack: flux-operator, inputs: {metrics: true}}}\n";
        assert_eq!(
            plan(&fleet, environment, None),
            [
                "kind create cluster --config < outside/local/cluster.yaml",
                "kubectl --context kind-dev create namespace flux-system",
                "helm --kube-context kind-dev upgrade --install flux-operator oci://ghcr.io/controlplaneio-fluxcd/charts/flux-operator --version 0.58.1 --namespace flux-system --create-namespace --wait --timeout 5m --values << fullnameOverride: flux-operator",
                "kubectl --context kind-dev apply --server-side -f < key",
                "kubectl --context kind-dev apply --server-side -f < pull",
                "kubectl --context kind-dev apply --server-side -f < cluster/sync.yaml",
                "kubectl --context kind-dev wait --namespace flux-system --for=condition=Ready fluxinstance/flux --timeout=5m",
            ]
        );
    }

    #[test]
    fn flux_by_itself_and_in_a_named_cluster() {
        let fleet = |sync: &str| {
            format!(
                "source: {{kind: GitRepository, url: \"ssh://git@example.com/f\", ref: {{branch: main}}}}\nflux: {{version: \"2.9\", sync: {sync}}}\n"
            )
        };
        let environment = "cluster: {name: dev, domain: example.com}\n\
             components: {a: {pack: raw, extra: {x: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}}}}\n";
        let classic = plan(&fleet("classic"), environment, Some("eu"));
        assert_eq!(
            classic,
            [
                "kubectl --context eu create namespace flux-system",
                "flux --context eu install --namespace flux-system --components=source-controller,kustomize-controller,helm-controller,notification-controller --registry=ghcr.io/fluxcd",
                "kubectl --context eu apply --server-side -f < cluster/sync.yaml",
                "kubectl --context eu wait --namespace flux-system --for=condition=Ready kustomization/flux-system --timeout=5m",
            ]
        );
        let none = plan(&fleet("none"), environment, None);
        assert!(none[2].starts_with("kubectl apply --server-side -f << apiVersion: kustomize"), "{none:#?}");
    }

    #[test]
    fn a_pull_secret_holds_what_its_source_asks_for() {
        assert!(fields("ssh://git@example.com/x", None).contains("identity"));
        assert!(fields("oci://example.com/x", None).contains("dockerconfigjson"));
        assert!(fields("https://example.com/x", None).contains("password"));
        assert!(fields("https://github.com/x/y", Some("github")).contains("githubApp"));
    }
}
