//! Mistakes made on purpose, in the tree or around it: each fails as is foretold, and alone. So the other cases, in which
//! nothing fails, say something.

use super::{root, seal, texts};
use crate::{
    cluster::{
        compare::base64,
        flux::{Flux, condition},
        object::Identity,
        project::Project,
    },
    context::Context,
};
use serde_json::json;
use std::fs;

const FLEET: &str = r#"
source: {kind: GitRepository, url: "https://example.com/fleet", ref: {branch: main}}
flux: {version: "2.9", sync: classic}
keys: {test-only: age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux}
"#;
const ENVIRONMENT: &str = r#"
kubernetes: "1.34"
cluster: {name: one, domain: one.example.com, provides: [monitoring.coreos.com]}
secrets: {recipients: [test-only]}
components:
  good: {pack: raw, extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: good}, data: {a: b}}}}
  path: {pack: raw, extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: path}, data: {a: b}}}}
  key: {pack: raw, extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: key}, data: {a: b}}}}
  sealed: {pack: raw, extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: sealed}, data: {a: b}}}}
  variable: {pack: raw, extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: variable}, data: {a: "${UNKNOWN}"}}}}
  definition: {pack: raw, extra: {rule: {apiVersion: monitoring.coreos.com/v1, kind: PrometheusRule, metadata: {name: definition}, spec: {}}}}
  selector: {pack: web-app, inputs: {image: "example.com/selector:1", port: 8080}}
  needing: {pack: raw, needs: [path], extra: {config: {apiVersion: v1, kind: ConfigMap, metadata: {name: needing}, data: {a: b}}}}
"#;
/// What kustomize-controller says of each.
const FORETOLD: [(&str, &str); 6] = [
    ("path", "ArtifactFailed: kustomization path not found"),
    ("key", "BuildFailed: secrets \"sops-age\" not found"),
    ("variable", "BuildFailed: variable not set (strict mode): \"UNKNOWN\""),
    ("definition", "ReconciliationFailed: no matches for kind \"PrometheusRule\""),
    ("selector", "ReconciliationFailed: field is immutable"),
    ("needing", "DependencyNotReady: dependency 'flux-system/path' is not ready"),
];

pub(crate) fn mistakes(context: &Context) {
    let project = Project::new(context, "mistakes");
    project.write("environments/fleet.yaml", FLEET);
    project.write("environments/one.yaml", ENVIRONMENT);
    for component in ["key", "sealed"] {
        seal(&project, component, &texts(component, "a"));
    }
    project.render("one");
    let flux = Flux::start(context, [].into_iter().collect());
    let source = root::classic(&flux, &project.environment("one"));
    flux.publish(&source, &project.folder);
    let ready = |name: &str| flux.kustomizations().get(name).is_some_and(|one| flux.is_ready(one));
    flux.until("what will change is there", || ready("selector"));

    spoil(&project);
    flux.publish(&source, &project.folder);
    flux.until("each fails as is foretold", || {
        let all = flux.kustomizations();
        ready("good")
            && FORETOLD.iter().all(|(name, foretold)| {
                let (reason, message) = foretold.split_once(": ").unwrap();
                let said = condition(&all[*name], "Ready");
                said.starts_with(&format!("False {reason}: ")) && said.contains(message)
            })
    });

    // Flux says that `decryption` is missing only of Secrets without `stringData`; of those with it, what is sealed arrives.
    flux.until("what is sealed arrives", || ready("sealed"));
    let secret = flux.api.get(&Identity::new("v1", "Secret", "sealed", "sealed-texts")).unwrap();
    let text = secret["data"]["text"].as_str().unwrap();
    assert!(text.starts_with(&base64(b"ENC[AE")), "{text}");

    flux.bring_key(context);
    let identity = Identity::new("kustomize.toolkit.fluxcd.io/v1", "Kustomization", "flux-system", "key");
    let now = json!({"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}});
    flux.api.merge(&identity, "", &now).unwrap();
    flux.until("with its key it works", || ready("key"));
}

fn spoil(project: &Project) {
    let tree = "fleet-out/one";
    fs::remove_dir_all(project.folder.join(tree).join("apps/path")).unwrap();
    let decryption = "  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n";
    project.replace(&format!("{tree}/cluster/components/sealed.yaml"), decryption, "");
    let variables = "  wait: true\n  postBuild: {substitute: {KNOWN: a}}\n";
    project.replace(&format!("{tree}/cluster/components/variable.yaml"), "  wait: true\n", variables);
    project.replace(&format!("{tree}/apps/variable/configmap.yaml"), "substitute: disabled", "a: b");
    let deployment = format!("{tree}/apps/selector/deployment.yaml");
    let selector = "    matchLabels:\n      app.kubernetes.io/name: selector\n  strategy";
    project.replace(&deployment, selector, "    matchLabels: {another: label}\n  strategy");
    let labels = "    metadata:\n      labels:\n";
    project.replace(&deployment, labels, &format!("{labels}        another: label\n"));
}
