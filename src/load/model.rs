//! What [`load`](super) makes: a [`Project`], all inputs in memory, each environment file still by
//! itself. Merging is `resolve`'s business.

use super::{charts::Charts, environments::SEALED, to_replace::ToReplaceFile};
use crate::{
    config::{ChartFile, FleetFile, PackFile, When},
    diag::{Place, SourceId, Sources, Spot},
    plain::PlainText,
    recipient::Recipient,
    schema::Schema,
    template::{Delimiters, TemplateFile},
    yaml::{self, Node},
};
use indexmap::IndexMap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A text under `environments/files/`.
#[derive(Clone, Debug)]
pub struct FileText {
    /// The text.
    pub text: Arc<str>,
    /// The file as such.
    pub place: Place,
}

/// All inputs of a project.
#[derive(Clone, Debug)]
pub struct Project {
    /// Every text that was read.
    pub sources: Sources,
    /// `environments/fleet.yaml`.
    pub fleet: Fleet,
    /// Environments and layers by name. One whose file cannot be used is missing here and named in `broken`.
    pub environments: BTreeMap<String, EnvironmentSource>,
    /// Packs by name, the project's own before built-in ones. One that cannot be used is missing here and
    /// named in `broken`.
    pub packs: BTreeMap<String, Arc<Pack>>,
    /// Shared partials, paths from `_lib/` on: the project's own first, a built-in one of the same path left out.
    pub lib: Vec<TemplateFile>,
    /// What is known of charts.
    pub charts: Arc<Charts>,
    /// Sealed Secrets by owner (environment or layer), then component, sorted by file name.
    pub secrets: BTreeMap<String, BTreeMap<String, Vec<SealedFile>>>,
    /// The texts under `environments/files/`, by path below it, for `$file`.
    pub files: BTreeMap<String, FileText>,
    /// The folders that components name as `base:`, by the text that names them; each read once, its files
    /// sorted. One that cannot be used is an empty list, and the reason was told.
    pub bases: BTreeMap<String, Vec<BaseFile>>,
    /// The folders `fleet-out/<environment>/cluster/flux-system/` that have a `kustomization.yaml`, by environment.
    pub own_flux_system: BTreeMap<String, OwnFluxSystem>,
    /// `.sops.yaml` at the top of the project, if there is one.
    pub sops_config: Option<SopsConfig>,
    /// `environments/secrets/to-replace.txt`: values that somebody knows who can no longer open their file.
    pub to_replace: ToReplaceFile,
    /// What is secret in addresses, in all texts of the project.
    pub addresses: Vec<InAddress>,
    /// What is there but cannot be used; the reason was told.
    pub broken: Broken,
}

/// A password or token in an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InAddress {
    /// What is secret.
    pub text: PlainText,
    /// Where it stands.
    pub place: Place,
}

/// `.sops.yaml`, in which `sops` looks up who a new file is encrypted for.
#[derive(Clone, Debug)]
pub struct SopsConfig {
    /// Its bytes; none if it is no file that is read, such as a link that leads out.
    pub bytes: Arc<[u8]>,
    /// Its text as a source, when it is text.
    pub source: Option<SourceId>,
}

/// Names of things that are there but cannot be used: that they are missing is no news.
#[derive(Clone, Debug, Default)]
pub struct Broken {
    /// Environments and layers.
    pub environments: BTreeSet<String>,
    /// Packs.
    pub packs: BTreeSet<String>,
    /// Bases, by the path as written.
    pub bases: BTreeSet<String>,
    /// Sealed files, by path.
    pub sealed: BTreeSet<String>,
}

/// `environments/fleet.yaml`.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// As types.
    pub file: FleetFile,
    /// As written, the lowest layer of `source` and `flux`; what was wrong in it is taken out.
    pub node: Node,
    /// With what was wrong, if anything was.
    pub(super) whole: Option<Node>,
    /// The file as such.
    pub place: Option<Place>,
    /// The public keys by name. `None` if the file is no YAML: then nobody knows which there are.
    pub keys: Option<IndexMap<String, FleetKey>>,
}

impl Fleet {
    /// The file as written, with what is wrong in it.
    pub fn written(&self) -> &Node {
        self.whole.as_ref().unwrap_or(&self.node)
    }
}

/// A key of the fleet.
#[derive(Clone, Debug)]
pub struct FleetKey {
    /// The key; absent if it is none, which was told.
    pub recipient: Option<Recipient>,
    /// Where it stands.
    pub place: Option<Place>,
}

