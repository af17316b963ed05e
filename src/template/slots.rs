//! Slots: what an expression writes into the text instead of its value.
//!
//! A slot is U+FDD0, a number, U+FDD1. The value waits in a store of the thread that renders, together with
//! how many inputs had been read by then. Captured text (macros, `{% set %}` and `{% call %}` blocks) is
//! MiniJinja's *safe string*: it is spliced with its slots as it is.

use super::inputs::Tracked;
use minijinja::{
    Error, ErrorKind, Output, State,
    value::{Object, ObjectRepr, Value, ValueKind},
};
use std::{
    cell::RefCell,
    fmt::{self, Write},
    sync::Arc,
};

/// Begins a slot.
pub(crate) const OPEN: char = '\u{fdd0}';
/// Ends a slot.
pub(crate) const CLOSE: char = '\u{fdd1}';
/// What `omit`, and a list or mapping of the inputs, becomes when something makes text of it; never valid.
pub(crate) const POISON: char = '\u{fdd2}';

/// The first of the characters that values and templates may not contain, and its byte position.
pub(crate) fn forbidden(text: &str) -> Option<(usize, char)> {
    // All three begin with the bytes EF B7; most text has no EF at all.
    if !text.as_bytes().contains(&0xef) {
        return None;
    }
    text.char_indices().find(|(_, c)| matches!(*c, OPEN | CLOSE | POISON))
}

/// A value that waits for its place.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// The value.
    pub(crate) value: Value,
    /// The inputs read since the emission before: a range of [`Session::log`].
    pub(crate) reads: std::ops::Range<usize>,
}

/// What one rendering leaves behind.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// The slots by number.
    pub(crate) slots: Vec<Slot>,
    /// Every input that was read, in order.
    pub(crate) log: Vec<Arc<Tracked>>,
    /// Members that were asked for and are not there, in order.
    pub(crate) misses: Vec<Miss>,
}

/// A member that was asked for and is not there.
#[derive(Debug)]
pub(crate) struct Miss {
    /// The mapping.
    pub(crate) of: Arc<Tracked>,
    /// The member.
    pub(crate) name: Arc<str>,
    /// How many inputs had been read by then.
    pub(crate) reads: usize,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Runs a rendering with an empty store, and gives the store back with its result.
pub(crate) fn session<T>(run: impl FnOnce() -> T) -> (T, Session) {
    /// Puts the outer store back, also when the rendering panics.
    struct Outer(Option<Session>);
    impl Drop for Outer {
        fn drop(&mut self) {
            SESSION.with_borrow_mut(|session| *session = self.0.take());
        }
    }
    let _outer = Outer(SESSION.replace(Some(Session::default())));
    let result = run();
    let session = SESSION.take().unwrap_or_default();
    (result, session)
}

/// Remembers that an input was read.
pub(super) fn log(node: &Arc<Tracked>) {
    SESSION.with_borrow_mut(|session| {
        if let Some(session) = session {
            session.log.push(node.clone());
        }
    });
}

/// Remembers that a member was asked for which is not there.
pub(super) fn miss(node: &Arc<Tracked>, member: &str) {
    SESSION.with_borrow_mut(|session| {
        if let Some(session) = session {
            let reads = session.log.len();
            session.misses.push(Miss { of: node.clone(), name: member.into(), reads });
        }
    });
}

/// The formatter of every environment: refuses undefined, splices captured text, writes a slot for all else.
pub(super) fn format(out: &mut Output<'_>, _state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::Undefined => return Err(ErrorKind::UndefinedError.into()),
        ValueKind::String if value.is_safe() => {
            return out.write_str(value.as_str().unwrap_or_default()).map_err(Error::from);
        }
        _ => {}
    }
    let number = SESSION.with_borrow_mut(|session| {
        let session = session.as_mut()?;
        let from = session.slots.last().map_or(0, |slot| slot.reads.end);
        session.slots.push(Slot { value: value.clone(), reads: from..session.log.len() });
        Some(session.slots.len() - 1)
    });
    let number = number.ok_or_else(|| {
        Error::new(ErrorKind::InvalidOperation, "a value is written outside of a rendering")
    })?;
    write!(out, "{OPEN}{number}{CLOSE}").map_err(Error::from)
}

/// A part of a text with slots in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// Text of the template.
    Text(&'t str),
    /// A slot by its number.
    Slot(usize),
    /// What is left of a slot that was cut in two.
    Broken,
}

/// The parts of a text in order.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        if first == CLOSE || first == POISON {
            rest = &rest[first.len_utf8()..];
            return Some(Piece::Broken);
        }
        if first != OPEN {
            let end = rest.find([OPEN, CLOSE, POISON]).unwrap_or(rest.len());
            let (text, tail) = rest.split_at(end);
            rest = tail;
            return Some(Piece::Text(text));
        }
        let inner = &rest[OPEN.len_utf8()..];
        let Some((digits, tail)) = inner.split_once(CLOSE) else {
            rest = "";
            return Some(Piece::Broken);
        };
        rest = tail;
        Some(digits.parse().map_or(Piece::Broken, Piece::Slot))
    })
}

