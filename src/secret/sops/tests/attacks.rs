//! Each way to tamper with a file is refused with words of its own.

use super::*;

/// The first byte of a part of an encrypted value, changed.
fn flipped(text: &str, key: &str, part: &str) -> String {
    let start = text.find(&format!("    {key}: ENC[")).unwrap();
    let at = start + text[start..].find(part).unwrap() + part.len();
    let new = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{new}{}", &text[..at], &text[at + 1..])
}

/// The line of a key.
fn line<'t>(text: &'t str, key: &str) -> &'t str {
    text.lines().find(|line| line.trim_start().starts_with(&format!("{key}: "))).unwrap()
}

fn value<'t>(text: &'t str, key: &str) -> &'t str {
    line(text, key).split_once(": ").unwrap().1.split(" #").next().unwrap()
}

#[test]
fn a_flipped_bit() {
    let text = sealed(PLAIN);
    for part in ["data:", "iv:", "tag:"] {
        assert_eq!(
            open(&flipped(&text, "password", part)).unwrap_err(),
            [
                "error[secret/value]: the value of `stringData.password` was changed, or belongs to another file",
                "= note: its data, `iv` or `tag` is not what was sealed for this key in this file",
                "= help: take this line from an earlier commit",
            ],
            "{part}"
        );
    }
    for part in ["data:", "iv:", "tag:"] {
        let told = first(open(&flipped(&text, "mac", part)));
        let wanted = match part {
            // Only then what was computed is still in it.
            "tag:" => "error[secret/modified]: `lastmodified` was changed after the file was sealed",
            _ => "error[secret/mac-damaged]: the code over all values, `mac`, was changed",
        };
        assert_eq!(told, wanted, "{part}");
    }
}

#[test]
fn values_swapped_or_moved() {
    let text = sealed(PLAIN);
    let (user, password) = (value(&text, "user").to_owned(), value(&text, "password").to_owned());
    let swapped = text.replace(&user, "<>").replace(&password, &user).replace("<>", &password);
    let told = open(&swapped).unwrap_err();
    assert_eq!(
        told[0],
        "error[secret/moved]: `stringData.user` has the value that was sealed for `stringData.password`"
    );
    assert_eq!(
        told[3],
        "error[secret/moved]: `stringData.password` has the value that was sealed for `stringData.user`"
    );
    let renamed = text.replace("    user: ", "    admin: ");
    assert_eq!(
        first(open(&renamed)),
        "error[secret/value]: the value of `stringData.admin` was changed, or belongs to another file"
    );
    let other = sealed(PLAIN);
    let foreign = text.replace(&password, value(&other, "password"));
    assert!(first(open(&foreign)).starts_with("error[secret/value]: the value of `stringData.password`"));
}

#[test]
fn a_value_taken_out_or_a_clear_one_changed() {
    let text = sealed(PLAIN);
    let mac = "error[secret/mac]: the values of this file are not those that were sealed";
    assert_eq!(first(open(&text.replace(&format!("{}\n", line(&text, "user")), ""))), mac);
    assert_eq!(first(open(&text.replace("namespace: shop", "namespace: prod"))), mac);
    assert_eq!(first(open(&text.replace("metadata:", "immutable: true\nmetadata:"))), mac);
    let emptied = text.replace(value(&text, "user"), "\"\"");
    assert_eq!(first(open(&emptied)), mac);
}

#[test]
fn the_code_removed_emptied_or_of_another_time() {
    let text = sealed(PLAIN);
    let missing =
        "error[secret/mac-missing]: the code over all values, `mac`, was removed from the `sops` block";
    assert_eq!(first(open(&text.replace(&format!("{}\n", line(&text, "mac")), ""))), missing);
    assert_eq!(first(open(&text.replace(value(&text, "mac"), "\"\""))), missing);
    assert_eq!(
        first(open(&text.replace("T14:13:20Z", "T14:13:21Z"))),
        "error[secret/modified]: `lastmodified` was changed after the file was sealed"
    );
    assert_eq!(
        first(open(&text.replace(value(&text, "mac"), value(&text, "user")))),
        "error[secret/mac-damaged]: the code over all values, `mac`, was changed"
    );
    assert_eq!(
        first(open(&text.replace("lastmodified: \"2026", "lastmodified: \"soon"))),
        "error[secret/metadata]: `lastmodified` is no point in time"
    );
}

