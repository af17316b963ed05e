//! "did you mean" and lists of names in sentences.

/// The known name nearest to a mistyped one, if any is near enough to be meant.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    known
        .into_iter()
        .map(|k| (k, strsim::damerau_levenshtein(&lower, &k.to_lowercase())))
        .filter(|(k, distance)| *distance <= k.chars().count().max(word.chars().count()).div_ceil(3).min(3))
        .min_by_key(|(_, distance)| *distance)
        .map(|(k, _)| k)
}

/// `a`, `b` and `c`: names in backticks, at most a dozen.
pub fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| format!("`{n}`")).collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [most @ .., last] if names.len() <= 12 => format!("{} and {last}", most.join(", ")),
        many => format!("{} and {} more", many[..12].join(", "), many.len() - 12),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_proposed_and_far_ones_are_not() {
        assert_eq!(did_you_mean("replica", ["replicas", "image"]), Some("replicas"));
        assert_eq!(did_you_mean("podsecurity", ["podSecurity", "pack"]), Some("podSecurity"));
        assert_eq!(did_you_mean("xyz", ["replicas", "image"]), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(["a"]), "`a`");
        assert_eq!(list(["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
