//! The rendered texts that were parsed before. They have slots in place of values, so most components of a pack give the
//! same few texts.

use crate::{
    diag::{Problems, SourceId},
    yaml::{RawDocument, raw},
};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// So many bytes of text are remembered of a pack. One of ours gives about 10 KiB in all its forms.
const MOST: usize = 1 << 18;

/// Texts and what they were parsed to. Shared by reference over threads.
#[derive(Debug, Default)]
pub(super) struct Parsed(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    documents: HashMap<Box<str>, Arc<[RawDocument]>>,
    bytes: usize,
}

impl Parsed {
    /// The documents of a text, as [`raw::parse`] gives them. Only the ranges of their places mean something: offsets in
    /// the text, which other templates may have given before.
    pub(super) fn documents(
        &self,
        text: &str,
        source: SourceId,
        problems: &mut Problems,
    ) -> Option<Arc<[RawDocument]>> {
        let known = |known: &Known| known.documents.get(text).cloned();
        if let Some(documents) = known(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return Some(documents);
        }
        let mut found = Problems::new();
        let documents: Option<Arc<[RawDocument]>> = raw::parse(text, source, &mut found).map(Arc::from);
        if let (Some(documents), true) = (&documents, found.0.is_empty()) {
            self.0.write().unwrap_or_else(PoisonError::into_inner).keep(text, documents);
        }
        problems.extend(found);
        documents
    }
}

impl Known {
    fn keep(&mut self, text: &str, documents: &Arc<[RawDocument]>) {
        if self.bytes + text.len() <= MOST && self.documents.insert(text.into(), documents.clone()).is_none()
        {
            self.bytes += text.len();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn a_text_is_parsed_once_unless_something_is_wrong_with_it() {
        let mut sources = Sources::new();
        let source = sources.add("templates/a.j2", "");
        let (parsed, mut told) = (Parsed::default(), 0);
        let mut ask = |text: &str| {
            let mut problems = Problems::new();
            let documents = parsed.documents(text, source, &mut problems);
            told += problems.0.len();
            documents
        };
        let first = ask("a: 1\n---\nb: 2\n").unwrap();
        assert_eq!(first.len(), 2);
        assert!(Arc::ptr_eq(&first, &ask("a: 1\n---\nb: 2\n").unwrap()));
        assert!(!Arc::ptr_eq(&first, &ask("a: 1\n---\nb: 3\n").unwrap()));
        assert!(ask("a: [").is_none() && ask("a: [").is_none());
        assert_eq!(told, 2, "an error is told each time");
        assert_eq!(parsed.0.read().unwrap().documents.len(), 2);
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let mut sources = Sources::new();
        let source = sources.add("templates/a.j2", "");
        let (parsed, mut problems) = (Parsed::default(), Problems::new());
        let long = "x".repeat(MOST / 4);
        for number in 0..20 {
            let text = format!("a{number}: {long}\n");
            assert_eq!(parsed.documents(&text, source, &mut problems).unwrap().len(), 1);
        }
        let known = parsed.0.read().unwrap();
        assert_eq!((known.documents.len(), known.bytes <= MOST), (3, true));
    }
}
