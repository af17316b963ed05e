//! What did not change is not written anew: values, lines, the whole file.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn update(text: &str, documents: &[Document], policy: &Policy, at: u64) -> Result<Outcome, Vec<String>> {
    let opened = open(text).unwrap();
    on(text, |_, _, problems| opened.update(documents, policy, now(at), problems))
}

fn lines_changed(before: &str, after: &str) -> Vec<String> {
    let known: Vec<&str> = before.lines().collect();
    let new = after.lines().filter(|line| !known.contains(line));
    new.map(|line| line.trim().split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn nothing_is_written_when_nothing_changed() {
    let text = sealed(PLAIN);
    assert_eq!(update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1), Ok(Outcome::default()));
    for text in [
        include_str!("made-by-sops/values.sops.yaml"),
        include_str!("made-by-sops/mac-only-encrypted.sops.yaml"),
    ] {
        // Numbers and dates of that file are no values for a Secret, so its kind is another one.
        let opened = open(text).unwrap();
        let told = on(text, |_, _, problems| opened.reseal(opened.documents(), now(1), problems));
        assert_eq!(first(told), "error[secret/base64]: `data.multi` is no base64");
    }
    let groups = include_str!("made-by-sops/groups.sops.yaml");
    let opened = open(groups).unwrap();
    assert_eq!(on(groups, |_, _, p| opened.reseal(opened.documents(), now(1), p)), Ok(Outcome::default()));
}

#[test]
fn one_of_twenty_values() {
    let values: String = (1..=20).map(|n| format!("    key{n}: value {n}\n")).collect();
    let plain = format!("apiVersion: v1\nkind: Secret\nmetadata:\n    name: a\nstringData:\n{values}");
    let text = sealed(&plain);
    let changed = parse(&plain.replace("value 7\n", "another\n"));
    let new = update(&text, &changed, &policy(&[ALICE_PUBLIC]), 1).unwrap();
    let new_text = new.text.unwrap();
    assert_eq!(lines_changed(&text, &new_text), ["key7", "lastmodified", "mac"]);
    assert_eq!(text.lines().count(), new_text.lines().count());
    assert!(!new.new_key && new.added.is_empty());
    assert_eq!(open(&new_text).unwrap().documents(), changed);
}

#[test]
fn lines_added_and_removed_leave_the_others() {
    let text = sealed(PLAIN);
    let plain = PLAIN
        .replace("    user: app\n", "    more: geheim-5\n    user: app\n")
        .replace("    empty: \"\"\n", "");
    let new = update(&text, &parse(&plain), &policy(&[ALICE_PUBLIC]), 1).unwrap().text.unwrap();
    assert_eq!(lines_changed(&text, &new), ["more", "lastmodified", "mac"]);
    assert_eq!(self::plain(&new), plain);
}

#[test]
fn a_layout_of_ones_own_stays() {
    // Indented by two, a blank line, no comment where SOPS would put one.
    let text = sealed(PLAIN);
    let (content, block) = text.split_at(text.find("sops:").unwrap());
    let text = format!("{}{block}", content.replace("    ", "  ").replace("stringData:", "\nstringData:"));
    let changed = parse(&PLAIN.replace("user: app", "user: other\n    more: x"));
    let new = update(&text, &changed, &policy(&[ALICE_PUBLIC]), 1).unwrap().text.unwrap();
    assert_eq!(lines_changed(&text, &new), ["user", "more", "lastmodified", "mac"]);
    assert!(new.contains("\n\nstringData:\n  #ENC") && new.contains("\n  more: ENC"));
}

#[test]
fn ends_of_lines_of_another_system_are_read() {
    let text = sealed(PLAIN).replace('\n', "\r\n");
    assert_eq!(plain(&text), PLAIN);
    assert_eq!(update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1), Ok(Outcome::default()));
    let new = update(&text, &parse(&PLAIN.replace("user: app", "user: other")), &policy(&[ALICE_PUBLIC]), 1);
    let new = new.unwrap().text.unwrap();
    assert_eq!(lines_changed(&text, &new), ["user", "lastmodified", "mac"]);
    assert_eq!(new.matches("\r\n").count(), text.matches("\r\n").count());
}

