//! Writes what packs know of their charts (`PACKS/<pack>/charts/<chart>.facts`), from a folder that holds a folder a
//! chart: `cargo run --example chart_facts -- CHARTS PACKS [PACK/CHART...]`. Without names, those that are there are made
//! anew.
#![allow(clippy::disallowed_methods, clippy::print_stdout, clippy::print_stderr)]

use fleetgen::{
    chart::{self, ChartFiles, Misfit},
    diag::{Problems, Sources},
    yaml,
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
        match name.split_once('/').ok_or("not PACK/CHART".to_owned()).and_then(|(pack, chart)| {
            let text = facts(charts, chart)?;
            let folder = packs.join(pack).join("charts");
            fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            fs::write(folder.join(format!("{chart}.facts")), &text).map_err(|error| error.to_string())?;
            Ok(text)
        }) {
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

/// The text of a chart's facts, after it has been tried: it can be read again, and the chart's own values fit it.
fn facts(charts: &Path, chart: &str) -> Result<String, String> {
    let texts = Texts::read(charts, chart)?;
    let facts = chart::read(&texts.files())?;
    let text = chart::write(&facts);
    if chart::parse(&text).as_ref() != Ok(&facts) {
        return Err("its facts are not the same when read again".to_owned());
    }
    let source = Sources::new().add("values.yaml", texts.values.as_str());
    let values = yaml::read_manifests(&texts.values, source, &mut Problems::new());
    for values in values.into_iter().flatten() {
        if let Some(Misfit { path, wrong, .. }) = chart::judge(&facts, &values).first() {
            return Err(format!("its own values do not fit: {}: {wrong:?}", path.join(".")));
        }
    }
    if text.len() > LONGEST {
        return Err(format!("its facts have {} bytes; {LONGEST} are allowed", text.len()));
    }
    Ok(text)
}

/// The files of a chart.
struct Texts {
    chart: String,
    values: String,
    schema: Option<String>,
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
        Ok(Self { chart: own, values, schema: text("values.schema.json"), subcharts })
    }

    fn files(&self) -> ChartFiles<'_> {
        ChartFiles {
            chart: &self.chart,
            values: &self.values,
            schema: self.schema.as_deref(),
            subcharts: self.subcharts.iter().map(Self::files).collect(),
        }
    }
}
