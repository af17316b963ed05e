//! Whole projects in memory: what is read, and a golden for every kind of error.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::diag::render;
use proptest::prelude::*;

/// All problems as text.
fn told(project: &Project, problems: &Problems) -> String {
    let mut text: String = problems.0.iter().map(|d| render(d, &project.sources, false) + "\n\n").collect();
    text.truncate(text.trim_end().len());
    text
}

fn load(files: &Memory) -> (Project, Problems) {
    let mut problems = Problems::new();
    let project = project(files, &mut problems).expect("there are environments");
    (project, problems)
}

/// Checks what is told of a project, with a fleet file and the layer `base` if so wished. The order of jobs must not
/// show in it.
#[track_caller]
fn golden(complete: bool, files: &[(&str, &[u8])], want: &str) {
    let mut files: Memory = files.iter().map(|(path, bytes)| (*path, *bytes)).collect();
    if complete {
        let fleet = "gen: \">=0.1, <2\"\nkeys: {prod: age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux}\n";
        for (path, text) in
            [("environments/fleet.yaml", fleet), ("environments/base.yaml", "abstract: true\n")]
        {
            files.0.entry(path.into()).or_insert(text.into());
        }
    }
    let (there, problems) = load(&files);
    let mut backwards = Problems::new();
    project_with(&files, &|count, job| (0..count).rev().for_each(job), &mut backwards);
    assert_eq!(problems, backwards);
    pretty(&told(&there, &problems), want);
}

fn pretty(got: &str, want: &str) {
    let want = want.trim();
    assert!(got == want, "got:\n{got}\n\nwant:\n{want}");
}

mod environments;
mod files;
mod fleet;
mod packs;
mod secrets;

#[test]
fn this_repository_is_a_project() {
    let files = Disk::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut problems = Problems::new();
    let mut project = project(&files, &mut problems).unwrap();
    assert_eq!(project.environments["prod"].layers, ["base", "observability", "services", "prod"]);
    assert!(project.packs["loki"].builtin);
    for name in project.packs.values().filter(|pack| pack.builtin).map(|pack| &pack.name) {
        assert!(!examples(&Builtin, name, &mut project.sources, &mut problems).is_empty(), "{name}");
    }
    assert_eq!(told(&project, &problems), "");
}

