//! A pack's templates, ready to render.

use super::{
    file::{Delimiters, TemplateFile},
    filters,
    inputs::{self, ROOTS},
    parsed::Parsed,
    slots,
    walk::{self, ChainVerdict, Expressions, Known, Unit},
    whitespace,
};
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId},
    schema::{Chain, Schema},
};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, syntax::SyntaxConfig};
use std::{borrow::Cow, collections::BTreeMap, ops::Range, sync::Arc};

/// What one rendering may cost: steps, and 64 bytes of new text each. A template of a thousand objects needs a
/// tenth of it.
pub(super) const FUEL: u64 = 5_000_000;

/// What the paths of the files begin with that packs share.
const LIB: &str = "_lib/";

/// All that belongs to the templates of a pack.
#[derive(Clone, Copy)]
pub struct TemplateSet<'a> {
    /// The pack's name.
    pub pack: &'a str,
    /// Its own templates.
    pub templates: &'a [TemplateFile],
    /// All `_lib/` files: the project's first, then the built-in ones. The first of a path wins.
    pub lib: &'a [TemplateFile],
    /// The files under the pack's `files/`, by their path in it: for `file()` and `files()`.
    pub files: &'a BTreeMap<String, Arc<str>>,
    /// Other delimiters than Jinja's, in its own templates.
    pub delimiters: Option<&'a Delimiters>,
    /// The schema of its inputs.
    pub schema: &'a Schema,
    /// The suffixes of its `secrets:`, for `secret_ref()`.
    pub secrets: &'a [String],
}

/// The templates of a pack, checked and compiled. Shared by reference over threads.
#[derive(Debug)]
pub struct Compiled {
    pub(super) environment: Environment<'static>,
    pub(super) expressions: Expressions,
    pub(super) pack: String,
    pub(super) parsed: Parsed,
    templates: BTreeMap<Arc<str>, Source>,
}

#[derive(Debug)]
struct Source {
    id: SourceId,
    text: Arc<str>,
    /// Where its lines begin.
    lines: Vec<usize>,
    syntax: SyntaxConfig,
}

impl Source {
    fn new(file: &TemplateFile, syntax: &SyntaxConfig) -> Self {
        let lines = std::iter::once(0).chain(file.text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { id: file.source, text: file.text.clone(), lines, syntax: syntax.clone() }
    }
}

/// Checks and compiles the templates of a pack, with all problems of all of them.
///
/// `None` if an error was pushed.
pub fn compile(set: &TemplateSet<'_>, problems: &mut Problems) -> Option<Compiled> {
    let mut found = Problems::new();
    let compiled = compile_all(set, &mut found);
    let good = !found.has_errors();
    problems.extend(found);
    compiled.filter(|_| good)
}

fn compile_all(set: &TemplateSet<'_>, problems: &mut Problems) -> Option<Compiled> {
    let (own, shared) = (syntax(set, set.delimiters, problems)?, syntax(set, None, problems)?);
    slot_characters(set, problems);
    let used = used(set);
    // What packs share is written with the usual marks, whatever those of the pack are.
    let marks = |file: &TemplateFile| if file.path.starts_with(LIB) { &shared } else { &own };
    let prepared: Vec<(&TemplateFile, String)> = used
        .iter()
        .filter_map(|file| match whitespace::prepare(&file.text, marks(file)) {
            Ok(text) => Some((*file, text)),
            Err(error) => {
                problems.push(walk::syntax_error(&error, file.source, &file.text, marks(file)));
                None
            }
        })
        .collect();
    let units: Vec<Unit<'_>> = prepared
        .iter()
        .map(|(file, text)| Unit {
            name: &file.path,
            source: file.source,
            text,
            written: &file.text,
            syntax: marks(file),
            partial: is_partial(&file.path),
        })
        .collect();
    let known = Known {
        filters: &filters::NAMES,
        tests: &filters::TESTS,
        functions: &filters::FUNCTIONS,
        roots: &ROOTS,
        chain: &|chain| verdict(set.schema, chain),
    };
    walk::check(&units, &known, problems);
    if problems.has_errors() {
        return None;
    }
    let mut environment = environment(set);
    let expressions = Expressions::of(&units);
    for (file, text) in &prepared {
        environment.set_syntax(marks(file).clone());
        if let Err(error) = environment.add_template_owned(file.path.to_string(), text.clone()) {
            problems.push(walk::syntax_error(&error, file.source, &file.text, marks(file)));
        }
    }
    let templates = used.iter().map(|file| (file.path.clone(), Source::new(file, marks(file)))).collect();
    Some(Compiled {
        environment,
        expressions,
        pack: set.pack.to_owned(),
        parsed: Parsed::default(),
        templates,
    })
}

/// Is a template only there for others?
pub(super) fn is_partial(path: &str) -> bool {
    path.starts_with(LIB) || path.rsplit('/').next().is_some_and(|name| name.starts_with('_'))
}

fn syntax(
    set: &TemplateSet<'_>,
    delimiters: Option<&Delimiters>,
    problems: &mut Problems,
) -> Option<SyntaxConfig> {
    let mut builder = SyntaxConfig::builder();
    builder.keep_trailing_newline(true);
    if let Some(Delimiters { variable, block, comment }) = delimiters {
        builder
            .variable_delimiters(variable.0.clone(), variable.1.clone())
            .block_delimiters(block.0.clone(), block.1.clone())
            .comment_delimiters(comment.0.clone(), comment.1.clone());
    }
    match builder.build() {
        Ok(syntax) => Some(syntax),
        Err(_) => {
            problems.push(
                Diagnostic::error(
                    "template/delimiters",
                    format!("the `delimiters` of pack `{}` cannot be told apart", set.pack),
                )
                .help("give three different pairs, none empty: `variable`, `block`, `comment`"),
            );
            None
        }
    }
}

/// Slot characters in the pack's files; those in templates are found by the walk.
fn slot_characters(set: &TemplateSet<'_>, problems: &mut Problems) {
    for (path, text) in set.files {
        if let Some((_, c)) = slots::forbidden(text) {
            problems.push(
                inputs::forbidden(c).because(format!("it stands in `files/{path}` of pack `{}`", set.pack)),
            );
        }
    }
}

/// The pack's templates and the `_lib` files that they name, directly or through others.
fn used<'a>(set: &TemplateSet<'a>) -> Vec<&'a TemplateFile> {
    let mut used: Vec<&TemplateFile> = set.templates.iter().collect();
    let mut next = 0;
    while let Some(file) = used.get(next) {
        let text = &file.text;
        for lib in set.lib {
            if text.contains(&*lib.path) && !used.iter().any(|other| other.path == lib.path) {
                used.push(lib);
            }
        }
        next += 1;
    }
    used
}

