//! Two versions of a file are merged by key.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn changed(text: &str, from: &str, to: &str) -> String {
    let opened = open(text).unwrap();
    let new = parse(&plain(text).replace(from, to));
    on(text, |_, _, problems| opened.reseal(&new, now(1), problems)).unwrap().text.unwrap()
}

fn rekeyed(text: &str, policy: &Policy) -> String {
    let opened = open(text).unwrap();
    on(text, |_, _, problems| opened.rekey(policy, now(1), problems)).unwrap().text.unwrap()
}

fn merged(base: Option<&str>, ours: &str, theirs: &str, favour: Option<Side>) -> Merged {
    let (base, ours, theirs) =
        (base.map(|text| open(text).unwrap()), open(ours).unwrap(), open(theirs).unwrap());
    on("", |_, _, problems| merge(base.as_ref(), &ours, &theirs, favour, now(2), problems)).unwrap()
}

fn told(merged: &Merged) -> Vec<String> {
    merged.conflicts.iter().map(ToString::to_string).collect()
}

#[test]
fn different_keys_merge() {
    let base = sealed(PLAIN);
    let ours = changed(&base, "user: app", "user: other");
    let theirs = changed(&base, "password: geheim-1", "password: geheim-9\n    more: x");
    let merged = merged(Some(&base), &ours, &theirs, None);
    assert_eq!(told(&merged), Vec::<String>::new());
    let wanted =
        PLAIN.replace("user: app", "user: other").replace("password: geheim-1", "password: geheim-9");
    assert_eq!(
        plain(&merged.text),
        wanted
            .replace(" # of the app\n", "\n    # of the app\n    more: x\n")
            .replace("geheim-9\n    # of the app\n    more: x", "geheim-9\n    more: x # of the app")
    );
    // Texts of either side are kept.
    let line = |text: &str, key: &str| {
        text.lines().find(|line| line.starts_with(&format!("    {key}: "))).unwrap().to_owned()
    };
    assert_eq!(line(&merged.text, "user"), line(&ours, "user"));
    assert_eq!(line(&merged.text, "password"), line(&theirs, "password"));
    assert_eq!(line(&merged.text, "tls.key"), line(&base, "tls.key"));
}

#[test]
fn the_same_change_on_both_sides_is_no_conflict() {
    let base = sealed(PLAIN);
    let (ours, theirs) = (changed(&base, "app\n", "other\n"), changed(&base, "app\n", "other\n"));
    let merged = merged(Some(&base), &ours, &theirs, None);
    assert_eq!((told(&merged), merged.text), (vec![], ours));
}

#[test]
fn the_same_key_conflicts_and_the_file_stays_whole() {
    let base = sealed(PLAIN);
    let (ours, theirs) = (changed(&base, "geheim-1", "geheim-3"), changed(&base, "geheim-1", "geheim-4"));
    let kept = merged(Some(&base), &ours, &theirs, None);
    assert_eq!(told(&kept), ["`stringData.password`: either side changes it in its own way"]);
    assert!(plain(&kept.text).contains("geheim-3"));
    let taken = merged(Some(&base), &ours, &theirs, Some(Side::Theirs));
    assert!(plain(&taken.text).contains("geheim-4"));
    let gone = changed(&base, "    password: geheim-1 # of the app\n", "");
    assert_eq!(
        told(&merged(Some(&base), &gone, &theirs, None)),
        ["`stringData.password`: ours removes it, theirs changes it"]
    );
    let (ours, theirs) = (sealed(PLAIN), sealed(&PLAIN.replace("geheim-1", "geheim-5")));
    assert_eq!(
        told(&merged(None, &ours, &theirs, None)),
        ["`stringData.password`: either side adds it in its own way"]
    );
}

#[test]
fn files_with_other_data_keys_merge() {
    let base = sealed(PLAIN);
    let ours = changed(&base, "user: app", "user: other");
    let opened = open(&base).unwrap();
    let rotated = on(&base, |_, _, problems| opened.rotate(&policy(&[ALICE_PUBLIC]), now(1), problems))
        .unwrap()
        .text
        .unwrap();
    let merged = merged(Some(&base), &ours, &rotated, None);
    assert!(merged.conflicts.is_empty());
    assert_eq!(plain(&merged.text), PLAIN.replace("user: app", "user: other"));
}

