//! What people see of sealed files.

use super::*;
use crate::secret::manifest;

#[test]
fn a_status_needs_no_key() {
    let bob = reader(&Identity::generate().recipient());
    let status = read(&sealed(PLAIN)).status(&Policy::secret([bob.clone()]));
    assert_eq!(status.missing, [bob]);
    assert_eq!(status.extra, [ALICE_PUBLIC]);
    assert!(!status.is_good() && status.clear.is_empty() && !status.nothing && status.other_rule.is_none());
    let keys = ["user", "password", "empty", "tls.key"].map(str::to_owned).into();
    assert_eq!(status.secrets, [SealedSecret { name: "db".into(), namespace: "shop".into(), keys }]);
    assert!(read(&sealed(PLAIN)).status(&policy(&[ALICE_PUBLIC])).is_good());
}

#[test]
fn differences_are_told_by_key() {
    let before = sealed(PLAIN);
    let opened = open(&before).unwrap();
    let mut documents = opened.documents().to_vec();
    manifest::set(&mut documents[0], "password", &"geheim-7".into());
    manifest::set(&mut documents[0], "new", &"geheim-8".into());
    manifest::remove(&mut documents[0], "user");
    let bob = Identity::generate().recipient();
    let wanted = policy(&[ALICE_PUBLIC, &bob]);
    let after = on(&before, |_, _, p| opened.update(&documents, &wanted, now(1), p)).unwrap().text.unwrap();
    let values = ["stringData.password", "stringData.new", "stringData.user"].map(str::to_owned);
    let wanted: Vec<_> = values.into_iter().zip([Did::Changed, Did::Added, Did::Removed]).collect();
    for inside in [false, true] {
        let (old, new) = (open(&before).unwrap(), open(&after).unwrap());
        let version =
            |opened| if inside { Version::Opened(opened) } else { Version::Sealed(Opened::sealed(opened)) };
        let difference = difference(Some(version(&old)), Some(version(&new)));
        assert_eq!(difference.values, wanted);
        assert_eq!(
            (difference.added, difference.removed, difference.unknown),
            (vec![bob.clone()], vec![], false)
        );
    }
    let sealed = read(&before);
    assert!(difference(Some(Version::Sealed(&sealed)), Some(Version::Sealed(&sealed))).is_empty());
    let all = difference(None, Some(Version::Sealed(&sealed)));
    assert!(all.values.len() == 8 && all.values.iter().all(|(_, did)| *did == Did::Added));
}

#[test]
fn after_a_rotation_only_a_key_can_tell() {
    let before = sealed(PLAIN);
    let opened = open(&before).unwrap();
    let after =
        on(&before, |_, _, p| opened.rotate(&policy(&[ALICE_PUBLIC]), now(1), p)).unwrap().text.unwrap();
    let (old, new) = (read(&before), open(&after).unwrap());
    let closed = difference(Some(Version::Sealed(&old)), Some(Version::Opened(&new)));
    assert!(closed.unknown && closed.values.is_empty());
    assert!(difference(Some(Version::Opened(&opened)), Some(Version::Opened(&new))).is_empty());
}

#[test]
fn textconv_shows_changes_and_no_values() {
    let text = sealed(PLAIN);
    let opened = open(&text).unwrap();
    let shown = textconv(Version::Opened(&opened), false);
    assert!(!shown.contains("geheim") && !shown.contains("ENC[") && shown.contains("    password: sealed "));
    assert_eq!(shown, textconv(Version::Sealed(&read(&text)), false), "a key changes nothing");
    assert!(shown.ends_with(&format!(
        "sops:\n    recipients:\n        - {ALICE_PUBLIC}\n    encrypted_regex: ^(data|stringData)$\n"
    )));
    let start = text.find("user: ").unwrap();
    let end = start + text[start..].find('\n').unwrap();
    let clear = format!("{}user: offen\n    # offen{}", &text[..start], &text[end..]);
    let veiled = textconv(Version::Sealed(&read(&clear)), false);
    assert!(
        !veiled.contains("offen") && veiled.contains("    user: not sealed, and not shown\n"),
        "{}",
        &*veiled
    );
    let revealed = textconv(Version::Opened(&opened), true);
    assert!(revealed.starts_with(PLAIN));
    let new = parse(&PLAIN.replace("user: app", "user: other"));
    let changed = on(&text, |_, _, p| opened.reseal(&new, now(1), p)).unwrap().text.unwrap();
    let after = textconv(Version::Sealed(&read(&changed)), false);
    let differ: Vec<&str> = after.lines().filter(|line| !shown.lines().any(|old| old == *line)).collect();
    assert_eq!(differ.len(), 1, "{}\n{}", &*shown, &*after);
    assert!(differ[0].starts_with("    user: sealed "));
}
