//! A project of any size, to measure with: the fleet of the README's figures.

use std::{fmt::Write as _, fs, io, path::Path};

/// `n` environments of `m` components each, below a folder.
pub(super) fn write(n: usize, m: usize, folder: &Path) -> io::Result<()> {
    let environments = folder.join("environments");
    fs::create_dir_all(&environments)?;
    fs::write(
        environments.join("fleet.yaml"),
        "source: {kind: GitRepository, url: \"https://github.com/example/fleet\", ref: {branch: main}}\nflux: {version: \"2.9\", sync: classic}\n",
    )?;
    fs::write(environments.join("base.yaml"), base(m))?;
    for index in 1..=n {
        fs::write(environments.join(format!("shop-{index:04}.yaml")), environment(index, m))?;
    }
    Ok(())
}

/// The layer: what all have in common. Of ten components eight are web apps, one installs a chart and one
/// is alerts.
fn base(m: usize) -> String {
    let mut text = String::from(
        "abstract: true\nkubernetes: \"1.34\"\nvars: {team: shop}\ncomponents:\n  operator-crds: {pack: prometheus-operator-crds}\n",
    );
    for index in 1..m {
        // Writing to a String cannot fail.
        let _ = match index % 10 {
            3 => writeln!(
                text,
                "  chart-{index:03}:\n    pack: helm-release\n    podSecurity: restricted\n    chart: {{url: oci://registry.example.com/charts/service, version: \"1.{index}.0\"}}\n    values: {{replicas: 2, image: {{tag: \"1.{index}\"}}, config: {{level: info, cache: {{size: 64, ttl: 5m}}}}}}"
            ),
            7 => writeln!(
                text,
                "  alerts-{index:03}:\n    pack: alerts\n    inputs: {{groups: {{app: {{alerts: {{AppDown: {{expr: \"up{{job=\\\"app-{index:03}\\\"}} == 0\", for: 5m, severity: critical, summary: \"{{{{ $labels.instance }}}} is down\"}}}}}}}}}}"
            ),
            _ => writeln!(
                text,
                "  app-{index:03}:\n    pack: web-app\n    inputs:\n      image: registry.example.com/app-{index:03}:1.0.{index}\n      port: 8080\n      replicas: {{min: 2, max: 6}}\n      host: {{$text: \"app-{index:03}.{{cluster.domain}}\"}}\n      env: {{TEAM: {{$from: vars.team}}, CLUSTER: {{$from: cluster.name}}}}\n      networkPolicy: {{from: {{ingress: {{namespace: ingress}}}}}}\n      metrics: {{}}"
            ),
        };
    }
    text
}

/// An environment: its own cluster, and a few apps changed.
fn environment(index: usize, m: usize) -> String {
    let mut text = format!(
        "extends: [base]\ncluster: {{name: shop-{index:04}, domain: shop-{index:04}.example.com}}\nvars: {{team: team-{}}}\ncomponents:\n",
        index % 7
    );
    for app in (1..m).filter(|a| !matches!(a % 10, 3 | 7)).take(5) {
        let _ =
            writeln!(text, "  app-{app:03}: {{inputs: {{replicas: {{min: 3, max: {}}}}}}}", 6 + index % 5);
    }
    text
}
