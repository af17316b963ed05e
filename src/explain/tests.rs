//! What must hold for every place of an output, over the example fleet of this repository and a fleet with the forms that
//! it lacks.

use super::{known::Known, leaves, *};
use crate::{
    diag::Problems,
    load::{Disk, Memory},
};
use std::path::Path as Folder;

fn example() -> Engine {
    let disk = Disk::new(Folder::new(env!("CARGO_MANIFEST_DIR"))).expect("this repository");
    Engine::open(&disk, &mut Problems::new()).expect("a project")
}

fn project(files: &[(&str, &str)]) -> Engine {
    let files: Memory = files.iter().map(|(path, text)| (*path, *text)).collect();
    Engine::open(&files, &mut Problems::new()).expect("a project")
}

/// What has another source, another sync and other objects than the example fleet.
fn odd() -> Engine {
    project(&[
        (
            "environments/fleet.yaml",
            "source: {kind: OCIRepository, url: \"oci://r.example.com/fleet\", ref: {tag: v1}, secret: pull, provider: aws}\n",
        ),
        (
            "environments/classic.yaml",
            "cluster: {name: a, provides: [x.example.com]}\nflux: {sync: classic}\ncomponents:\n  elsewhere:\n    pack: raw\n    \
             source: {url: \"https://example.com/x\", ref: {branch: main}, path: deploy, prune: false, timeout: 30s, secret: s, provider: github}\n  \
             odd:\n    pack: raw\n    namespace: other\n    flux: {suspend: true, wait: false}\n    extra:\n      text: {apiVersion: v1, kind: ConfigMap, metadata: {name: text}, data: {a: \"${X}\"}}\n      \
             crd: {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: y.example.com}, spec: {group: y.example.com, scope: Cluster, names: {kind: Y}}}\n    \
             patches: {p: {target: {kind: ConfigMap}, merge: {data: {b: x}}}}\n  chart:\n    pack: helm-release\n    needs: [odd]\n    podSecurity: baseline\n    \
             chart: {url: \"https://charts.example.com\", name: c, version: \"1.2.3\"}\n    flux: {onFailure: rollback, timeout: 7m}\n    provides: {z.example.com: true}\n\
             namespaces: {more: {labels: {a: b}, annotations: {c: d}}, other: {podSecurity: baseline}}\n",
        ),
        (
            "environments/operator.yaml",
            "cluster: {name: b, provides: [\"fluxcd.controlplane.io\"]}\nflux: {sync: operator, registry: r.example.com, components: [source-controller], instance: {wait: true}}\n\
             components: {a: {pack: raw, extra: {c: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}}}}\n",
        ),
    ])
}

/// Calls `visit` with every environment that can be rendered.
fn every(engine: &Engine, mut visit: impl FnMut(&Known<'_>, &Built)) {
    let names = engine.environments();
    assert!(!names.is_empty());
    for name in names {
        let built = engine.build(name);
        assert!(built.tree.is_some(), "{name}: {:?}", built.problems);
        visit(&Known::new(engine, &built), &built);
    }
}

#[test]
fn every_value_of_an_output_has_an_explanation() {
    let mut count = 0;
    for engine in [example(), odd()] {
        every(&engine, |known, built| {
            for leaf in built.tree.iter().flat_map(leaves::all) {
                let causes = known.causes(&leaf);
                assert!(causes.made.is_some(), "{}: {}: {}", built.name, leaf.path, leaf.field);
                for (path, _) in &causes.paths {
                    let there = known.value_of(path).is_some();
                    assert!(there, "{}: {} {}: there is no `{path}`", built.name, leaf.path, leaf.field);
                }
                count += 1;
            }
        });
    }
    assert!(count > 3_000, "only {count} values");
}

#[test]
fn every_line_of_an_output_leads_to_the_value_on_it() {
    for engine in [example(), odd()] {
        every(&engine, |_, built| {
            for leaf in built.tree.iter().flat_map(leaves::all) {
                let text = leaves::Text::of(leaf.file);
                let document = leaf.document.unwrap_or(0);
                let (line, column) = text.position(document, &leaf.field).expect("a value that was written");
                let found = text.field(line, Some(column)).map(|(document, field, _)| (document, field));
                assert_eq!(found, Some((document, leaf.field.clone())), "{}: {}", built.name, leaf.path);
            }
        });
    }
}

#[test]
fn every_path_can_be_asked_for_and_leads_to_itself() {
    let mut count = 0;
    every(&example(), |known, built| {
        for path in known.all_paths() {
            assert_eq!(known.find(&path.to_string()).ok(), Some(path), "{}", built.name);
            count += 1;
        }
    });
    assert!(count > 1_500, "only {count} paths");
}
