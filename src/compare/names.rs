//! The names of an environment and its cluster, which are different everywhere and mean the same.

use crate::pipeline::Built;
use std::collections::BTreeSet;

const DOMAIN: &str = "{domain}";
const NAME: &str = "{name}";

/// Last words of keys whose values are names and addresses, without the `s` of many.
const NAMES: [&str; 11] = [
    "name",
    "namespace",
    "host",
    "hostname",
    "domain",
    "path",
    "url",
    "address",
    "cluster",
    "environment",
    "label",
];

/// Last words of keys whose values choose what runs: two of them are never the same.
const CHOICES: [&str; 8] = ["image", "tag", "digest", "version", "revision", "branch", "commit", "semver"];

/// The words of one environment and what stands for them.
pub(super) struct Names(Vec<(String, &'static str)>);

impl Names {
    pub(super) fn of(built: &Built) -> Self {
        let cluster = built.environment.as_ref().map(|environment| &environment.cluster);
        let domain = cluster.and_then(|cluster| cluster.domain.clone());
        let cluster = cluster.map(|cluster| cluster.name.clone());
        // An environment and its cluster often have one name, so they have one sign.
        let all = [(domain, DOMAIN), (cluster, NAME), (Some(built.name.clone()), NAME)];
        let named = all.into_iter().filter_map(|(word, sign)| Some((word.filter(|w| !w.is_empty())?, sign)));
        Self(named.collect())
    }

    /// The names that stand at a place of a text as whole words: their lengths, and what they are names of.
    fn at<'n>(&'n self, text: &'n str, at: usize) -> impl Iterator<Item = (usize, &'static str)> + 'n {
        let word = |c: char| c.is_alphanumeric();
        let begins = !text[..at].ends_with(word);
        let fits =
            move |name: &str| text[at..].strip_prefix(name).is_some_and(|after| !after.starts_with(word));
        let all = self.0.iter().filter(move |(name, _)| begins && fits(name));
        all.map(|(name, sign)| (name.len(), *sign))
    }
}

/// Are two texts, one of each environment, the same but for names? Every part is equal, or on both sides a name of the
/// same: a name may also be a word that both have (`my-tools`, in the environment `tools`), or a part of another name.
pub(super) fn alike(names: [&Names; 2], texts: [&str; 2]) -> bool {
    let [left, right] = texts;
    let (mut open, mut seen) = (vec![(0, 0)], BTreeSet::new());
    while let Some((i, j)) = open.pop() {
        if !seen.insert((i, j)) {
            continue;
        }
        match (left[i..].chars().next(), right[j..].chars().next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b => open.push((i + a.len_utf8(), j + b.len_utf8())),
            _ => {}
        }
        for (own, sign) in names[0].at(left, i) {
            let same = names[1].at(right, j).filter(|(_, other)| *other == sign);
            open.extend(same.map(|(other, _)| (i + own, j + other)));
        }
    }
    false
}

/// Do the values of a field differ only by names, in a place where a name means the same on both sides? That is where the
/// field is one of names, hosts, paths or labels, or the value is an address, a path from its root, or differs by the
/// domain. Elsewhere a name is a value as any other: `LEVEL: blue`, or an image `x:blue`, may be what makes the difference.
pub(super) fn folds(path: &str, names: [&Names; 2], texts: [&str; 2]) -> bool {
    if !alike(names, texts) {
        return false;
    }
    let keys = keys(path);
    let Some((last, above)) = keys.split_last() else { return false };
    let is = |key: &str, words: &[&str]| {
        let word = last_word(key);
        words.iter().any(|known| word == *known || word.strip_suffix('s') == Some(*known))
    };
    let is_image = above.last().is_some_and(|key| is(key, &CHOICES[..1]));
    if is_image || is(last, &CHOICES) || texts.iter().any(|text| text.starts_with("oci://")) {
        return false;
    }
    let among_labels = || above.iter().any(|key| is(key, &["label", "selector"]));
    let is_address = |text: &str| {
        let begins = text.starts_with('/') || text.starts_with("./") || text.contains("://");
        begins && !text.contains(char::is_whitespace)
    };
    let domains =
        || names.map(|names| Names(names.0.iter().filter(|(_, sign)| *sign == DOMAIN).cloned().collect()));
    is(last, &NAMES) || last == "env" || among_labels() || texts.iter().all(|text| is_address(text)) || {
        let [one, other] = domains();
        texts.iter().all(|text| !text.contains('\n')) && alike([&one, &other], texts)
    }
}

