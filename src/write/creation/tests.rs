//! Which `.sops.yaml` is written, which stays, and what is told of it.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::load::{self, Memory};

const A: &str = "age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux";
const B: &str = "age1pqw26wvuhkqsmmqh0flpkkt7hmn2mrwmr83v84fm8zjmalnqavuq2tj4sg";
const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15";

const TEXT: &str = r"# Who can open what, for sops. Made by gen from `keys` and `secrets` under environments/: change it there.
creation_rules:
  - path_regex: ^environments/secrets/edge/one/[^/]+/[^/]+\.sops\.yaml$
    encrypted_regex: ^(data|stringData)$
    key_groups:
      - age:
          - age1pqw26wvuhkqsmmqh0flpkkt7hmn2mrwmr83v84fm8zjmalnqavuq2tj4sg # edge
  - path_regex: ^environments/secrets/base/[^/]+/[^/]+\.sops\.yaml$
    encrypted_regex: ^(data|stringData)$
    key_groups:
      - age:
          - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15 # alice@example.com
          - age1pqw26wvuhkqsmmqh0flpkkt7hmn2mrwmr83v84fm8zjmalnqavuq2tj4sg # edge
          - age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux # prod
        pgp:
          - FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4 # bob
  - path_regex: ^environments/secrets/prod/[^/]+/[^/]+\.sops\.yaml$
    encrypted_regex: ^(data|stringData)$
    key_groups:
      - age:
          - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15 # alice@example.com
          - age1jrxx9epnkdym46pnxx3dmdkhhuek64ccvsnpvskw8he29vxxwv0sevg9ux # prod
        pgp:
          - FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4 # bob
";

/// What a render leaves of a `.sops.yaml`, and the problems told.
fn standing(found: Option<&str>, force: bool) -> (Option<String>, Vec<Diagnostic>) {
    let fleet = format!(
        "keys: {{prod: {A}, edge: {B}, alice@example.com: {SSH}, bob: FBC7 B9E2 A4F9 289A C0C1  D484 3D16 CEE4 A273 81B4}}"
    );
    let mut files: Memory = [
        ("environments/fleet.yaml", &*fleet),
        ("environments/base.yaml", "{abstract: true, secrets: {recipients: [bob, alice@example.com]}}"),
        ("environments/prod.yaml", "{extends: [base], secrets: {cluster: prod}}"),
        ("environments/edge/one.yaml", "{extends: [base], secrets: {cluster: edge, recipients: []}}"),
        ("environments/none.yaml", "{}"),
    ]
    .into_iter()
    .collect();
    files.0.extend(found.map(|text| (SOPS_CONFIG.to_owned(), text.as_bytes().to_vec())));
    let mut problems = Problems::new();
    let project = load::project(&files, &mut problems).unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    let policy = SealPolicy::of(&project);
    let change = sops_config(&policy, project.sops_config.as_ref(), &project.sources, force, &mut problems);
    assert_eq!(change.before.is_some(), found.is_some());
    let after = change.after.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    (after, problems.0)
}

fn quiet(found: Option<&str>) -> Option<String> {
    let (after, problems) = standing(found, false);
    assert_eq!(problems, []);
    after
}

#[test]
fn deeper_folders_stand_first_and_every_path_is_anchored() {
    assert_eq!(quiet(None).as_deref(), Some(TEXT));
    assert_eq!(quiet(Some(TEXT)).as_deref(), Some(TEXT));
}

#[test]
fn an_old_one_of_ours_is_written_anew() {
    let old = TEXT.replace(&format!("          - {A} # prod\n"), "");
    assert_ne!(old, TEXT);
    assert_eq!(quiet(Some(&old)).as_deref(), Some(TEXT));
    let windows = TEXT.replace('\n', "\r\n");
    assert_eq!(quiet(Some(&windows)).as_deref(), Some(&*windows), "only the ends of lines differ");
}