#[test]
fn a_value_written_in_clear_or_cut() {
    let text = sealed(PLAIN);
    let clear = text.replace(value(&text, "user"), "geheim-3");
    assert_eq!(
        first(open(&clear)),
        "error[secret/clear]: `stringData.user` stands in clear where the file's rule wants it encrypted"
    );
    let number = text.replace(value(&text, "user"), "12");
    assert!(first(open(&number)).starts_with("error[secret/clear]"));
    let cut = text.replace(",type:str] #", " #");
    assert_eq!(
        first(open(&cut)),
        "error[secret/value-form]: the encrypted value of `stringData.password` is not whole"
    );
}

#[test]
fn a_type_is_not_taken_on_trust() {
    let text = sealed(PLAIN);
    let typed = |kind: &str| {
        first(open(&text.replace(value(&text, "user"), &value(&text, "user").replace("type:str", kind))))
    };
    assert_eq!(
        typed("type:int"),
        "error[secret/type]: what `stringData.user` holds does not fit its `type:`"
    );
    assert_eq!(
        typed("type:comment"),
        "error[secret/type]: what `stringData.user` holds does not fit its `type:`"
    );
    assert!(typed("type:what").starts_with("error[secret/value-form]"));
}

#[test]
fn a_nonce_of_a_size_that_nobody_writes() {
    let text = sealed(PLAIN);
    let old = value(&text, "user");
    let nonce = old.split("iv:").nth(1).unwrap().split(',').next().unwrap();
    let long = "A".repeat(4 * 40);
    let told = first(open(&text.replace(nonce, &long)));
    assert_eq!(told, "error[secret/nonce]: the nonce of `stringData.user` has a size that no program writes");
}

#[test]
fn a_comment_changed_or_moved() {
    let text = sealed(PLAIN);
    let comment = text.lines().find(|line| line.trim_start().starts_with("#ENC[")).unwrap();
    let told = "error[secret/comment]: an encrypted comment was changed, or moved to another place";
    let changed = comment.replace("data:", "data:AA");
    assert_eq!(first(open(&text.replace(comment, &changed))), told);
    // One that went along with its value into a mapping below is still read.
    let list = sealed("apiVersion: v1\nkind: Secret\nstringData:\n    # c\n    a: x\n");
    assert_eq!(plain(&list), "apiVersion: v1\nkind: Secret\nstringData:\n    # c\n    a: x\n");
}

/// A stanza taken out or added is no forgery to SOPS: only policy can tell.
#[test]
fn recipients_that_are_not_those_of_policy() {
    let bob = Identity::generate().recipient();
    let wanted = policy(&[ALICE_PUBLIC, &bob]);
    let text = sealed(PLAIN);
    assert!(open(&text).is_ok());
    let status = |text: &str, policy: &Policy| read(text).status(policy);
    assert_eq!(status(&text, &wanted).missing, [reader(&bob)]);
    let added = seal_with(PLAIN, &wanted).unwrap();
    assert_eq!(status(&added, &policy(&[ALICE_PUBLIC])).extra, [bob]);
    let rule = Rule { kind: RuleKind::EncryptedRegex, pattern: "^stringData$".into() };
    let ruled = Policy { rule: rule.clone(), ..policy(&[ALICE_PUBLIC]) };
    assert_eq!(status(&seal_with(PLAIN, &ruled).unwrap(), &policy(&[ALICE_PUBLIC])).other_rule, Some(rule));
    let clear = status(&text.replace(value(&text, "user"), "geheim-3"), &policy(&[ALICE_PUBLIC])).clear;
    assert_eq!(clear.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["stringData.user"]);
    let start = text.find("stringData:").unwrap();
    let nothing = format!("{}{}", &text[..start], &text[text.find("sops:").unwrap()..]);
    assert!(status(&nothing, &policy(&[ALICE_PUBLIC])).nothing);
}

#[test]
fn a_stanza_that_is_no_stanza() {
    let text = sealed(PLAIN);
    let broken = text.replacen("YWdl", "WWdl", 1);
    assert_eq!(
        first(open(&broken)),
        "error[secret/data-key]: the key of this file, encrypted for one of your keys, is damaged"
    );
    let short = super::super::age::wrap(&Plain::from("short"), &ALICE_PUBLIC.parse().unwrap());
    let start = text.find("            -----BEGIN").unwrap();
    let end = text.find("          recipient:").unwrap();
    let indented: String = short.lines().map(|line| format!("            {line}\n")).collect();
    let other = format!("{}{indented}{}", &text[..start], &text[end..]);
    assert_eq!(
        first(open(&other)),
        "error[secret/data-key]: what the recipients hold of this file is no key"
    );
    assert_eq!(
        first(open(&text.replace("          recipient: ", "          whom: "))),
        "error[secret/metadata]: an entry of `age` lacks `recipient` or `enc`"
    );
    let start = text.find("    age:").unwrap();
    let nobody = format!("{}{}", &text[..start], &text[text.find("    encrypted_regex").unwrap()..]);
    assert_eq!(
        first(open(&nobody)),
        "error[secret/recipients-none]: the `sops` block names no key that opens the file"
    );
}

