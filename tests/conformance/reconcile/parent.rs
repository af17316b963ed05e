//! `sync: none` under a root of the user's own, from an OCI source: literal `${…}` arrives as it was written, without
//! substitution and under a parent that gives itself and every child variables.

use super::{root, seal, texts};
use crate::{
    cluster::{
        compare::base64,
        flux::Flux,
        object::{Identity, Object},
        project::Project,
    },
    context::Context,
};
use serde_json::{Value as Json, json};

/// What would be substituted, refused, or taken for an escaped dollar.
const TEXT: &str = "a ${HOME} b $${HOME} c $$ d ${UNKNOWN} e ${HOME:-f}";
/// The same of what a branch of Git may be called: without spaces and colons.
const BRANCH: &str = "a-${HOME}-b-$${HOME}-c-$$-d-${UNKNOWN}-e-${HOME/f/g}";
const FLEET: &str = r#"
source: {kind: OCIRepository, url: "oci://example.com/fleet", ref: {tag: latest}}
flux: {version: "2.9", sync: none}
keys: {test-only: age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux}
"#;
/// A patch that gives a Kustomization variables.
const VARIABLES: &str = "
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: any}
spec: {postBuild: {substitute: {HOME: substituted}}}
";
const NAMES: [&str; 4] = ["app", "away", "flux-system", "namespaces"];

pub(crate) fn parent(context: &Context) {
    let project = project(context);
    let said = context.run_gen(&project.folder, &["render", "one"]);
    let mut parent = root::printed(&String::from_utf8(said.stderr).unwrap());
    let flux = Flux::start(context, [].into_iter().collect());
    flux.bring_key(context);
    let spec = json!({"interval": "1m", "url": "oci://example.com/fleet", "ref": {"tag": "latest"}});
    let source = root::object("source.toolkit.fluxcd.io/v1", "OCIRepository", spec);
    flux.api.must_apply(&source);
    flux.api.must_apply(&parent);
    flux.publish(&source.identity(), &project.folder);
    let away = Identity::new("source.toolkit.fluxcd.io/v1", "GitRepository", "flux-system", "away");
    flux.until("the other source is there", || flux.api.get(&away).is_some());
    flux.publish(&away, &elsewhere(context).folder);
    flux.settle(&NAMES);
    arrived(&flux, &away);

    parent.json["spec"]["postBuild"] = json!({"substitute": {"HOME": "substituted"}});
    let children = json!({"group": "kustomize.toolkit.fluxcd.io", "kind": "Kustomization"});
    parent.json["spec"]["patches"] = json!([{"patch": VARIABLES, "target": children}]);
    flux.api.must_apply(&Object::new(parent.json));
    flux.until("every child has variables", || {
        let all = flux.kustomizations();
        all.values().all(|one| one.pointer("/spec/postBuild/substitute/HOME").is_some())
    });
    flux.settle(&NAMES);
    arrived(&flux, &away);

    // Without the annotation it would be substituted: this case can fail.
    project.replace("fleet-out/one/apps/app/configmap-texts.yaml", "substitute: disabled", "x: y");
    project.replace("fleet-out/one/apps/app/configmap-texts.yaml", " d ${UNKNOWN}", "");
    flux.publish(&source.identity(), &project.folder);
    flux.settle(&NAMES);
    assert_eq!(config(&flux)["data"]["text"], "a substituted b ${HOME} c $ e substituted");
}

/// An environment whose ConfigMap, Secret and source hold the text.
fn project(context: &Context) -> Project<'_> {
    let project = Project::new(context, "parent");
    project.write("environments/fleet.yaml", FLEET);
    let metadata = json!({"name": "texts"});
    let config =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": TEXT}});
    let branch = json!({"branch": BRANCH});
    let away = json!({"kind": "GitRepository", "url": "https://example.com/away", "ref": branch, "path": "./fleet-out"});
    let components = json!({
        "app": {"pack": "raw", "extra": {"texts": config}},
        "away": {"pack": "raw", "source": away},
    });
    let cluster = json!({"name": "one", "domain": "one.example.com"});
    let secrets = json!({"recipients": ["test-only"]});
    let one = json!({"kubernetes": "1.34", "cluster": cluster, "secrets": secrets, "components": components});
    project.write("environments/one.yaml", &one.to_string());
    seal(&project, "app", &texts("app", TEXT));
    project
}

/// Another repository.
fn elsewhere(context: &Context) -> Project<'_> {
    let project = Project::new(context, "away");
    project.write(
        "fleet-out/config.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: away, namespace: app}\n",
    );
    project.write("fleet-out/kustomization.yaml", "resources: [config.yaml]\n");
    project
}

/// Every text is in the cluster as it was written.
fn arrived(flux: &Flux, away: &Identity) {
    assert_eq!(config(flux)["data"]["text"], TEXT);
    let secret = flux.api.get(&Identity::new("v1", "Secret", "app", "app-texts")).unwrap();
    assert_eq!(secret["data"]["text"], base64(TEXT.as_bytes()));
    assert_eq!(flux.api.get(away).unwrap()["spec"]["ref"]["branch"], BRANCH);
}

fn config(flux: &Flux) -> Json {
    flux.api.get(&Identity::new("v1", "ConfigMap", "app", "texts")).unwrap()
}
