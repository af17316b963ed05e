//! `name/annotation`: annotations that the API server refuses.

use crate::{
    check::{Check, Facts, facts::pod_template, syntax},
    diag::{Problems, Severity},
};

/// The most that all annotations of an object may take, keys and values.
const LIMIT: usize = 256 * 1024;

/// See the module.
pub(crate) struct Annotation;

impl Check for Annotation {
    fn id(&self) -> &'static str {
        "name/annotation"
    }

    fn summary(&self) -> &'static str {
        "an annotation that the API server refuses"
    }

    fn explanation(&self) -> &'static str {
        "An annotation's key is `name` or `prefix/name` with a name of at most 63 characters; its value is text; all \
         annotations of an object together take at most 256 KiB."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.written() {
            let own = object.document.node.at(&["metadata", "annotations"]);
            self.shape(facts, object, "annotations", findings);
            let pods =
                pod_template(&object.document).and_then(|template| template.at(&["metadata", "annotations"]));
            let pods = pods.filter(|pods| own.is_none_or(|own| !std::ptr::eq(*pods, own)));
            for annotations in [own, pods].into_iter().flatten() {
                let mut size = 0;
                for (key, value) in annotations.as_map().into_iter().flat_map(|map| map.iter()) {
                    size += key.text.len() + value.as_str().map_or(0, str::len);
                    if let Some(why) = syntax::key_fault(&key.text.to_lowercase()) {
                        let message = format!("`{}` is no key of an annotation", key.text);
                        let finding = self.finding(facts, object, Some(value), message).because(why);
                        findings.push(finding.help("rename the annotation"));
                    }
                    if value.as_str().is_none() {
                        let message = format!("the annotation `{}` is {}", key.text, value.value.kind());
                        let finding = self.finding(facts, object, Some(value), message);
                        findings
                            .push(finding.because("the API server takes nothing but text").help("quote it"));
                    }
                }
                if size > LIMIT {
                    let message =
                        format!("the annotations of {} have {size} bytes", object.document.identity());
                    let finding = self.finding(facts, object, Some(annotations), message);
                    findings.push(
                        finding.because("at most 262144 are allowed").help("keep long texts in a ConfigMap"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{check::tests::messages, yaml::Node};

    fn said(annotations: &str) -> Vec<String> {
        let head = "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: default, annotations: ";
        messages("name/annotation", &[("apps/a/x.yaml", &format!("{head}{annotations}}}}}"))])
    }

    #[test]
    fn bad_annotations_are_found() {
        assert_eq!(said("{\"a b\": c}"), ["`a b` is no key of an annotation"]);
        assert_eq!(said("{scrape: true}"), ["the annotation `scrape` is a boolean"]);
        let long = crate::yaml::to_json(&Node::new("x".repeat(256 * 1024)), None);
        assert_eq!(said(&format!("{{a: {long}}}")), ["the annotations of Pod default/a have 262145 bytes"]);
    }

    #[test]
    fn what_is_no_mapping_is_found() {
        assert_eq!(said("3"), ["`metadata.annotations` is an integer, not a mapping"]);
    }

    #[test]
    fn good_annotations_are_not() {
        assert_eq!(said("{Example.com/Any: \"any text, ä, of any length\", scrape: \"true\"}"), [""; 0]);
    }
}
