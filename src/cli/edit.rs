//! `gen edit`: a sealed file in the user's editor.

use super::{
    Exit, Format, Global, open,
    report::{self, mapping, say},
    secret::{IdentityArguments, SealedProject, WhichArguments, Written, credentials, difference, fits, now},
};
use crate::{
    diag::{Diagnostic, Problems},
    host::{self, PrivateFolder},
    load,
    plain::{Plain, PlainText},
    recipient::Recipient,
    resolve::SealedPath,
    secret::{
        Policy, Reader, manifest,
        sops::{self, Opened, Outcome},
    },
    write,
    yaml::{
        Node,
        commented::{self, Comment, Document, Item},
    },
};

/// Opens a sealed file in your editor, and seals what you make of it
///
/// The text is in a file that only you can read, in memory where the system has such a place, and is gone when the editor
/// ends, whatever happens. What cannot take its place then, or was saved when a signal came, is kept sealed in
/// `.gen/edits/`. Only values that you changed get another text. The editor is that of `SOPS_EDITOR`, `VISUAL` or `EDITOR`;
/// vim and its kin are told to keep no copies.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen edit prod kuard/kuard-tls\n  gen edit environments/secrets/prod/kuard/kuard-tls.sops.yaml --identity ../me.agekey"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    which: WhichArguments,
    #[command(flatten)]
    identities: IdentityArguments,
}

/// Where edits are kept that cannot take their place, and how many of one file.
const EDITS: &str = ".gen/edits";
const MOST_KEPT: usize = 1000;

/// The key of what is kept and is no Secret.
const TYPED: &str = "typed";

/// What begins the lines that tell what is wrong, above the text that is to be corrected.
const NOTE: &str = "#: ";

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    let mut problems = Problems::new();
    let Some(mut project) = SealedProject::open(global, &mut problems) else {
        return open::failed(global, &problems);
    };
    let Some(written) = edit(global, &mut project, arguments, &mut problems) else {
        return open::failed_in(global, &problems, &project.project.sources);
    };
    if global.format == Format::Json {
        report::json(&mapping([
            ("files", Node::new(vec![written.to_node(&project)])),
            ("findings", report::to_node(&problems, &project.project.sources)),
        ]));
    } else {
        say(global, &written.text(&project));
        report::findings(global, &problems, &project.project.sources);
        if written.changed
            && let Some(place) = SealedPath::parse(&written.path)
        {
            let is_layer = project.project.environments.get(&place.owner).is_none_or(|e| e.is_abstract);
            let what = if is_layer { "--all" } else { &place.owner };
            say(global, &format!("next: gen render {what}"));
        }
    }
    Exit::Yes
}

fn edit(
    global: &Global,
    project: &mut SealedProject,
    arguments: &Arguments,
    problems: &mut Problems,
) -> Option<Written> {
    let path = arguments.which.path(global, project, problems)?;
    let (before, sealed) = project.read(&path, problems)?;
    let opened = sealed.open(&arguments.identities.find(problems), problems)?;
    let editor = host::editor().map_err(|why| problems.push(failed(&format!("the editor {why}")))).ok()?;
    let mut written = Written::of(&path, opened.sealed().recipients());
    let Some((documents, outcome)) = session(project, &path, &opened, &editor, problems)? else {
        return Some(written);
    };
    let secrets =
        |documents: &[Document]| documents.iter().filter(|d| manifest::is_secret(d)).cloned().collect();
    let (old, new): (Vec<Document>, Vec<Document>) = (secrets(opened.documents()), secrets(&documents));
    for (at, document) in new.iter().enumerate() {
        written.keys.extend(difference(old.get(at), document));
    }
    let Some(text) = &outcome.text else { return Some(written) };
    if project.keep_in_mind(&path, &opened, &documents, &outcome, problems)
        && project.put(&path, Some(&before), text.as_bytes(), problems)
    {
        written.take(&outcome);
        return Some(written);
    }
    let help = kept(project, &path, text, "");
    if let Some(problem) = problems.0.last_mut() {
        problem.help.push(help);
    }
    None
}