#[test]
fn a_folder_of_packs_is_a_project_without_environments() {
    let files = Disk::new(std::path::Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut problems = Problems::new();
    let project = project(&PacksOnly::new(&files, Some("packs")), &mut problems).unwrap();
    assert_eq!(told(&project, &problems), "");
    assert!(project.packs.values().all(|pack| !pack.builtin));
    assert_eq!(project.sources.name(project.packs["loki"].place.source), "packs/loki/pack.yaml");
    assert!(project.environments.is_empty());
}

const FLEET: (&str, &str) = ("environments/fleet.yaml", "gen: \">=0.1\"\nsource: {kind: GitRepository}\n");

fn good(files: &[(&str, &str)]) -> Project {
    let files: Memory = files.iter().copied().chain([FLEET]).collect();
    let (project, problems) = load(&files);
    assert_eq!(told(&project, &problems), "");
    project
}

#[test]
fn layers_apply_once_at_their_first_place_depth_first() {
    let project = good(&[
        ("environments/a.yaml", "abstract: true\n"),
        ("environments/b.yaml", "abstract: true\nextends: [a]\n"),
        ("environments/c.yaml", "abstract: true\nextends: [a]\n"),
        ("environments/edge.yaml", "abstract: true\n"),
        ("environments/edge/x.yaml", "extends: [c, b, edge, a]\n"),
    ]);
    assert_eq!(project.environments["edge/x"].layers, ["a", "c", "b", "edge", "edge/x"]);
    assert!(!project.environments["edge/x"].is_abstract);
}

#[test]
fn what_is_wrong_is_taken_out_and_the_rest_stays() {
    let files: Memory = [
        FLEET,
        ("environments/prod.yaml", "kubernetes: 1.34\ncluster: {name: x, nam: y}\ncomponents: {A: {}, b: {pack: raw, needs: [1, c]}}\n"),
    ]
    .into_iter()
    .collect();
    let (project, problems) = load(&files);
    assert_eq!(problems.errors(), 4);
    let node = &project.environments["prod"].node;
    assert_eq!(
        crate::yaml::emit(node),
        "cluster:\n  name: x\ncomponents:\n  b:\n    pack: raw\n    needs:\n      - c\n"
    );
    let file: crate::config::EnvironmentFile =
        crate::config::decode(node, &project.sources, &mut Problems::new()).unwrap();
    assert_eq!(file.components["b"].needs, ["c"]);
    assert_eq!(file.kubernetes, None);
}

#[test]
fn a_byte_order_mark_and_carriage_returns_are_read() {
    let project = good(&[(
        "environments/prod.yaml",
        "\u{feff}cluster:\r\n  name: x\r\nvars:\r\n  t: |\r\n    a\r\n    b\r\n",
    )]);
    let node = &project.environments["prod"].node;
    assert_eq!(node.at(&["vars", "t"]).and_then(|n| n.as_str()), Some("a\nb\n"));
    assert_eq!(
        project.sources.locate(node.at(&["cluster", "name"]).unwrap().place().unwrap()),
        "environments/prod.yaml:2:9"
    );
}

#[test]
fn a_pack_of_the_project_replaces_a_built_in_one_whole() {
    let project = good(&[
        (
            "templates/loki/pack.yaml",
            "description: Mine\nstage: apps\ncharts:\n  a: {url: oci://x/a, version: 1.2.3}\n  b: {url: oci://x/b, version: 2.0.0, needs: [a]}\ndelimiters: {variable: [\"[[\", \"]]\"], block: [\"[%\", \"%]\"], comment: [\"[#\", \"#]\"]}\n",
        ),
        ("templates/loki/service.yaml.j2", "kind: Service\n"),
        ("templates/loki/parts/_macros.j2", ""),
        ("templates/loki/files/a/b.json", "{}\n"),
        ("templates/loki/examples/one/component.yaml", "pack: loki\n"),
        ("templates/loki/examples/one/expected/apps/loki/service.yaml", "kind: Service\n"),
        ("templates/_lib/container.yaml.j2", "mine\n"),
        ("templates/_lib/more/x.j2", ""),
    ]);
    let pack = &project.packs["loki"];
    assert!(!pack.builtin);
    assert_eq!(pack.file.description, "Mine");
    assert_eq!(
        pack.templates.iter().map(|t| &*t.path).collect::<Vec<_>>(),
        ["parts/_macros.j2", "service.yaml.j2"]
    );
    assert_eq!(pack.files.iter().map(|(k, v)| (&**k, &**v)).collect::<Vec<_>>(), [("a/b.json", "{}\n")]);
    assert_eq!(pack.examples, ["one"]);
    assert_eq!(pack.delimiters.as_ref().unwrap().block, ("[%".to_owned(), "%]".to_owned()));
    let releases: Vec<(&str, &str)> = pack.releases.iter().map(|r| (&*r.key, &*r.chart.version)).collect();
    assert_eq!(releases, [("a", "1.2.3"), ("b", "2.0.0")]);
    assert_eq!(
        project.sources.locate(pack.releases[1].version_place.unwrap()),
        "templates/loki/pack.yaml:5:32"
    );
    assert_eq!(pack.releases[1].needs[0].text, "a");
    let lib = project.lib.iter().find(|file| &*file.path == "_lib/container.yaml.j2").unwrap();
    assert_eq!(&*lib.text, "mine\n");
    assert!(project.lib.iter().any(|file| &*file.path == "_lib/more/x.j2"));
    assert!(project.packs["web-app"].builtin);
    assert_eq!(project.sources.name(project.packs["web-app"].place.source), "<built-in>/web-app/pack.yaml");
}

#[test]
fn a_broken_pack_is_named_and_its_built_in_namesake_is_not_used() {
    let files: Memory = [FLEET, ("templates/loki/pack.yaml", "stage: apps\n")].into_iter().collect();
    let (project, problems) = load(&files);
    assert_eq!(problems.errors(), 1);
    assert!(!project.packs.contains_key("loki"));
    assert!(project.broken.packs.contains("loki"));
}

#[test]
fn examples_are_read_when_asked_for() {
    let files: Memory = [
        FLEET,
        ("templates/app/pack.yaml", "description: x\nstage: apps\n"),
        ("templates/app/examples/one/component.yaml", "pack: app\n"),
        ("templates/app/examples/one/environment.yaml", "vars: {a: 1}\nexports: {loki: {url: x}}\n"),
        ("templates/app/examples/one/expected/apps/app/service.yaml", "a: 1\n"),
        ("templates/app/examples/three/component.yaml", "pack: app\n"),
        ("templates/app/examples/three/environment.yaml", "[]\n"),
        ("templates/app/examples/two/component.yaml", "pak: app\n"),
    ]
    .into_iter()
    .collect();
    let (mut project, mut problems) = load(&files);
    let read = examples(&files, "templates/app", &mut project.sources, &mut problems);
    let names: Vec<(&str, bool)> = read.iter().map(|e| (e.name.as_str(), e.component.is_some())).collect();
    assert_eq!(names, [("one", true), ("three", false), ("two", false)]);
    assert!(read[0].environment.is_some());
    assert_eq!(read[0].expected.keys().collect::<Vec<_>>(), ["apps/app/service.yaml"]);
    assert!(told(&project, &problems).contains("unknown key `pak`"));
}

#[test]
fn secrets_and_texts_are_found_by_their_path() {
    let sealed = "kind: Secret\nmetadata: {name: tls, namespace: kuard}\ndata: {k: \"ENC[AES256_GCM,data:x]\"}\nsops: {mac: x}\n";
    let project = good(&[
        ("environments/edge/layer.yaml", "abstract: true\n"),
        ("environments/edge/x.yaml", "extends: [edge/layer]\ncomponents: {kuard: {pack: web-app}}\n"),
        ("environments/secrets/edge/layer/kuard/tls.sops.yaml", sealed),
        ("environments/files/sub/a.txt", "text"),
    ]);
    let file = &project.secrets["edge/layer"]["kuard"][0];
    assert_eq!(file.file_name, "tls.sops.yaml");
    assert_eq!(&*file.bytes, sealed.as_bytes());
    assert_eq!(file.node.at(&["metadata", "namespace"]).and_then(|n| n.as_str()), Some("kuard"));
    assert_eq!(&*project.files["sub/a.txt"].text, "text");
}

#[test]
fn a_flux_system_of_the_users_own_is_seen() {
    let sync = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: flux-system}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: flux-system}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata:\n  name: flux-system\n";
    let project = good(&[
        ("environments/prod.yaml", "cluster: {name: x}\n"),
        ("environments/dev.yaml", "cluster: {name: z}\n"),
        ("fleet-out/prod/cluster/flux-system/kustomization.yaml", "resources: [gotk-sync.yaml]\n"),
        ("fleet-out/prod/cluster/flux-system/gotk-sync.yaml", sync),
        ("fleet-out/dev/cluster/flux-system/gotk-sync.yaml", sync),
    ]);
    assert_eq!(project.own_flux_system.keys().collect::<Vec<_>>(), ["prod"]);
    let own = &project.own_flux_system["prod"];
    assert_eq!(own.objects.iter().map(|o| &*o.text).collect::<Vec<_>>(), ["GitRepository", "Kustomization"]);
}

