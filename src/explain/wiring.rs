//! What another value would add where nothing stands now, or take away with more than itself: fields that are there only if
//! they are set, whole folders.

use super::{
    answer::Reached,
    known::Known,
    path::Path,
    reach::{Found, name},
};
use crate::{
    config::When,
    resolve::{Component, Stage},
    tree::Document,
    yaml::Node,
};

impl Known<'_> {
    /// What another value would add or take away where nothing stands now.
    pub(super) fn absent(&self, asked: &Path, found: &mut Found) {
        self.releases(asked, found);
        let keys: Vec<&str> = (0..asked.0.len()).map_while(|at| asked.text(at)).collect();
        let ["components", name, field @ ..] = keys.as_slice() else {
            if let ["namespaces", ..] = keys.as_slice() {
                found.add(self.anywhere_in("namespaces/", "what is said about a namespace"));
            }
            return;
        };
        let Some(component) = self.component(name).filter(|component| component.stage != Stage::Outside)
        else {
            return;
        };
        let wiring = format!("cluster/components/{name}.yaml");
        match field {
            ["flux", "wait" | "suspend"] | ["needs", ..] | ["requires", ..] => {
                found.add(self.anywhere_in(&wiring, "a field that is there only if it is set"));
            }
            ["flux", "onFailure"] => {
                for (path, release) in self.files_of(component).filter(|(_, d)| d.kind() == "HelmRelease") {
                    found.add(Reached {
                        object: self::name(release),
                        ..self.anywhere_in(path, "what a release does when it fails")
                    });
                }
            }
            ["provides", groups @ ..] => self.waiting(component, groups.first().copied(), found),
            ["podSecurity" | "namespace"] => {
                found.add(self.anywhere_in("namespaces/", "the level of its namespace"));
            }
            ["stage" | "pack" | "base" | "extra" | "patches" | "source"] | [] => {
                self.all_of(component, "all of it", found);
            }
            _ => {}
        }
    }

    /// Releases that are there only under a condition.
    fn releases(&self, asked: &Path, found: &mut Found) {
        for component in self.environment().into_iter().flat_map(|environment| &environment.components) {
            let conditions =
                component.pack.releases.iter().filter_map(|release| match release.when.as_ref()? {
                    When::Input(input) => Some(self.read(input, &component.name)),
                    When::Fixed(_) => None,
                });
            let decides =
                |path: Path| self.origins_of(&path).keys().any(|origin| origin.below(asked).is_some());
            if conditions.into_iter().any(decides) {
                self.all_of(component, "a release of the pack may come and go", found);
            }
        }
    }

    /// All that is written for a component.
    fn all_of(&self, component: &Component, why: &str, found: &mut Found) {
        let folder = format!("{}/{}/", component.stage.as_str(), component.name);
        found.add(self.anywhere_in(&folder, why));
        let wiring = format!("cluster/components/{}.yaml", component.name);
        found.add(self.anywhere_in(&wiring, why));
    }

    /// Those who wait for a component because they use what it provides.
    fn waiting(&self, provider: &Component, group: Option<&str>, found: &mut Found) {
        let groups = self
            .whole
            .at(&["components", &provider.name, "provides"])
            .into_iter()
            .flat_map(Node::members)
            .map(|(name, _)| name);
        let groups: Vec<&str> = group.map_or_else(|| groups.collect(), |group| vec![group]);
        for other in self.environment().into_iter().flat_map(|environment| &environment.components) {
            let requires = other.requires.iter().any(|own| groups.contains(&own.text.as_str()));
            if requires || self.documents(&other.name).any(|object| groups.contains(&object.group())) {
                let wiring = format!("cluster/components/{}.yaml", other.name);
                found.add(self.anywhere_in(&wiring, "whoever uses the API group waits"));
            }
        }
    }

    fn files_of<'s>(&'s self, component: &'s Component) -> impl Iterator<Item = (&'s str, &'s Document)> {
        let files = self.built.tree.iter().flat_map(|tree| tree.files());
        let own = files
            .filter(|(path, file)| *file.owner == *component.name && !path.as_str().starts_with("cluster/"));
        own.flat_map(|(path, file)| file.documents.iter().map(|d| (path.as_str(), d)))
    }
}