/// Keeps a text that is no Secret as it stands, as the one value of one, for whoever may read the file.
fn keep(project: &SealedProject, path: &str, opened: &Opened, typed: &Plain, problems: &mut Problems) {
    if typed.iter().all(u8::is_ascii_whitespace) {
        return;
    }
    let text = without_notes(typed).map(Plain::from);
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut secret = manifest::new(name.strip_suffix(load::SEALED).unwrap_or(name), "default", None);
    manifest::set(&mut secret, TYPED, text.as_ref().unwrap_or(typed));
    let mut refused = Problems::new();
    let policy =
        SealedPath::parse(path).and_then(|place| project.policy_of(&place.owner, &mut Problems::new()));
    let own = || {
        let keys = opened.sealed().recipients().into_iter();
        Policy::secret(keys.filter_map(|key| Recipient::parse(key).ok()).map(Reader::from))
    };
    let policy = policy.filter(|policy| !policy.readers.is_empty()).unwrap_or_else(own);
    let help = match sops::seal(&[secret], opened.sealed().source(), &policy, now(), &mut refused) {
        Some(text) => kept(project, path, &text, &format!(" --key {TYPED}")),
        None => {
            let why = refused.0.pop().map(|problem| problem.message).unwrap_or_default();
            format!("what you typed is lost, because gen cannot seal it: {why}")
        }
    };
    if let Some(problem) = problems.0.last_mut() {
        problem.help.push(help);
    }
}

/// Keeps what was typed, sealed, where nothing else stands, and says where; where nothing can be written, on standard error.
/// `options` are those of `gen unseal` that show it.
fn kept(project: &SealedProject, path: &str, text: &str, options: &str) -> String {
    let named = path.strip_prefix(load::SECRETS).unwrap_or(path);
    let (folder, name) = named.rsplit_once('/').unwrap_or((".", named));
    let mut refused = Problems::new();
    for number in 1..=MOST_KEPT {
        let place = match folder {
            "." => format!("{EDITS}/{number}-{name}"),
            _ => format!("{EDITS}/{folder}/{number}-{name}"),
        };
        if project.put(&place, None, text.as_bytes(), &mut refused) {
            return format!(
                "what you typed is kept, sealed, in `{place}`: `gen unseal {place}{options}` shows it"
            );
        }
        // Another edit stands there, or takes the place now.
        if refused.0.last().is_none_or(|problem| problem.id != write::CHANGED) {
            break;
        }
    }
    report::tell(text);
    let why = refused.0.pop().map(|problem| problem.message).unwrap_or_default();
    format!("what you typed stands above, sealed: put it into a file, because gen cannot keep it: {why}")
}

fn failed(message: &str) -> Diagnostic {
    Diagnostic::error("edit/editor", message).help("nothing was written")
}

/// One or several turns of the editor, until the text can be sealed or is given up. `Some(None)` if nothing changed,
/// `None` if an error was pushed.
fn session(
    project: &mut SealedProject,
    path: &str,
    opened: &Opened,
    editor: &[String],
    problems: &mut Problems,
) -> Option<Option<(Vec<Document>, Outcome)>> {
    let original = Plain::from(commented::emit(opened.documents()));
    let no_place = |error| problems.push(failed(&format!("there is no place for a private file: {error}")));
    let folder = PrivateFolder::new().map_err(no_place).ok()?;
    if !folder.is_in_memory() {
        problems.push(
            Diagnostic::warning("edit/disk", "the text stands on a disk while it is edited")
                .because("neither `XDG_RUNTIME_DIR` nor /dev/shm is there")
                .help("a disk may keep what was deleted: encrypt it"),
        );
    }
    let name = path.rsplit('/').next().unwrap_or(path).replace(".sops.", ".");
    let mut shown = original.clone();
    loop {
        let edited = match folder.edit(editor, &name, &shown) {
            Ok(edited) => edited,
            Err((why, left)) => {
                problems.push(failed(&why));
                // In a later turn what was shown is what was typed in the one before.
                let left = left.unwrap_or(shown);
                if without_notes(&left).as_deref() != original.as_text() {
                    keep(project, path, opened, &left, problems);
                }
                return None;
            }
        };
        let again = edited == shown && shown != original;
        let text = without_notes(&edited);
        if text.is_some() && text.as_deref() == original.as_text() {
            return Some(None);
        }
        let mut found = Problems::new();
        let sealed = text.as_ref().and_then(|text| sealed(project, path, opened, text, &mut found));
        if let Some(sealed) = sealed {
            problems.extend(found);
            return Some(Some(sealed));
        }
        if again || text.is_none() || !host::is_interactive() {
            // Closed without a change: given up. A script would be shown the same for ever.
            problems.extend(found);
            let said = failed("what was typed cannot be sealed");
            problems.push(match text {
                Some(_) => said,
                None => said.because("it is no UTF-8 text; bytes go under `data` as base64"),
            });
            // At a terminal it was told how to give up, and done.
            if !again {
                keep(project, path, opened, &edited, problems);
            }
            return None;
        }
        shown = with_notes(&text.unwrap_or_default(), &found, project);
    }
}

