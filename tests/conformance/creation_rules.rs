//! `sops` finds in `.sops.yaml` what `gen secrets explain` says: the same recipients for every file, in one that `gen`
//! made and in those of others, and what it encrypts by it agrees with the policy.

use crate::{
    context::Context,
    suite::{Case, Judge},
};
use serde_json::Value as Json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

pub(crate) const JUDGE: Judge =
    Judge { name: "creation-rules", programs: &["sops", "age-keygen"], waits: false, cases };

/// Files that may be sealed, of environments and layers at several depths.
const FILES: [(&str, &str); 6] = [
    ("base", "app/app-a"),
    ("prod", "app/app-b"),
    ("edge/layer", "app/app-c"),
    ("edge/one", "app/app.d"),
    ("edge/deep/er", "app/app-e"),
    ("strong", "app/app-f"),
];

/// Files of `creation_rules` as people write them; `A`, `B` and `S` stand for keys of age and of SSH, `R` for what is
/// encrypted.
const FOREIGN: [(&str, &str); 6] = [
    ("everything", "- {age: A, R}\n"),
    ("list", "- {path_regex: secrets/edge/, age: [A, B], R}\n- {path_regex: '', age: 'B, S,', R}\n"),
    (
        "first-match",
        "- {path_regex: 'prod/.*\\.sops\\.ya?ml$', age: A, R}\n- {path_regex: (prod|base)/, age: B, R}\n- {path_regex: ^environments/, age: S, R}\n",
    ),
    (
        "groups",
        "- {path_regex: layer, key_groups: [{merge: [{age: [A]}, {age: [B]}], age: [S]}], R}\n- {age: A, R}\n",
    ),
    ("twice", "- {key_groups: [{age: ['A, B', B]}], R}\n"),
    ("none", "- {path_regex: '\\.sops\\.yml$', age: A, R}\n"),
];

/// For tests: nobody has its private half.
const SSH: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE2QZJpnwknT5OBtXcyOhvZnUoEtmmcoBSyxOHUTiv15";

fn cases(context: &Context) -> Vec<Case<'_>> {
    let mut cases = vec![Case::new("generated", move || {
        let court = Court::new(context, "generated");
        context.must_gen(&court.project, &["render", "--all", "--allow-missing-secrets"]);
        court.judge(&FILES);
        FILES.iter().for_each(|file| court.agrees(file));
        court.nothing_else();
    })];
    for (name, rules) in FOREIGN {
        cases.push(Case::new(format!("foreign/{name}"), move || {
            let court = Court::new(context, name);
            let rules =
                rules.replace('R', "encrypted_regex: ^(data|stringData)$").replace('A', &court.keys[0]);
            let rules = rules.replace('B', &court.keys[1]).replace('S', SSH);
            fs::write(court.project.join(".sops.yaml"), format!("creation_rules:\n{rules}")).unwrap();
            court.judge(&FILES[..4]);
        }));
    }
    cases
}

struct Court<'c> {
    context: &'c Context,
    project: PathBuf,
    keys: [String; 2],
}

