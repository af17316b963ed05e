//! Goldens: Environments and layers.

use super::golden;

#[test]
fn environments_are_checked() {
    golden(
        true,
        &[
            ("environments/prod.yaml", br#"extends: [bas, base]
kubernetes: 1.34
cluster: {name: 1, domain: https://x, nam: y, provides: [gateway.networking.k8s.io/v1]}
secrets: {recipients: [prd]}
namespaces: {Monitoring: {podSecurity: none}}
components:
  Kuard: {pack: web-app}
  flux-system: {pack: web-app}
  loki:
    pak: loki
    stage: app
    podSecurity: privilege
    namespace: Logs
    needs: ingress
    chart: {version: 1.10, url: "oci://a/b:1", digest: "sha256:12"}
    flux: {interval: 1d, timeout: 60, wait: "yes"}
    provides: {monitoring.coreos.com/v1: inputs.}
    requires: {$unset: true}
    values: null
"#),
            ("environments/staging.yaml", br#"components:
  x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  z: {pack: helm-release, chart: {version: ^1.2, url: loki}, charts: {a: {}}}
"#),
        ],
        r##"
error[input/quote]: `kubernetes` takes a string, but `1.34` without quotes is a number
 --> environments/prod.yaml:2:13
  |
2 | kubernetes: 1.34
  |             ^^^^
  |
  = help: quote it: `"1.34"`

error[input/quote]: `cluster.name` takes a string, but `1` without quotes is a number
 --> environments/prod.yaml:3:17
  |
3 | cluster: {name: 1, domain: https://x, nam: y, provides: [gateway.networking.k8s.io/v1]}
  |                 ^
  |
  = help: quote it: `"1"`

error[input/unknown]: unknown key `nam` in `cluster`
 --> environments/prod.yaml:3:39
  |
3 | cluster: {name: 1, domain: https://x, nam: y, provides: [gateway.networking.k8s.io/v1]}
  |                                       ^^^
  |
  = help: did you mean `name`?

error[input/choice]: `namespaces.Monitoring.podSecurity` cannot be `none`
 --> environments/prod.yaml:5:40
  |
5 | namespaces: {Monitoring: {podSecurity: none}}
  |                                        ^^^^
  |
  = help: it is one of `restricted`, `baseline` and `privileged`

error[input/unknown]: unknown key `pak` in `components.loki`
  --> environments/prod.yaml:10:5
   |
10 |     pak: loki
   |     ^^^
   |
   = help: did you mean `pack`?

error[input/choice]: `components.loki.stage` cannot be `app`
  --> environments/prod.yaml:11:12
   |
11 |     stage: app
   |            ^^^
   |
   = help: did you mean `apps`?
   = help: it is one of `infrastructure`, `apps` and `outside`

error[input/choice]: `components.loki.podSecurity` cannot be `privilege`
  --> environments/prod.yaml:12:18
   |
12 |     podSecurity: privilege
   |                  ^^^^^^^^^
   |
   = help: did you mean `privileged`?
   = help: it is one of `restricted`, `baseline` and `privileged`

error[input/type]: `components.loki.needs` takes a list, not a string
  --> environments/prod.yaml:14:12
   |
14 |     needs: ingress
   |            ^^^^^^^
   |
   = help: write it in brackets: `[ingress]`

error[input/quote]: `components.loki.chart.version` takes a string, but `1.10` without quotes is a number
  --> environments/prod.yaml:15:22
   |
15 |     chart: {version: 1.10, url: "oci://a/b:1", digest: "sha256:12"}
   |                      ^^^^
   |
   = help: quote it: `"1.10"`

error[input/quote]: `components.loki.flux.timeout` takes a string, but `60` without quotes is a number
  --> environments/prod.yaml:16:35
   |
16 |     flux: {interval: 1d, timeout: 60, wait: "yes"}
   |                                   ^^
   |
   = help: quote it: `"60"`

error[input/type]: `components.loki.flux.wait` takes `true` or `false`, not a string
  --> environments/prod.yaml:16:45
   |
16 |     flux: {interval: 1d, timeout: 60, wait: "yes"}
   |                                             ^^^^^

error[config/domain]: `https://x` is not a DNS zone
 --> environments/prod.yaml:3:28
  |
3 | cluster: {name: 1, domain: https://x, nam: y, provides: [gateway.networking.k8s.io/v1]}
  |                            ^^^^^^^^^
  |
  = help: write the bare name, for example `prod.example.com`

error[config/api-group]: `gateway.networking.k8s.io/v1` is not an API group
 --> environments/prod.yaml:3:58
  |
3 | cluster: {name: 1, domain: https://x, nam: y, provides: [gateway.networking.k8s.io/v1]}
  |                                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: leave the version away: `gateway.networking.k8s.io`

error[config/name]: the namespace name `Monitoring` is not a DNS label
 --> environments/prod.yaml:5:14
  |
5 | namespaces: {Monitoring: {podSecurity: none}}
  |              ^^^^^^^^^^
  |
  = help: use lower-case letters, digits and `-`, at most 53 characters, for example `my-app`

error[config/name]: the component name `Kuard` has an upper-case letter
 --> environments/prod.yaml:7:3
  |
7 |   Kuard: {pack: web-app}
  |   ^^^^^
  |
  = help: use lower-case letters, digits and `-`, at most 53 characters, for example `my-app`

error[config/name]: the component name `flux-system` is the name of a Flux Kustomization that `gen` makes itself
 --> environments/prod.yaml:8:3
  |
8 |   flux-system: {pack: web-app}
  |   ^^^^^^^^^^^
  |
  = help: choose another name

error[config/name]: the namespace name `Logs` is not a DNS label
  --> environments/prod.yaml:13:16
   |
13 |     namespace: Logs
   |                ^^^^
   |
   = help: use lower-case letters, digits and `-`, at most 63 characters

error[config/digest]: `sha256:12` is not a digest
  --> environments/prod.yaml:15:56
   |
15 |     chart: {version: 1.10, url: "oci://a/b:1", digest: "sha256:12"}
   |                                                        ^^^^^^^^^^^
   |
   = help: write `sha256:` and its 64 hexadecimal digits

error[config/chart]: `oci://a/b:1` has a tag or digest
  --> environments/prod.yaml:15:33
   |
15 |     chart: {version: 1.10, url: "oci://a/b:1", digest: "sha256:12"}
   |                                 ^^^^^^^^^^^^^
   |
   = help: write the version under `version:`, the digest under `digest:`

error[config/api-group]: `monitoring.coreos.com/v1` is not an API group
  --> environments/prod.yaml:17:16
   |
17 |     provides: {monitoring.coreos.com/v1: inputs.}
   |                ^^^^^^^^^^^^^^^^^^^^^^^^
   |
   = help: leave the version away: `monitoring.coreos.com`

error[config/when]: `inputs.` is not a condition
  --> environments/prod.yaml:17:42
   |
17 |     provides: {monitoring.coreos.com/v1: inputs.}
   |                                          ^^^^^^^
   |
   = help: write `true`, `false`, or the path of an input such as `inputs.monitoring`

error[config/duration]: `interval` is not a duration: `1d`
  --> environments/prod.yaml:16:22
   |
16 |     flux: {interval: 1d, timeout: 60, wait: "yes"}
   |                      ^^
   |
   = note: Flux reads numbers with the units `ms`, `s`, `m` and `h`, nothing else
   = help: write for example `1h` or `10m30s`

error[config/source]: `https://x` is not an address that Flux reads
 --> environments/staging.yaml:2:68
  |
2 |   x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  |                                                                    ^^^^^^^^^
  |
  = help: it begins with `oci://`

error[config/ref]: the `ref` of an OCIRepository has no `branch`
 --> environments/staging.yaml:2:98
  |
2 |   x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  |                                                                                                  ^^^^^^
  |
  = help: use one of `tag`, `semver`, `semverFilter` and `digest`

error[config/duration]: `timeout` is not a duration: `1h`
 --> environments/staging.yaml:2:88
  |
2 |   x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  |                                                                                        ^^
  |
  = note: Flux reads numbers with the units `ms`, `s` and `m`, nothing else
  = help: write for example `5m` or `90s`

error[config/base]: a component has a `base` or a `source`, not both
 --> environments/staging.yaml:2:41
  |
2 |   x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  |                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ it lives elsewhere
  |
 ::: environments/staging.yaml:2:24
  |
2 |   x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  |                        ------- and here
  |
  = help: remove one of them

error[config/version]: `^1.2` is not an exact version
 --> environments/staging.yaml:3:44
  |
3 |   z: {pack: helm-release, chart: {version: ^1.2, url: loki}, charts: {a: {}}}
  |                                            ^^^^
  |
  = note: a range lets the same commit install different charts
  = help: write all three numbers, for example `"1.2.3"`

error[config/chart]: `loki` is not the address of a chart
 --> environments/staging.yaml:3:55
  |
3 |   z: {pack: helm-release, chart: {version: ^1.2, url: loki}, charts: {a: {}}}
  |                                                       ^^^^
  |
  = help: write `oci://REGISTRY/PATH/CHART`, or `https://…` of a repository and the chart's `name`

error[config/chart]: `chart` and `charts` exclude each other
 --> environments/staging.yaml:3:70
  |
3 |   z: {pack: helm-release, chart: {version: ^1.2, url: loki}, charts: {a: {}}}
  |                                                                      ^^^^^^^
  |
  = help: name each release under `charts`, or keep the one `chart`

error[load/recipient]: no key is named `prd`
 --> environments/prod.yaml:4:24
  |
4 | secrets: {recipients: [prd]}
  |                        ^^^
  |
  = help: did you mean `prod`?

error[load/extends]: there is no layer `bas`
 --> environments/prod.yaml:1:11
  |
1 | extends: [bas, base]
  |           ^^^
  |
  = help: did you mean `base`?

error[load/base]: the base `nowhere` is not there
 --> environments/staging.yaml:2:24
  |
2 |   x: {pack: raw, base: nowhere, source: {kind: OCIRepository, url: https://x, timeout: 1h, ref: {branch: main}}}
  |                        ^^^^^^^
  |
  = help: name a folder below the project's
"##,
    );
}

#[test]
fn references_stand_only_in_open_parts() {
    golden(
        true,
        &[(
            "environments/prod.yaml",
            br#"vars: {x: apps}
components:
  a: {pack: raw, namespace: {$from: vars.x}, inputs: {x: {$from: vars.x}}}
"#,
        )],
        r##"
error[input/type]: `components.a.namespace` takes a string, not a mapping
 --> environments/prod.yaml:3:29
  |
3 |   a: {pack: raw, namespace: {$from: vars.x}, inputs: {x: {$from: vars.x}}}
  |                             ^^^^^^^^^^^^^^^
  |
  = note: references stand only in `inputs`, `values`, `patches` and `extra`
  = help: write the value itself
"##,
    );
}

#[test]
fn what_can_be_extended() {
    golden(
        true,
        &[
            (
                "environments/a.yaml",
                br#"abstract: true
extends: [b]
"#,
            ),
            (
                "environments/b.yaml",
                br#"abstract: true
extends: [c]
"#,
            ),
            (
                "environments/c.yaml",
                br#"abstract: true
extends: [a]
"#,
            ),
            (
                "environments/self.yaml",
                br#"extends: [self]
"#,
            ),
            (
                "environments/prod.yaml",
                br#"extends: [base, stage, base, bsae]
"#,
            ),
            (
                "environments/stage.yaml",
                br#"extends: [elsewhere]
"#,
            ),
        ],
        r##"
error[load/extends]: `stage` is not a layer
 --> environments/prod.yaml:1:17
  |
1 | extends: [base, stage, base, bsae]
  |                 ^^^^^ extended here
  |
 ::: environments/stage.yaml:1:1
  |
1 | extends: [elsewhere]
  | - this would be rendered by itself too
  |
  = note: only a file that says `abstract: true` can be extended
  = help: add `abstract: true` to `environments/stage.yaml`, or move what both need to a layer

error[load/extends]: `base` is extended twice
 --> environments/prod.yaml:1:24
  |
1 | extends: [base, stage, base, bsae]
  |                        ^^^^
  |
  = help: remove it: a layer applies once, at its first place

error[load/extends]: there is no layer `bsae`
 --> environments/prod.yaml:1:30
  |
1 | extends: [base, stage, base, bsae]
  |                              ^^^^
  |
  = help: did you mean `base`?

error[load/extends]: there is no layer `elsewhere`
 --> environments/stage.yaml:1:11
  |
1 | extends: [elsewhere]
  |           ^^^^^^^^^
  |
  = help: the layers are `a`, `b`, `base` and `c`

error[load/extends-cycle]: layers extend each other in a circle: `a` → `b` → `c` → `a`
 --> environments/a.yaml:2:11
  |
2 | extends: [b]
  |           ^
  |
 ::: environments/b.yaml:2:11
  |
2 | extends: [c]
  |           -
  |
 ::: environments/c.yaml:2:11
  |
2 | extends: [a]
  |           -
  |
  = help: remove one of these

error[load/extends-cycle]: `self` extends itself
 --> environments/self.yaml:1:11
  |
1 | extends: [self]
  |           ^^^^
  |
  = help: remove one of these
"##,
    );
}

#[test]
fn environments_in_each_other() {
    golden(
        true,
        &[
            (
                "environments/edge.yaml",
                br#"cluster: {name: edge}
"#,
            ),
            (
                "environments/edge/x.yaml",
                br#"cluster: {name: x}
"#,
            ),
        ],
        r##"
error[load/prefix]: the environment `edge` is a part of `edge/x`'s name
 --> environments/edge.yaml:1:1
  |
1 | cluster: {name: edge}
  | ^ its tree would hold the other one's
  |
 ::: environments/edge/x.yaml:1:1
  |
1 | cluster: {name: x}
  | -
  |
  = help: rename `environments/edge.yaml`, or make it a layer with `abstract: true`
"##,
    );
}
