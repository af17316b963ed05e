//! Values to encrypted values, and the code over all of them.

use super::{
    file, metadata,
    rule::{Matcher, Rule},
    value::{DataKey, Opened as Plainly, Type},
    walk::{self, Becomes, Leaf, Site},
    wanted::{self, Wanted},
};
use crate::{
    diag::{Diagnostic, Place, Problems, SourceId, Sources},
    hash::Sha512,
    plain::PlainText,
    secret::{Moment, Policy, manifest},
    yaml::commented::{self, Comment, Document, Kind, Scalar, Value},
};
use std::{
    borrow::Cow,
    collections::{HashMap, VecDeque},
};

/// How often comments may move before they are left where they are.
const TRIES: usize = 3;

/// The first bytes of the hash where only encrypted values count: SHA-256 of the letters `sops`.
const ONLY_ENCRYPTED: [u8; 32] = [
    0x8a, 0x3f, 0xd2, 0xad, 0x54, 0xce, 0x66, 0x52, 0x7b, 0x10, 0x34, 0xf3, 0xd1, 0x47, 0xbe, 0x0b, 0x0b,
    0x97, 0x5b, 0x3b, 0xf4, 0x4f, 0x72, 0xc6, 0xfd, 0xad, 0xec, 0x81, 0x76, 0xf2, 0x7d, 0x69,
];

/// The message authentication code: SHA-512 over the values in their order, in upper-case hexadecimal.
pub(super) struct Mac {
    hash: Sha512,
    only_encrypted: bool,
}

impl Mac {
    pub(super) fn new(only_encrypted: bool) -> Self {
        let mut hash = Sha512::new();
        if only_encrypted {
            hash.update(&ONLY_ENCRYPTED);
        }
        Self { hash, only_encrypted }
    }

    /// Takes a value in.
    pub(super) fn add(&mut self, scalar: &Scalar, encrypted: bool) {
        if encrypted || !self.only_encrypted {
            self.hash.update(scalar.text.as_bytes());
        }
    }

    pub(super) fn text(self) -> String {
        self.hash.finish().to_uppercase()
    }
}

/// A value or comment that was encrypted before, with its text in the file.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) path: String,
    pub(super) value: Plainly,
    pub(super) text: String,
    /// Does it stand there as a comment? One in a list may also be an item.
    pub(super) hashed: bool,
}

/// Texts to be used again, each once, where path, type and value are what they were: by path, then by value.
pub(super) struct Reuse<'k>(HashMap<&'k str, HashMap<&'k str, Texts<'k>>>);

type Texts<'k> = VecDeque<(Type, &'k Known)>;

impl<'k> Reuse<'k> {
    /// Of values that were encrypted with the same key.
    pub(super) fn new(known: impl IntoIterator<Item = &'k Known>) -> Self {
        let mut map: HashMap<_, HashMap<_, VecDeque<_>>> = HashMap::new();
        for known in known {
            let (kind, value) = match &known.value {
                Plainly::Scalar(scalar) => (Type::Scalar(scalar.kind), &*scalar.text),
                Plainly::Comment(text) => (Type::Comment, &**text),
            };
            let of_path = map.entry(known.path.as_str()).or_default();
            of_path.entry(value).or_default().push_back((kind, known));
        }
        Self(map)
    }

    fn take(&mut self, path: &str, kind: Type, value: &str) -> Option<&'k Known> {
        let texts = self.0.get_mut(path)?.get_mut(value)?;
        let at = texts.iter().position(|(known, _)| *known == kind)?;
        texts.remove(at).map(|(_, known)| known)
    }
}

/// How values are encrypted.
pub(super) struct Sealing<'a> {
    pub(super) key: &'a DataKey,
    pub(super) matcher: &'a Matcher,
    pub(super) only_encrypted: bool,
}

/// Encrypted documents without their blocks.
pub(super) struct Encrypted {
    pub(super) documents: Vec<Document>,
    pub(super) mac: String,
    /// The names of what is encrypted, `data.password`, each once.
    pub(super) names: Vec<String>,
    /// What each encrypted text stands for. Empty text is not encrypted and means nothing but itself.
    meaning: HashMap<String, Plainly>,
}

