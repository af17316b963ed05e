//! What is written and what is read: types, rules, comments, key groups, several documents.

use super::*;
use crate::yaml::commented::{Item, Value};
use proptest::prelude::*;

#[test]
fn a_secret_is_sealed_and_opened() {
    let text = sealed(PLAIN);
    assert!(!text.contains("geheim") && !text.contains("app\n") && !text.contains("# who"));
    assert!(text.contains("    name: db\n    namespace: shop\n") && text.contains("    empty: \"\"\n"));
    assert!(
        text.contains(
            "    encrypted_regex: ^(data|stringData)$\n    lastmodified: \"2026-09-21T14:13:20Z\"\n"
        )
    );
    assert_eq!(plain(&text), PLAIN);
    let opened = open(&text).unwrap();
    assert_eq!(
        format!("{opened:?} {:?}", opened.sealed().recipients()),
        format!("Opened(…) [{ALICE_PUBLIC:?}]")
    );
}

/// A comment in an empty mapping finds its place only when the file is read; one without text took the empty item along.
#[test]
fn an_empty_item_stays_beside_an_empty_comment_that_moves() {
    let documents = [
        Document { items: vec![Item::member("-", Value::Map(vec![Item::comment("")]))] },
        Document {
            items: vec![Item::member("b", "x"), Item::member("l", Value::Seq(vec![Item::listed("")]))],
        },
    ];
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let source = sources.add("a", "");
    let wanted = Policy {
        rule: Rule { kind: RuleKind::EncryptedRegex, pattern: ".".into() },
        ..policy(&[ALICE_PUBLIC])
    };
    let opened = open(&seal(&documents, source, &wanted, now(0), &mut problems).unwrap()).unwrap();
    assert_eq!(opened.documents()[1].text_at(&["b"]), Some("x"));
    let item = opened.documents()[1].get("l").map(|list| &list.value);
    assert!(
        matches!(item, Some(Value::Seq(items)) if items.len() == 1 && items[0].entry().is_some()),
        "{item:?}"
    );
}

#[test]
fn no_debug_shows_a_value() {
    let shown = format!("{:?}", parse(PLAIN));
    assert!(!shown.contains("geheim") && !shown.contains("who") && shown.contains("password"));
    assert!(!format!("{:?}", open(&sealed(PLAIN)).unwrap().documents()).contains("geheim"));
}

const BY_SOPS: &str = "\
# head
apiVersion: v1
kind: Secret
metadata:
    name: all # the name
data:
    # above
    str: text # beside
    empty: \"\"
    multi: |
        one
        two
    \"yes\": \"yes\"
    int: 1000
    octal: 12
    float: 1.5
    big: 1e+20
    bool: true
    none: null
    time: 2020-01-01T00:00:00Z
    list:
        # of a
        - a
        # before b
        - b
        - k: v
    nested:
        deep:
            # in deep
            x: \"é\\U0001F600\"
            # last
# end
---
apiVersion: v1
kind: Secret
metadata:
    name: second
stringData:
    a: b
";

#[test]
fn files_of_sops_are_opened() {
    assert_eq!(plain(include_str!("made-by-sops/values.sops.yaml")), BY_SOPS);
    assert_eq!(plain(include_str!("made-by-sops/mac-only-encrypted.sops.yaml")), BY_SOPS);
}

/// Three groups, of which two are needed; Alice is in two.
#[test]
fn key_groups_are_read_and_their_values_changed() {
    let text = include_str!("made-by-sops/groups.sops.yaml");
    assert_eq!(plain(text), "a: x\nb_unencrypted: 1\n");
    let others = text.replacen(ALICE_PUBLIC, "age1other", 1).replacen(
        "-----BEGIN AGE ENCRYPTED FILE-----\n                YWdl",
        "-----BEGIN AGE ENCRYPTED FILE-----\n                WWdl",
        1,
    );
    assert_eq!(
        first(open(&others)),
        "error[secret/data-key]: the key of this file, encrypted for one of your keys, is damaged"
    );
    let opened = open(text).unwrap();
    let outcome =
        on(text, |_, _, problems| opened.reseal(&parse("a: z\nb_unencrypted: 1\n"), now(9), problems))
            .unwrap();
    assert_eq!(plain(&outcome.text.unwrap()), "a: z\nb_unencrypted: 1\n");
    let wanted = Policy { rule: Rule::default(), ..policy(&[ALICE_PUBLIC]) };
    let told = on(text, |_, _, problems| opened.rekey(&wanted, now(9), problems));
    assert_eq!(
        first(told),
        "error[secret/groups]: the recipients of a file with key groups cannot be changed yet"
    );
    let told = on(text, |_, _, problems| {
        let mut sealed = Sealed::read(text, read(text).source, problems)?;
        sealed.metadata.threshold = 3;
        sealed.open(&alice(), problems)
    });
    assert_eq!(
        first(told),
        "error[secret/wrong-key]: your keys open 2 of the key groups of this file, and 3 are needed"
    );
}

