//! A Kubernetes control plane without a cluster: etcd and the API server, on ports of loopback, in a temporary folder.
//! What it proves and what not stands in `conformance/README.md`.

pub(crate) mod api;
mod artifacts;
pub(crate) mod compare;
pub(crate) mod crds;
pub(crate) mod flux;
mod guard;
mod http;
pub(crate) mod journal;
pub(crate) mod object;
pub(crate) mod project;
mod stand_in;
pub(crate) mod tree;

pub(crate) use guard::{Guard, free_ports};

use crate::context::Context;
use api::Api;
use object::Object;
use serde_json::json;
use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

/// The token of the only user, who may do all.
const TOKEN: &str = "conformance";
/// Any time will do.
const NOW: &str = "2026-11-26T00:00:00Z";

/// etcd and an API server. They end when this value is dropped.
pub(crate) struct ControlPlane {
    pub(crate) api: Api,
    /// For programs that speak TLS themselves.
    pub(crate) kubeconfig: PathBuf,
    folder: PathBuf,
    // Dropped in this order.
    _proxy: Guard,
    _server: Guard,
    _etcd: Guard,
}

impl ControlPlane {
    /// Starts one and waits until it is ready.
    pub(crate) fn start(context: &Context) -> Self {
        let folder = context.folder("control-plane");
        let [client, peer, secure, plain] = free_ports();
        let etcd = etcd(context, &folder, client, peer);
        let server = server(context, &folder, client, secure);
        let certificate = folder.join("certificates/apiserver.crt");
        let listens = || certificate.exists() && TcpStream::connect(("127.0.0.1", secure)).is_ok();
        until(Duration::from_secs(60), &|| server.last_words(), listens);
        let kubeconfig = kubeconfig(&folder, secure);
        let arguments = ["proxy", "--kubeconfig", kubeconfig.to_str().unwrap(), "--port", &plain.to_string()];
        let proxy = Guard::start(context, &folder, "kubectl", &[], arguments);
        let api = Api::new(plain);
        let words = || format!("{}\n{}", server.last_words(), proxy.last_words());
        until(Duration::from_secs(60), &words, || api.ready());
        Self { api, kubeconfig, folder, _proxy: proxy, _server: server, _etcd: etcd }
    }

    /// A certificate with a key of RSA, as good for sealing as any.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("certificates/apiserver.crt")
    }

    /// Its private key.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.join("certificates/apiserver.key")
    }

    /// Creates a namespace with these labels, if it is not there.
    pub(crate) fn namespace(&self, name: &str, labels: &serde_json::Value) {
        let metadata = json!({"name": name, "labels": labels});
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
        self.api.must_apply(&Object::new(object));
    }
}

fn etcd(context: &Context, folder: &Path, client: u16, peer: u16) -> Guard {
    let url = |port: u16| format!("http://127.0.0.1:{port}");
    let arguments = [
        "--unsafe-no-fsync".to_owned(),
        format!("--data-dir={}", folder.join("etcd").display()),
        format!("--listen-client-urls={}", url(client)),
        format!("--advertise-client-urls={}", url(client)),
        format!("--listen-peer-urls={}", url(peer)),
        format!("--initial-advertise-peer-urls={}", url(peer)),
        format!("--initial-cluster=default={}", url(peer)),
        "--log-level=error".to_owned(),
    ];
    Guard::start(context, folder, "etcd", &[], arguments)
}

/// It makes its own certificate, whose key also signs tokens of service accounts.
fn server(context: &Context, folder: &Path, etcd: u16, secure: u16) -> Guard {
    let certificates = folder.join("certificates");
    let key = certificates.join("apiserver.key");
    let tokens = folder.join("tokens.csv");
    fs::write(&tokens, format!("{TOKEN},conformance,conformance,system:masters\n")).unwrap();
    let arguments = [
        format!("--etcd-servers=http://127.0.0.1:{etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={secure}"),
        format!("--cert-dir={}", certificates.display()),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", key.display()),
        format!("--service-account-signing-key-file={}", key.display()),
        format!("--token-auth-file={}", tokens.display()),
        "--authorization-mode=RBAC".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
        // It wants a token controller, which does not run here.
        "--disable-admission-plugins=ServiceAccount".to_owned(),
    ];
    Guard::start(context, folder, "kube-apiserver", &[], arguments)
}

fn kubeconfig(folder: &Path, secure: u16) -> PathBuf {
    let certificate = folder.join("certificates/apiserver.crt");
    let server =
        json!({"server": format!("https://127.0.0.1:{secure}"), "certificate-authority": certificate});
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "conformance", "cluster": server}],
        "users": [{"name": "conformance", "user": {"token": TOKEN}}],
        "contexts": [{"name": "conformance", "context": {"cluster": "conformance", "user": "conformance"}}],
        "current-context": "conformance",
    });
    let path = folder.join("kubeconfig");
    fs::write(&path, config.to_string()).unwrap();
    path
}

/// Asks every 30 milliseconds until it is so.
///
/// # Panics
/// If it is not so within the time; `why` says what is known then.
pub(crate) fn until(limit: Duration, why: &dyn Fn() -> String, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !so() {
        assert!(Instant::now() < end, "not so within {limit:?}: {}", why());
        thread::sleep(Duration::from_millis(30));
    }
}
