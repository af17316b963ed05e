//! The command that seals a Secret, for messages that tell to run it.

use super::{model::NeededKey, policy::SealedPath};

/// The command that seals a Secret with these keys, as it is pasted into a shell: keys that can be made up are, the
/// others are asked for.
pub fn seal_command(path: &SealedPath, secret_type: Option<&str>, keys: &[NeededKey]) -> String {
    let SealedPath { owner, component, name } = path;
    let mut words = vec!["gen".to_owned(), "seal".to_owned(), owner.clone(), format!("{component}/{name}")];
    if let Some((options, own)) = secret_type.and_then(own_form) {
        words.extend(options.iter().map(|word| (*word).to_owned()));
        for key in keys.iter().filter(|key| !own.contains(&&*key.name)) {
            words.extend(["--from-file".to_owned(), format!("{}=PATH", key.name)]);
        }
        return words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ");
    }
    words.extend(keys.iter().filter(|key| key.generate.is_none()).map(|key| key.name.clone()));
    for (key, generate) in keys.iter().filter_map(|key| Some((key, key.generate.as_ref()?))) {
        let length = generate.length.unwrap_or(GENERATED_LENGTH);
        let alphabet = generate.alphabet.as_ref().map(|alphabet| format!(":{alphabet}")).unwrap_or_default();
        words.extend(["--generate".to_owned(), format!("{}={length}{alphabet}", key.name)]);
    }
    if let Some(secret_type) = secret_type.filter(|t| *t != "Opaque") {
        words.extend(["--type".to_owned(), secret_type.to_owned()]);
    }
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

/// Of a type of Secrets that have several lines, or a form of their own, and are not asked for key by key: the options of
/// `gen seal`, and the keys that they give, without which the API server refuses one.
pub fn own_form(secret_type: &str) -> Option<(&'static [&'static str], &'static [&'static str])> {
    match secret_type {
        "kubernetes.io/tls" => Some((&["--tls", "CERTIFICATE.pem", "KEY.pem"], &["tls.crt", "tls.key"])),
        "kubernetes.io/dockerconfigjson" => Some((&["--docker", "REGISTRY=USER"], &[".dockerconfigjson"])),
        "kubernetes.io/ssh-auth" => Some((&["--ssh-key", "FILE"], &["ssh-privatekey"])),
        _ => None,
    }
}

/// How many characters are made up where nobody says.
pub const GENERATED_LENGTH: u16 = 32;

/// A word for a POSIX shell.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:=@%+,-".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Generate;

    fn key(name: &str, generate: Option<(Option<u16>, Option<&str>)>) -> NeededKey {
        let generate =
            generate.map(|(length, alphabet)| Generate { length, alphabet: alphabet.map(str::to_owned) });
        NeededKey { name: name.to_owned(), description: None, generate }
    }

    #[test]
    fn the_command_can_be_pasted() {
        let path = SealedPath { owner: "edge/layer".into(), component: "db".into(), name: "db-admin".into() };
        let keys = [
            key("user", None),
            key("password", Some((Some(40), None))),
            key("pin", Some((None, Some("0123456789")))),
            key("odd", Some((Some(8), Some("a'$ ")))),
        ];
        assert_eq!(
            seal_command(&path, Some("kubernetes.io/basic-auth"), &keys),
            r"gen seal edge/layer db/db-admin user --generate password=40 --generate pin=32:0123456789 --generate 'odd=8:a'\''$ ' --type kubernetes.io/basic-auth"
        );
        assert_eq!(
            seal_command(&path, Some("kubernetes.io/tls"), &[key("ca.crt", None), key("tls.crt", None)]),
            "gen seal edge/layer db/db-admin --tls CERTIFICATE.pem KEY.pem --from-file ca.crt=PATH"
        );
        assert_eq!(seal_command(&path, Some("Opaque"), &[]), "gen seal edge/layer db/db-admin");
    }
}
