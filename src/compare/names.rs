//! The names of an environment and its cluster, which are different everywhere and mean the same.

use crate::pipeline::Built;
use std::collections::BTreeSet;

/// The words of one environment and what stands for them.
pub(super) struct Names(Vec<(String, &'static str)>);

impl Names {
    pub(super) fn of(built: &Built) -> Self {
        let cluster = built.environment.as_ref().map(|environment| &environment.cluster);
        let domain = cluster.and_then(|cluster| cluster.domain.clone());
        let cluster = cluster.map(|cluster| cluster.name.clone());
        // An environment and its cluster often have one name, so they have one sign.
        let all = [(domain, "{domain}"), (cluster, "{name}"), (Some(built.name.clone()), "{name}")];
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