/// An environment or a layer as written.
#[derive(Clone, Debug)]
pub struct EnvironmentSource {
    /// Its name: the path under `environments/` without the ending.
    pub name: String,
    /// The file as such.
    pub place: Place,
    /// The file as written, checked by itself; what was wrong in it is taken out.
    pub node: Node,
    /// With what was wrong, if anything was.
    pub(super) whole: Option<Node>,
    /// A layer: never rendered alone.
    pub is_abstract: bool,
    /// The layers that it names, in the order written.
    pub extends: Vec<Spot>,
    /// What is merged for it, lowest layer first, itself last; each once, at its first place, depth first.
    pub layers: Vec<String>,
}

impl EnvironmentSource {
    /// The file as written, with what is wrong in it.
    pub fn written(&self) -> &Node {
        self.whole.as_ref().unwrap_or(&self.node)
    }
}

/// A template pack.
#[derive(Clone, Debug)]
pub struct Pack {
    /// The folder's name.
    pub name: String,
    /// Is it one of those inside the binary?
    pub builtin: bool,
    /// Its `pack.yaml` as such.
    pub place: Place,
    /// `pack.yaml` as types.
    pub file: PackFile,
    /// `pack.yaml` as written.
    pub node: Node,
    /// The schema of its inputs.
    pub schema: Schema,
    /// The marks its templates are written with, when not the usual ones.
    pub delimiters: Option<Delimiters>,
    /// Its templates and partials, paths relative to its folder, sorted.
    pub templates: Vec<TemplateFile>,
    /// The texts under its `files/`, by path below it.
    pub files: BTreeMap<String, Arc<str>>,
    /// The names of its examples, sorted.
    pub examples: Vec<String>,
    /// Its Helm releases in the order written; one with an empty key for a single `chart:`.
    pub releases: Vec<PackRelease>,
}

/// A Helm release of a pack.
#[derive(Clone, Debug)]
pub struct PackRelease {
    /// The key in `charts:`; empty with a single `chart:`.
    pub key: String,
    /// The chart's coordinates.
    pub chart: ChartFile,
    /// The same as written, with a place for each of them.
    pub node: Node,
    /// The line that sets the version.
    pub version_place: Option<Place>,
    /// Keys of the releases that come first.
    pub needs: Vec<Spot>,
    /// Whether it is installed; absent: always.
    pub when: Option<When>,
}

/// A sealed Secret: copied byte for byte.
#[derive(Clone, Debug)]
pub struct SealedFile {
    /// The environment or layer it is sealed for.
    pub owner: String,
    /// File name, `kuard-tls.sops.yaml`; its stem is `metadata.name`.
    pub file_name: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Its text as a source.
    pub place: Place,
    /// The object as it stands there: `metadata` readable, `data` sealed.
    pub node: Node,
}

impl SealedFile {
    /// The name of its Secret: the file's without the ending.
    pub fn name(&self) -> &str {
        self.file_name.strip_suffix(SEALED).unwrap_or(&self.file_name)
    }

    /// Its whole text; that of the sources may have what is secret masked.
    pub fn text(&self) -> String {
        yaml::decode(&self.bytes).unwrap_or_default()
    }
}

/// A file of a base.
#[derive(Clone, Debug)]
pub struct BaseFile {
    /// Path relative to the base.
    pub path: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
    /// Its text as a source, when it is text.
    pub place: Option<Place>,
}

/// A folder `fleet-out/<environment>/cluster/flux-system/` of the user's own.
#[derive(Clone, Debug)]
pub struct OwnFluxSystem {
    /// Its `kustomization.yaml`, as a path in the project.
    pub path: String,
    /// Sources and Flux Kustomizations named `flux-system` in it: the kind, and the file it stands in.
    pub objects: Vec<Spot>,
}

/// An example of a pack, as read.
#[derive(Clone, Debug)]
pub struct ExampleFiles {
    /// Its folder's name.
    pub name: String,
    /// Its `component.yaml` as such.
    pub place: Place,
    /// The component as an environment writes it, checked by itself; `None` if it or the environment cannot be used, which
    /// was told.
    pub component: Option<Node>,
    /// Its `environment.yaml`, checked by itself.
    pub environment: Option<Node>,
    /// What it should give, by path below `expected/`.
    pub expected: BTreeMap<String, Vec<u8>>,
}
