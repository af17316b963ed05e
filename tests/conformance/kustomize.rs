//! kustomize, alone and as kubectl has it, builds every folder that a Flux Kustomization points at, and what it builds
//! are the objects in the files, value for value, as kubectl reads them.
//!
//! Bases of the user's own are built by kustomize on both sides: it changes their objects, which is what they are for.

use crate::{
    context::Context,
    objects::{Objects, by_identity, differences},
    readers::Reader,
    rendered::files,
    suite::{Case, Judge},
    trees::{Tree, listed},
};
use std::{collections::BTreeSet, fs, path::Path};

pub(crate) const JUDGE: Judge =
    Judge { name: "kustomize", programs: &["kustomize", "kubectl"], waits: false, cases };

#[derive(Clone, Copy)]
enum Builder {
    Kustomize,
    Kubectl,
}

const BUILDERS: [Builder; 2] = [Builder::Kustomize, Builder::Kubectl];

impl Builder {
    fn name(self) -> &'static str {
        match self {
            Self::Kustomize => "kustomize",
            Self::Kubectl => "kubectl",
        }
    }

    /// What it builds of a folder.
    fn build(self, context: &Context, folder: &Path) -> Result<String, String> {
        let mut command = context.command(self.name());
        command.arg(if matches!(self, Self::Kustomize) { "build" } else { "kustomize" }).arg(folder);
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{} is refused: {said}", folder.display()));
        }
        // What it will refuse one day.
        if !said.is_empty() {
            return Err(format!("{} is warned of: {said}", folder.display()));
        }
        Ok(String::from_utf8(output.stdout).unwrap())
    }
}

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = Vec::new();
    for builder in BUILDERS {
        for tree in context.trees() {
            cases.push(Case::new(format!("{}/{}", tree.name, builder.name()), move || {
                agree(context, builder, tree, tree).unwrap_or_else(|why| panic!("{why}"));
            }));
        }
        for damage in DAMAGES {
            cases.push(Case::new(format!("no/{}/{}", damage.name, builder.name()), move || {
                damage.is_seen(context, builder);
            }));
        }
    }
    cases
}

/// Are the objects that are built of one tree those in the files of another, which is the same but in tests of this test?
fn agree(context: &Context, builder: Builder, built: &Tree, written: &Tree) -> Result<(), String> {
    if built.pointed() != buildable(built) {
        return Err(format!(
            "Flux is pointed at {:?}, and can build {:?}",
            built.pointed(),
            buildable(built)
        ));
    }
    let (mut expected, mut texts, mut bases) = (Objects::new(), Vec::new(), Vec::new());
    for folder in written.pointed() {
        let listed = listed(&written.root.join(folder))?;
        expected.extend(listed.objects);
        for base in listed.bases {
            bases.push(builder.build(context, &base)?);
        }
    }
    for folder in built.pointed() {
        texts.push(builder.build(context, &built.root.join(folder))?);
    }
    expected.extend(read(context, &bases)?);
    let told = differences(&expected, &read(context, &texts)?);
    if told.is_empty() { Ok(()) } else { Err(format!("{}: {}", built.name, told.join("\n"))) }
}

fn read(context: &Context, texts: &[String]) -> Result<Objects, String> {
    let file = context.folder("built").join("built.yaml");
    fs::write(&file, texts.join("---\n")).unwrap();
    if texts.is_empty() { Ok(Objects::new()) } else { by_identity(Reader::Kubectl.read(context, &file)) }
}

/// The folders of a tree, below the root of its source, that kustomize can build: but what is the user's own.
fn buildable(tree: &Tree) -> BTreeSet<String> {
    let all = files(&tree.folder());
    let lists = all.iter().filter_map(|file| file.parent().filter(|_| file.ends_with("kustomization.yaml")));
    let folders = lists.map(|folder| folder.strip_prefix(&tree.root).unwrap().to_str().unwrap().to_owned());
    folders.filter(|folder| !folder.contains("/base") && !folder.contains("/cluster/")).collect()
}

/// Something wrong with a tree.
struct Damage {
    name: &'static str,
    /// `(file, text, what stands there instead)` in `prod`.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// Is a writer wrong, so that the files are the damaged ones on both sides?
    by_writer: bool,
    /// What is said.
    says: &'static str,
}

const RULE: &str = "infrastructure/alerts/prometheusrule.yaml";

/// The judge can say no.
const DAMAGES: &[Damage] = &[
    Damage {
        name: "date",
        edits: &[(RULE, "spec:\n", "spec:\n  since: 2024-04-01\n")],
        by_writer: true,
        says: ".spec.since: expected \"2024-04-01\", found \"2024-04-01T00:00:00Z\"",
    },
    Damage {
        name: "switch",
        edits: &[(RULE, "  name: alerts", "  name: alerts\n  annotations: {since: on}")],
        by_writer: true,
        says: ".metadata.annotations.since: expected true, found \"on\"",
    },
    Damage {
        name: "null",
        edits: &[("infrastructure/loki/helmrelease.yaml", "  values:\n", "  values:\n    gone: null\n")],
        by_writer: false,
        says: ".spec.values.gone: expected nothing, found null",
    },
    Damage {
        name: "value",
        edits: &[("apps/kuard/horizontalpodautoscaler.yaml", "maxReplicas: 10", "maxReplicas: 9")],
        by_writer: false,
        says: ".spec.maxReplicas: expected 10, found 9",
    },
    Damage {
        name: "namespace",
        edits: &[(RULE, "namespace: monitoring", "namespace: default")],
        by_writer: false,
        says: "monitoring.coreos.com/v1 PrometheusRule default alerts: found, not expected",
    },
    Damage {
        name: "missing",
        edits: &[("apps/kuard/kustomization.yaml", "service.yaml", "sevrice.yaml")],
        by_writer: false,
        says: "is refused",
    },
    Damage {
        name: "unlisted",
        edits: &[("apps/kuard/kustomization.yaml", "  - service.yaml\n", "")],
        by_writer: true,
        says: "/service.yaml is not listed",
    },
    Damage {
        name: "order",
        edits: &[
            ("apps/kuard/kustomization.yaml", "resources:\n", "resources:\n  - service.yaml\n"),
            ("apps/kuard/kustomization.yaml", "  - service.yaml\n  - serviceaccount", "  - serviceaccount"),
        ],
        by_writer: true,
        says: "the resources are not sorted",
    },
    Damage {
        name: "path",
        edits: &[("cluster/components/kuard.yaml", "/apps/kuard", "/apps/kaurd")],
        by_writer: false,
        says: "Flux is pointed at",
    },
    Damage {
        name: "twice",
        edits: &[("apps/kuard/service.yaml", "kind: Service\n", "kind: ServiceAccount\n")],
        by_writer: false,
        says: "is refused",
    },
    Damage {
        name: "tab",
        edits: &[(RULE, "spec:\n", "spec:\n\tinterval: 1m\n")],
        by_writer: false,
        says: "is refused",
    },
];

impl Damage {
    fn is_seen(&self, context: &Context, builder: Builder) {
        let good = context.tree("prod");
        let bad = good.copy(context);
        for (file, old, new) in self.edits {
            bad.edit(file, old, new);
        }
        let written = if self.by_writer { &bad } else { good };
        let said = agree(context, builder, &bad, written).expect_err("the damage is seen");
        assert!(said.contains(self.says), "{said}");
    }
}
