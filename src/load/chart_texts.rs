//! A Helm chart that somebody names: a folder, or an archive of one.

use super::{
    archive::{Budget, unpack},
    disk::{Disk, named},
    files::{Files, Kind, Memory, file_name, join},
};
use crate::{
    chart::{self, ChartFiles, Facts},
    yaml,
};
use std::path::Path;

/// Charts are not nested deeper in each other.
const DEEPEST: usize = 6;
/// A text of a chart is not larger.
const LARGEST: usize = 4 << 20;

/// The texts of a chart and of the charts in it.
#[derive(Clone, Debug)]
pub struct ChartTexts {
    chart: String,
    values: String,
    schema: Option<String>,
    templates: Vec<String>,
    subcharts: Vec<ChartTexts>,
}

impl ChartTexts {
    /// Reads a chart: a folder, or a `.tgz`. Charts in it lie in its folder `charts/`, in either form.
    ///
    /// # Errors
    /// Says in a few words what is wrong, to be put behind its name.
    pub fn read(path: &Path) -> Result<Self, String> {
        let budget = Budget::new();
        match named(path)? {
            None => Self::of(&Disk::of_chart(path)?, "", &budget, 0),
            Some(bytes) => Self::of(&unpack(&bytes, &budget)?, "", &budget, 0),
        }
    }

    /// The text of its `values.yaml`.
    pub fn values(&self) -> &str {
        &self.values
    }

