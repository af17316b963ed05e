//! What two versions of a chart take differently.

use super::{Facts, Field};
use crate::yaml::Value;
use std::sync::Arc;

/// A value that two versions take differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The keys that lead to it; `*` is any other key of a mapping, `-` an item of a list.
    pub path: Vec<Arc<str>>,
    /// How it differs.
    pub what: Differs,
    /// Is it named in a comment only, or goes without saying?
    pub hint: bool,
}

/// How a value differs.
#[derive(Clone, Debug, PartialEq)]
pub enum Differs {
    /// The new version does not name it.
    Gone {
        /// What the old one took.
        was: String,
        /// How many values there were in it.
        within: usize,
    },
    /// The old version does not name it.
    Added {
        /// What the new one takes.
        is: String,
        /// How many values there are in it.
        within: usize,
    },
    /// Other types are taken.
    Type {
        /// What the old version took.
        was: String,
        /// What the new one takes.
        is: String,
    },
    /// It has another default.
    Default {
        /// The old one.
        was: Given,
        /// The new one.
        is: Given,
    },
}

/// A default.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// There is none.
    Nothing,
    /// A short one.
    Short(Value),
    /// A list or a longer text, which facts do not hold.
    Long,
}

impl Given {
    fn of(field: &Field) -> Self {
        match (&field.default, &field.long) {
            (Some(value), _) => Self::Short(value.clone()),
            (None, Some(_)) => Self::Long,
            (None, None) => Self::Nothing,
        }
    }
}

/// Facts that know nothing of a long default say nothing of it.
fn same_default(old: &Field, new: &Field) -> bool {
    let long = old.long.as_ref().zip(new.long.as_ref());
    old.default == new.default && long.is_none_or(|(old, new)| old == new)
}

/// What differs, in the order of the old chart, what is new at the end of each mapping. Of a mapping that comes or goes
/// only its own key is told.
pub fn difference(old: &Facts, new: &Facts) -> Vec<Difference> {
    let mut all = Vec::new();
    fields(&old.values, &new.values, &mut Vec::new(), &mut all);
    all
}

fn fields(old: &Field, new: &Field, path: &mut Vec<Arc<str>>, all: &mut Vec<Difference>) {
    if old.kinds != new.kinds {
        let what = Differs::Type { was: old.types(), is: new.types() };
        all.push(Difference { path: path.clone(), what, hint: old.hint && new.hint });
    }
    if !same_default(old, new) {
        let what = Differs::Default { was: Given::of(old), is: Given::of(new) };
        all.push(Difference { path: path.clone(), what, hint: false });
    }
    for (key, was) in parts(old) {
        path.push(key.into());
        match parts(new).find(|(other, _)| *other == key) {
            Some((_, is)) => fields(was, is, path, all),
            None => {
                let what = Differs::Gone { was: was.types(), within: within(was) };
                all.push(Difference { path: path.clone(), what, hint: was.hint });
            }
        }
        path.pop();
    }
    for (key, is) in parts(new).filter(|(key, _)| !parts(old).any(|(other, _)| other == *key)) {
        path.push(key.into());
        let what = Differs::Added { is: is.types(), within: within(is) };
        all.push(Difference { path: path.clone(), what, hint: is.hint });
        path.pop();
    }
}

/// Members, then what other keys hold, then what items are.
fn parts(field: &Field) -> impl Iterator<Item = (&str, &Field)> {
    let others = match &field.others {
        super::Others::Each(each) => Some(("*", &**each)),
        _ => None,
    };
    let items = field.items.as_deref().map(|items| ("-", items));
    field.members.iter().map(|(key, member)| (key.as_str(), member)).chain(others).chain(items)
}

fn within(field: &Field) -> usize {
    parts(field).map(|(_, part)| 1 + within(part)).sum()
}