/// Seals what was edited. `None` if an error was pushed.
fn sealed(
    project: &mut SealedProject,
    path: &str,
    opened: &Opened,
    text: &PlainText,
    problems: &mut Problems,
) -> Option<(Vec<Document>, Outcome)> {
    let before = problems.errors();
    let source = project.project.sources.add_hidden(path, text);
    let mut documents = commented::read(text, source, problems)?;
    let place = SealedPath::parse(path);
    if let Some(place) = &place {
        fits(project, place, &mut documents, problems);
        documents.iter_mut().for_each(manifest::keep_from_substitution);
    }
    for document in documents.iter().filter(|document| manifest::is_secret(document)) {
        credentials::check(document, now(), problems);
    }
    clear_comments(opened, &documents, problems);
    if problems.errors() > before {
        return None;
    }
    let outcome = match &place {
        Some(place) => {
            let policy = project.policy_of(&place.owner, problems)?;
            opened.update(&documents, &policy, now(), problems)?
        }
        // Nothing says who is to open it but the file itself.
        None => opened.reseal(&documents, now(), problems)?,
    };
    Some((documents, outcome))
}

/// Warns of comments that were not there before and are not encrypted: those beside values that are.
fn clear_comments(opened: &Opened, documents: &[Document], problems: &mut Problems) {
    fn below<'c>(items: &'c [Item], found: &mut Vec<&'c Comment>) {
        for item in items {
            match item {
                Item::Comment(comment) => found.push(comment),
                Item::Entry(entry) => below(entry.node.items(), found),
            }
        }
    }
    let all = |documents: &'_ [Document]| -> Vec<Comment> {
        let mut found = Vec::new();
        for document in documents {
            for item in &document.items {
                match item {
                    Item::Entry(entry) if !matches!(item.key(), Some("data" | "stringData")) => {
                        below(entry.node.items(), &mut found);
                    }
                    Item::Entry(_) => {}
                    Item::Comment(comment) => found.push(comment),
                }
            }
        }
        found.into_iter().cloned().collect()
    };
    let before = all(opened.documents());
    for comment in all(documents).iter().filter(|comment| before.iter().all(|old| old.text != comment.text)) {
        problems.push(
            Diagnostic::warning(
                "edit/comment",
                "a comment outside of `stringData` and `data` stays in the clear",
            )
            .at(comment.place)
            .secret(comment.place)
            .help("put it below `stringData`, where comments are sealed, if it is nobody's business"),
        );
    }
}

/// The text with what is wrong above it. Messages show no values.
fn with_notes(text: &PlainText, found: &Problems, project: &SealedProject) -> Plain {
    let mut noted = PlainText::default();
    let mut note = |line: &str| noted.push_str(&format!("{NOTE}{line}\n"));
    note(
        "This cannot be sealed. Lines that begin so are not part of the text; close it as it is to give up.",
    );
    let lines = 1 + found.0.iter().map(|problem| 1 + problem.help.len()).sum::<usize>();
    for problem in &found.0 {
        let place = problem.labels.first().map(|label| project.project.sources.line_column(label.place));
        let at = place.map(|(line, column)| format!("line {}, column {column}: ", line + lines));
        note(&format!("{}{}", at.unwrap_or_default(), problem.message));
        problem.help.iter().for_each(|help| note(&format!("  help: {help}")));
    }
    noted.push_str(text);
    noted.into()
}

/// The text without the lines above it that tell what is wrong; `None` if it is no UTF-8.
fn without_notes(edited: &Plain) -> Option<PlainText> {
    let text = edited.as_text()?;
    let notes: usize =
        text.split_inclusive('\n').take_while(|line| line.starts_with(NOTE.trim_end())).map(str::len).sum();
    Some(PlainText::from(&text[notes..]))
}
