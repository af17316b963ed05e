//! Questions about a path of the config: which one is meant, and the answer.

use super::{
    answer::{Answer, Config},
    known::Known,
    path::{Path, Step},
    references::FIELDS,
};
use crate::{
    chart::Field,
    config::{self, ConfigFile, EnvironmentFile},
    diag::{Diagnostic, did_you_mean, list},
    resolve,
    schema::Chain,
    yaml::{Node, Value},
};

/// What a question that cannot be answered gives.
pub(super) type Answered = Result<Answer, Box<Diagnostic>>;

impl Known<'_> {
    /// Answers about a path of the config.
    pub(super) fn config(&self, text: &str) -> Answered {
        let path = self.find(text)?;
        let found = self.reach(&path);
        let mut notes = Vec::new();
        if self.built.tree.is_none() {
            notes.push(format!(
                "`{name}` cannot be rendered now, so nothing is known of its output: `gen render {name}` says why",
                name = self.built.name
            ));
        }
        notes.extend(self.of_no_output(&path));
        let value = self.value(&path);
        Ok(Answer::Config(Box::new(Config { value, uses: found.uses, reaches: found.reaches, notes })))
    }

    /// Why some fields come nowhere.
    fn of_no_output(&self, path: &Path) -> Option<String> {
        let why = match (path.text(0)?, path.text(1)) {
            ("secrets", Some("recipients" | "cluster")) => {
                "it says whom Secrets are sealed for; no output is made of it"
            }
            ("secrets", Some("external")) => {
                "it says which Secrets come from elsewhere; no output is made of it"
            }
            ("cluster", Some("provides")) => "it says which API groups are there without any component",
            _ => return None,
        };
        Some(why.to_owned())
    }

    /// The path that a text means: as it is written everywhere, or with keys that hold dots left unquoted.
    pub(super) fn find(&self, text: &str) -> Result<Path, Box<Diagnostic>> {
        if let Some(path) = self.named(text) {
            return Ok(path.clone());
        }
        let steps = config::path::steps(text).map_err(|why| {
            Box::new(
                Diagnostic::error("usage/path", format!("the path `{text}` {why}"))
                    .help("a path is written like `components.kuard.inputs.port` or `vars.zones[0]`"),
            )
        })?;
        if let Some(path) = joined(&self.whole, &steps) {
            return Ok(path);
        }
        let path = self.typed(steps.iter().map(String::as_str));
        let there = self.value_of(&path).is_some()
            || self.export(&path).is_some()
            || !resolve::history(self.project(), &self.built.name, &steps).is_empty()
            || self.may_be(&steps);
        if there { Ok(path) } else { Err(Box::new(self.unknown(&path))) }
    }

    /// May somebody set it?
    fn may_be(&self, steps: &[String]) -> bool {
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match steps.as_slice() {
            ["components", component, "inputs", rest @ ..] => {
                self.pack(component).is_some_and(|pack| pack.schema.chain(rest) == Chain::Known)
            }
            ["components", _, "values", ..]
                if self.chart_field(&Path::keys(steps.iter().copied())).is_some() =>
            {
                true
            }
            ["components", component, field, ..] => {
                FIELDS.contains(field)
                    && self.merged.at(&["components", component]).is_some()
                    && EnvironmentFile::schema().chain(&steps) == Chain::Known
            }
            ["components", ..] => false,
            ["extends" | "abstract", ..] => false,
            steps => EnvironmentFile::schema().chain(steps) == Chain::Known,
        }
    }

    /// What is known of a value of a chart that nobody sets.
    fn chart_field(&self, path: &Path) -> Option<&Field> {
        let component = self.component(path.text(1)?)?;
        let (release, rest) = self.value_path(path)?;
        let keys: Vec<String> = rest.iter().map(Step::to_string).collect();
        self.facts_of(component, release)?.facts()?.named(&keys)
    }

    /// Says where a path goes wrong, and what may be meant.
    fn unknown(&self, path: &Path) -> Diagnostic {
        let mut good = 0;
        while good < path.0.len() && self.exists(&Path(path.0[..=good].to_vec())) {
            good += 1;
        }
        let before = Path(path.0[..good].to_vec());
        let wrong = path.0.get(good).map(Step::to_string).unwrap_or_default();
        let written = Path(path.0[..=good.min(path.0.len() - 1)].to_vec());
        let message = format!("`{}` has nothing at `{written}`", self.built.name);
        let said = Diagnostic::error("usage/path", message);
        let names = self.names(&before);
        let near = did_you_mean(&wrong, names.iter().map(String::as_str));
        let rest = path.0.get(good + 1..).unwrap_or_default();
        match (near, before.of(&self.whole)) {
            (Some(near), _) => {
                let meant = before.key(near).join(rest);
                let meant = if self.exists(&meant) { meant } else { before.key(near) };
                said.help(format!("did you mean `{meant}`?"))
            }
            (None, Some(node)) if node.as_map().is_none() && good > 0 => {
                let count = node.as_seq().map(|items| format!(" of {}", items.len())).unwrap_or_default();
                said.because(format!("`{before}` is {}{count}", node.value.kind()))
            }
            (None, _) if names.is_empty() => said,
            (None, _) if good == 0 => {
                said.help(format!("a path begins with {}", list(names.iter().map(String::as_str))))
            }
            (None, _) => said.help(format!("`{before}` has {}", list(names.iter().map(String::as_str)))),
        }
    }

    fn exists(&self, path: &Path) -> bool {
        self.value_of(path).is_some() || self.may_be(&path.steps())
    }

    /// What may stand behind a path.
    fn names(&self, before: &Path) -> Vec<String> {
        let mut names: Vec<String> = before
            .of(&self.whole)
            .into_iter()
            .flat_map(Node::members)
            .map(|(name, _)| name.to_owned())
            .collect();
        let steps = before.steps();
        let steps: Vec<&str> = steps.iter().map(String::as_str).chain(["\u{0}"]).collect();
        let schema = match steps.as_slice() {
            ["components", component, "inputs", rest @ ..] => {
                self.pack(component).map(|pack| pack.schema.chain(rest))
            }
            steps => Some(EnvironmentFile::schema().chain(steps)),
        };
        if let Some(Chain::Unknown { known, .. }) = schema {
            names.extend(known.into_iter().filter(|name| !matches!(name.as_str(), "extends" | "abstract")));
        }
        names.extend(self.chart_field(before).into_iter().flat_map(|field| field.members.keys().cloned()));
        if let (Some("components"), Some(component), 2) = (before.text(0), before.text(1), before.0.len()) {
            names.extend(self.exports(component).iter().filter_map(|path| path.text(2).map(str::to_owned)));
        }
        let mut seen = Vec::new();
        names.retain(|name| {
            let new = !seen.contains(name);
            seen.push(name.clone());
            new
        });
        names
    }
}

/// The path of steps whose keys may hold dots: `a.b` is the key `a.b` where there is no `a` with a `b`.
pub(super) fn joined(node: &Node, steps: &[String]) -> Option<Path> {
    if steps.is_empty() {
        return Some(Path::default());
    }
    match &node.value {
        Value::Map(map) => (1..=steps.len()).find_map(|count| {
            let key = steps[..count].join(".");
            let rest = joined(map.get(&key)?, &steps[count..])?;
            Some(Path(vec![Step::Key(key.into())]).join(&rest.0))
        }),
        Value::Seq(items) => {
            let index = steps[0].parse::<usize>().ok()?;
            let rest = joined(items.get(index)?, &steps[1..])?;
            Some(Path(vec![Step::Item(index)]).join(&rest.0))
        }
        _ => None,
    }
}