#[test]
fn items_of_lists_keep_their_texts() {
    let rule = Rule { kind: RuleKind::EncryptedRegex, pattern: "^a$".into() };
    let policy = Policy { rule, ..policy(&[ALICE_PUBLIC]) };
    let text = seal_with("a:\n    # c\n    - one\n    - two\n    - one\nb: 1\n", &policy).unwrap();
    let changed = parse("a:\n    # c\n    - new\n    - one\n    - two\n    - one\nb: 1\n");
    let new = update(&text, &changed, &policy, 1).unwrap().text.unwrap();
    let items = |text: &str| {
        text.lines().filter(|line| line.starts_with("    - ENC")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (before, after) = (items(&text), items(&new));
    assert_eq!(
        (after[0].as_str(), &after[2..]),
        (before[0].as_str(), &before[1..]),
        "comment, then the old ones"
    );
    assert_eq!(open(&new).unwrap().documents(), changed);
}

#[test]
fn adding_a_recipient_keeps_the_data_key() {
    let (bob, text) = (Identity::generate(), sealed(PLAIN));
    let new = update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC, &bob.recipient()]), 1).unwrap();
    let new_text = new.text.clone().unwrap();
    assert_eq!((new.added, new.removed, new.new_key), (vec![bob.recipient()], vec![], false));
    let gone: Vec<&str> = text.lines().filter(|line| !new_text.contains(line)).collect();
    assert_eq!(gone, Vec::<&str>::new(), "only lines are added");
    assert!(open_with(&new_text, &Identities::from(bob)).is_ok());
}

#[test]
fn removing_a_recipient_makes_a_new_data_key() {
    let bob = Identity::generate();
    let text = seal_with(PLAIN, &policy(&[ALICE_PUBLIC, &bob.recipient()])).unwrap();
    let new = update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1).unwrap();
    let new_text = new.text.clone().unwrap();
    assert_eq!((new.added, new.removed, new.new_key), (vec![], vec![bob.recipient()], true));
    assert_eq!(new.to_replace, ["stringData.user", "stringData.password", "stringData.tls.key"]);
    let old: Vec<&str> = text.lines().filter(|line| line.contains("ENC[")).collect();
    assert!(old.iter().all(|line| !new_text.contains(line)), "no value keeps its text");
    assert_eq!(plain(&new_text), PLAIN);
    assert_eq!(
        first(open_with(&new_text, &Identities::from(bob))),
        "error[secret/wrong-key]: none of your keys opens this file"
    );
    // What he kept of the old file opens nothing of the new one.
    let (old, new) = (open(&text).unwrap(), open(&new_text).unwrap());
    assert_ne!(old.key.bytes(), new.key.bytes());
}

#[test]
fn rotating_changes_every_text() {
    let text = sealed(PLAIN);
    let opened = open(&text).unwrap();
    let new = on(&text, |_, _, problems| opened.rotate(&policy(&[ALICE_PUBLIC]), now(1), problems)).unwrap();
    assert!(new.new_key && new.to_replace.is_empty());
    let new = new.text.unwrap();
    assert!(text.lines().filter(|line| line.contains("ENC[")).all(|line| !new.contains(line)));
    assert_eq!(plain(&new), PLAIN);
}

#[test]
fn a_rule_that_is_not_policy_is_repaired() {
    let weak = Policy {
        rule: Rule { kind: RuleKind::EncryptedRegex, pattern: "^password$".into() },
        ..policy(&[ALICE_PUBLIC])
    };
    let text = seal_with(PLAIN, &weak).unwrap();
    assert!(text.contains("user: app"));
    let new = update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1).unwrap().text.unwrap();
    assert!(!new.contains("user: app") && new.contains("encrypted_regex: ^(data|stringData)$"));
    let value =
        |text: &str| text.split("password: ENC[").nth(1).unwrap().split(']').next().unwrap().to_owned();
    assert_eq!(value(&new), value(&text), "what was encrypted stays");
    assert_eq!(plain(&new), PLAIN);
}

const PGP: &str = "    pgp:
        - created_at: \"2026-01-01T00:00:00Z\"
          enc: |-
            -----BEGIN PGP MESSAGE-----

            hQEMA
            -----END PGP MESSAGE-----
          fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21
";

const KMS: &str = "    kms:
        - arn: arn:aws:kms:eu-west-1:111122223333:key/x
          created_at: \"2026-01-01T00:00:00Z\"
          enc: AQIC
          aws_profile: \"\"
";
const FINGERPRINT: &str = "85D77543B3D624B63CEA9E6DBC17301B491B3F21";

