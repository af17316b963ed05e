//! Who can open what is sealed: plain data, made from `keys` and `secrets` alone, for `.sops.yaml`, the checks and the
//! commands that seal.
//!
//! A file `environments/secrets/<owner>/<component>/<name>.sops.yaml` belongs to its owner, an environment or a layer.
//! An environment's files are sealed to its cluster's own key (`secrets.cluster`) and to its `secrets.recipients`; a
//! layer's to the union of those of all environments that extend it, since each of them may read the file.

use super::{environment::spots, merge};
use crate::{
    diag::{Place, Problems, Spot},
    load::{Fleet, Project, SEALED, SECRETS},
    name::is_subdomain,
    recipient::Recipient,
    seal::{Seal, SealedFor},
    yaml::{Map, Node},
};
use std::{collections::BTreeMap, fmt};

/// For every environment and layer, who can open its sealed files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealPolicy {
    rules: BTreeMap<String, SealRule>,
    /// Names under `keys`, by key.
    names: BTreeMap<String, String>,
}

/// Who can open the sealed files of one environment or layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealRule {
    /// The environment or layer.
    pub owner: String,
    /// Is it a layer?
    pub is_layer: bool,
    /// The environments that may read its files, sorted: itself, or those that extend the layer.
    pub environments: Vec<String>,
    /// Who can open them, sorted by name; nobody if none is named.
    pub readers: Vec<Reader>,
    /// Is everyone who is named in `readers`? Not if a name has no usable key, which was told.
    pub complete: bool,
}

/// One who can open files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The name under `keys`.
    pub name: String,
    /// The key.
    pub recipient: Recipient,
    /// Where the key stands.
    pub place: Option<Place>,
    /// Why: for which environments, by that name.
    pub reasons: Vec<Reason>,
}

/// Why someone can open a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The environment that is read for; the layer itself where none extends it.
    pub environment: String,
    /// Is it the cluster's own key? Else a recipient.
    pub is_cluster: bool,
    /// Where the environment, or a layer of it, says so.
    pub place: Option<Place>,
}

/// How those whom a file is sealed for differ from the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference<'s> {
    /// Who should be able to open it, and is not.
    pub missing: Vec<&'s Reader>,
    /// Keys that can open it, and should not.
    pub additional: Vec<&'s SealedFor>,
}

impl Difference<'_> {
    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.additional.is_empty()
    }
}

/// Whom an environment names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// `secrets.cluster`, or the one recipient where there is only one.
    pub cluster: Option<Spot>,
    /// `secrets.recipients`.
    pub recipients: Vec<Spot>,
    /// Where Flux finds the cluster's private key.
    pub decryption: Decryption,
}

/// Where Flux finds the cluster's private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decryption {
    /// The Secret in `flux-system`.
    pub secret: String,
    /// The key in it.
    pub key: String,
}

impl Default for Decryption {
    fn default() -> Self {
        Self { secret: "sops-age".to_owned(), key: "age.agekey".to_owned() }
    }
}

/// A sealed file by what it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedPath {
    /// The environment or layer.
    pub owner: String,
    /// The component.
    pub component: String,
    /// The Secret.
    pub name: String,
}

impl SealedPath {
    /// Reads the path of a sealed file in a project, existing or not; `None` if no sealed file can stand there.
    pub fn parse(path: &str) -> Option<Self> {
        let below = path.strip_prefix(SECRETS)?.strip_suffix(SEALED)?;
        let (folder, name) = below.rsplit_once('/')?;
        let (owner, component) = folder.rsplit_once('/')?;
        let parts = [owner, component, name].map(str::to_owned);
        let [owner, component, name] = parts;
        (owner.split('/').chain([&*component]).all(|part| !part.is_empty()) && is_subdomain(&name))
            .then_some(Self { owner, component, name })
    }
}

impl fmt::Display for SealedPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SECRETS}{}/{}/{}{SEALED}", self.owner, self.component, self.name)
    }
}

impl SealPolicy {
    /// The policy of a project. What is wrong with it was told when the project was read.
    pub fn of(project: &Project) -> Self {
        let mut rules: BTreeMap<String, SealRule> = BTreeMap::new();
        for source in project.environments.values() {
            let rule = SealRule {
                owner: source.name.clone(),
                is_layer: source.is_abstract,
                environments: Vec::new(),
                readers: Vec::new(),
                complete: project.fleet.keys.is_some(),
            };
            rules.insert(source.name.clone(), rule);
        }
        for source in project.environments.values().filter(|source| !source.is_abstract) {
            let named = Secrets::of(&merged(project, &source.layers));
            for layer in &source.layers {
                if let Some(rule) = rules.get_mut(layer) {
                    rule.environments.push(source.name.clone());
                    rule.add(&source.name, &named, &project.fleet);
                }
            }
        }
        for rule in rules.values_mut().filter(|rule| rule.environments.is_empty()) {
            let layers = project.environments.get(&rule.owner).map(|source| source.layers.as_slice());
            let named = Secrets::of(&merged(project, layers.unwrap_or_default()));
            rule.add(&rule.owner.clone(), &named, &project.fleet);
        }
        for rule in rules.values_mut() {
            rule.readers.sort_by(|a, b| a.name.cmp(&b.name));
        }
        let keys = project.fleet.keys.iter().flatten();
        let names = keys.filter_map(|(name, key)| Some((key.recipient.as_ref()?.to_string(), name.clone())));
        Self { rules, names: names.collect() }
    }