impl Encrypted {
    /// Documents with these encrypted texts, wherever they stand, as plain ones.
    fn back(&self, documents: &[Document], matcher: &Matcher) -> Vec<Document> {
        walk::map(documents, matcher, &mut |_, leaf| {
            let (text, beside) = match &leaf {
                Leaf::Scalar(scalar) => (&scalar.text, false),
                Leaf::Comment(comment) => (&comment.text, comment.beside),
            };
            match (self.meaning.get(&**text), leaf) {
                (Some(Plainly::Comment(text)), _) => {
                    Becomes::Comment(Comment { text: text.clone(), beside, place: None })
                }
                (Some(Plainly::Scalar(scalar)), Leaf::Scalar(_)) => Becomes::Scalar(scalar.clone()),
                _ => Becomes::Same,
            }
        })
    }
}

impl Sealing<'_> {
    /// Encrypts documents so that every comment stands, when the file is read, where its path says. Some find their place
    /// only then: a comment that is aligned with nothing belongs to the innermost mapping above it.
    pub(super) fn settled(&self, plain: &[Document], known: &[Known], problems: &mut Problems) -> Encrypted {
        let mut plain = Cow::Borrowed(plain);
        for _ in 0..TRIES {
            let encrypted = self.encrypt(&plain, &mut Reuse::new(known), problems);
            let text = commented::emit(&file::with_block(encrypted.documents.clone(), &[]));
            let source = Sources::new().add("", "");
            let read = commented::read(&text, source, &mut Problems::new()).unwrap_or_default();
            let read: Vec<Document> = read.iter().map(file::content).collect();
            if read == encrypted.documents {
                return encrypted;
            }
            plain = Cow::Owned(encrypted.back(&read, self.matcher));
        }
        self.encrypt(&plain, &mut Reuse::new(known), problems)
    }

    /// Encrypts documents as they are.
    pub(super) fn encrypt(
        &self,
        plain: &[Document],
        reuse: &mut Reuse,
        problems: &mut Problems,
    ) -> Encrypted {
        let mut mac = Mac::new(self.only_encrypted);
        let mut names = Vec::new();
        let mut meaning = HashMap::new();
        let documents = walk::map(plain, self.matcher, &mut |site, leaf| match leaf {
            Leaf::Comment(comment) if site.encrypted => {
                let becomes = self.comment(comment, site, reuse, problems);
                match &becomes {
                    Becomes::Scalar(Scalar { text, .. }) | Becomes::Comment(Comment { text, .. })
                        if !text.is_empty() =>
                    {
                        meaning.insert(text.to_string(), Plainly::Comment(comment.text.clone()));
                    }
                    _ => {}
                }
                becomes
            }
            Leaf::Comment(_) => Becomes::Same,
            Leaf::Scalar(scalar) => {
                mac.add(scalar, site.encrypted);
                if !site.encrypted || scalar.text.is_empty() {
                    return Becomes::Same;
                }
                let name = site.keys.join(".");
                if names.last() != Some(&name) {
                    names.push(name);
                }
                let again = reuse.take(site.path, Type::Scalar(scalar.kind), &scalar.text);
                let again = again.map(|known| known.text.clone());
                let text = again.unwrap_or_else(|| self.key.scalar(scalar, site.path));
                meaning.insert(text.clone(), Plainly::Scalar(scalar.clone()));
                Becomes::Scalar(Scalar::text(text))
            }
        });
        Encrypted { documents, mac: mac.text(), names, meaning }
    }

    fn comment(&self, comment: &Comment, site: &Site, reuse: &mut Reuse, problems: &mut Problems) -> Becomes {
        let again = reuse.take(site.path, Type::Comment, &comment.text);
        let hashed = again.map_or(!site.listed, |known| known.hashed);
        let text = again.map(|known| known.text.clone());
        let text = text.unwrap_or_else(|| self.key.comment(&comment.text, site.path));
        if self.matcher.confuses(&text) {
            problems.push(
                Diagnostic::error(
                    "secret/comment-rule",
                    "the rule of this file takes an encrypted comment for one that it looks for",
                )
                .at(site.place)
                .help("make `unencrypted_comment_regex` narrower: it must not match `ENC[…]`"),
            );
        }
        let text = PlainText::new(text);
        // In a list SOPS makes an item of it, whose type says what it is.
        if site.listed && !hashed && !text.is_empty() {
            Becomes::Scalar(Scalar { kind: Kind::Str, text })
        } else {
            Becomes::Comment(Comment { text, ..comment.clone() })
        }
    }
}

