//! `chart/values`: values that a chart does not take.

use crate::{
    chart::{self, Misfit, Wrong},
    check::{Check, Facts, Installed, KnownCharts},
    diag::{Diagnostic, Place, Problems, Severity},
    load::{CHARTS, ChartFacts},
};

/// See the module.
pub(crate) struct Values;

impl Check for Values {
    fn id(&self) -> &'static str {
        "chart/values"
    }

    fn summary(&self) -> &'static str {
        "a value that the chart does not take"
    }

    fn explanation(&self) -> &'static str {
        "Helm says nothing of a key that no template of the chart reads: a mistyped one does nothing. What a chart takes \
         is known from its own files, kept as facts in the pack or in `charts/` (`gen chart add`). Facts of another \
         version than is installed are only a hint, those of another major version say nothing, and findings about what \
         a built-in pack sets itself are a hint too. Where \
         facts are wrong, mend them: a mapping is closed when its line says `map`, and takes any key when it says `open`."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        let Some(known) = &facts.policy.charts else { return };
        for release in facts.installed() {
            let Some(values) = release.values else { continue };
            let component = release.object.document.component.as_deref();
            let all = known.of(component, release.chart());
            let Some(first) = all.iter().find(|facts| facts.is_near(&release.version)) else { continue };
            let misfits = first.facts().map(|facts| chart::judge(facts, values)).unwrap_or_default();
            for misfit in misfits {
                let said = Said { known, release: &release, facts: first, all: &all, misfit: &misfit };
                findings.push(self.said(&said, facts));
            }
        }
    }
}

/// What is to be said.
struct Said<'s> {
    known: &'s KnownCharts,
    release: &'s Installed<'s, 's>,
    facts: &'s ChartFacts,
    /// What is known of all versions.
    all: &'s [&'s ChartFacts],
    misfit: &'s Misfit,
}

impl Said<'_> {
    /// Are the facts of the version that is installed?
    fn is_exact(&self) -> bool {
        self.facts.is_of(&self.release.version)
    }

    /// The built-in pack that sets the value itself.
    fn by_pack(&self) -> Option<&str> {
        let component = self.release.object.document.component.as_deref()?;
        let pack = self.known.packs.get(component).filter(|pack| pack.builtin)?;
        let place = self.misfit.place?;
        pack.templates.iter().any(|file| file.source == place.source).then_some(pack.name.as_str())
    }

    /// A version that took the value.
    fn taken_by(&self) -> Option<&str> {
        let takes = |facts: &&&ChartFacts| {
            facts.facts().is_some_and(|facts| facts.field(&self.misfit.path).is_some())
        };
        self.all.iter().find(takes).map(|facts| facts.version.as_str())
    }

    fn version_place(&self) -> Option<Place> {
        self.release.version_node.place()
    }
}

impl Values {
    fn said(&self, said: &Said, facts: &Facts) -> Diagnostic {
        let Installed { name, version, .. } = said.release;
        let path = said.misfit.path.join(".");
        let message = match &said.misfit.wrong {
            Wrong::Key { .. } => format!("the chart `{name}` knows no value `{path}`"),
            Wrong::Type { given, .. } => format!("the chart `{name}` does not take {given} for `{path}`"),
        };
        let by_pack = said.by_pack();
        let severity = if said.is_exact() && by_pack.is_none() { self.severity() } else { Severity::Warning };
        let mut finding = Diagnostic::new(self.id(), severity, message)
            .at(said.misfit.place.or(said.release.object.document.place))
            .output(facts.output(said.release.object.path));
        match &said.misfit.wrong {
            Wrong::Key { near: Some(near) } => finding = finding.help(format!("did you mean `{near}`?")),
            Wrong::Key { near: None } => {}
            Wrong::Type { takes, .. } => finding = finding.help(format!("write {takes}")),
        }
        if let (true, Some(older)) = (matches!(said.misfit.wrong, Wrong::Key { .. }), said.taken_by()) {
            let label = format!("version {older} takes it, {version} does not");
            finding = finding.label(said.version_place(), label).help("`gen chart diff` tells what changed");
        }
        if let Some(pack) = by_pack {
            finding = finding
                .because(format!("the pack `{pack}` sets it, for the version that it was made for"))
                .help(format!("install that version, or make a pack of your own of `{pack}`"));
        }
        match said.is_exact() {
            false => finding
                .because(format!("known is version {}, installed is {version}", said.facts.version))
                .help("to be sure, let `gen chart add` read the chart that is installed"),
            true if finding.help.is_empty() => {
                let own = format!("{CHARTS}/{name}-{version}.facts");
                finding.help(format!("remove it, or tell in `{own}` that the chart takes it"))
            }
            true => finding,
        }
    }
}