impl<'c> Court<'c> {
    /// A project with keys of all kinds that `sops` encrypts for without help.
    fn new(context: &'c Context, name: &str) -> Self {
        let key = |arguments: &[&str]| {
            let made = context.command("age-keygen").args(arguments).output().unwrap();
            let text = String::from_utf8(made.stdout).unwrap();
            text.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned()
        };
        let keys = [key(&[]), key(&[])];
        let project = context.folder(name);
        let write = |path: &str, text: &str| {
            let path = project.join("environments").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let [a, b] = &keys;
        let strong = key(&["-pq"]);
        let keys_of_fleet = format!("{{a: {a}, b: {b}, strong: {strong}, alice: {SSH} alice@example.com}}");
        write("fleet.yaml", &format!("{{flux: {{sync: none}}, keys: {keys_of_fleet}}}"));
        write(
            "base.yaml",
            "{abstract: true, secrets: {recipients: [alice]}, components: {app: {pack: raw}}}",
        );
        write("edge/layer.yaml", "{abstract: true, extends: [base]}");
        for (name, layer, secrets) in [
            ("prod", "base", "{cluster: a}"),
            ("edge/one", "edge/layer", "{cluster: b, recipients: [a, alice]}"),
            ("edge/deep/er", "edge/layer", "{cluster: b}"),
            ("strong", "base", "{cluster: strong, recipients: []}"),
        ] {
            let cluster = name.replace('/', "-");
            write(
                &format!("{name}.yaml"),
                &format!("{{extends: [{layer}], cluster: {{name: {cluster}}}, secrets: {secrets}}}"),
            );
        }
        Self { context, project, keys }
    }

    fn explain(&self, (owner, file): &(&str, &str)) -> Json {
        let said =
            self.context.run_gen(&self.project, &["secrets", "explain", owner, file, "--format", "json"]);
        serde_json::from_slice(&said.stdout).unwrap()
    }

    fn sops(&self, path: &Path) -> Command {
        let mut command = self.context.command("sops");
        command.current_dir(&self.project).args(["encrypt", "--in-place"]).arg(path);
        command
    }

    /// Encrypts each file with `sops`: by the rule, and for those, that we say.
    fn judge(&self, files: &[(&str, &str)]) {
        for file in files {
            let said = self.explain(file);
            let path = PathBuf::from(said["path"].as_str().unwrap());
            let name = file.1.split_once('/').unwrap().1;
            let whole = self.project.join(&path);
            fs::create_dir_all(whole.parent().unwrap()).unwrap();
            let secret = format!(
                "apiVersion: v1\nkind: Secret\nmetadata: {{name: {name}, namespace: app}}\nstringData: {{a: b}}\n"
            );
            fs::write(&whole, secret).unwrap();
            let encrypted = self.sops(&path).output().unwrap();
            let rule = &said["sops"];
            if rule.is_null() {
                let stderr = String::from_utf8_lossy(&encrypted.stderr).into_owned();
                assert!(stderr.contains("no matching creation rules found"), "{}: {stderr}", path.display());
                fs::remove_file(&whole).unwrap();
                continue;
            }
            let stderr = String::from_utf8_lossy(&encrypted.stderr).into_owned();
            assert!(encrypted.status.success(), "{}: {stderr}", path.display());
            let now = self.explain(file);
            assert_eq!(set(&now["file"]["keys"]), set(&rule["keys"]), "{}", path.display());
            assert_eq!(now["file"]["keyGroups"], 1);
        }
    }

    /// A file that `sops` encrypted by our rules is as the policy wants it, and only its values are encrypted.
    fn agrees(&self, file: &(&str, &str)) {
        let said = self.explain(file);
        assert_eq!((&said["agrees"], &said["sops"]["agrees"]), (&true.into(), &true.into()), "{said}");
        let text = fs::read_to_string(self.project.join(said["path"].as_str().unwrap())).unwrap();
        assert!(text.contains("    encrypted_regex: ^(data|stringData)$\n"), "{text}");
        assert!(text.contains("kind: Secret\n") && text.contains("    a: ENC[AES256_GCM,"), "{text}");
    }

    /// No other file of the project is encrypted by our rules.
    fn nothing_else(&self) {
        for path in [
            "environments/secrets/x.sops.yaml",
            "environments/secrets/prod/x.sops.yaml",
            "environments/secrets/prod/app/deep/x.sops.yaml",
            "environments/secrets/prod/app/x.yaml",
            "x/environments/secrets/prod/app/x.sops.yaml",
        ] {
            let whole = self.project.join(path);
            fs::create_dir_all(whole.parent().unwrap()).unwrap();
            fs::write(&whole, "a: b\n").unwrap();
            let said = self.sops(Path::new(path)).output().unwrap();
            let stderr = String::from_utf8_lossy(&said.stderr);
            assert!(stderr.contains("no matching creation rules found"), "{path}: {stderr}");
            fs::remove_file(whole).unwrap();
        }
    }
}

fn set(list: &Json) -> BTreeSet<&str> {
    list.as_array().unwrap().iter().map(|key| key.as_str().unwrap()).collect()
}
