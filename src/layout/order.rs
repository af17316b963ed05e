//! The order of deployment: what must be ready before what. `needs` is said; that a custom resource comes
//! after whoever brings its definition is derived.

use super::{part::Part, scope};
use crate::{
    diag::{Diagnostic, Place, Problems, did_you_mean, list},
    load::Pack,
    resolve::{Component, EVERY_GROUP, Environment, Stage, Sync, is_aggregated},
    yaml::Node,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The API group of FluxInstance.
pub(super) const FLUX_OPERATOR: &str = "fluxcd.controlplane.io";

/// That a component comes after another, and why.
#[derive(Clone, Debug)]
struct Edge {
    to: usize,
    /// The API group, if it was derived from one.
    group: Option<String>,
    place: Option<Place>,
}

/// An environment on the way to its order.
pub(super) struct Order<'a> {
    env: &'a Environment,
    packs: &'a BTreeMap<String, Arc<Pack>>,
    /// By index of the component; absent for what is not deployed.
    parts: Vec<Option<&'a Part>>,
    /// By index of the component.
    edges: Vec<Vec<Edge>>,
}

/// Where an API group is used.
type Uses<'a> = BTreeMap<&'a str, BTreeMap<usize, Use>>;

/// A component uses an API group.
struct Use {
    place: Option<Place>,
    /// By an object of its own, not hidden in a chart.
    own: bool,
}

/// Who brings the definitions of an API group.
#[derive(Default)]
struct Providers {
    /// Those that say so.
    said: Vec<usize>,
    /// Those that have definitions among their objects.
    seen: BTreeSet<usize>,
}

/// Names of the components that come before each component, by index, sorted; of those that are deployed.
pub(super) fn order(
    env: &Environment,
    packs: &BTreeMap<String, Arc<Pack>>,
    parts: &[Part],
    problems: &mut Problems,
) -> Vec<Vec<String>> {
    let mut by_index: Vec<Option<&Part>> = vec![None; env.components.len()];
    for part in parts {
        let deployed = env.components.get(part.index).is_some_and(|component| is_deployed(component, part));
        if let (true, Some(slot)) = (deployed, by_index.get_mut(part.index)) {
            *slot = Some(part);
        }
    }
    let edges = vec![Vec::new(); env.components.len()];
    let mut order = Order { env, packs, parts: by_index, edges };
    order.needs(problems);
    order.groups(problems);
    order.cycles(problems);
    let name = |edge: &Edge| env.components[edge.to].name.clone();
    order
        .edges
        .iter()
        .map(|edges| edges.iter().map(name).collect::<BTreeSet<_>>().into_iter().collect())
        .collect()
}

/// Has the component a Flux Kustomization?
pub(super) fn is_deployed(component: &Component, part: &Part) -> bool {
    component.stage != Stage::Outside && (component.source.is_some() || !part.is_empty())
}