#[test]
fn a_conflict_of_two_branches_is_ours() {
    let line = format!("          - {A} # prod\n");
    let conflict =
        TEXT.replace(&line, &format!("<<<<<<< HEAD\n{line}=======\n          - {B} # new\n>>>>>>> other\n"));
    assert_eq!(quiet(Some(&conflict)).as_deref(), Some(TEXT));
    let both_new = format!("<<<<<<< HEAD\n{TEXT}=======\n{TEXT}>>>>>>> other\n");
    assert_eq!(quiet(Some(&both_new)).as_deref(), Some(TEXT));
}

#[test]
fn what_somebody_wrote_into_ours_is_told() {
    let edited =
        TEXT.replace("creation_rules:\n", "creation_rules:\n  - path_regex: ^terraform/\n    kms: arn:x\n");
    let (after, problems) = standing(Some(&edited), false);
    assert_eq!(after.as_deref(), Some(&*edited));
    assert_eq!(problems.iter().map(|d| d.id).collect::<Vec<_>>(), ["write/sops-config-edited"]);
    assert_eq!(standing(Some(&edited), true), (Some(TEXT.to_owned()), Vec::new()), "with --force");
}

#[test]
fn a_foreign_one_stays_and_is_told_only_where_it_says_something_else() {
    let own = TEXT.split_once('\n').unwrap().1;
    assert_eq!(quiet(Some(own)).as_deref(), Some(own), "it says the same");
    // The same in other words: groups merged, lists, texts with commas, anchors, a pattern that is not anchored.
    let words = format!(
        "keys: [&alice '{SSH} alice', &bob FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4]\n\
         creation_rules:\n\
         - {{path_regex: secrets/edge/, encrypted_regex: '^(data|stringData)$', age: '{B},'}}\n\
         - {{path_regex: terraform, kms: 'arn:x'}}\n\
         - path_regex: secrets/base/\n  encrypted_regex: ^(data|stringData)$\n  age: ['{A}', '{B}', *alice]\n  pgp: *bob\n\
         - encrypted_regex: ^(data|stringData)$\n  key_groups: [{{merge: [{{age: ['{A}']}}, {{age: [*alice]}}], pgp: [*bob]}}]\n"
    );
    assert_eq!(quiet(Some(&words)).as_deref(), Some(&*words));
}

#[test]
fn what_a_foreign_one_lacks_is_told() {
    let told = |text: &str| {
        let (after, problems) = standing(Some(text), false);
        assert_eq!(after.as_deref(), Some(text));
        assert_eq!(problems.iter().map(|d| d.id).collect::<Vec<_>>(), ["write/sops-config-foreign"]);
        problems.into_iter().next().unwrap().because
    };
    let nothing = |owner: &str| format!("files of `{owner}`: no rule is for them");
    assert_eq!(told("creation_rules: []"), ["base", "edge/one", "prod"].map(nothing));
    assert_eq!(
        told(&format!("creation_rules: [{{age: '{A}', kms: 'arn:x'}}]")),
        [
            "files of `base`: rule 1 lacks `alice@example.com`, `bob` and `edge`, has `kms` more, does not say `encrypted_regex: ^(data|stringData)$`".to_owned(),
            format!("files of `edge/one`: rule 1 lacks `edge`, has `{A}` and `kms` more, does not say `encrypted_regex: ^(data|stringData)$`"),
            "files of `prod`: rule 1 lacks `alice@example.com` and `bob`, has `kms` more, does not say `encrypted_regex: ^(data|stringData)$`".to_owned(),
        ]
    );
    let groups = format!(
        "creation_rules:\n- key_groups: [{{age: ['{A}', '{B}']}}, {{age: ['{SSH}'], pgp: [FBC7B9E2A4F9289AC0C1D4843D16CEE4A27381B4]}}]\n  encrypted_regex: ^(data|stringData)$\n"
    );
    assert_eq!(told(&groups)[0], "files of `base`: rule 1 wants keys of 2 groups");
    for broken in ["creation_rules: [", "creation_rules: [{path_regex: '('}]"] {
        assert_eq!(told(broken)[0], "files of `base`: it cannot be read");
    }
}