fn verdict(schema: &Schema, chain: &[&str]) -> ChainVerdict {
    match chain {
        ["inputs", members @ ..] => match schema.chain(members) {
            Chain::Unknown { at, known } if members.get(at).is_some_and(|member| *member != "*") => {
                ChainVerdict::Unknown { at: at + 1, candidates: known }
            }
            _ => ChainVerdict::Fine,
        },
        _ => ChainVerdict::Fine,
    }
}

fn environment(set: &TemplateSet<'_>) -> Environment<'static> {
    let mut environment = Environment::empty();
    // For every name: else captured text would come back as an ordinary string.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("yaml".into()));
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_formatter(slots::format);
    environment.set_fuel(Some(FUEL));
    environment.add_global("omit", slots::omit());
    filters::register(&mut environment, Arc::new(set.files.clone()), set.secrets.into(), slots::filled);
    environment
}

impl Compiled {
    /// The templates that are rendered on their own, by path: all of the pack's but partials.
    pub fn templates(&self) -> impl Iterator<Item = &str> {
        self.templates.keys().map(|path| &**path).filter(|path| !is_partial(path))
    }

    /// All texts that were compiled: path, text as a source, text, the marks it is written with.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, SourceId, &str, &SyntaxConfig)> {
        self.templates.iter().map(|(path, source)| (&**path, source.id, &*source.text, &source.syntax))
    }

    /// Is there such a template?
    pub(super) fn has(&self, template: &str) -> bool {
        self.templates.contains_key(template)
    }

    /// A range of a template as a place.
    pub(super) fn place(&self, template: &str, range: Range<usize>) -> Place {
        let source = self.templates.get(template).or_else(|| self.templates.values().next());
        Place::new(source.expect("places are asked for of templates that were rendered").id, range)
    }

    /// A line of a template, from 1, without its indentation.
    pub(super) fn line(&self, template: &str, line: usize) -> Option<Place> {
        let source = self.templates.get(template)?;
        let start = *source.lines.get(line.checked_sub(1)?)?;
        let text = source.text.get(start..)?.lines().next().unwrap_or("");
        let from = start + text.len() - text.trim_start().len();
        Some(Place::new(source.id, from..start + text.trim_end().len()))
    }

    /// The template that a place is in.
    pub(super) fn template_of(&self, place: Place) -> Option<&str> {
        self.templates.iter().find(|(_, source)| source.id == place.source).map(|(path, _)| &**path)
    }

    /// The marks that the template of a place is written with.
    pub(super) fn syntax_at(&self, place: Place) -> Option<&SyntaxConfig> {
        self.templates.values().find(|source| source.id == place.source).map(|source| &source.syntax)
    }

    /// What stands at a place in a template.
    pub(super) fn text(&self, place: Place) -> &str {
        let source = self.templates.values().find(|source| source.id == place.source);
        source.and_then(|source| source.text.get(place.range())).unwrap_or("").trim()
    }

    /// The place of a filter's name, widened to the start of the expression that it stands in.
    pub(super) fn with_subject(&self, place: Place) -> Place {
        let source = self.templates.values().find(|source| source.id == place.source);
        let Some(source) = source else { return place };
        let before = source.text.get(..place.start as usize).unwrap_or("");
        if !before.trim_end().ends_with('|') {
            return place;
        }
        let opened = [source.syntax.variable_delimiters().0, source.syntax.block_delimiters().0]
            .into_iter()
            .filter_map(|open| before.rfind(open).map(|at| at + open.len()))
            .max()
            .unwrap_or(before.len());
        let blanks =
            before[opened..].len() - before[opened..].trim_start_matches(['-', '+', ' ', '\n']).len();
        Place::new(place.source, opened + blanks..place.end as usize)
    }

    /// An expression as it is written, on one line, at most 60 characters.
    pub(super) fn expression(&self, place: Place) -> Cow<'_, str> {
        let text = self.text(place);
        if text.chars().count() <= 60 && !text.contains(char::is_control) {
            return Cow::Borrowed(text);
        }
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match words.char_indices().nth(60) {
            Some((end, _)) => Cow::Owned(format!("{}…", &words[..end])),
            None => Cow::Owned(words),
        }
    }
}