impl<'a> Order<'a> {
    fn component(&self, index: usize) -> &'a Component {
        &self.env.components[index]
    }

    fn deployed(&self) -> impl Iterator<Item = (usize, &'a Component, &'a Part)> {
        self.parts
            .iter()
            .enumerate()
            .filter_map(|(index, part)| Some((index, self.component(index), (*part)?)))
    }

    fn needs(&mut self, problems: &mut Problems) {
        for (index, component) in self.env.components.iter().enumerate() {
            for need in &component.needs {
                // Names that no component has were told when the environment was resolved.
                let Some(to) = self.env.components.iter().position(|other| other.name == need.text) else {
                    continue;
                };
                match self.never_ready(to) {
                    None => self.edges[index].push(Edge { to, group: None, place: need.place }),
                    Some(why) => problems.push(
                        Diagnostic::error(
                            "layout/needs",
                            format!("`{}` needs `{}`, {why}", component.name, need.text),
                        )
                        .at(need.place.unwrap_or(component.place))
                        .help(format!("remove `{}` from `needs`", need.text)),
                    ),
                }
            }
        }
        for (index, part) in self.parts.iter().enumerate() {
            if part.is_none() {
                self.edges[index].clear();
            }
        }
    }

    /// Why nobody can wait for a component.
    fn never_ready(&self, index: usize) -> Option<&'static str> {
        if self.component(index).stage == Stage::Outside {
            Some("which is outside the cluster and never becomes ready")
        } else if self.parts[index].is_none() {
            Some("which has no objects and so nothing that becomes ready")
        } else {
            None
        }
    }

    fn groups(&mut self, problems: &mut Problems) {
        let uses = self.uses();
        let providers = self.providers();
        for (group, providers) in &providers {
            self.one_provider(group, providers, problems);
        }
        for (group, users) in uses {
            let nobody = Providers::default();
            let providers = providers.get(group).unwrap_or(&nobody);
            let from: Vec<usize> = if providers.said.is_empty() {
                providers.seen.iter().copied().collect()
            } else {
                providers.said.clone()
            };
            if from.is_empty() && !self.is_given(group) {
                problems.push(self.no_provider(group, &users));
            }
            for (index, used) in users {
                if from.contains(&index) {
                    self.deadlock(group, index, &used, providers, problems);
                    continue;
                }
                for to in &from {
                    self.edges[index].push(Edge {
                        to: *to,
                        group: Some(group.to_owned()),
                        place: used.place,
                    });
                }
            }
        }
        if self.env.flux.sync == Sync::Operator {
            let operator = providers.get(FLUX_OPERATOR).and_then(|providers| providers.said.first());
            self.operator(operator.map(|index| self.component(*index)), problems);
        }
    }

    /// Custom API groups: of objects, and those said to be hidden in charts.
    fn uses(&self) -> Uses<'a> {
        let mut uses = Uses::new();
        for (index, component, part) in self.deployed() {
            let own = part.objects().map(|object| (object.group(), object.place, true));
            let hidden = component.requires.iter().map(|group| (group.text.as_str(), group.place, false));
            for (group, place, own) in own.chain(hidden) {
                if !scope::is_built_in(group) && !scope::is_flux(group) {
                    uses.entry(group).or_default().entry(index).or_insert(Use { place, own });
                }
            }
        }
        uses
    }

    fn providers(&self) -> BTreeMap<String, Providers> {
        let mut all: BTreeMap<String, Providers> = BTreeMap::new();
        for (index, component, part) in self.deployed() {
            for group in &component.provides {
                all.entry(group.text.clone()).or_default().said.push(index);
            }
            for object in part.objects().filter(|object| object.kind() == "CustomResourceDefinition") {
                if let Some(group) = object.node.at(&["spec", "group"]).and_then(Node::as_str) {
                    all.entry(group.to_owned()).or_default().seen.insert(index);
                }
            }
        }
        all
    }

    /// Is the API group there without any component?
    fn is_given(&self, group: &str) -> bool {
        self.env.cluster.provides.iter().any(|given| given.text == group || given.text == EVERY_GROUP)
    }

    fn one_provider(&self, group: &str, providers: &Providers, problems: &mut Problems) {
        if providers.said.len() < 2 {
            return;
        }
        let components = providers.said.iter().map(|index| self.component(*index));
        let names: Vec<&str> = components.clone().map(|component| component.name.as_str()).collect();
        let (brings, why, wrong) = match is_aggregated(group) {
            true => (
                "serves the API",
                "the API server asks one of them, and each takes it from the other for ever",
                "is told not to serve it",
            ),
            false => (
                "brings the custom resource definitions of",
                "they would overwrite each other's definitions for ever",
                "does not bring them",
            ),
        };
        let mut diagnostic = Diagnostic::error(
            "layout/two-providers",
            format!("more than one component {brings} `{group}`: {}", list(names)),
        );
        for component in components {
            diagnostic = diagnostic.label(component.place, format!("`{}` provides it", component.name));
        }
        problems.push(
            diagnostic
                .because(why)
                .help(format!("keep one, or say `provides: {{{group}: false}}` where the chart {wrong}")),
        );
    }

    fn no_provider(&self, group: &str, users: &BTreeMap<usize, Use>) -> Diagnostic {
        let names = users.keys().map(|index| self.component(*index).name.as_str());
        let mut diagnostic = Diagnostic::error(
            "layout/no-provider",
            match is_aggregated(group) {
                true => format!("nothing serves the API `{group}`, used by {}", list(names)),
                false => {
                    format!(
                        "nothing brings the custom resource definitions of `{group}`, used by {}",
                        list(names)
                    )
                }
            },
        );
        for (index, used) in users.iter().take(3) {
            let component = self.component(*index);
            let said =
                format!("used by `{}`{}", component.name, if used.own { "" } else { ", in its chart" });
            // What the component says comes first: it is the reader's own, the pack may be another's.
            diagnostic = match used.place.filter(|place| place.source != component.place.source) {
                Some(place) => diagnostic.label(component.place, said).label(place, "here"),
                None => diagnostic.label(used.place.unwrap_or(component.place), said),
            };
        }
        if let Some(near) = did_you_mean(group, scope::built_in()) {
            diagnostic = diagnostic.help(format!("did you mean the API group `{near}`?"));
        }
        let packs: Vec<&str> = self
            .packs
            .values()
            .filter(|pack| pack.file.provides.contains_key(group))
            .map(|pack| pack.name.as_str())
            .collect();
        let diagnostic = match packs.as_slice() {
            [] => diagnostic.help(format!("add a component that says `provides: {{{group}: true}}`")),
            packs => {
                diagnostic.help(format!("add a component with the pack {}", list(packs.iter().copied())))
            }
        };
        diagnostic.help(format!("or, if the cluster has them: `cluster: {{provides: [{group}]}}`"))
    }

    /// Flux tries all objects of a Kustomization before it applies any: with definitions that a release of the same
    /// Kustomization brings, it waits for ever.
    fn deadlock(
        &self,
        group: &str,
        index: usize,
        used: &Use,
        providers: &Providers,
        problems: &mut Problems,
    ) {
        let component = self.component(index);
        if !used.own || component.releases.is_empty() || providers.seen.contains(&index) {
            return;
        }
        problems.push(
            Diagnostic::error(
                "layout/own-definitions",
                format!("`{}` has objects of `{group}`, whose definitions its own release brings", component.name),
            )
            .label(used.place.unwrap_or(component.place), "this object")
            .because("Flux tries all objects of a component before it applies any, so it would never install the release")
            .help(format!("move them to a component of their own (pack `raw`) that needs `{}`", component.name)),
        );
    }

    fn operator(&self, operator: Option<&Component>, problems: &mut Problems) {
        let Some(operator) = operator else {
            if !self.is_given(FLUX_OPERATOR) {
                problems.push(
                    Diagnostic::error(
                        "layout/no-flux-operator",
                        "`sync: operator` needs flux-operator, and nothing brings it",
                    )
                    .at(self.env.flux.place.unwrap_or(self.env.place))
                    .help("add a component: `flux-operator: {pack: flux-operator}`")
                    .help(format!("or, if the cluster has it: `cluster: {{provides: [{FLUX_OPERATOR}]}}`"))
                    .help("or choose another `flux.sync`: `classic` or `none`"),
                );
            }
            return;
        };
        if operator.name != "flux-operator" || operator.namespace != "flux-system" {
            problems.push(
                Diagnostic::error(
                    "layout/flux-operator-name",
                    format!(
                        "flux-operator must be the component `flux-operator` in `flux-system`, not `{}` in `{}`",
                        operator.name, operator.namespace
                    ),
                )
                .at(operator.place)
                .because("only so it takes over the release that bootstrap made; else there would be two")
                .help("rename the component"),
            );
        }
    }

    /// Takes away, again and again, what waits for nothing that is left; what stays waits in a circle.
    fn cycles(&self, problems: &mut Problems) {
        let mut left: BTreeSet<usize> = self.deployed().map(|(index, ..)| index).collect();
        loop {
            let waits = |index: &usize, left: &BTreeSet<usize>| {
                self.edges[*index].iter().any(|e| left.contains(&e.to))
            };
            loop {
                let stay: BTreeSet<usize> =
                    left.iter().copied().filter(|index| waits(index, &left)).collect();
                if stay.len() == left.len() {
                    break;
                }
                left = stay;
            }
            let Some(first) = left.first() else { return };
            let cycle = self.walk(*first, &left);
            problems.push(self.cycle(&cycle));
            for (from, _) in &cycle {
                left.remove(from);
            }
        }
    }

    /// The circle that one comes into from `first` along edges to what is left.
    fn walk(&self, first: usize, left: &BTreeSet<usize>) -> Vec<(usize, &Edge)> {
        let mut path: Vec<(usize, &Edge)> = Vec::new();
        let mut at = first;
        loop {
            if let Some(start) = path.iter().position(|(from, _)| *from == at) {
                return path.split_off(start);
            }
            let Some(edge) = self.edges[at].iter().find(|edge| left.contains(&edge.to)) else { return path };
            path.push((at, edge));
            at = edge.to;
        }
    }

    fn cycle(&self, cycle: &[(usize, &Edge)]) -> Diagnostic {
        let name = |index: usize| self.component(index).name.as_str();
        let around = cycle.iter().map(|(from, _)| *from).chain(cycle.first().map(|(from, _)| *from));
        let path: Vec<String> = around.map(|index| format!("`{}`", name(index))).collect();
        let mut diagnostic = Diagnostic::error(
            "layout/cycle",
            format!("components wait for each other: {}", path.join(" → ")),
        );
        for (from, edge) in cycle {
            let why = match &edge.group {
                None => format!("`{}` needs `{}`", name(*from), name(edge.to)),
                Some(group) => format!("`{}` uses `{group}`, which `{}` brings", name(*from), name(edge.to)),
            };
            diagnostic = match edge.place {
                Some(place) => diagnostic.label(place, why),
                None => diagnostic.because(why),
            };
        }
        let derived = cycle.iter().any(|(_, edge)| edge.group.is_some());
        diagnostic.help(if derived {
            "remove a `needs`, or move the custom resources to a component of their own"
        } else {
            "remove one of these `needs`"
        })
    }
}
