//! Facts as a text: one line a key, a blank a level, in the chart's own order, so that two versions can be compared by
//! any `diff`.
//!
//! ```text
//! chart: loki 18.11.0
//! app: 3.7.6
//! subchart: rollout-operator 0.51.1 as rollout_operator if rollout_operator.enabled
//! values:
//!  loki: map
//!   auth_enabled: bool = true
//!   limits_config: open
//!   extraArgs: list ~ 4f53cda1
//!  route: map
//!   *: map
//!    hostnames: list
//!  nodePort?: number|string
//! ```
//!
//! `map` knows all its keys and `open` does not; `*` is what other keys hold, `-` what items are, where that is known; `?`
//! marks a key that only a comment names. Words that are not plain are JSON strings, defaults are JSON; `~` stands before
//! the beginning of a hash of those that are lists or longer texts.

use super::{Facts, Field, Kinds, Others, Subchart, values::DIGEST};
use crate::{
    schema::parse_json,
    yaml::{Node, Value, to_json},
};
use indexmap::IndexMap;
use std::{fmt::Write, ops::Range};

/// A text that is no facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFacts {
    /// Which bytes of the text are wrong.
    pub at: Range<usize>,
    /// What is wrong there.
    pub why: String,
}

/// Types and their words, wide ones first.
const WORDS: [(Kinds, &str); 8] = [
    (Kinds::ANY, "any"),
    (Kinds::SCALAR, "scalar"),
    (Kinds::BOOL, "bool"),
    (Kinds::NUMBER, "number"),
    (Kinds::INT, "int"),
    (Kinds::STRING, "string"),
    (Kinds::LIST, "list"),
    (Kinds::MAP, "map"),
];
/// Values are not nested deeper: what is read of a chart never is.
const DEEPEST: usize = 256;
/// A mapping whose keys are not all known.
const OPEN: &str = "open";

/// The text of facts.
pub fn write(facts: &Facts) -> String {
    let mut out = format!("chart: {} {}\n", word(&facts.name), word(&facts.version));
    // Writing to a String cannot fail.
    if let Some(version) = &facts.app_version {
        let _ = writeln!(out, "app: {}", word(version));
    }
    for chart in &facts.subcharts {
        let _ = write!(out, "subchart: {} {}", word(&chart.name), word(&chart.version));
        if let Some(alias) = &chart.alias {
            let _ = write!(out, " as {}", word(alias));
        }
        for (index, path) in chart.conditions.iter().enumerate() {
            let _ = write!(out, " {} {}", if index == 0 { "if" } else { "or" }, word(path));
        }
        out.push('\n');
    }
    out.push_str("values:\n");
    children(&mut out, &facts.values, 1);
    out
}

fn children(out: &mut String, field: &Field, depth: usize) {
    for (key, member) in &field.members {
        line(out, depth, &format!("{}{}", word(key), if member.hint { "?" } else { "" }), member);
    }
    if let Others::Each(each) = &field.others {
        line(out, depth, "*", each);
    }
    if let Some(items) = field.items.as_deref() {
        line(out, depth, "-", items);
    }
}

fn line(out: &mut String, depth: usize, key: &str, field: &Field) {
    out.extend(std::iter::repeat_n(' ', depth));
    let _ = write!(out, "{key}: {}", kinds(field));
    if let Some(default) = &field.default {
        let _ = write!(out, " = {}", to_json(&Node::new(default.clone()), None));
    } else if let Some(long) = &field.long {
        let _ = write!(out, " ~ {long}");
    }
    out.push('\n');
    children(out, field, depth + 1);
}

/// Types in the words of this text.
pub(super) fn kinds(field: &Field) -> String {
    let closed = field.kinds == Kinds::ANY && !field.open();
    let (mut left, mut words) = (field.kinds, Vec::new());
    for (kinds, word) in WORDS.into_iter().skip(usize::from(closed)) {
        if left.has(kinds) && left != Kinds::NONE {
            words.push(if kinds == Kinds::MAP && field.open() { OPEN } else { word });
            left = left.without(kinds);
        }
    }
    if words.is_empty() { "null".to_owned() } else { words.join("|") }
}

