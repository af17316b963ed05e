//! Paths of references: `vars.storageClass`, `components.loki.url`, `vars.labels["a.b/c"]`,
//! `vars.zones[0]` or `vars.zones.0`; and the pieces of a `$text`.

/// A piece of a `$text`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Plain text, braces already undoubled.
    Text(String),
    /// A path between braces.
    Path(String),
}

/// Splits a path into its steps.
///
/// # Errors
/// Says in a few words what is wrong with it.
pub fn steps(path: &str) -> Result<Vec<String>, &'static str> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        if end == 0 {
            return Err("has an empty step");
        }
        steps.push(rest[..end].to_owned());
        rest = &rest[end..];
        while let Some(inner) = rest.strip_prefix('[') {
            let number = inner.find(|c: char| !c.is_ascii_digit()).unwrap_or(inner.len());
            if let (1.., Some(after)) = (number, inner[number..].strip_prefix(']')) {
                steps.push(inner[..number].to_owned());
                rest = after;
                continue;
            }
            let quote = inner.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.ok_or("needs a number or a quoted key between `[` and `]`")?;
            let (key, after) = inner[1..].split_once(quote).ok_or("has an unclosed quote")?;
            steps.push(key.to_owned());
            rest = after.strip_prefix(']').ok_or("has an unclosed `[`")?;
        }
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None if rest.is_empty() => return Ok(steps),
            None => return Err("needs a `.` after `]`"),
        }
    }
}

/// Writes steps as a path again.
pub fn join(steps: &[String]) -> String {
    let mut path = String::new();
    for step in steps {
        if !path.is_empty() && step.contains(['.', '[', '/']) {
            path.push_str(&format!("[\"{step}\"]"));
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step);
        }
    }
    path
}

/// Cuts a `$text` into pieces; `{{` and `}}` are literal braces.
///
/// # Errors
/// Says in a few words what is wrong with it.
pub fn pieces(text: &str) -> Result<Vec<Piece>, &'static str> {
    let (mut pieces, mut plain) = (Vec::new(), String::new());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' if chars.next_if_eq(&'{').is_some() => plain.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => plain.push('}'),
            '}' => return Err("has a `}` without a `{`; a literal one is written `}}`"),
            '{' => {
                let path: String = chars.by_ref().take_while(|c| *c != '}').collect();
                if !text.contains('}') || path.contains(['{', '\n']) {
                    return Err("has a `{` without a `}`; a literal one is written `{{`");
                }
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Path(path));
            }
            c => plain.push(c),
        }
    }
    if !plain.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_steps() {
        assert_eq!(steps("vars.a.0").unwrap(), ["vars", "a", "0"]);
        assert_eq!(steps("vars.a[0].b[10][2]").unwrap(), ["vars", "a", "0", "b", "10", "2"]);
        assert_eq!(steps("vars.labels[\"a.b/c\"].x").unwrap(), ["vars", "labels", "a.b/c", "x"]);
        assert_eq!(join(&steps("vars.labels['a.b/c'].x").unwrap()), "vars.labels[\"a.b/c\"].x");
        for bad in ["", ".", "vars.", "a..b", "a[b]", "a[0", "a[]", "a[0]b", "a[\"b", "a[\"b\"]c"] {
            assert!(steps(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_have_pieces() {
        let path = |p: &str| Piece::Path(p.into());
        let text = |t: &str| Piece::Text(t.into());
        assert_eq!(
            pieces("a.{cluster.domain}/{x}").unwrap(),
            [text("a."), path("cluster.domain"), text("/"), path("x")]
        );
        assert_eq!(pieces("{{ $labels.x }} ${{A}}").unwrap(), [text("{ $labels.x } ${A}")]);
        assert_eq!(pieces("").unwrap(), [text("")]);
        assert!(pieces("a } b").is_err());
        assert!(pieces("a {b").is_err());
    }
}
