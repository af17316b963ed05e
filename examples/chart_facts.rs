//! Writes what packs know of their charts (`PACKS/<pack>/charts/<chart>.facts`), from a folder that holds a folder a
//! chart: `cargo run --example chart_facts -- CHARTS PACKS [PACK/CHART...]`. Without names, those that are there are made
//! anew.
#![cfg_attr(test, allow(clippy::unwrap_used))]
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

use fleetgen::{
    chart::{self, ChartFiles, Facts, Field, Misfit},
    diag::{Problems, Sources},
    yaml::{self, Map, Node, Value},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Longer facts belong to a chart that needs a better way.
const LONGEST: usize = 150_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [charts, packs, names @ ..] = arguments.as_slice() else {
        eprintln!("usage: chart_facts CHARTS PACKS [PACK/CHART...]");
        return ExitCode::from(2);
    };
    let (charts, packs) = (Path::new(charts), Path::new(packs));
    let names = if names.is_empty() { there(packs) } else { names.to_vec() };
    let mut good = true;
    for name in names {
        match name
            .split_once('/')
            .ok_or("not PACK/CHART".to_owned())
            .and_then(|(pack, chart)| make(charts, &packs.join(pack).join("charts"), chart))
        {
            Ok(text) => println!("{name}: {} lines, {} bytes", text.lines().count(), text.len()),
            Err(why) => {
                eprintln!("{name}: {why}");
                good = false;
            }
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The facts that are there, as `PACK/CHART`.
fn there(packs: &Path) -> Vec<String> {
    let entries = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let mut names = Vec::new();
    for pack in entries(packs) {
        for file in entries(&pack.join("charts")) {
            names.push(format!("{}/{}", name(&pack), name(&file)));
        }
    }
    names
}

/// Writes a chart's facts, unless what would be written is wrong.
fn make(charts: &Path, folder: &Path, chart: &str) -> Result<String, String> {
    let texts = Texts::read(charts, chart)?;
    let file = folder.join(format!("{chart}.facts"));
    let mut facts = chart::read(&texts.files())?;
    let there = fs::read_to_string(&file).ok().and_then(|text| chart::parse(&text).ok());
    if facts.version.trim_start_matches('v').starts_with("0.0.0") {
        // A release fills it in; the sources of a chart do not have it.
        let there =
            there.as_ref().ok_or("Chart.yaml has no version yet: write that of the release into it")?;
        (facts.version, facts.app_version) = (there.version.clone(), there.app_version.clone());
    }
    if let Some(there) = there.filter(|there| texts.templates.is_empty() && there.version == facts.version) {
        keep(&mut facts.values, &there.values);
    }
    let text = chart::write(&facts);
    let written = chart::parse(&text).map_err(|why| format!("its facts cannot be read again: {why:?}"))?;
    if written != facts {
        return Err("its facts are not the same when read again".to_owned());
    }
    let faults = faults(&written, &texts.together()?);
    if !faults.is_empty() {
        return Err(format!("its own values do not fit:\n  {}", faults.join("\n  ")));
    }
    if text.len() > LONGEST {
        return Err(format!("its facts have {} bytes; {LONGEST} are allowed", text.len()));
    }
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    fs::write(&file, &text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// Without the templates at hand, keys that only those read stay as the facts say that were there.
fn keep(field: &mut Field, there: &Field) {
    let open = field.open();
    for (index, (key, known)) in there.members.iter().enumerate() {
        match field.members.get_mut(key) {
            Some(member) => keep(member, known),
            None if known.hint && !open => {
                let index = index.min(field.members.len());
                field.members.shift_insert(index, key.clone(), known.clone());
            }
            None => {}
        }
    }
}

/// The texts below a folder, by path; none if it is not there.
fn texts(folder: &Path) -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let below = |path: PathBuf| {
        if path.is_dir() { texts(&path) } else { fs::read_to_string(path).into_iter().collect() }
    };
    paths.into_iter().flat_map(below).collect()
}

/// What of a chart's own values its facts do not say, or say otherwise.
fn faults(facts: &Facts, values: &Node) -> Vec<String> {
    let misfits = chart::judge(facts, values);
    let mut faults: Vec<String> = misfits
        .into_iter()
        .map(|Misfit { path, wrong, .. }| format!("{}: {wrong:?}", path.join(".")))
        .collect();
    unsaid(&facts.values, values, "", &mut faults);
    faults
}

/// Keys that are not named, or only as those of comments are, and defaults that are not the chart's.
fn unsaid(field: &Field, values: &Node, path: &str, faults: &mut Vec<String>) {
    for (key, value) in values.members() {
        let path = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        let Some(member) = field.members.get(key) else {
            faults.push(format!("{path}: it is not named"));
            continue;
        };
        if member.hint {
            faults.push(format!("{path}: it is more than a comment"));
        }
        let said = match &value.value {
            Value::Map(_) => true,
            Value::Seq(_) => member.long.is_some(),
            scalar => member.long.is_some() || member.default.as_ref() == Some(scalar),
        };
        if !said {
            faults.push(format!("{path}: its default is {:?}", member.default));
        }
        unsaid(member, value, &path, faults);
    }
}

/// Values over others, as Helm lays them.
fn lay(below: &mut Node, over: Node) {
    match (&mut below.value, over.value) {
        (Value::Map(below), Value::Map(over)) => {
            for (key, node) in over.iter() {
                match below.get_mut(&key.text) {
                    Some(there) => lay(there, node.clone()),
                    None => drop(below.insert(&*key.text, node.clone())),
                }
            }
        }
        (below, over) => *below = over,
    }
}

/// The files of a chart.
struct Texts {
    chart: String,
    values: String,
    schema: Option<String>,
    templates: Vec<String>,
    subcharts: Vec<Texts>,
}

impl Texts {
    /// Subcharts are in its own folder `charts/`, or beside it.
    fn read(charts: &Path, chart: &str) -> Result<Self, String> {
        let folder = charts.join(chart);
        let text = |name: &str| fs::read_to_string(folder.join(name)).ok();
        let own = text("Chart.yaml").ok_or(format!("{} has no Chart.yaml", folder.display()))?;
        let facts = chart::read(&ChartFiles { chart: &own, ..ChartFiles::default() })?;
        let below = facts.subcharts.iter().map(|below| {
            let inside = folder.join("charts");
            let parent = if inside.join(&below.name).is_dir() { inside } else { charts.to_owned() };
            parent.join(&below.name).is_dir().then(|| Self::read(&parent, &below.name))
        });
        let subcharts = below.flatten().collect::<Result<Vec<_>, _>>()?;
        let values = text("values.yaml").ok_or(format!("{} has no values.yaml", folder.display()))?;
        Ok(Self {
            chart: own,
            values,
            schema: text("values.schema.json"),
            templates: texts(&folder.join("templates")),
            subcharts,
        })
    }

    /// Its values over those of the charts in it, under their keys.
    fn together(&self) -> Result<Node, String> {
        let facts = chart::read(&ChartFiles { chart: &self.chart, ..ChartFiles::default() })?;
        let mut all = Map::new();
        for below in &facts.subcharts {
            let name =
                |texts: &&Self| chart::read(&texts.files()).is_ok_and(|facts| facts.name == below.name);
            if let Some(texts) = self.subcharts.iter().find(name) {
                all.insert(below.key(), texts.together()?);
            }
        }
        let mut all = Node::new(all);
        let (source, mut problems) =
            (Sources::new().add("values.yaml", self.values.as_str()), Problems::new());
        let own = yaml::read_manifests(&self.values, source, &mut problems)
            .filter(|_| problems.is_empty())
            .ok_or_else(|| format!("{}: its values cannot be read: {problems:?}", facts.name))?;
        own.into_iter().filter(|own| !own.is_null()).for_each(|own| lay(&mut all, own));
        Ok(all)
    }

    fn files(&self) -> ChartFiles<'_> {
        ChartFiles {
            chart: &self.chart,
            values: &self.values,
            schema: self.schema.as_deref(),
            templates: self.templates.iter().map(String::as_str).collect(),
            subcharts: self.subcharts.iter().map(Self::files).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(chart: &str, values: &str, subcharts: Vec<Texts>) -> Texts {
        Texts {
            chart: chart.to_owned(),
            values: values.to_owned(),
            schema: None,
            templates: vec![],
            subcharts,
        }
    }

    fn chart() -> Texts {
        let below = of("{name: below, version: 2.0.0}", "port: 80\nlogLevel: info\n", vec![]);
        let own = "# -- How many\nreplicas: 2\nimage: {tag: v1}\nargs: [a, b]\nresources: {limits: {cpu: 1}}\nlow:\n  logLevel: debug\n";
        let chart = "{name: app, version: 1.0.0, dependencies: [{name: below, version: 2.0.0, alias: low}]}";
        of(chart, own, vec![below])
    }

    /// What is said of the chart when its facts have one text for another.
    fn said(from: &str, to: &str) -> Vec<String> {
        let text = chart::write(&chart::read(&chart().files()).unwrap());
        assert!(text.contains(from), "{text}");
        faults(&chart::parse(&text.replacen(from, to, 1)).unwrap(), &chart().together().unwrap())
    }

    #[test]
    fn facts_say_all_that_the_chart_does() {
        assert_eq!(said("", ""), [""; 0]);
        let table = [
            (" replicas: int|string = 2\n", "", "replicas: Key { near: None }"),
            (
                " replicas: int|string = 2\n",
                " replicas: int|string = 3\n",
                "replicas: its default is Some(Int(3))",
            ),
            (" replicas: int|string = 2\n", " replicas: bool = 2\n", "replicas: Type"),
            (" replicas: int", " replicas?: int", "replicas: it is more than a comment"),
            ("  tag: number|string = \"v1\"\n", "", "image.tag: Key"),
            // In an open mapping too.
            ("   cpu: any = 1\n", "", "resources.limits.cpu: it is not named"),
            (" args: list ~ ", " args: list\n x: list ~ ", "args: its default is None"),
            ("  port: number|string = 80\n", "", "low.port: Key"),
            (
                "  logLevel: number|string = \"debug\"\n",
                "  logLevel: string = \"info\"\n",
                "low.logLevel: its default is",
            ),
        ];
        for (from, to, first) in table {
            let said = said(from, to);
            assert!(said.first().is_some_and(|said| said.starts_with(first)), "{from} as {to}: {said:?}");
        }
    }

    #[test]
    fn values_that_cannot_be_read_are_told() {
        let chart = of("{name: app, version: 1.0.0}", "a: [", vec![]);
        assert!(chart.together().unwrap_err().starts_with("app: its values cannot be read"));
    }

    #[test]
    fn a_version_that_a_release_fills_in_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("charts/app");
        fs::create_dir_all(&app).unwrap();
        fs::write(app.join("Chart.yaml"), "{name: app, version: v0.0.0}").unwrap();
        fs::write(app.join("values.yaml"), "a: 1\n").unwrap();
        let (charts, out) = (folder.path().join("charts"), folder.path().join("out"));
        let make = || make(&charts, &out, "app");
        assert!(make().unwrap_err().starts_with("Chart.yaml has no version yet"));
        assert!(!out.exists());
        // A version that a release has filled in stays.
        fs::create_dir_all(&out).unwrap();
        fs::write(out.join("app.facts"), "chart: app v1.2.3\napp: 7\nvalues:\n").unwrap();
        let text = make().unwrap();
        assert!(text.starts_with("chart: app v1.2.3\napp: 7\nvalues:\n a: "), "{text}");
        assert_eq!(fs::read_to_string(out.join("app.facts")).unwrap(), text);
    }

    #[test]
    fn what_only_templates_read_stays_without_them() {
        let folder = tempfile::tempdir().unwrap();
        let app = folder.path().join("charts/app");
        fs::create_dir_all(app.join("templates/deep")).unwrap();
        fs::write(app.join("Chart.yaml"), "{name: app, version: 1.0.0}").unwrap();
        fs::write(app.join("values.yaml"), "a: {b: 1}\n").unwrap();
        let template = app.join("templates/deep/x.yaml");
        fs::write(&template, "{{ .Values.a.c }} {{ .Values.threads }}").unwrap();
        let make = || make(&folder.path().join("charts"), &folder.path().join("out"), "app").unwrap();
        let text = make();
        assert!(text.contains("\n  c?: any\n") && text.contains("\n threads?: any\n"), "{text}");
        fs::remove_file(template).unwrap();
        assert_eq!(make(), text);
        // Another version may read others.
        fs::write(app.join("Chart.yaml"), "{name: app, version: 1.1.0}").unwrap();
        assert!(!make().contains("threads"));
    }
}