/// `plain` sealed under a rule: which of the marked values are encrypted.
fn encrypted(plain: &str, kind: RuleKind, pattern: &str) -> Vec<char> {
    let policy = Policy { rule: Rule { kind, pattern: pattern.into() }, ..policy(&[ALICE_PUBLIC]) };
    let text = seal_with(plain, &policy).unwrap();
    assert_eq!(self::plain(&text), plain);
    ('1'..='9')
        .filter(|mark| plain.contains(&format!("value{mark}")) && !text.contains(&format!("value{mark}")))
        .collect()
}

#[test]
fn rules_choose_what_is_encrypted() {
    let plain = "\
a_secret:
    b: value1
c_unencrypted: value2
# seal this
d:
    # value3
    - value4
e: value5
";
    assert_eq!(encrypted(plain, RuleKind::EncryptedSuffix, "_secret"), ['1']);
    assert_eq!(encrypted(plain, RuleKind::UnencryptedSuffix, "_unencrypted"), ['1', '3', '4', '5']);
    assert_eq!(encrypted(plain, RuleKind::EncryptedRegex, "^[de]$"), ['3', '4', '5']);
    assert_eq!(encrypted(plain, RuleKind::UnencryptedRegex, "^[de]$"), ['1', '2']);
    assert_eq!(encrypted(plain, RuleKind::EncryptedCommentRegex, "seal this"), ['3', '4']);
    assert_eq!(encrypted(plain, RuleKind::UnencryptedCommentRegex, "seal this"), ['1', '2', '5']);
    let confusing = Policy {
        rule: Rule { kind: RuleKind::UnencryptedCommentRegex, pattern: "A".into() },
        ..policy(&[ALICE_PUBLIC])
    };
    assert_eq!(
        first(seal_with("# c\na: b\n", &confusing)),
        "error[secret/comment-rule]: the rule of this file takes an encrypted comment for one that it looks for"
    );
    let broken = Policy {
        rule: Rule { kind: RuleKind::EncryptedRegex, pattern: "(".into() },
        ..policy(&[ALICE_PUBLIC])
    };
    assert_eq!(
        first(seal_with("a: b\n", &broken)),
        "error[secret/rule-invalid]: `encrypted_regex` is no regular expression: unclosed group"
    );
}

#[test]
fn what_cannot_be_sealed_is_told() {
    let told = |plain: &str, keys: &[&str]| first(seal_with(plain, &policy(keys)));
    assert_eq!(told(PLAIN, &[]), "error[secret/nobody]: there is nobody to seal for");
    assert_eq!(
        told(PLAIN, &[SSH]),
        format!(
            "error[secret/recipient-kind]: `{SSH}` is an SSH key, and `gen` seals for age keys (`age1…`) only, so far"
        )
    );
    assert_eq!(
        told("kind: ConfigMap\n", &[ALICE_PUBLIC]),
        "error[secret/nothing]: nothing would be encrypted: there is no value under `data` or `stringData`"
    );
    assert_eq!(
        told(&sealed(PLAIN), &[ALICE_PUBLIC]),
        "error[secret/sealed-already]: document 1 has a key `sops`: it is sealed already"
    );
    let head = "apiVersion: v1\nkind: Secret\n";
    assert_eq!(
        told(&format!("{head}data: {{a: 1}}\n"), &[ALICE_PUBLIC]),
        "error[secret/not-text]: `data.a` is a number, and Kubernetes takes only text"
    );
    assert_eq!(
        told(&format!("{head}data: {{a: geheim!}}\n"), &[ALICE_PUBLIC]),
        "error[secret/base64]: `data.a` is no base64"
    );
    assert_eq!(
        told(&format!("{head}data: {{a: eA==}}\nstringData: {{a: x}}\n"), &[ALICE_PUBLIC]),
        "error[secret/twice]: the key `a` stands under `data` and under `stringData`"
    );
    assert_eq!(
        told(&format!("{head}stringData: {{a: \"\\tgeheim\\n\"}}\n"), &[ALICE_PUBLIC]),
        "error[secret/lost]: `stringData.a` begins with a tab and has several lines"
    );
    assert_eq!(
        told("- a\n", &[ALICE_PUBLIC]),
        "error[secret/top]: the document is a list, and only a mapping can be sealed"
    );
    let big = format!("{head}stringData: {{a: {}}}\n", "x".repeat(MOST_BYTES));
    assert!(told(&big, &[ALICE_PUBLIC]).starts_with("error[secret/too-big]: the file has "));
}