/// The keys of a field's path, `spec`, `env`, `LEVEL`: the last is what the value is of, which of a variable is its name.
fn keys(path: &str) -> Vec<String> {
    let (mut keys, mut rest) = (Vec::new(), path);
    let mut item = None;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, after) = quoted.split_once("\"]").unwrap_or((quoted, ""));
            keys.push(key.to_owned());
            rest = after;
        } else if let Some(inside) = rest.strip_prefix('[') {
            let (name, after) = inside.split_once(']').unwrap_or((inside, ""));
            item = Some(name.to_owned()).filter(|name| !name.is_empty());
            rest = after;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let is_variable = &rest[..end] == "value" && keys.last().is_some_and(|key| key == "env");
            keys.push(item.take().filter(|_| is_variable).unwrap_or_else(|| rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    keys
}

/// `url` of `externalURL`, `name` of `cluster_name`, in lower case.
fn last_word(key: &str) -> String {
    let end = key.trim_end_matches(|c: char| !c.is_alphanumeric());
    let words = end.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    // A word begins with the capitals at the end, or with the last one that follows a small letter.
    let small = words.trim_end_matches(char::is_uppercase);
    let begins = match small.len() < words.len() {
        true => small.len(),
        false => words.rfind(char::is_uppercase).unwrap_or(0),
    };
    words[begins..].to_lowercase()
}

/// Which keys of two sides are the same: those that are equal, then, of what is left over, what differs only by names. A name
/// may be a word of anything (`tools`, of a component `my-tools`), and two of one side may become one (`prod` and
/// `prod-eu`, the environment and its cluster), which are then no pair.
pub(super) fn pairs<'k>(keys: [&[&'k str]; 2], names: &[Names; 2]) -> Vec<[&'k str; 2]> {
    let sets = keys.map(|keys| keys.iter().copied().collect::<BTreeSet<&str>>());
    let equal = keys[0].iter().filter(|key| sets[1].contains(*key)).map(|key| [*key, *key]);
    let left_over =
        |side: usize| keys[side].iter().copied().filter(|key| !sets[1 - side].contains(key)).collect();
    let [left, right]: [Vec<&str>; 2] = [left_over(0), left_over(1)];
    let all = left.iter().flat_map(|own| right.iter().map(move |other| [*own, *other]));
    let like: Vec<[&str; 2]> = all.filter(|pair| alike([&names[0], &names[1]], *pair)).collect();
    let once = |side: usize, key: &str| like.iter().filter(|pair| pair[side] == key).count() == 1;
    equal.chain(like.iter().copied().filter(|[own, other]| once(0, own) && once(1, other))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_names() {
        let names = |name: &str| {
            Names(vec![
                (format!("{name}-eu-1.example.com"), "{domain}"),
                (format!("{name}-eu-1"), "{name}"),
                (name.to_owned(), "{name}"),
            ])
        };
        let (one, other) = (names("prod"), names("dev"));
        let same = |left: &str, right: &str| alike([&one, &other], [left, right]);
        assert!(same("./fleet-out/prod/apps", "./fleet-out/dev/apps"));
        assert!(same("https://kuard.prod-eu-1.example.com/x", "https://kuard.dev-eu-1.example.com/x"));
        assert!(same("prod-eu-1", "dev-eu-1"));
        assert!(same("", "") && same("x", "x"));
        // The name of the one is a word of both.
        assert!(same("my-prod.svc/of-prod", "my-prod.svc/of-dev"));
        assert!(same("prod", "prod") && same("dev", "dev"));
        assert!(!same("production", "devuction") && !same("reprod", "redev") && !same("product", "dev"));
        assert!(!same("prod", "test") && !same("dev", "prod") && !same("prod", "") && !same("", "dev"));
        // A domain is no name.
        assert!(!same("prod-eu-1.example.com/", "dev/"));
    }
}
