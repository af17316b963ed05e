//! Goldens: `environments/fleet.yaml`, and what is missing.

use super::{golden, project};
use crate::{
    diag::{Problems, Sources, render},
    load::Memory,
};

#[test]
fn no_project_at_all() {
    let mut problems = Problems::new();
    assert!(project(&Memory::default(), &mut problems).is_none());
    assert_eq!(
        render(&problems.0[0], &Sources::new(), false),
        "error[load/no-project]: there is no `environments/` here\n |\n = help: go to a project's folder, or start one with `gen init`"
    );
}

#[test]
fn no_fleet_file() {
    golden(
        false,
        &[(
            "environments/base.yaml",
            br#"abstract: true
"#,
        )],
        r##"
error[load/no-project]: `environments/fleet.yaml` is missing
 |
 = help: `gen init` writes one in a new project; it may be empty
"##,
    );
}

#[test]
fn a_fleet_file_with_the_wrong_ending() {
    golden(
        false,
        &[("environments/fleet.yml", b"")],
        r##"
error[load/ending]: `environments/fleet.yml` ends in `.yml`, and would not be read
 |
 = help: rename it to `environments/fleet.yaml`
"##,
    );
}

#[test]
fn the_fleet_file_is_checked() {
    golden(
        true,
        &[(
            "environments/fleet.yaml",
            br#"gen: ">=7"
keys:
  alice: AGE-SECRET-KEY-1AAAA
  bob: hello
sourc: {}
flux: {version: 2.9, sync: argo, components: [source, kustomize-controllr]}
source:
  kind: GitRepository
  url: git@github.com:a/b
  root: ../x
  ref: {branch: main, tag: v1, digest: a}
"#,
        )],
        r##"
error[input/unknown]: unknown key `sourc`
 --> environments/fleet.yaml:5:1
  |
5 | sourc: {}
  | ^^^^^
  |
  = help: did you mean `source`?

error[input/quote]: `flux.version` takes a string, but `2.9` without quotes is a number
 --> environments/fleet.yaml:6:17
  |
6 | flux: {version: 2.9, sync: argo, components: [source, kustomize-controllr]}
  |                 ^^^
  |
  = help: quote it: `"2.9"`

error[input/choice]: `flux.sync` cannot be `argo`
 --> environments/fleet.yaml:6:28
  |
6 | flux: {version: 2.9, sync: argo, components: [source, kustomize-controllr]}
  |                            ^^^^
  |
  = help: it is one of `operator`, `classic` and `none`

error[input/choice]: `flux.components[0]` cannot be `source`
 --> environments/fleet.yaml:6:47
  |
6 | flux: {version: 2.9, sync: argo, components: [source, kustomize-controllr]}
  |                                               ^^^^^^
  |
  = help: it is one of `source-controller`, `kustomize-controller`, `helm-controller`, `notification-controller`, `image-reflector-controller`, `image-automation-controller` and `source-watcher`

error[input/choice]: `flux.components[1]` cannot be `kustomize-controllr`
 --> environments/fleet.yaml:6:55
  |
6 | flux: {version: 2.9, sync: argo, components: [source, kustomize-controllr]}
  |                                                       ^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `kustomize-controller`?
  = help: it is one of `source-controller`, `kustomize-controller`, `helm-controller`, `notification-controller`, `image-reflector-controller`, `image-automation-controller` and `source-watcher`

error[config/gen]: this project wants `gen` >=7, and this is 0.1.0
 --> environments/fleet.yaml:1:6
  |
1 | gen: ">=7"
  |      ^^^^^ wanted here
  |
  = help: install a version that fits: another one may render other bytes

error[config/key]: `keys.alice` is a private key
 --> environments/fleet.yaml:3:3
  |
3 |   alice: ********************
  |   ^^^^^
  |
  = help: give the public one, which begins with `age1`; if it was committed, replace it, and seal everything again for the new one

error[config/key]: `keys.bob` is not a public key of age
 --> environments/fleet.yaml:4:8
  |
4 |   bob: hello
  |        ^^^^^
  |
  = help: give one that begins with `age1`, `ssh-ed25519` or `ssh-rsa`

error[config/source]: `git@github.com:a/b` is not an address that Flux reads
 --> environments/fleet.yaml:9:8
  |
9 |   url: git@github.com:a/b
  |        ^^^^^^^^^^^^^^^^^^
  |
  = help: write `ssh://git@github.com/a/b`

error[config/digest]: `a` is not a digest
  --> environments/fleet.yaml:11:40
   |
11 |   ref: {branch: main, tag: v1, digest: a}
   |                                        ^
   |
   = help: write `sha256:` and its 64 hexadecimal digits

error[config/ref]: the `ref` of a GitRepository has no `digest`
  --> environments/fleet.yaml:11:32
   |
11 |   ref: {branch: main, tag: v1, digest: a}
   |                                ^^^^^^
   |
   = help: use one of `branch`, `tag`, `semver`, `commit` and `name`

error[config/ref]: `ref` has both `branch` and `tag`
  --> environments/fleet.yaml:11:28
   |
11 |   ref: {branch: main, tag: v1, digest: a}
   |                            ^^ this one
   |
  ::: environments/fleet.yaml:11:17
   |
11 |   ref: {branch: main, tag: v1, digest: a}
   |                 ---- or this one
   |
   = note: Flux takes one and passes over the other
   = help: keep one; a lower layer's is removed with `null`

error[config/path]: `root` leaves the source: `../x`
  --> environments/fleet.yaml:10:9
   |
10 |   root: ../x
   |         ^^^^
   |
   = help: write a folder in the source, for example `./clusters`
"##,
    );
}

#[test]
fn a_requirement_that_is_none() {
    golden(
        true,
        &[(
            "environments/fleet.yaml",
            br#"gen: soon
"#,
        )],
        r##"
error[config/gen]: `soon` is not a range of versions: unexpected character 's' while parsing major version number
 --> environments/fleet.yaml:1:6
  |
1 | gen: soon
  |      ^^^^
  |
  = help: write for example `gen: ">=0.1, <2"`
"##,
    );
}