/// A word as it is, or as a JSON string.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./@$+-".contains(c);
    if !text.is_empty() && text != "-" && text.chars().all(plain) {
        return text.to_owned();
    }
    to_json(&Node::new(text), None)
}

/// Name and version of the chart that a text has the facts of, without the rest being read.
pub fn head(text: &str) -> Option<(String, String)> {
    let words = words(text.lines().next()?.strip_prefix("chart:")?).ok()?;
    <[String; 2]>::try_from(words).ok().map(|[name, version]| (name, version))
}

/// The facts of a text.
///
/// # Errors
/// Says which part of which line is wrong, and why.
pub fn parse(text: &str) -> Result<Facts, NoFacts> {
    let mut lines = Lines { text, next: 0, start: 0 };
    let mut facts = Facts {
        name: String::new(),
        version: String::new(),
        app_version: None,
        subcharts: Vec::new(),
        values: Field::closed(IndexMap::new()),
    };
    loop {
        let Some(line) = lines.take() else {
            let first = text.lines().next().unwrap_or_default();
            return Err(NoFacts {
                at: 0..first.len(),
                why: "facts begin with `chart:` and end with `values:`".to_owned(),
            });
        };
        let wrong = |part: &str, what: &str| lines.wrong(line, part, what);
        let (key, rest) = line.split_once(':').ok_or_else(|| wrong(line, "no `:`"))?;
        let words = words(rest).map_err(|why| wrong(rest.trim_start(), &why))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match (key, words.as_slice()) {
            ("chart", [name, version]) if facts.name.is_empty() => {
                (facts.name, facts.version) = ((*name).to_owned(), (*version).to_owned());
            }
            ("app", [version]) if facts.app_version.is_none() => {
                facts.app_version = Some((*version).to_owned());
            }
            ("subchart", [name, version, rest @ ..]) => {
                let chart = subchart(name, version, rest).ok_or_else(|| wrong(line, "no subchart"))?;
                facts.subcharts.push(chart);
            }
            ("values", []) if !facts.name.is_empty() => break,
            _ => return Err(wrong(line, "not a line of facts")),
        }
    }
    below(&mut lines, 1, &mut facts.values)?;
    match lines.take() {
        None => Ok(facts),
        Some(line) => Err(lines.wrong(line, line, "not a line of facts")),
    }
}

fn subchart(name: &str, version: &str, mut rest: &[&str]) -> Option<Subchart> {
    let mut chart =
        Subchart { name: name.to_owned(), version: version.to_owned(), alias: None, conditions: Vec::new() };
    while let [key, value, more @ ..] = rest {
        match *key {
            "as" => chart.alias = Some((*value).to_owned()),
            "if" | "or" => chart.conditions.push((*value).to_owned()),
            _ => return None,
        }
        rest = more;
    }
    rest.is_empty().then_some(chart)
}

struct Lines<'t> {
    text: &'t str,
    /// Where the next line begins, and where the last one did.
    next: usize,
    start: usize,
}

impl<'t> Lines<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.text[self.next..].lines().next()
    }

    fn take(&mut self) -> Option<&'t str> {
        let line = self.peek()?;
        self.start = self.next;
        let rest = &self.text[self.next..];
        self.next += rest.find('\n').map_or(rest.len(), |end| end + 1);
        Some(line)
    }

    /// The next line without its blanks, if it has this many.
    fn indented(&mut self, depth: usize) -> Option<&'t str> {
        let blanks = |line: &str| line.len() - line.trim_start_matches(' ').len();
        self.peek().filter(|line| blanks(line) == depth)?;
        self.take().map(|line| &line[depth..])
    }

    /// What is wrong with a part of the last line, which its end `line` holds.
    fn wrong(&self, line: &str, part: &str, why: &str) -> NoFacts {
        let whole = self.text[self.start..].lines().next().unwrap_or_default();
        // Both are slices of one text.
        let before = (part.as_ptr() as usize).saturating_sub(line.as_ptr() as usize).min(line.len());
        let start = self.start + whole.len() - line.len() + before;
        NoFacts { at: start..start + part.len(), why: why.to_owned() }
    }
}

