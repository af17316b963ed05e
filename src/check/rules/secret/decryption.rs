//! `secret/decryption`: a Flux Kustomization that reaches sealed files without a key.

use crate::{
    check::{
        Check, Facts,
        facts::{inside, sealed_below},
    },
    diag::{Problems, Severity},
    yaml::Node,
};

/// See the module.
pub(crate) struct Decryption;

impl Check for Decryption {
    fn id(&self) -> &'static str {
        "secret/decryption"
    }

    fn summary(&self) -> &'static str {
        "sealed files below a Flux Kustomization without `decryption`"
    }

    fn explanation(&self) -> &'static str {
        "Flux opens sealed files only where the Kustomization says `decryption: {provider: sops, secretRef: {name: \
         sops-age}}`. Without it the first sealed object stops everything that the Kustomization applies."
    }

    fn severity(&self) -> Severity {
        Severity::Error
    }

    fn run(&self, facts: &Facts, findings: &mut Problems) {
        for object in facts.of("kustomize.toolkit.fluxcd.io", "Kustomization") {
            let Some(spec) = object.document.node.get("spec") else { continue };
            let from = spec.at(&["sourceRef", "name"]).and_then(Node::as_str);
            let path = spec.get("path").and_then(Node::as_str).filter(|_| from == Some(crate::flux::ROOT));
            let Some(folder) = path.and_then(|path| inside(facts, path)) else { continue };
            if spec.at(&["decryption", "provider"]).and_then(Node::as_str) == Some("sops") {
                continue;
            }
            let Some(sealed) = sealed_below(facts, &folder).next() else { continue };
            let message = format!(
                "the Flux Kustomization `{}` reaches the sealed file `{sealed}` and has no key to open it",
                object.document.name()
            );
            let finding = self.finding(facts, object, spec.get("path"), message);
            let sealing = facts.policy.sealing.as_ref();
            let secret = sealing.map_or("sops-age", |sealing| &sealing.secrets.decryption.secret);
            findings.push(
                finding.help(format!("add `decryption: {{provider: sops, secretRef: {{name: {secret}}}}}`")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::tests::messages;

    fn said(path: &str, text: &str, spec: &str) -> Vec<String> {
        let kustomization = format!(
            "{{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {{name: a, namespace: flux-system}}, \
             spec: {{path: ./fleet-out/prod/apps/a, sourceRef: {{kind: GitRepository, name: flux-system}}{spec}}}}}"
        );
        messages("secret/decryption", &[("cluster/components/a.yaml", &kustomization), (path, text)])
    }

    const VALUE: &str = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]";

    #[test]
    fn sealed_files_without_a_key_are_found() {
        let secret =
            format!("kind: Secret\nmetadata: {{name: s}}\ndata: {{a: '{VALUE}'}}\nsops: {{mac: x}}\n");
        let env = format!("A={VALUE}\nsops_mac=x\n");
        for (path, text) in
            [("apps/a/s.sops.yaml", &*secret), ("apps/a/base/s.yaml", &secret), ("apps/a/base/x.env", &env)]
        {
            let why = format!(
                "the Flux Kustomization `a` reaches the sealed file `{path}` and has no key to open it"
            );
            assert_eq!(said(path, text, ""), [why]);
            assert_eq!(
                said(path, text, ", decryption: {provider: sops, secretRef: {name: sops-age}}"),
                [""; 0]
            );
        }
        assert_eq!(said("apps/b/s.sops.yaml", &secret, ""), [""; 0], "it is not below");
        assert_eq!(said("apps/a/x.yaml", "{kind: ConfigMap}", ""), [""; 0]);
    }
}
