//! `yaml/kustomize`: what kustomize damages or refuses on the way to the cluster.

use crate::{
    check::{Check, Facts},
    diag::{Problems, Severity},
    yaml::refused,
};

/// See the module.
pub(crate) struct Kustomize;

impl Check for Kustomize {
    fn id(&self) -> &'static str {
        "yaml/kustomize"
    }

    fn summary(&self) -> &'static str {
        "text that kustomize damages or refuses"
    }

    fn explanation(&self) -> &'static str {
        "Flux runs every object through kustomize, which fails on control characters from U+007F to U+009F, on U+FFFE \
         and U+FFFF, on very long keys and on annotations of several lines that begin with a tab, and loses entries with \
         the key `<<` and what comes after a text of several lines that ends with U+2028 or U+2029. Keep binary content in \
         `binaryData`."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in &facts.objects {
            let mut found = Problems::new();
            refused(&object.document.node, &mut found);
            for mut finding in found.0 {
                finding.id = self.id();
                if finding.labels.is_empty() {
                    finding = finding.at(object.document.place.or(object.file.place));
                }
                findings.push(finding.output(facts.output(object.path)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::findings;

    fn said(data: &str) -> Vec<String> {
        let text = format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: default}}, data: {data}}}"
        );
        let found = findings("yaml/kustomize", &[("apps/a/x.yaml", &text)]);
        found.into_iter().filter_map(|finding| finding.outputs.into_iter().next()).collect()
    }

    #[test]
    fn what_kustomize_damages_is_found() {
        assert_eq!(said("{a: \"\\u0085\"}"), ["fleet-out/prod/apps/a/x.yaml"]);
        assert_eq!(said("{\"<<\": a}").len(), 1);
        assert_eq!(said("{a: \"a\\n\\u2028\", b: \"a\\nb\\u2029\"}").len(), 2);
        assert_eq!(said("{a: \"a\\n\\u2028\\n\", b: \"a\\u2028\", \"a\\n\\u2028\": a}"), [""; 0]);
        let annotated = |text: &str| {
            let object = format!(
                "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: default, annotations: {{b: {text}}}}}, data: {{c: {text}}}}}"
            );
            findings("yaml/kustomize", &[("apps/a/x.yaml", &object)]).len()
        };
        assert_eq!(annotated("\"\\ta\\n\""), 1);
        assert_eq!(annotated("\"\\ta\"") + annotated("\"\\n\\ta\"") + annotated("\" \\ta\\n\""), 0);
    }

    #[test]
    fn any_other_text_is_not() {
        assert_eq!(said("{a: \"\\ttab, ä, \\u2028, \\u00a0, 🦀\"}"), [""; 0]);
    }
}