/// Reads what stands below a field.
fn below(lines: &mut Lines, depth: usize, field: &mut Field) -> Result<(), NoFacts> {
    while let Some(line) = lines.indented(depth) {
        let wrong = |part: &str, why: &str| lines.wrong(line, part, why);
        if depth > DEEPEST {
            return Err(wrong(line, "it is nested too deeply"));
        }
        let (key, quoted, rest) = first(line).map_err(|why| wrong(line, &why))?;
        let name = &line[..line.len() - rest.len()];
        let (hint, rest) = rest.strip_prefix('?').map_or((false, rest), |rest| (true, rest));
        let rest = rest.strip_prefix(": ").ok_or_else(|| wrong(line, "no `: `"))?;
        let (rest, default) = rest.split_once(" = ").map_or((rest, None), |(k, d)| (k, Some(d)));
        let (kinds, long) = rest.split_once(" ~ ").map_or((rest, None), |(k, hash)| (k, Some(hash)));
        let mut child = typed(kinds).ok_or_else(|| wrong(kinds, &format!("`{kinds}` is no type")))?;
        if let Some(hash) = long {
            if !is_digest(hash) {
                return Err(wrong(hash, &format!("`{hash}` is no hash of {DIGEST} digits `0-9a-f`")));
            }
            if let Some(default) = default {
                return Err(wrong(default, "a default stands here, and the hash of one before it"));
            }
        }
        child.hint = hint;
        child.long = long.map(Into::into);
        let scalar = |text: &str| {
            let value = parse_json(text).ok().filter(|_| text.trim() == text)?.value;
            (!matches!(value, Value::Seq(_) | Value::Map(_))).then_some(value)
        };
        let read = |text| scalar(text).ok_or_else(|| wrong(text, "no text, number, boolean or null of JSON"));
        child.default = default.map(read).transpose()?;
        let is_new = match key.as_str() {
            "*" if !quoted => matches!(field.others, Others::None | Others::Any),
            "-" if !quoted => field.items.is_none(),
            _ => !field.members.contains_key(&key),
        };
        if !is_new {
            return Err(wrong(name, &format!("`{key}` is given twice")));
        }
        below(lines, depth + 1, &mut child)?;
        match key.as_str() {
            "*" if !quoted => field.others = Others::Each(Box::new(child)),
            "-" if !quoted => field.items = Some(Box::new(child)),
            _ => drop(field.members.insert(key, child)),
        }
    }
    Ok(())
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn typed(text: &str) -> Option<Field> {
    let mut kinds = Kinds::NONE;
    let mut others = Others::None;
    for part in text.split('|') {
        if matches!(part, OPEN | "any") {
            others = Others::Any;
        }
        kinds = kinds.or(match part {
            OPEN => Kinds::MAP,
            "null" => Kinds::NONE,
            _ => WORDS.iter().find(|(_, word)| *word == part)?.0,
        });
    }
    Some(Field { kinds, others, ..Field::default() })
}

/// The first word of a line, whether it is quoted, and the rest.
fn first(line: &str) -> Result<(String, bool, &str), String> {
    if !line.starts_with('"') {
        let end = line.find([' ', ':', '?']).unwrap_or(line.len());
        return Ok((line[..end].to_owned(), false, &line[end..]));
    }
    let mut escaped = false;
    let end = line[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    let end = end.ok_or("a string has no end")? + 2;
    match parse_json(&line[..end]).map(|node| node.value) {
        Ok(Value::Str(text)) => Ok((text.to_string(), true, &line[end..])),
        _ => Err("no string of JSON".to_owned()),
    }
}

/// The words of a line.
fn words(mut rest: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    while !rest.is_empty() {
        rest = rest.strip_prefix(' ').ok_or("no blank between words")?;
        let end = if rest.starts_with('"') {
            rest.len() - first(rest)?.2.len()
        } else {
            rest.find(' ').unwrap_or(rest.len())
        };
        words.push(if rest.starts_with('"') { first(rest)?.0 } else { rest[..end].to_owned() });
        rest = &rest[end..];
    }
    Ok(words)
}