/// A value as filters see it: captured text with its slots filled in. Captured text that is one slot alone is
/// that slot's value, with its type.
///
/// # Errors
/// A list, a mapping, null or `omit` inside captured text; a slot that was cut.
pub(crate) fn filled(value: &Value) -> Result<Value, Error> {
    if !value.is_safe() {
        return Ok(value.clone());
    }
    let Some(text) = value.as_str() else { return Ok(value.clone()) };
    let parts: Vec<Piece<'_>> = pieces(text).collect();
    if let [Piece::Slot(number)] = parts.as_slice() {
        return slot(*number);
    }
    let mut result = String::with_capacity(text.len());
    for part in parts {
        match part {
            Piece::Text(text) => result.push_str(text),
            Piece::Slot(number) => append(&mut result, &slot(number)?)?,
            Piece::Broken => return Err(cut()),
        }
    }
    Ok(Value::from(result))
}

fn slot(number: usize) -> Result<Value, Error> {
    SESSION
        .with_borrow(|session| session.as_ref()?.slots.get(number).map(|slot| slot.value.clone()))
        .ok_or_else(cut)
}

fn cut() -> Error {
    Error::new(ErrorKind::InvalidOperation, "captured text was cut in the middle of a value")
}

/// Appends the text of a scalar.
fn append(result: &mut String, value: &Value) -> Result<(), Error> {
    match text_of(value) {
        Ok(text) => {
            result.push_str(&text);
            Ok(())
        }
        Err(NoText::Undefined) => Err(ErrorKind::UndefinedError.into()),
        Err(why) => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("{} stands inside captured text", why.noun()),
        )),
    }
}

/// Why a value has no text form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoText {
    /// Nothing is there.
    Undefined,
    /// `none`
    Null,
    /// `omit`
    Omit,
    /// A list.
    List,
    /// A mapping.
    Mapping,
    /// `.inf`, `.nan`
    NonFinite,
    /// A macro, a function, `loop`.
    Code,
    /// Bytes that are no text.
    Bytes,
    /// Text that was made of `omit`, a list or a mapping.
    Poison,
}

impl NoText {
    /// The thing in a sentence.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            NoText::Undefined => "an undefined value",
            NoText::Null => "null",
            NoText::Omit => "`omit`",
            NoText::Poison => "text made of a list, a mapping or `omit`",
            NoText::List => "a list",
            NoText::Mapping => "a mapping",
            NoText::NonFinite => "a number without a value (infinite or not a number)",
            NoText::Code => "a macro or function that was not called",
            NoText::Bytes => "binary data",
        }
    }
}

/// The text of a scalar: strings verbatim, `true`, `8080`, `0.5`.
///
/// # Errors
/// What has no text form.
pub(crate) fn text_of(value: &Value) -> Result<Arc<str>, NoText> {
    match value.kind() {
        ValueKind::Undefined | ValueKind::Invalid => Err(NoText::Undefined),
        ValueKind::None => Err(NoText::Null),
        ValueKind::Bool => Ok(if value.is_true() { "true" } else { "false" }.into()),
        ValueKind::Number if value.is_integer() => Ok(value.to_string().into()),
        ValueKind::Number => {
            let float = f64::try_from(value.clone()).unwrap_or(f64::NAN);
            if float.is_finite() { Ok(format!("{float:?}").into()) } else { Err(NoText::NonFinite) }
        }
        ValueKind::String => {
            let text = value.to_str().unwrap_or_default();
            if text.contains(POISON) { Err(NoText::Poison) } else { Ok(text) }
        }
        ValueKind::Bytes => {
            let text = value.as_bytes().and_then(|bytes| std::str::from_utf8(bytes).ok());
            text.map(Arc::from).ok_or(NoText::Bytes)
        }
        ValueKind::Seq | ValueKind::Iterable => Err(NoText::List),
        ValueKind::Map => Err(NoText::Mapping),
        _ if is_omit(value) => Err(NoText::Omit),
        _ => Err(NoText::Code),
    }
}

/// `omit`: the key or list item that it is written for goes away.
#[derive(Debug)]
struct Omit;

impl Object for Omit {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char(POISON)
    }
}

/// The value of the global `omit`.
pub(super) fn omit() -> Value {
    Value::from_object(Omit)
}

/// Is it `omit`?
pub(crate) fn is_omit(value: &Value) -> bool {
    value.downcast_object_ref::<Omit>().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_slots() {
        let parts: Vec<_> = pieces("a\u{fdd0}12\u{fdd1}b\u{fdd0}3\u{fdd1}").collect();
        assert_eq!(parts, [Piece::Text("a"), Piece::Slot(12), Piece::Text("b"), Piece::Slot(3)]);
        let parts: Vec<_> = pieces("\u{fdd0}1").collect();
        assert_eq!(parts, [Piece::Broken]);
        let parts: Vec<_> = pieces("2\u{fdd1}x\u{fdd2}").collect();
        assert_eq!(parts, [Piece::Text("2"), Piece::Broken, Piece::Text("x"), Piece::Broken]);
        let parts: Vec<_> = pieces("\u{fdd0}x\u{fdd1}").collect();
        assert_eq!(parts, [Piece::Broken]);
    }

    #[test]
    fn only_slot_characters_are_forbidden() {
        assert_eq!(forbidden("ünï\u{fdcf}\u{fdd3}\u{fffd}"), None);
        assert_eq!(forbidden("a\u{fdd2}"), Some((1, POISON)));
    }
}