/// Whoever one side removed knows the data key of the other.
#[test]
fn a_removed_recipient_stays_removed() {
    let (bob, carol) = (Identity::generate().recipient(), Identity::generate().recipient());
    let base = seal_with(PLAIN, &policy(&[ALICE_PUBLIC, &bob])).unwrap();
    let without = rekeyed(&base, &policy(&[ALICE_PUBLIC]));
    let with = rekeyed(&base, &policy(&[ALICE_PUBLIC, &bob, &carol]));
    for (ours, theirs) in [(&without, &with), (&with, &without)] {
        let merged = merged(Some(&base), ours, theirs, None);
        assert_eq!(read(&merged.text).recipients(), [ALICE_PUBLIC, carol.as_str()]);
        let (key, known) = (open(&merged.text).unwrap(), open(&base).unwrap());
        assert_ne!(key.key.bytes(), known.key.bytes());
        assert_eq!(plain(&merged.text), PLAIN);
    }
    // What the other side sealed in the meantime is known to whoever was removed as well.
    let more = changed(
        &base,
        "password: geheim-1 # of the app\n",
        "password: geheim-1 # of the app\n    new: geheim-9\n",
    );
    for (ours, theirs) in [(&without, &more), (&more, &without)] {
        let merged = merged(Some(&base), ours, theirs, None);
        let known = ["user", "password", "new", "tls.key"].map(|key| format!("stringData.{key}"));
        assert_eq!(BTreeSet::from_iter(merged.to_replace), BTreeSet::from(known));
    }
    // Each side removes another one: then neither data key will do.
    let base = seal_with(PLAIN, &policy(&[ALICE_PUBLIC, &bob, &carol])).unwrap();
    let (ours, theirs) =
        (rekeyed(&base, &policy(&[ALICE_PUBLIC, &bob])), rekeyed(&base, &policy(&[ALICE_PUBLIC, &carol])));
    let merged = merged(Some(&base), &ours, &theirs, None);
    assert_eq!(read(&merged.text).recipients(), [ALICE_PUBLIC]);
    let new = open(&merged.text).unwrap();
    assert!([&ours, &theirs].iter().all(|side| open(side).unwrap().key.bytes() != new.key.bytes()));
    assert_eq!(merged.to_replace.len(), 3);
}

#[test]
fn documents_merge_one_by_one() {
    let second = "apiVersion: v1\nkind: Secret\nmetadata:\n    name: second\nstringData:\n    a: geheim-5\n";
    let base = sealed(&format!("{PLAIN}---\n{second}"));
    let (ours, theirs) = (changed(&base, "app\n", "other\n"), changed(&base, "geheim-5", "geheim-6"));
    let clean = merged(Some(&base), &ours, &theirs, None);
    assert!(clean.conflicts.is_empty() && plain(&clean.text).contains("geheim-6"));
    let ours = changed(&base, "geheim-5", "geheim-7");
    assert_eq!(
        told(&merged(Some(&base), &ours, &theirs, None)),
        ["`document 2: stringData.a`: either side changes it in its own way"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Against the definition: for each key the side that changed it, or a conflict.
    #[test]
    fn every_key_is_that_of_the_side_that_changed_it(
        base in proptest::collection::btree_map(0..6_u8, 0..3_u8, 0..6),
        ours in proptest::collection::btree_map(0..6_u8, 0..3_u8, 0..6),
        theirs in proptest::collection::btree_map(0..6_u8, 0..3_u8, 0..6),
    ) {
        let text = |values: &BTreeMap<u8, u8>| {
            let values: String = values.iter().map(|(key, value)| format!("    k{key}: v{value}\n")).collect();
            format!("apiVersion: v1\nkind: Secret\nmetadata:\n    name: a\nstringData:\n    fixed: x\n{values}")
        };
        let merged = merged(Some(&sealed(&text(&base))), &sealed(&text(&ours)), &sealed(&text(&theirs)), None);
        let (mut wanted, mut conflicts) = (BTreeMap::new(), 0);
        for key in 0..6 {
            let (b, o, t) = (base.get(&key), ours.get(&key), theirs.get(&key));
            let chosen = if o == t || t == b { o } else if o == b { t } else { conflicts += 1; o };
            wanted.extend(chosen.map(|value| (key, *value)));
        }
        prop_assert_eq!(merged.conflicts.len(), conflicts);
        let opened = open(&merged.text).unwrap();
        let values = opened.documents()[0].get("stringData").unwrap();
        let got: BTreeMap<u8, u8> = (0..6)
            .filter_map(|key| Some((key, values.get(&format!("k{key}"))?.as_str()?[1..].parse().unwrap())))
            .collect();
        prop_assert_eq!(got, wanted);
    }
}
