//! The names of an environment and its cluster, which are different everywhere and mean the same.

use crate::pipeline::Built;

/// The words of one environment and what stands for them.
pub(super) struct Names(Vec<(String, &'static str)>);

impl Names {
    pub(super) fn of(built: &Built) -> Self {
        let cluster = built.environment.as_ref().map(|environment| &environment.cluster);
        let domain = cluster.and_then(|cluster| cluster.domain.clone());
        let cluster = cluster.map(|cluster| cluster.name.clone());
        // An environment and its cluster often have one name, so they have one sign.
        let all = [(domain, "{domain}"), (cluster, "{name}"), (Some(built.name.clone()), "{name}")];
        let mut words: Vec<(String, &str)> = all
            .into_iter()
            .filter_map(|(word, sign)| Some((word.filter(|w| !w.is_empty())?, sign)))
            .collect();
        // `prod` may be a part of `prod-eu-1`, and that of `prod-eu-1.example.com`.
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        Self(words)
    }

    /// A text with the names replaced by what they are names of, where they stand as whole words.
    pub(super) fn fold(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let word = |c: char| c.is_alphanumeric();
            let begins = !out.ends_with(word);
            let fits = |name: &str| rest.strip_prefix(name).is_some_and(|after| !after.starts_with(word));
            match self.0.iter().find(|(name, _)| begins && fits(name)) {
                Some((name, sign)) => {
                    out.push_str(sign);
                    rest = &rest[name.len()..];
                }
                None => {
                    out.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_words_are_names() {
        let names = Names(vec![
            ("prod-eu-1.example.com".into(), "{domain}"),
            ("prod-eu-1".into(), "{name}"),
            ("prod".into(), "{name}"),
        ]);
        assert_eq!(names.fold("./fleet-out/prod/apps"), "./fleet-out/{name}/apps");
        assert_eq!(names.fold("https://kuard.prod-eu-1.example.com/x"), "https://kuard.{domain}/x");
        assert_eq!(names.fold("prod-eu-1"), "{name}");
        assert_eq!(names.fold("production reprod product"), "production reprod product");
        assert_eq!(names.fold(""), "");
    }
}
