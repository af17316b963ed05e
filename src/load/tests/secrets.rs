//! Goldens: Sealed files and bases.

use super::golden;

#[test]
fn sealed_files() {
    golden(
        true,
        &[
            (
                "environments/prod.yaml",
                br#"components: {kuard: {pack: web-app}}
"#,
            ),
            (
                "environments/secrets/prd/kuard/z.sops.yaml",
                br#"kind: Secret
metadata: {name: z}
sops: {mac: a}
"#,
            ),
            (
                "environments/secrets/prod/kurd/z.sops.yaml",
                br#"kind: Secret
metadata: {name: z}
sops: {mac: a}
"#,
            ),
            (
                "environments/secrets/prod/z.sops.yaml",
                br#"kind: Secret
metadata: {name: z}
sops: {mac: a}
"#,
            ),
            (
                "environments/secrets/prod/kuard/open.sops.yaml",
                br#"kind: Secret
metadata: {name: open}
data: {a: b}
"#,
            ),
            (
                "environments/secrets/prod/kuard/other.sops.yaml",
                br#"kind: Secret
metadata: {name: another}
sops: {mac: a}
"#,
            ),
            (
                "environments/secrets/prod/kuard/nameless.sops.yaml",
                br#"kind: ConfigMap
sops: {mac: a}
"#,
            ),
            (
                "environments/secrets/prod/kuard/two.sops.yaml",
                br#"kind: Secret
metadata: {name: two}
sops: {mac: a}
---
a: 1
"#,
            ),
            ("environments/secrets/prod/kuard/ending.sops.yml", b""),
            ("environments/secrets/prod/kuard/plain.yaml", b""),
        ],
        r##"
error[load/ending]: `environments/secrets/prod/kuard/ending.sops.yml` ends in `.sops.yml`, and would not be read
 |
 = help: rename it to `environments/secrets/prod/kuard/ending.sops.yaml`

error[load/stray]: `environments/secrets/prod/kuard/plain.yaml` is not a sealed Secret
 |
 = note: only files that end in `.sops.yaml` are, and a plain one must not be committed
 = help: seal it (`NAME.sops.yaml`), or move it away

error[load/sealed-kind]: a sealed file holds a Secret
 --> environments/secrets/prod/kuard/nameless.sops.yaml:1:7
  |
1 | ***************
  |       ^^^^^^^^^ not this
  |
  = help: seal the Secret again, or move the file away

error[load/sealed-name]: the file is named `nameless`, and the Secret ``
 --> environments/secrets/prod/kuard/nameless.sops.yaml:1:1
  |
1 | ***************
  | ^
  |
  = note: the name is sealed with the rest, so it cannot be edited in place
  = help: give the Secret a `metadata.name`, and seal it again

error[load/not-sealed]: `environments/secrets/prod/kuard/open.sops.yaml` is not sealed: it has no `sops` block
 |
 = help: run: gen seal environments/secrets/prod/kuard/open.sops.yaml
 = help: if it was committed before, what it holds is known and must be replaced

error[load/sealed-name]: the file is named `other`, and the Secret `another`
 --> environments/secrets/prod/kuard/other.sops.yaml:2:18
  |
2 | *************************
  |                  ^^^^^^^
  |
  = note: the name is sealed with the rest, so it cannot be edited in place
  = help: rename the file to `another.sops.yaml`

error[load/sealed-documents]: a sealed file holds one object, not 2
 --> environments/secrets/prod/kuard/two.sops.yaml:1:1
  |
1 | ************
  | ^
  |
  = help: give each Secret a file of its own

error[load/sealed-place]: a sealed file is in no component's folder
 --> environments/secrets/prod/z.sops.yaml:1:1
  |
1 | ************
  | ^
  |
  = help: move it to `environments/secrets/ENVIRONMENT/COMPONENT/`

error[load/sealed-owner]: there is no environment or layer `prd`
 --> environments/secrets/prd/kuard/z.sops.yaml:1:1
  |
1 | ************
  | ^ for which this file is sealed
  |
  = help: did you mean `environments/secrets/prod/`?

error[load/sealed-component]: `prod` has no component `kurd`
 --> environments/secrets/prod/kurd/z.sops.yaml:1:1
  |
1 | ************
  | ^ for which this file is sealed
  |
  = help: did you mean `environments/secrets/prod/kuard/`?
"##,
    );
}