#[test]
fn a_file_that_is_cut_off() {
    let text = sealed(PLAIN);
    for end in 1..text.len() {
        if !text.is_char_boundary(end) {
            continue;
        }
        let cut = &text[..end];
        if cut.trim_end() != text.trim_end()
            && !text.starts_with(&format!("{cut}.13.3"))
            && !cut.contains("version: 3")
        {
            assert!(open(cut).is_err(), "{cut}");
        }
    }
    let until = |word: &str| first(open(&text[..text.find(word).unwrap()]));
    assert_eq!(
        until("    version:"),
        "error[secret/truncated]: the `sops` block does not end with `version`: the file is cut off"
    );
    assert_eq!(until("sops:"), "error[secret/not-sealed]: the file is not sealed: it has no `sops` block");
    assert!(until("          recipient:").starts_with("error[secret/truncated]"));
}

#[test]
fn a_document_added_in_clear() {
    let text = sealed(PLAIN);
    let more = format!(
        "{text}---\napiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData: {{a: geheim-4}}\n"
    );
    assert_eq!(first(open(&more)), "error[secret/half-sealed]: document 2 of the file is not sealed");
}

/// Flux opens each document by its own block.
#[test]
fn a_block_of_another_document() {
    let two = sealed(&format!(
        "{PLAIN}---\napiVersion: v1\nkind: Secret\nmetadata:\n    name: x\nstringData:\n    a: b\n"
    ));
    let at = two.rfind("    encrypted_regex: ^(data|stringData)$").unwrap();
    let weak =
        format!("{}    encrypted_regex: ^nothing$\n{}", &two[..at], two[at..].split_once('\n').unwrap().1);
    assert_eq!(
        first(open(&weak)),
        "error[secret/blocks]: the `sops` block of document 2 is not that of the first"
    );
    assert!(open(&two).is_ok());
}

#[test]
fn giants_and_bombs() {
    let text = sealed(PLAIN);
    let giant = format!("{text}{}", "# x\n".repeat(MOST_BYTES / 4));
    assert!(first(open(&giant)).starts_with("error[secret/too-big]: the file has "));
    let deep = format!("a: {}{}\n{text}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(first(open(&deep)), "error[yaml/depth]: values are nested more than 100 levels deep");
    let mut bomb = "a0: &a0 [x]\n".to_owned();
    for level in 1..40 {
        bomb += &format!("a{level}: &a{level} [*a{}, *a{}]\n", level - 1, level - 1);
    }
    assert_eq!(
        first(open(&(bomb + &text))),
        "error[yaml/aliases]: anchors and aliases expand to too many values"
    );
    let twice = text.replace("sops:\n", "sops: {}\nsops:\n");
    assert_eq!(first(open(&twice)), "error[yaml/duplicate-key]: the key `…` is given twice");
}

#[test]
fn a_rule_weakened() {
    let text = sealed(PLAIN);
    // What was encrypted now counts as clear text: the code does not fit.
    let weak = text.replace("^(data|stringData)$", "^nothing$");
    assert_eq!(
        first(open(&weak)),
        "error[secret/mac]: the values of this file are not those that were sealed"
    );
    let both = text.replace("    lastmodified", "    encrypted_suffix: x\n    lastmodified");
    assert_eq!(
        first(open(&both)),
        "error[secret/metadata]: both `encrypted_regex` and `encrypted_suffix` are given, and only one rule counts"
    );
    assert_eq!(
        first(open(&text.replace("^(data|stringData)$", "("))),
        "error[secret/metadata]: `encrypted_regex` is no regular expression: unclosed group"
    );
    let only = text.replace("    version", "    mac_only_encrypted: true\n    version");
    assert_eq!(
        first(open(&only)),
        "error[secret/mac]: the values of this file are not those that were sealed"
    );
}

#[test]
fn a_block_that_is_none() {
    assert_eq!(first(open("a: 1\nsops: x\n")), "error[secret/metadata]: the `sops` block is no mapping");
}