/// Seals documents for the first time. `source` is what they were read from, for messages. `None` if an error was pushed:
/// already sealed, nobody to seal for, recipients that cannot be sealed for yet, nothing to encrypt.
pub fn seal(
    plain: &[Document],
    source: SourceId,
    policy: &Policy,
    now: Moment,
    problems: &mut Problems,
) -> Option<String> {
    let before = problems.errors();
    check(plain, source, problems);
    let key = DataKey::generate();
    let wanted = Wanted::from(policy);
    wanted::somebody(&wanted, problems);
    let age = wanted::wrap_all(&wanted.keys, &key, problems);
    let matcher = matcher(&policy.rule, source, problems)?;
    let sealing = Sealing { key: &key, matcher: &matcher, only_encrypted: false };
    let encrypted = sealing.settled(plain, &[], problems);
    something(&encrypted, &policy.rule, source, problems);
    if problems.errors() > before {
        return None;
    }
    let mut block = metadata::new(&policy.rule, false);
    metadata::set_age(&mut block, &age);
    stamp(&mut block, &key, &encrypted.mac, now);
    let text = commented::emit(&file::with_block(encrypted.documents, &block));
    file::fits(text.len(), source, problems).then(|| text.to_string())
}

/// Reports documents that cannot be sealed: those that have a `sops` block, and Secrets that Kubernetes would refuse.
pub(super) fn check(plain: &[Document], source: SourceId, problems: &mut Problems) {
    for (at, document) in plain.iter().enumerate() {
        if let Some(block) = metadata::block(&document.items) {
            problems.push(
                Diagnostic::error(
                    "secret/sealed-already",
                    format!("document {} has a key `sops`: it is sealed already", at + 1),
                )
                .at(block.place.unwrap_or(Place::top(source)))
                .help("change a sealed file by its values, or give the key another name"),
            );
        }
        manifest::check(document, problems);
    }
}

pub(super) fn matcher(rule: &Rule, source: SourceId, problems: &mut Problems) -> Option<Matcher> {
    let wrong = |why: String| {
        Diagnostic::error(
            "secret/rule-invalid",
            format!("`{}` is no regular expression: {why}", rule.kind.name()),
        )
        .at(Place::top(source))
        .help("correct it")
    };
    rule.matcher().map_err(|why| problems.push(wrong(why))).ok()
}

/// Reports if nothing at all is encrypted.
pub(super) fn something(encrypted: &Encrypted, rule: &Rule, source: SourceId, problems: &mut Problems) {
    if encrypted.names.is_empty() {
        let what = match rule == &Rule::secret() {
            true => "there is no value under `data` or `stringData`",
            false => "the rule matches no value",
        };
        problems.push(
            Diagnostic::error("secret/nothing", format!("nothing would be encrypted: {what}"))
                .at(Place::top(source))
                .help("give it a value, or keep the file unsealed"),
        );
    }
}

/// Writes the code and the time it belongs to.
pub(super) fn stamp(block: &mut Vec<commented::Item>, key: &DataKey, mac: &str, now: Moment) {
    let modified = now.to_string();
    let mac = key.scalar(&Scalar::text(mac), &modified);
    metadata::set(block, "lastmodified", Value::from(modified.as_str()));
    metadata::set(block, "mac", Value::from(mac.as_str()));
}