#[test]
fn every_recipient_opens_the_file_alone() {
    let bob = Identity::generate();
    let text = seal_with(PLAIN, &policy(&[ALICE_PUBLIC, &bob.recipient()])).unwrap();
    assert_eq!(
        open_with(&text, &Identities::from(bob)).unwrap().documents(),
        open(&text).unwrap().documents()
    );
}

#[test]
fn what_opens_nothing_is_told_by_name() {
    let text = sealed(PLAIN);
    assert_eq!(
        first(open_with(&text, &Identities::new())),
        "error[secret/no-identity]: there is no key to open this file with"
    );
    let stranger = Identities::from(Identity::generate());
    let told = open_with(&text, &stranger).unwrap_err();
    assert_eq!(told[0], "error[secret/wrong-key]: none of your keys opens this file");
    assert_eq!(told[1], format!("= note: your keys are for `{}`", stranger.recipients()[0]));
    assert_eq!(told[2], format!("= note: it is sealed for `{ALICE_PUBLIC}`"));
    let mut ssh = Identities::new();
    let key = Plain::from("-----BEGIN OPENSSH PRIVATE KEY-----\nx\n");
    ssh.add("~/.ssh/id_ed25519", &key, Form::File, &mut |_| None, &mut Problems::new());
    let told = open_with(&text, &ssh).unwrap_err();
    assert!(told[2].contains("an SSH key in `~/.ssh/id_ed25519` (line 1) is passed over"), "{told:?}");
    let pgp = text
        .replace("    age:\n        - enc:", "    pgp:\n        - enc:")
        .replace("          recipient: ", "          fp: ");
    assert_eq!(first(open(&pgp)), "error[secret/key-service]: only `PGP` opens this file");
}

#[test]
fn key_files_with_mistakes_are_told() {
    let told = |content: &str| {
        let mut problems = Problems::new();
        Identities::new().add("keys.txt", &Plain::from(content), Form::File, &mut |_| None, &mut problems);
        said(&problems, &Sources::new())[0].clone()
    };
    assert_eq!(told("geheim\n"), "error[secret/identity]: line 1 of `keys.txt` is no age key");
    assert_eq!(
        told("age-encryption.org/v1\n"),
        "error[secret/passphrase]: `keys.txt` is protected by a passphrase, and there is nobody to ask"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_document_comes_back(document in commented::tests::document(), more in commented::tests::document(), only in any::<bool>()) {
        let documents = [document, more];
        let wanted = Policy { rule: Rule { kind: RuleKind::UnencryptedRegex, pattern: "^[ab]".into() }, ..policy(&[ALICE_PUBLIC]) };
        let (mut sources, mut problems) = (Sources::new(), Problems::new());
        let source = sources.add("a", "");
        let Some(mut text) = seal(&documents, source, &wanted, now(0), &mut problems) else {
            let nothing = ["secret/nothing", "secret/sealed-already"];
            prop_assert!(problems.0.iter().all(|p| nothing.contains(&p.id)), "{:?}", problems.0);
            return Ok(());
        };
        let mut opened = open(&text).unwrap();
        for (is, was) in opened.documents().iter().zip(&documents) {
            prop_assert_eq!(commented::tests::values_and_comments(is), commented::tests::values_and_comments(was));
        }
        if only {
            opened.sealed.metadata.mac_only_encrypted = true;
            let rotated = opened.rotate(&wanted, now(1), &mut problems).unwrap().text.unwrap();
            text = rotated.replace("    version:", "    mac_only_encrypted: true\n    version:").replace(
                "    mac_only_encrypted: true\n    mac_only_encrypted: true\n", "    mac_only_encrypted: true\n");
            opened = open(&text).unwrap();
        }
        // The second time nothing is written.
        let again = opened.reseal(opened.documents(), now(5), &mut problems).unwrap();
        prop_assert_eq!(again.text, None);
    }
}