#[test]
fn bases() {
    golden(
        true,
        &[
            (
                "environments/prod.yaml",
                br#"components:
  a: {pack: raw, base: ../x}
  b: {pack: raw, base: nowhere}
  c: {pack: raw, base: ./manifests/c/}
  d: {pack: raw, base: https://github.com/x}
  e: {pack: raw, base: environments/files}
"#,
            ),
            (
                "manifests/c/kustomization.yaml",
                br#"resources: [github.com/a/b, x.yaml, ../d, sub, gone]
components: [https://x/y]
"#,
            ),
            ("manifests/c/x.yaml", b""),
            (
                "manifests/c/sub/kustomization.yaml",
                br#"resources: [../x.yaml]
"#,
            ),
        ],
        r##"
error[load/base]: the base `../x` is not a folder of this project
 --> environments/prod.yaml:2:24
  |
2 |   a: {pack: raw, base: ../x}
  |                        ^^^^
  |
  = help: name a folder below the project's, such as `manifests/podinfo`; what lives elsewhere is a `source`

error[load/base]: the base `nowhere` is not there
 --> environments/prod.yaml:3:24
  |
3 |   b: {pack: raw, base: nowhere}
  |                        ^^^^^^^
  |
  = help: name a folder below the project's

error[load/base]: `github.com/a/b` is fetched from elsewhere
 --> manifests/c/kustomization.yaml:1:13
  |
1 | resources: [github.com/a/b, x.yaml, ../d, sub, gone]
  |             ^^^^^^^^^^^^^^
  |
  = note: the tree must say all that is deployed, and Flux may refuse it
  = help: copy the files into the base, or use `source` of a component of its own

error[load/base]: `../d` leaves the base
 --> manifests/c/kustomization.yaml:1:37
  |
1 | resources: [github.com/a/b, x.yaml, ../d, sub, gone]
  |                                     ^^^^
  |
  = help: copy the files into the base

error[load/base]: `gone` is not there
 --> manifests/c/kustomization.yaml:1:48
  |
1 | resources: [github.com/a/b, x.yaml, ../d, sub, gone]
  |                                                ^^^^
  |
  = help: remove the entry, or add the file

error[load/base]: `https://x/y` is fetched from elsewhere
 --> manifests/c/kustomization.yaml:2:14
  |
2 | components: [https://x/y]
  |              ^^^^^^^^^^^
  |
  = note: the tree must say all that is deployed, and Flux may refuse it
  = help: copy the files into the base, or use `source` of a component of its own

error[load/base]: the base `https://github.com/x` is not a folder of this project
 --> environments/prod.yaml:5:24
  |
5 |   d: {pack: raw, base: https://github.com/x}
  |                        ^^^^^^^^^^^^^^^^^^^^
  |
  = help: name a folder below the project's, such as `manifests/podinfo`; what lives elsewhere is a `source`

error[load/base]: the base `environments/files` is a folder of gen's own
 --> environments/prod.yaml:6:24
  |
6 |   e: {pack: raw, base: environments/files}
  |                        ^^^^^^^^^^^^^^^^^^
  |
  = help: keep bases in a folder of their own, such as `manifests/`
"##,
    );
}

#[test]
fn large_sealed_files_are_refused_before_they_are_read() {
    let text = format!("kind: Secret\nsops: {{mac: a}}\n# {}", "x".repeat(5 << 20));
    golden(
        true,
        &[
            ("environments/prod.yaml", b"components: {kuard: {pack: web-app}}"),
            ("environments/secrets/prod/kuard/a.sops.yaml", text.as_bytes()),
        ],
        r#"
error[load/sealed-size]: `environments/secrets/prod/kuard/a.sops.yaml` has more than 5 MiB
 |
 = note: Flux does not open larger files, and the API server takes no Secret of more than 1 MiB
 = help: take out what is not secret, or make several of it
"#,
    );
}
