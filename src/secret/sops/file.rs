//! A sealed file as it stands, without any key.

use super::metadata::{self, KeyEntry, Metadata, Service};
use super::rule::Rule;
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId},
    seal::MOST_BYTES,
    yaml::commented::{self, Document, Item},
};

/// A sealed file: its keys and recipients are to be seen, its values are not.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub(super) text: String,
    pub(super) source: SourceId,
    /// With their `sops` blocks.
    pub(super) documents: Vec<Document>,
    pub(super) metadata: Metadata,
}

impl Sealed {
    /// Reads a file; `source` is its text among the sources. `None` if an error was pushed: too big, broken YAML, not
    /// sealed or only in part, a `sops` block that is cut off or malformed.
    pub fn read(text: &str, source: SourceId, problems: &mut Problems) -> Option<Self> {
        if !fits(text.len(), source, problems) {
            return None;
        }
        let mut found = Problems::new();
        let documents = commented::read(text, source, &mut found);
        found.0.into_iter().for_each(|said| problems.push(said.without_words_of(text)));
        let documents = documents?;
        let mut blocks = documents.iter().map(|document| metadata::block(&document.items));
        if blocks.clone().all(|block| block.is_none()) {
            problems.push(
                Diagnostic::error("secret/not-sealed", "the file is not sealed: it has no `sops` block")
                    .at(Place::top(source))
                    .help("seal it; if it was committed before, what it holds is known and must be replaced"),
            );
            return None;
        }
        if let Some(at) = blocks.clone().position(|block| block.is_none()) {
            let place = documents[at].items.iter().find_map(|item| item.entry()?.key.as_ref()?.place);
            problems.push(
                Diagnostic::error(
                    "secret/half-sealed",
                    format!("document {} of the file is not sealed", at + 1),
                )
                .at(place.unwrap_or(Place::top(source)))
                .help("seal the whole file anew; what stands there in clear is known and must be replaced"),
            );
            return None;
        }
        let first = blocks.next()??;
        if let Some(at) = blocks.position(|block| block != Some(first)) {
            problems.push(
                Diagnostic::error(
                    "secret/blocks",
                    format!("the `sops` block of document {} is not that of the first", at + 2),
                )
                .at(documents.get(at + 1).and_then(|document| metadata::block(&document.items)?.place))
                .because(
                    "all documents of a file have one key and one code, and Flux opens each by its own block",
                )
                .help("take the file from an earlier commit, or seal it again"),
            );
            return None;
        }
        let metadata = metadata::read(first, problems)?;
        Some(Self { text: text.to_owned(), source, documents, metadata })
    }

    /// Where messages say that it was read.
    pub fn source(&self) -> SourceId {
        self.source
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The age recipients it is sealed for, in the order of the file.
    pub fn recipients(&self) -> Vec<&str> {
        self.entries()
            .filter(|entry| entry.service == Service::Age)
            .map(|entry| entry.name.as_str())
            .collect()
    }

    /// Keys of other services that open it as well: the service and the name of the key.
    pub fn foreign_keys(&self) -> Vec<(Service, &str)> {
        let foreign = self.entries().filter(|entry| entry.service != Service::Age);
        foreign.map(|entry| (entry.service, entry.name.as_str())).collect()
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &KeyEntry> {
        self.metadata.groups.iter().flatten()
    }

    /// Which values are encrypted.
    pub fn rule(&self) -> &Rule {
        &self.metadata.rule
    }

    /// When values were last changed, RFC 3339.
    pub fn modified(&self) -> &str {
        &self.metadata.modified
    }

    /// The documents without their `sops` blocks, values as they stand in the file.
    pub fn documents(&self) -> Vec<Document> {
        self.documents.iter().map(content).collect()
    }
}

/// A document without its `sops` block.
pub(super) fn content(document: &Document) -> Document {
    let items = document.items.iter().filter(|item| item.key() != Some(metadata::KEY));
    Document { items: items.cloned().collect() }
}

/// The documents with a block each, at the end.
pub(super) fn with_block(content: Vec<Document>, block: &[Item]) -> Vec<Document> {
    let with = |mut document: Document| {
        document.items.push(Item::member(metadata::KEY, commented::Value::Map(block.to_vec())));
        document
    };
    content.into_iter().map(with).collect()
}

/// Is a text small enough?
pub(super) fn fits(bytes: usize, source: SourceId, problems: &mut Problems) -> bool {
    if bytes > MOST_BYTES {
        problems.push(
            Diagnostic::error(
                "secret/too-big",
                format!("the file has {bytes} bytes; Flux decrypts at most {MOST_BYTES}"),
            )
            .at(Place::top(source))
            .help("split it: a Secret holds at most 1 MiB"),
        );
    }
    bytes <= MOST_BYTES
}
