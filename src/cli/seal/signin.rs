//! Credentials of usual kinds: registries, TLS, user and password, SSH.

use super::given::{Value, answer};
use crate::{
    cli::secret::{docker_fault, ssh_fault},
    diag::{Diagnostic, Problems},
    host,
    plain::{Plain, PlainText},
    secret::{
        docker::{self, DOCKER_KEY},
        manifest, ssh,
    },
    yaml::commented::Document,
};
use std::path::{Path, PathBuf};

/// Credentials that belong together.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Credentials of usual kinds")]
pub(super) struct SignInArguments {
    /// User of a registry, whose password is asked for (kubernetes.io/dockerconfigjson)
    #[arg(long, value_name = "REGISTRY=USER")]
    docker: Vec<String>,
    /// Certificate with its chain, and its private key, in PEM (kubernetes.io/tls)
    #[arg(long, num_args = 2, value_names = ["CERTIFICATE", "KEY"])]
    tls: Vec<PathBuf>,
    /// User whose password is asked for (kubernetes.io/basic-auth)
    #[arg(long, value_name = "USER")]
    basic_auth: Option<String>,
    /// Private key without a passphrase (kubernetes.io/ssh-auth)
    #[arg(long, value_name = "FILE")]
    ssh_key: Option<PathBuf>,
    /// With --ssh-key: the keys of the hosts, as `ssh-keyscan` prints them
    #[arg(long, value_name = "FILE", requires = "ssh_key")]
    known_hosts: Option<PathBuf>,
    /// The password from standard input; one trailing line feed is left out
    #[arg(long, conflicts_with = "stdin")]
    password_stdin: bool,
}

impl SignInArguments {
    /// Is nothing given?
    pub(super) fn is_empty(&self) -> bool {
        self.docker.is_empty() && self.tls.is_empty() && self.basic_auth.is_none() && self.ssh_key.is_none()
    }

    /// The type that a Secret with these has. `None` if there are none, or if an error was pushed.
    pub(super) fn kind(&self, problems: &mut Problems) -> Option<&'static str> {
        let kinds = [
            (!self.docker.is_empty(), "kubernetes.io/dockerconfigjson"),
            (!self.tls.is_empty(), "kubernetes.io/tls"),
            (self.basic_auth.is_some(), "kubernetes.io/basic-auth"),
            (self.ssh_key.is_some(), "kubernetes.io/ssh-auth"),
        ];
        let mut found = kinds.iter().filter(|(is_given, _)| *is_given).map(|(_, kind)| *kind);
        let (first, second) = (found.next(), found.next());
        if let (Some(first), Some(second)) = (first, second) {
            problems.push(
                Diagnostic::error("seal/type", format!("a Secret is either `{first}` or `{second}`"))
                    .help("seal them one after the other, each with a name of its own"),
            );
            return None;
        }
        first
    }

    /// The values that need nobody to be asked.
    pub(super) fn values(&self, problems: &mut Problems) -> Vec<Value> {
        let mut values = Vec::new();
        let mut file = |key: &str, path: &Path, problems: &mut Problems| match host::read_secret(path) {
            Ok(plain) => values.push(Value { key: key.to_owned(), plain }),
            Err(why) => problems.push(
                Diagnostic::error("seal/value", format!("`{}` {why}", path.display()))
                    .help("name what can be read"),
            ),
        };
        if let [certificate, key] = self.tls.as_slice() {
            file("tls.crt", certificate, problems);
            file("tls.key", key, problems);
        }
        if let Some(path) = &self.ssh_key {
            file("ssh-privatekey", path, problems);
        }
        if let Some(path) = &self.known_hosts {
            file("known_hosts", path, problems);
        }
        if let Some(path) = &self.ssh_key
            && let Some(Err(fault)) =
                values.iter().find(|v| v.key == "ssh-privatekey").map(|v| ssh::private_key(&v.plain))
        {
            problems.push(
                Diagnostic::error("seal/ssh", format!("`{}` {}", path.display(), ssh_fault(fault))).help(
                    "give a private key that has no passphrase, such as `ssh-keygen -t ed25519 -N ''` makes",
                ),
            );
        }
        values
    }

    /// The keys that passwords go into, for the check that no key is given twice.
    pub(super) fn asked_keys(&self) -> Vec<&str> {
        let mut keys = Vec::new();
        if !self.docker.is_empty() {
            keys.push(DOCKER_KEY);
        }
        if self.basic_auth.is_some() {
            keys.extend(["username", "password"]);
        }
        keys
    }

    /// Asks for passwords. `before` is the Secret that is there, whose other registries stay. `None` if an error was
    /// pushed.
    pub(super) fn ask(&self, before: Option<&Document>, problems: &mut Problems) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        let mut config: Option<Plain> = before.and_then(|document| manifest::value(document, DOCKER_KEY));
        for written in &self.docker {
            let Some((registry, user)) =
                written.split_once('=').filter(|(r, u)| !r.is_empty() && !u.is_empty())
            else {
                problems.push(
                    Diagnostic::error("seal/docker", format!("`{written}` is not REGISTRY=USER"))
                        .help("for instance `--docker ghcr.io=robot`"),
                );
                return None;
            };
            // What stands behind the colon may be a password: it is not shown.
            if let Some((user, _)) = user.split_once(':') {
                let message = format!("the user `{user}` at `{registry}` is followed by `:` and more");
                problems.push(
                    Diagnostic::error("seal/docker", message)
                        .because("a user has no `:`, and a password is not taken from the command line")
                        .help(format!("write `--docker {registry}={user}`: the password is asked for"))
                        .help("if that was the password, replace it where it was issued"),
                );
                return None;
            }
            let password = self.password(&format!("Password of {user} at {registry}"), problems)?;
            // Docker Hub is known to kubelets by this name only.
            let registry = if registry == "docker.io" { "https://index.docker.io/v1/" } else { registry };
            match docker::sign_in(config.as_ref(), registry, user, &password) {
                Ok(new) => config = Some(new),
                Err(fault) => {
                    problems.push(docker_fault(fault));
                    return None;
                }
            }
        }
        if !self.docker.is_empty() {
            values.extend(config.map(|plain| Value { key: DOCKER_KEY.to_owned(), plain }));
        }
        if let Some(user) = &self.basic_auth {
            let password = self.password(&format!("Password of {user}"), problems)?;
            values.push(Value { key: "username".to_owned(), plain: Plain::from(user.as_str()) });
            values.push(Value { key: "password".to_owned(), plain: password.into() });
        }
        Some(values)
    }

    fn password(&self, what: &str, problems: &mut Problems) -> Option<PlainText> {
        if !self.password_stdin {
            return answer(&format!("{what}: "), "password", problems);
        }
        let text = host::read_stdin()
            .and_then(|plain| plain.into_text().map_err(|_| "holds no UTF-8 text".to_owned()))
            .map(|text| PlainText::from(text.strip_suffix('\n').unwrap_or(&text)));
        let why = match text {
            Ok(text) if !text.is_empty() => return Some(text),
            Ok(_) => "holds nothing".to_owned(),
            Err(why) => why,
        };
        problems.push(
            Diagnostic::error("seal/value", format!("standard input {why}"))
                .help("pipe one password into it; for several registries run this several times"),
        );
        None
    }
}
