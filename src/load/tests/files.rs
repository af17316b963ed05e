//! Goldens: Files that are none of ours, or cannot be read.

use super::golden;

#[test]
fn names_of_files() {
    golden(
        true,
        &[
            ("environments/Prod.yaml", b""),
            ("environments/prod.yaml", b""),
            ("environments/cafe\u{301}.yaml", b""),
            ("environments/caf\u{e9}.yaml", b""),
            ("environments/cluster.yaml", b""),
            ("environments/edge/files/x.yaml", b""),
            ("environments/notes.txt", b""),
            ("environments/README.md", b""),
            ("environments/tls.sops.yaml", b""),
            ("environments/x.yml", b""),
            ("environments/.swp", b""),
        ],
        r##"
error[load/same-name]: `environments/café.yaml` and `environments/café.yaml` differ only in case or Unicode form
 |
 = note: a file system that takes them for one would lose one of them
 = note: spelt out: `environments/cafe\u{301}.yaml` and `environments/caf\u{e9}.yaml`
 = help: rename one of them

error[load/same-name]: `environments/Prod.yaml` and `environments/prod.yaml` differ only in case or Unicode form
 |
 = note: a file system that takes them for one would lose one of them
 = help: rename one of them

error[load/name]: `environments/Prod.yaml` cannot be an environment: its name has an upper-case letter
 |
 = help: rename it; texts for `$file` belong under `environments/files/`

error[load/name]: `environments/café.yaml` cannot be an environment: its name has the character '\u{301}', but only lower-case letters, digits and `-` may stand there
 |
 = help: rename it; texts for `$file` belong under `environments/files/`

error[load/name]: `environments/café.yaml` cannot be an environment: its name has the character 'é', but only lower-case letters, digits and `-` may stand there
 |
 = help: rename it; texts for `$file` belong under `environments/files/`

error[load/name]: `environments/cluster.yaml` cannot be an environment: its name has the part `cluster`, which is reserved for folders of a tree
 |
 = help: rename it; texts for `$file` belong under `environments/files/`

error[load/name]: `environments/edge/files/x.yaml` cannot be an environment: its name has the part `files`, which is reserved for folders of a tree
 |
 = help: rename it; texts for `$file` belong under `environments/files/`

error[load/stray]: `environments/notes.txt` is not an environment
 |
 = note: environments are files that end in `.yaml`
 = help: move it to `environments/files/` if inputs name it by `$file`, else away

error[load/stray]: `environments/tls.sops.yaml` is a sealed file, but not where those are read
 |
 = help: move it to `environments/secrets/ENVIRONMENT/COMPONENT/`

error[load/ending]: `environments/x.yml` ends in `.yml`, and would not be read
 |
 = help: rename it to `environments/x.yaml`
"##,
    );
}

#[test]
fn folders_in_each_other() {
    golden(
        true,
        &[(
            "environments/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/x.yaml",
            b"",
        )],
        r##"
error[load/depth]: `environments/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a` is nested too deeply
 |
 = help: use at most 32 folders in each other
"##,
    );
}

#[test]
fn what_is_no_text() {
    golden(
        true,
        &[
            ("environments/dev.yaml", b"\xff\xfea\x00"),
            ("environments/files/b.bin", b"ab\xff"),
            ("environments/prod.yaml", b"a: \xff\n"),
            ("environments/x.yaml", b"a: \x00"),
        ],
        r##"
error[load/encoding]: `environments/dev.yaml` cannot be read as text: the file is UTF-16, not UTF-8
 |
 = note: at byte 0 of the file
 = help: save the file as UTF-8

error[load/encoding]: `environments/files/b.bin` cannot be read as text: the file is not valid UTF-8
 |
 = note: at byte 2 of the file
 = help: save the file as UTF-8

error[load/encoding]: `environments/prod.yaml` cannot be read as text: the file is not valid UTF-8
 |
 = note: at byte 3 of the file
 = help: save the file as UTF-8

error[load/encoding]: `environments/x.yaml` cannot be read as text: the file has a NUL byte
 |
 = note: at byte 3 of the file
 = help: this is no text file: remove it, or the byte
"##,
    );
}

#[test]
fn what_is_no_yaml() {
    golden(
        true,
        &[
            ("environments/a.yaml", br#"a: [
"#),
            ("environments/b.yaml", br#"- a
"#),
            ("environments/c.yaml", br#"vars: {a: 1}
vars: {b: 1}
"#),
            ("environments/d.yaml", br#"kubernetes: v1.34.2
"#),
            ("environments/e.yaml", br#"# nothing
"#),
            ("environments/f.yaml", b"vars: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
        ],
        r##"
error[yaml/syntax]: a value is missing here
 --> environments/a.yaml:1:5
  |
1 | a: [
  |     ^
  |
  = help: write the value, or quote it if it is text

error[config/shape]: an environment is a mapping, not a list
 --> environments/b.yaml:1:1
  |
1 | - a
  | ^^^
  |
  = help: write `KEY: VALUE` lines

error[yaml/duplicate-key]: the key `vars` is given twice
 --> environments/c.yaml:2:1
  |
2 | vars: {b: 1}
  | ^^^^ again here
  |
 ::: environments/c.yaml:1:1
  |
1 | vars: {a: 1}
  | ---- first here
  |
  = help: keep one of them

error[config/minor]: `kubernetes` is a minor version, not `v1.34.2`
 --> environments/d.yaml:1:13
  |
1 | kubernetes: v1.34.2
  |             ^^^^^^^
  |
  = help: write `"1.34"`

error[yaml/depth]: values are nested more than 100 levels deep
 --> environments/f.yaml:1:106
  |
1 | vars: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[...
  |                                                                                                          ^
  |
  = help: flatten the structure
"##,
    );
}

#[test]
fn characters_of_templates_are_refused() {
    golden(
        true,
        &[
            ("environments/prod.yaml", b"vars: {a: \"\\uFDD1\"}\n"),
            ("environments/files/a.txt", "x\u{fdd0}".as_bytes()),
        ],
        r##"
error[load/character]: U+FDD0 cannot stand in a text
 --> environments/files/a.txt:1:2
  |
1 | x﷐
  |  ^
  |
  = note: templates mark values with it; Unicode keeps it free for such uses
  = help: remove the character

error[config/character]: U+FDD1 cannot stand in a text
 --> environments/prod.yaml:1:11
  |
1 | vars: {a: "\uFDD1"}
  |           ^^^^^^^^
  |
  = note: templates mark values with it; Unicode keeps it free for such uses
  = help: remove the character
"##,
    );
}

#[test]
fn a_nearer_sops_config_is_told() {
    golden(
        true,
        &[(".sops.yaml", b"creation_rules: []"), ("environments/secrets/.sops.yaml", b"creation_rules: []")],
        r#"
warning[load/sops-config]: `environments/secrets/.sops.yaml` hides the `.sops.yaml` of the project
 |
 = note: `sops` goes by the one that is nearest above a file
 = help: move what it says to the top of the project, or delete it
"#,
    );
}