    /// What it takes.
    ///
    /// # Errors
    /// A file that cannot be read as what it should be: its name, the line and what is wrong.
    pub fn facts(&self) -> Result<Facts, String> {
        chart::read(&self.files())
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

    fn of(files: &dyn Files, folder: &str, budget: &Budget, depth: usize) -> Result<Self, String> {
        if depth > DEEPEST {
            return Err(format!("has charts nested deeper than {DEEPEST}"));
        }
        let text = |name: &str| text(files, &join(folder, name));
        let chart = text("Chart.yaml")?.ok_or("is no chart: it has no `Chart.yaml`")?;
        let (values, schema) = (text("values.yaml")?.unwrap_or_default(), text("values.schema.json")?);
        let mut subcharts = Vec::new();
        let inside = join(folder, "charts");
        for entry in files.list(&inside)? {
            let path = join(&inside, &entry.name);
            let found = match entry.kind {
                _ if entry.name.starts_with(['.', '_']) => continue,
                Kind::Folder if files.kind(&join(&path, "Chart.yaml")) == Kind::File => {
                    Self::of(files, &path, budget, depth + 1)
                }
                Kind::File if entry.name.ends_with(".tgz") => {
                    archive(files, &path, budget).and_then(|files| Self::of(&files, "", budget, depth + 1))
                }
                Kind::Refused(why) => Err(why.to_owned()),
                _ => continue,
            };
            subcharts.push(found.map_err(|why| format!("has `{path}`, which {why}"))?);
        }
        let mut templates = Vec::new();
        read_templates(files, &join(folder, "templates"), 0, &mut templates)?;
        Ok(Self { chart, values, schema, templates, subcharts })
    }
}

/// The texts in a folder of templates and below. One that is no text names no values.
fn read_templates(
    files: &dyn Files,
    folder: &str,
    depth: usize,
    found: &mut Vec<String>,
) -> Result<(), String> {
    if depth > DEEPEST {
        return Ok(());
    }
    for entry in files.list(folder)? {
        let path = join(folder, &entry.name);
        match entry.kind {
            Kind::Folder => read_templates(files, &path, depth + 1, found)?,
            Kind::File => {
                let bytes = files.read(&path).map_err(|why| format!("has `{path}`, which {why}"))?;
                found.extend(yaml::decode(&bytes).ok().filter(|text| text.len() <= LARGEST));
            }
            Kind::Refused(why) => return Err(format!("has `{path}`, which {why}")),
            Kind::Missing => {}
        }
    }
    Ok(())
}

fn archive(files: &dyn Files, path: &str, budget: &Budget) -> Result<Memory, String> {
    unpack(&files.read(path)?, budget)
}

/// The text of a file, if it is there.
fn text(files: &dyn Files, path: &str) -> Result<Option<String>, String> {
    let wrong = |why: &str| format!("has `{}`, which {why}", file_name(path));
    match files.kind(path) {
        Kind::Missing => return Ok(None),
        Kind::File => {}
        Kind::Folder => return Err(wrong("is a folder")),
        Kind::Refused(why) => return Err(wrong(why)),
    }
    let bytes = files.read(path).map_err(|why| wrong(&why))?;
    if bytes.len() > LARGEST {
        return Err(wrong(&format!("is larger than {} MiB", LARGEST >> 20)));
    }
    let text = yaml::decode(&bytes).map_err(|why| wrong(&format!("cannot be read: {}", why.message)))?;
    Ok(Some(text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::disallowed_methods)]
mod tests {
    use super::*;
    use crate::load::archive::tests::packed;
    use std::fs;
    use tar::EntryType::Regular;

    const CHART: &[u8] =
        b"name: app\nversion: 1.2.0\ndependencies: [{name: db, version: 2.0.0, alias: store}]\n";
    const DB: &[u8] = b"name: db\nversion: 2.0.0\n";

    #[test]
    fn an_archive_and_its_folder_say_the_same() {
        let db = packed(&[("db/Chart.yaml", Regular, DB), ("db/values.yaml", Regular, b"size: 1Gi\n")]);
        let schema = br#"{"properties": {"replicas": {"type": "integer"}}}"#;
        let files = [
            ("app/Chart.yaml", Regular, CHART),
            ("app/values.yaml", Regular, &b"replicas: 2\nport: 80\n"[..]),
            ("app/values.schema.json", Regular, schema),
            ("app/templates/x.yaml", Regular, b"{{ .Values.hidden }}"),
            ("app/charts/db-2.0.0.tgz", Regular, &db),
        ];
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("app.tgz"), packed(&files)).unwrap();
        for (path, _, content) in &files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let read = |name: &str| ChartTexts::read(&folder.path().join(name)).unwrap().facts().unwrap();
        let text = chart::write(&read("app.tgz"));
        assert_eq!(text, chart::write(&read("app")));
        assert!(text.starts_with("chart: app 1.2.0\nsubchart: db 2.0.0 as store\nvalues:\n"), "{text}");
        assert!(text.contains("\n replicas: int = 2\n"), "{text}");
        assert!(text.contains("\n hidden?: any\n"), "{text}");
        assert!(text.contains("\n  size: number|string = \"1Gi\"\n"), "{text}");
    }

    #[test]
    fn what_is_no_chart_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let said = |name: &str| ChartTexts::read(&folder.path().join(name)).unwrap_err();
        assert_eq!(said("nothing"), "is not there");
        assert_eq!(said("."), "is no chart: it has no `Chart.yaml`");
        fs::write(folder.path().join("text"), "name: app\n").unwrap();
        assert!(said("text").starts_with("is no gzip archive"));
        let inner = packed(&[("a/x", Regular, b"")]);
        let outer = packed(&[("a/Chart.yaml", Regular, CHART), ("a/charts/b.tgz", Regular, &inner)]);
        fs::write(folder.path().join("outer"), outer).unwrap();
        assert_eq!(said("outer"), "has `charts/b.tgz`, which is no chart: it has no `Chart.yaml`");
        // An archive in itself, so to say: each one in another.
        let mut nested = packed(&[("a/Chart.yaml", Regular, DB)]);
        for _ in 0..=DEEPEST {
            nested = packed(&[("a/Chart.yaml", Regular, DB), ("a/charts/b.tgz", Regular, &nested)]);
        }
        fs::write(folder.path().join("nested"), nested).unwrap();
        assert!(said("nested").ends_with("has charts nested deeper than 6"));
    }

    /// Without a bound on its steps this would take years.
    #[test]
    fn a_schema_that_names_itself_at_every_place_is_read_in_time() {
        let members: Vec<String> = (0..10).map(|n| format!("\"{n}\": {{\"$ref\": \"#/a\"}}")).collect();
        let schema = format!("{{\"a\": {{\"properties\": {{{}}}}}, \"$ref\": \"#/a\"}}", members.join(", "));
        let files = ChartFiles {
            chart: "name: app\nversion: 1.2.0\n",
            schema: Some(&schema),
            ..ChartFiles::default()
        };
        assert!(chart::read(&files).is_ok());
    }
}