    /// The name of a key under `keys`.
    pub fn name(&self, key: &str) -> Option<&str> {
        self.names.get(key).map(String::as_str)
    }

    /// What people call a key: its name under `keys`, else as much of it as tells it from others.
    pub fn call(&self, key: &str) -> String {
        match (self.names.get(key), Recipient::parse(key)) {
            (Some(name), _) => format!("`{name}`"),
            (None, Ok(recipient)) => format!("`{}`, which `keys` does not know", recipient.short()),
            (None, Err(_)) => "a key that `gen` cannot read".to_owned(),
        }
    }

    /// The rule of an environment or layer.
    pub fn rule(&self, owner: &str) -> Option<&SealRule> {
        self.rules.get(owner)
    }

    /// All rules, sorted by owner.
    pub fn rules(&self) -> impl Iterator<Item = &SealRule> {
        self.rules.values()
    }
}

impl SealRule {
    /// The keys of all readers.
    pub fn recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.readers.iter().map(|reader| &reader.recipient)
    }

    /// How those whom a file is sealed for differ from the policy: who is missing, and which keys are there that should
    /// not be. Entries of other key services are nobody's that `keys` could name; they are left alone.
    pub fn difference<'s>(&'s self, seal: &'s Seal) -> Difference<'s> {
        let there =
            |recipient: &Recipient| seal.recipients.iter().any(|sealed| sealed.key == recipient.as_str());
        let wanted = |key: &str| self.recipients().any(|recipient| recipient.as_str() == key);
        Difference {
            missing: self.readers.iter().filter(|reader| !there(&reader.recipient)).collect(),
            additional: seal.recipients.iter().filter(|sealed| !wanted(&sealed.key)).collect(),
        }
    }

    fn add(&mut self, environment: &str, named: &Secrets, fleet: &Fleet) {
        for (name, place, is_cluster) in named.names() {
            let key = fleet.keys.as_ref().and_then(|keys| keys.get(name));
            let Some((key, recipient)) = key.and_then(|key| Some((key, key.recipient.as_ref()?))) else {
                self.complete = false;
                continue;
            };
            let reason = Reason { environment: environment.to_owned(), is_cluster, place };
            match self.readers.iter_mut().find(|reader| reader.name == name) {
                Some(reader) if reader.reasons.iter().any(|r| r.environment == environment) => {}
                Some(reader) => reader.reasons.push(reason),
                None => self.readers.push(Reader {
                    name: name.to_owned(),
                    recipient: recipient.clone(),
                    place: key.place,
                    reasons: vec![reason],
                }),
            }
        }
    }
}

impl Secrets {
    /// What a merged environment says under `secrets`.
    pub(super) fn of(merged: &Node) -> Self {
        let at = |path: &[&str]| merged.get("secrets").and_then(|secrets| secrets.at(path));
        let text = |path: &[&str]| at(path).and_then(Node::as_str).map(str::to_owned);
        let recipients = spots(at(&["recipients"]));
        let only = recipients.first().filter(|first| recipients.iter().all(|other| other.text == first.text));
        let cluster = at(&["cluster"])
            .and_then(|node| Some(Spot { text: node.as_str()?.to_owned(), place: node.place() }));
        let usual = Decryption::default();
        Self {
            cluster: cluster.or_else(|| only.cloned()),
            decryption: Decryption {
                secret: text(&["decryption", "secret"]).unwrap_or(usual.secret),
                key: text(&["decryption", "key"]).unwrap_or(usual.key),
            },
            recipients,
        }
    }

    /// Everyone who is named, the cluster first: name, where, is it the cluster's own key?
    fn names(&self) -> impl Iterator<Item = (&str, Option<Place>, bool)> {
        let cluster = self.cluster.iter().map(|spot| (&*spot.text, spot.place, true));
        cluster.chain(self.recipients.iter().map(|spot| (&*spot.text, spot.place, false)))
    }
}

