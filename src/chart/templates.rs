//! Keys that templates read and `values.yaml` does not name: `.Values.threadiness`.

use super::{Field, Kinds, Others};

/// Adds what a template reads to the values, as a comment's keys are: of any type.
pub(super) fn add(values: &mut Field, template: &str) {
    const VALUES: &str = ".Values.";
    for (at, _) in template.match_indices(VALUES) {
        let rest = &template[at + VALUES.len()..];
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
        // Helm's own key is everywhere, and open.
        if !rest.starts_with("global") {
            known(values, rest[..end].split('.').take_while(|key| !key.is_empty()));
        }
    }
}

/// The values have a path: its first key that they do not know is new, and what stands below is not known.
fn known<'k>(mut at: &mut Field, keys: impl Iterator<Item = &'k str>) {
    for key in keys {
        if !at.kinds.has(Kinds::MAP) {
            // `image.tag` is read where the default of `image` is a text: it takes either.
            (at.kinds, at.others) = (at.kinds.or(Kinds::MAP), Others::Any);
        }
        let is_new = !at.members.contains_key(key);
        if is_new && at.open() {
            return;
        }
        at = at.members.entry(key.to_owned()).or_insert_with(|| Field { hint: true, ..Field::default() });
        if is_new {
            return;
        }
    }
}