#[test]
fn keys_of_other_services_stay_byte_for_byte() {
    let text = sealed(PLAIN).replace("    lastmodified:", &format!("{KMS}    lastmodified:"));
    let text = text.replace("    version:", &format!("{PGP}    version:"));
    let (bob, opened) = (Identity::generate(), open(&text).unwrap());
    let foreign = opened.sealed().foreign_keys();
    assert_eq!(
        foreign,
        [(Service::Aws, "arn:aws:kms:eu-west-1:111122223333:key/x"), (Service::Pgp, FINGERPRINT)]
    );
    let all = policy(&[ALICE_PUBLIC, &bob.recipient(), FINGERPRINT]);
    let new = update(&text, &parse(&PLAIN.replace("app", "other")), &all, 1).unwrap().text.unwrap();
    assert!(new.contains(PGP) && new.contains(KMS));
    // A new data key cannot be given to them.
    let told = on(&text, |_, _, problems| opened.rotate(&all, now(1), problems));
    assert_eq!(
        first(told),
        format!(
            "error[secret/foreign]: the new data key cannot be given to `AWS KMS arn:aws:kms:eu-west-1:111122223333:key/x` and `PGP {FINGERPRINT}`"
        )
    );
    let told = update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1);
    assert!(first(told).starts_with("error[secret/foreign]: the new data key cannot be given to `AWS KMS"));
    // Policy can name a PGP key; one that it does not name goes, and with it the data key that it knows.
    let text = text.replace(KMS, "");
    let gone = update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1).unwrap();
    let new = gone.text.unwrap();
    assert_eq!((gone.removed, gone.new_key), (vec![FINGERPRINT.to_owned()], true));
    assert!(!new.contains("pgp") && open(&new).is_ok());
}

#[test]
fn stanzas_of_kinds_that_cannot_be_written_stay() {
    let ssh = format!("{SSH} bob@example.com");
    let stanza = format!(
        "        - enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n            YWJj\n            -----END AGE ENCRYPTED FILE-----\n          recipient: {ssh}\n"
    );
    let text = sealed(PLAIN).replace("    encrypted_regex", &format!("{stanza}    encrypted_regex"));
    let wanted = policy(&[ALICE_PUBLIC, &ssh]);
    assert_eq!(update(&text, &parse(PLAIN), &wanted, 1), Ok(Outcome::default()));
    let new = update(&text, &parse(&PLAIN.replace("app", "other")), &wanted, 1).unwrap().text.unwrap();
    assert!(new.contains(&stanza));
    let gone = update(&text, &parse(PLAIN), &policy(&[ALICE_PUBLIC]), 1).unwrap();
    assert_eq!(gone.removed, [SSH]);
    let plain = sealed(PLAIN);
    assert!(first(update(&plain, &parse(PLAIN), &wanted, 1)).starts_with("error[secret/recipient-kind]"));
}

#[test]
fn files_of_sops_are_changed_in_place() {
    let text = include_str!("made-by-sops/groups.sops.yaml");
    let opened = open(text).unwrap();
    let new =
        on(text, |_, _, p| opened.reseal(&parse("a: x\nb_unencrypted: 2\nc: new\n"), now(1), p)).unwrap();
    assert_eq!(lines_changed(text, &new.text.unwrap()), ["b_unencrypted", "c", "lastmodified", "mac"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// No nonce is ever used for another plaintext or path, whatever is edited.
    #[test]
    fn a_nonce_has_one_use(edits in proptest::collection::vec((0..6_usize, 0..4_usize, any::<bool>()), 1..8)) {
        let mut values: BTreeMap<usize, usize> = [(0, 0), (1, 0)].into();
        let document = |values: &BTreeMap<usize, usize>| {
            let values: String = values.iter().map(|(key, value)| format!("    k{key}: v{value}\n    # v{value}\n")).collect();
            format!("apiVersion: v1\nkind: Secret\nmetadata:\n    name: a\nstringData:\n    fixed: x\n{values}")
        };
        let mut text = sealed(&document(&values));
        let mut uses: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (at, (key, value, remove)) in edits.into_iter().enumerate() {
            for known in open(&text).unwrap().known {
                let nonce = known.text.split("iv:").nth(1).unwrap().split(',').next().unwrap().to_owned();
                let what = match &known.value {
                    super::super::value::Opened::Scalar(scalar) => scalar.text.to_string(),
                    super::super::value::Opened::Comment(text) => format!("#{}", &**text),
                };
                let used = (known.path.clone(), what);
                prop_assert_eq!(uses.entry(nonce).or_insert_with(|| used.clone()), &used);
            }
            if remove { values.remove(&key); } else { values.insert(key, value); }
            let wanted = parse(&document(&values));
            if let Some(new) = update(&text, &wanted, &policy(&[ALICE_PUBLIC]), at as u64).unwrap().text {
                text = new;
            }
            let opened = open(&text).unwrap();
            prop_assert_eq!(opened.documents(), &wanted[..]);
        }
    }
}
