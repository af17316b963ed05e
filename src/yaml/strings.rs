//! How a string is written so that every YAML 1.1 and 1.2 reader gets it back, also after kustomize has re-written it.

/// May it stand in YAML text as it is? Everything else is escaped.
fn printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fdcf}'
        | '\u{fdf0}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

/// Bytes that a plain scalar may hold anywhere but at its start.
const PLAIN: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = b' ';
    while b <= b'~' {
        table[b as usize] = true;
        b += 1;
    }
    table
};

/// Bytes that stand in double quotes as they are.
const BARE: [bool; 256] = {
    let mut table = PLAIN;
    table[b'"' as usize] = false;
    table[b'\\' as usize] = false;
    table
};

/// Can it stand without quotes, in a block collection, as a key or value?
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts = match bytes {
        [b'a'..=b'z' | b'A'..=b'Z', ..] => !is_word(text),
        [b'_' | b'/' | b'$', ..] | [b'.', b'/', ..] => true,
        [b'-', b'a'..=b'z' | b'A'..=b'Z', ..] | [b'-', b'-', b'a'..=b'z' | b'A'..=b'Z', ..] => true,
        [b'0'..=b'9', ..] => !is_number_like(bytes),
        _ => false,
    };
    starts && plain_inside(bytes)
}

/// Printable ASCII without `: `, ` #`, a trailing blank or colon.
fn plain_inside(bytes: &[u8]) -> bool {
    let mut before = b'a';
    for &b in bytes {
        if !PLAIN[b as usize] || (b == b' ' && before == b':') || (b == b'#' && before == b' ') {
            return false;
        }
        before = b;
    }
    !matches!(before, b' ' | b':')
}

/// Words that some reader takes for a boolean or null, in any case.
fn is_word(text: &str) -> bool {
    text.len() <= 5
        && ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
}

/// Could a reader take it for a number (of any base, also 60) or a point in time? It begins with a digit.
fn is_number_like(bytes: &[u8]) -> bool {
    let hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    bytes.iter().all(|b| match b {
        b'0'..=b'9' | b'_' | b'.' | b':' | b'+' | b'-' | b' ' => true,
        b'e' | b'E' | b'o' | b'O' | b'b' | b'B' | b'x' | b'X' | b't' | b'T' | b'z' | b'Z' => true,
        b'a' | b'A' | b'c' | b'C' | b'd' | b'D' | b'f' | b'F' => hex,
        _ => false,
    })
}

/// Can it be written as a literal block (`|`)? `last`: nothing follows it in the document, whose end would be blank
/// lines that tools like to strip.
pub(super) fn is_block(text: &str, last: bool) -> bool {
    let bytes = text.as_bytes();
    if !bytes.contains(&b'\n') || matches!(bytes[0], b'\n' | b' ' | b'\t') || (last && text.ends_with("\n\n"))
    {
        return false;
    }
    let mut before = b'\n';
    let mut ascii = true;
    for &b in bytes {
        match b {
            b'\n' if matches!(before, b' ' | b'\t') => return false,
            b'\t' if before == b'\n' => return false,
            b'\n' | b'\t' | b' '..=b'~' => {}
            0x80.. => ascii = false,
            _ => return false,
        }
        before = b;
    }
    !matches!(before, b' ' | b'\t')
        && (ascii || text.chars().all(|c| matches!(c, '\n' | '\t') || printable(c)))
}

/// Writes a literal block: header, then every line indented.
pub(super) fn block(out: &mut String, text: &str, indent: usize) {
    let body = text.trim_end_matches('\n');
    out.push_str(match text.len() - body.len() {
        0 => "|-\n",
        1 => "|\n",
        _ => "|+\n",
    });
    for line in body.split('\n') {
        if !line.is_empty() {
            super::emit::blanks(out, indent);
            out.push_str(line);
        }
        out.push('\n');
    }
    for _ in 1..text.len() - body.len() {
        out.push('\n');
    }
}

/// Writes it in double quotes, on one line, never folded.
pub(super) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut at = 0;
    while let Some(&b) = bytes.get(at) {
        if BARE[b as usize] {
            at += 1;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { break };
        let next = at + c.len_utf8();
        if matches!(c, '"' | '\\') || !printable(c) {
            out.push_str(&text[done..at]);
            escape(out, c);
            done = next;
        }
        at = next;
    }
    out.push_str(&text[done..]);
    out.push('"');
}

fn escape(out: &mut String, c: char) {
    use std::fmt::Write;
    match c {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        '\r' => out.push_str("\\r"),
        c => {
            let code = u32::from(c);
            // Writing to a string cannot fail.
            let _ = if code > 0xffff { write!(out, "\\U{code:08X}") } else { write!(out, "\\u{code:04X}") };
        }
    }
}
