//! What a Secret of a known type must hold so that the cluster takes it and can use it.

use crate::{
    diag::{Diagnostic, Problems},
    plain::Plain,
    resolve,
    seal::MOST_VALUES,
    secret::{
        Moment,
        docker::{self, DOCKER_KEY, DockerFault},
        manifest,
        ssh::{self, SshFault},
        tls::{self, TlsFault},
    },
    yaml::commented::Document,
};

/// Reports what is wrong with a Secret: keys that its type needs, a key that fits no certificate, passwords that are kept
/// elsewhere, private keys with a passphrase.
pub(in crate::cli) fn check(document: &Document, now: Moment, problems: &mut Problems) {
    let kind = document.text_at(&["type"]).unwrap_or("Opaque");
    let keys = manifest::keys(document);
    if let Some((options, needed)) = resolve::own_form(kind) {
        for key in needed.iter().filter(|key| !keys.contains(*key)) {
            let message = format!("a Secret of type `{kind}` must have a key `{key}`");
            let help = format!("give it with `{}`", options.join(" "));
            problems.push(Diagnostic::error("seal/type", message).help(help));
        }
    }
    whole(document, kind, problems);
    let value = |key: &str| manifest::value(document, key);
    if let (Some(certificate), Some(key)) = (value("tls.crt"), value("tls.key")) {
        pair(&certificate, &key, now, problems);
    }
    if let Some(config) = value(DOCKER_KEY)
        && let Err(fault) = docker::check(&config)
    {
        problems.push(docker_fault(fault));
    }
    if let Some(hosts) = value("known_hosts").filter(|_| is_ssh(&keys))
        && let Err(line) = ssh::known_hosts(&hosts)
    {
        let message = format!("line {line} of `known_hosts` names no host with its key");
        problems.push(Diagnostic::error("seal/ssh", message).help(
            "take what `ssh-keyscan HOST` prints, and compare the keys with those the host is known by",
        ));
    }
    if let Some(key) = value("ssh-privatekey")
        && let Err(fault) = ssh::private_key(&key)
    {
        let said = Diagnostic::error("seal/ssh", format!("`ssh-privatekey` {}", ssh_fault(fault)));
        problems.push(
            said.help(
                "give a private key that has no passphrase, such as `ssh-keygen -t ed25519 -N ''` makes",
            ),
        );
    }
}

/// Is it a Secret to sign in by SSH with, as Kubernetes or Flux has it?
fn is_ssh(keys: &[&str]) -> bool {
    keys.iter().any(|key| matches!(*key, "ssh-privatekey" | "identity"))
}

/// Reports what Kubernetes does not take of a Secret as a whole: its type, its size.
fn whole(document: &Document, kind: &str, problems: &mut Problems) {
    if !manifest::is_type(kind) {
        problems
            .push(Diagnostic::error("seal/type", format!("`{kind}` cannot be the type of a Secret")).help(
            "use letters, digits, `.`, `-`, `_` and `/`, such as `kubernetes.io/tls` or `example.com/token`",
        ));
    }
    let sizes = manifest::keys(document).into_iter().filter_map(|key| manifest::value(document, key));
    let size: usize = sizes.map(|value| value.len()).sum();
    if size > MOST_VALUES {
        let name = document.text_at(&["metadata", "name"]).unwrap_or_default();
        let message =
            format!("the values of `{name}` have {size} bytes; the API server takes at most {MOST_VALUES}");
        problems.push(Diagnostic::error("secret/size", message).help("make several Secrets of it"));
    }
}

fn pair(certificate: &Plain, key: &Plain, now: Moment, problems: &mut Problems) {
    let (message, help) = match tls::pair(certificate, key) {
        Ok(pair) => {
            if let Some((from, until)) = pair.validity.as_ref().filter(|_| !pair.is_valid(now)) {
                problems.push(
                    Diagnostic::warning("seal/validity", "the certificate in `tls.crt` is not valid now")
                        .because(format!("it is from {from} to {until}"))
                        .help("seal one that is"),
                );
            }
            return;
        }
        Err(TlsFault::NoCertificate) => {
            ("`tls.crt` is no certificate in PEM".to_owned(), "it begins with `-----BEGIN CERTIFICATE-----`")
        }
        Err(TlsFault::DamagedCertificate) => (
            "`tls.crt` holds a certificate that is cut off or damaged".to_owned(),
            "take it anew, whole: from `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`",
        ),
        Err(TlsFault::KeyBeside) => (
            "`tls.crt` holds a private key beside its certificate".to_owned(),
            "leave only certificates there: what reads `tls.crt` takes it for public",
        ),
        Err(TlsFault::DamagedKey) => (
            "`tls.key` holds a private key that is cut off or damaged".to_owned(),
            "take it anew, whole, with its lines `-----BEGIN` and `-----END`",
        ),
        Err(TlsFault::NoKey) => {
            ("`tls.key` is no private key in PEM".to_owned(), "it begins with `-----BEGIN PRIVATE KEY-----`")
        }
        Err(TlsFault::Passphrase) => (
            "the private key in `tls.key` is protected by a passphrase".to_owned(),
            "take it away with `openssl pkey -in FILE`: nobody in a cluster can type it",
        ),
        Err(TlsFault::Foreign) => (
            "the private key in `tls.key` does not fit the certificate in `tls.crt`".to_owned(),
            "give the two that belong together",
        ),
        Err(TlsFault::Order(number)) => (
            format!(
                "the private key in `tls.key` fits the certificate number {number} in `tls.crt`, not the first"
            ),
            "put the server's own certificate first, its chain after it",
        ),
    };
    problems.push(Diagnostic::error("seal/tls", message).help(help));
}

/// What is wrong with a `.dockerconfigjson`.
pub(in crate::cli) fn docker_fault(fault: DockerFault) -> Diagnostic {
    match fault {
        DockerFault::Shape => {
            Diagnostic::error("seal/docker", format!("`{DOCKER_KEY}` holds no passwords of registries")).help(
                "it is JSON, `{\"auths\": {\"REGISTRY\": {\"auth\": …}}}`; `--docker REGISTRY=USER` makes it",
            )
        }
        DockerFault::Auth => {
            let message = format!("an `auth` in `{DOCKER_KEY}` is no base64 of `USER:PASSWORD`");
            Diagnostic::error("seal/docker", message)
                .because("kubelets read it so, and pass over the whole file")
                .help("`--docker REGISTRY=USER` makes it")
        }
        DockerFault::Elsewhere => Diagnostic::error(
            "seal/docker",
            format!("`{DOCKER_KEY}` holds no passwords, but names a program that keeps them"),
        )
        .because("that program (`credsStore`, `credHelpers`) is on your machine, not in the cluster")
        .help("use `--docker REGISTRY=USER`, which asks for the password"),
    }
}

/// What is wrong with an SSH key, to be put behind its name.
pub(in crate::cli) fn ssh_fault(fault: SshFault) -> &'static str {
    match fault {
        SshFault::NoKey => "holds no private key",
        SshFault::Public => "is a public key",
        SshFault::Passphrase => "is protected by a passphrase, which nobody in a cluster can type",
    }
}