#[test]
fn a_base_is_read_file_for_file() {
    let project = good(&[
        (
            "environments/prod.yaml",
            "components: {a: {pack: raw, base: ./manifests/a}, b: {pack: raw, base: ./manifests/a}}\n",
        ),
        ("manifests/a/kustomization.yaml", "resources: [x.yaml, sub]\n"),
        ("manifests/a/x.yaml", "kind: A\n"),
        ("manifests/a/sub/kustomization.yml", "resources: [../x.yaml]\n"),
        ("manifests/a/.env", "A=1\n"),
    ]);
    let paths: Vec<&str> = project.bases["./manifests/a"].iter().map(|file| &*file.path).collect();
    assert_eq!(paths, [".env", "kustomization.yaml", "sub/kustomization.yml", "x.yaml"]);
}

#[test]
fn any_folder_is_a_tree() {
    let files: Memory = [
        (
            "out/apps/kuard/service.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: kuard}\n---\n# nothing\n",
        ),
        (
            "out/apps/kuard/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        ),
        ("out/apps/kuard/tls.sops.yaml", "apiVersion: v1\nkind: Secret\nsops: {mac: x}\n"),
        (
            "out/cluster/components/kuard.yaml",
            "apiVersion: a/v1\nkind: Kustomization\nmetadata: {name: kuard}\n",
        ),
        ("out/cluster/sync.yaml", "a: 1\n"),
        ("out/.gen-inventory", "x"),
        ("out/README.md", "x"),
        ("out/bad.yaml", "a: [\n"),
    ]
    .into_iter()
    .collect();
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let tree = tree(&files, "out", &mut sources, &mut problems);
    let seen: Vec<(&str, &str, usize)> =
        tree.files().map(|(path, file)| (path.as_str(), &*file.owner, file.documents.len())).collect();
    assert_eq!(
        seen,
        [
            ("README.md", "", 0),
            ("apps/kuard/kustomization.yaml", "kuard", 0),
            ("apps/kuard/service.yaml", "kuard", 1),
            ("apps/kuard/tls.sops.yaml", "kuard", 0),
            ("bad.yaml", "", 0),
            ("cluster/components/kuard.yaml", "kuard", 1),
            ("cluster/sync.yaml", "cluster", 0),
        ]
    );
    assert_eq!(problems.errors(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_loading_panic(
        fleet in proptest::collection::vec(any::<u8>(), 0..60),
        environment in "[a-z0-9:{}\\[\\], \n\"'$&*<|>#!%\u{fdd0}-]{0,120}",
        pack in "(description|stage|inputs|chart|charts|exports|secrets|delimiters)?: [a-z0-9:{}\\[\\], \n$-]{0,80}",
        sealed in "[a-z:{} \n-]{0,60}",
        path in "(environments|templates|templates/x/examples|environments/secrets)/[a-zA-Z./_\u{e9}~-]{1,20}",
    ) {
        let files: Memory = [
            ("environments/fleet.yaml".to_owned(), fleet.clone()),
            ("environments/a.yaml".to_owned(), environment.clone().into_bytes()),
            ("environments/b.yaml".to_owned(), fleet.clone()),
            ("environments/secrets/a/b/c.sops.yaml".to_owned(), sealed.into_bytes()),
            ("templates/x/pack.yaml".to_owned(), pack.into_bytes()),
            ("templates/x/y.yaml.j2".to_owned(), fleet),
            (path, environment.into_bytes()),
        ]
        .into_iter()
        .collect();
        let (project, problems) = load(&files);
        told(&project, &problems);
    }

    #[test]
    fn fields_of_any_shape_do_not_make_decoding_panic(
        key in "(extends|abstract|kubernetes|cluster|vars|secrets|namespaces|source|flux|components)",
        value in "(null|1|x|true|\\[\\]|\\[1, x, \\{\\}\\]|\\{\\}|\\{a: \\{pack: \\[\\], chart: 1, needs: \\{\\}, flux: x\\}\\}|\\{\\$unset: true\\}|\\{a: null\\}|\\[null\\])",
    ) {
        let files: Memory = [FLEET.0, "environments/a.yaml"].into_iter().zip([FLEET.1.to_owned(), format!("{key}: {value}\n")]).collect();
        let (project, problems) = load(&files);
        told(&project, &problems);
        if let Some(source) = project.environments.get("a") {
            let mut found = Problems::new();
            let read = crate::config::decode::<crate::config::EnvironmentFile>(&source.node, &project.sources, &mut found);
            prop_assert!(read.is_some() != found.has_errors());
        }
    }
}