/// What layers say under `secrets`, lowest first. What is wrong with it is told where environments are merged whole.
fn merged(project: &Project, layers: &[String]) -> Node {
    let mut merged = Node::new(Map::new());
    for layer in layers.iter().filter_map(|layer| project.environments.get(layer)) {
        if let Some(secrets) = layer.node.get("secrets") {
            let only = Map::from_iter([("secrets", secrets.clone())]);
            merge::overlay(&mut merged, &Node::new(only), &mut Problems::new());
        }
    }
    merged
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::load::{self, Memory};

    const A: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";
    const B: &str = "age1pqw26wvuhkqsmmqh0flpkkt7hmn2mrwmr83v84fm8zjmalnqavuq2tj4sg";
    const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15";

    /// The policy of some environments, one line a rule: readers with their reasons, `*` for a cluster's own key.
    fn rules(environments: &[(&str, &str)]) -> Vec<String> {
        let fleet = format!("keys: {{prod: {A}, edge: {B}, alice: {SSH}, bob: nonsense}}");
        let all =
            environments.iter().map(|(name, text)| (format!("environments/{name}.yaml"), (*text).to_owned()));
        let files: Memory = all.chain([("environments/fleet.yaml".to_owned(), fleet)]).collect();
        let project = load::project(&files, &mut Problems::new()).unwrap();
        let locate = |place: Option<Place>| project.sources.locate(place.unwrap());
        let rule = |rule: &SealRule| {
            let reader = |reader: &Reader| {
                let reason = |r: &Reason| {
                    let at = locate(r.place).replace("environments/", "").replace(".yaml", "");
                    format!("{}{} {at}", r.environment, if r.is_cluster { "*" } else { "" })
                };
                let reasons: Vec<String> = reader.reasons.iter().map(reason).collect();
                format!("{} ({})", reader.name, reasons.join(", "))
            };
            let readers: Vec<String> = rule.readers.iter().map(reader).collect();
            let incomplete = if rule.complete { "" } else { " …" };
            format!("{} [{}]: {}{incomplete}", rule.owner, rule.environments.join(" "), readers.join(", "))
        };
        SealPolicy::of(&project).rules().map(rule).collect()
    }

    #[test]
    fn a_layers_files_are_for_all_that_extend_it() {
        let layer = "{abstract: true, secrets: {recipients: [alice]}}";
        assert_eq!(
            rules(&[
                ("base", layer),
                ("prod", "{extends: [base], secrets: {cluster: prod}}"),
                ("edge/one", "{extends: [base], secrets: {cluster: edge, recipients: []}}"),
                ("unused", "{abstract: true, extends: [base], secrets: {cluster: edge}}"),
            ]),
            [
                "base [edge/one prod]: alice (prod base:1:41), edge (edge/one* edge/one:1:38), prod (prod* prod:1:38)",
                "edge/one [edge/one]: edge (edge/one* edge/one:1:38)",
                "prod [prod]: alice (prod base:1:41), prod (prod* prod:1:38)",
                "unused []: alice (unused base:1:41), edge (unused* unused:1:54)",
            ]
        );
    }

    #[test]
    fn the_only_recipient_is_the_clusters() {
        assert_eq!(rules(&[("a", "secrets: {recipients: [prod, prod]}")]), ["a [a]: prod (a* a:1:24)"]);
        assert_eq!(
            rules(&[("a", "secrets: {recipients: [prod, alice]}")]),
            ["a [a]: alice (a a:1:30), prod (a a:1:24)"]
        );
        assert_eq!(
            rules(&[("a", "secrets: {cluster: prod, recipients: [prod, alice]}")]),
            ["a [a]: alice (a a:1:45), prod (a* a:1:20)"]
        );
        assert_eq!(rules(&[("a", "{}")]), ["a [a]: "]);
    }

    #[test]
    fn who_has_no_usable_key_is_missing() {
        assert_eq!(
            rules(&[("a", "secrets: {cluster: bob, recipients: [prod, nobody]}")]),
            ["a [a]: prod (a a:1:38) …"]
        );
        assert_eq!(
            rules(&[
                ("base", "{abstract: true, secrets: {cluster: prod}}"),
                ("a", "{extends: [base], secrets: null}")
            ]),
            ["a [a]: ", "base [a]: "]
        );
    }

    #[test]
    fn paths_say_what_files_belong_to() {
        let path =
            SealedPath::parse("environments/secrets/edge/layer/monitoring/monitoring-a.b.sops.yaml").unwrap();
        assert_eq!(
            (&*path.owner, &*path.component, &*path.name),
            ("edge/layer", "monitoring", "monitoring-a.b")
        );
        assert_eq!(path.to_string(), "environments/secrets/edge/layer/monitoring/monitoring-a.b.sops.yaml");
        for bad in [
            "environments/secrets/prod/x.sops.yaml",
            "environments/secrets/prod/kuard/x.yaml",
            "environments/secrets/prod/kuard/X.sops.yaml",
            "environments/secrets/prod//x.sops.yaml",
            "environments/secrets//kuard/x.sops.yaml",
            "environments/prod/kuard/x.sops.yaml",
        ] {
            assert_eq!(SealedPath::parse(bad), None, "{bad}");
        }
    }
}
