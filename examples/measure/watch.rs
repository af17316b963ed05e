//! How long `gen watch` takes from a save to its result, in this repository's own fleet.

use super::{build, figures::gen_command, root};
use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

/// So many saves, of which the median counts.
pub(super) const SAVES: usize = 15;
/// An editor rests so long between two saves: what one brings is over before the next.
const REST: Duration = Duration::from_millis(200);

/// Builds, measures and prints.
pub(super) fn print() -> Result<(), String> {
    let gen_path = build(root(), &root().join("target"), &[])?;
    let temporary = tempfile::tempdir().map_err(|e| e.to_string())?;
    let median = median(&gen_path, temporary.path())?;
    println!("`gen watch`, example fleet: from save to result {:.0} ms (median of {SAVES})", median * 1000.0);
    Ok(())
}

/// Seconds from a save of `prod.yaml` until the result stands on standard output.
pub(super) fn median(gen_path: &Path, folder: &Path) -> Result<f64, String> {
    let project = folder.join("example");
    for part in ["environments", "templates", "manifests"] {
        copy(&root().join(part), &project.join(part)).map_err(|e| format!("{part}: {e}"))?;
    }
    let file = project.join("environments/prod.yaml");
    let text = fs::read_to_string(&file).map_err(|e| e.to_string())?;
    let save = |turn| fs::write(&file, with_own(&text, turn)?).map_err(|e| e.to_string());
    save(0)?;
    let mut command = gen_command(gen_path, &project, "watch prod --format json");
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|e| format!("{command:?}: {e}"))?;
    let output = child.stdout.take().ok_or("there is no pipe")?;
    let times = saves(save, BufReader::new(output));
    let _ = child.kill();
    child.wait().map_err(|e| e.to_string())?;
    let mut times = times?;
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// The environment with a component of its own, in which the number stands.
fn with_own(text: &str, turn: usize) -> Result<String, String> {
    let own = format!(
        "components:\n  turn:\n    pack: raw\n    extra: {{a: {{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}, data: {{turn: turn-{turn}}}}}}}\n"
    );
    let changed = text.replacen("components:\n", &own, 1);
    if changed == text { Err("the example fleet is not what it was".to_owned()) } else { Ok(changed) }
}

/// What each save took.
fn saves(save: impl Fn(usize) -> Result<(), String>, output: impl BufRead) -> Result<Vec<f64>, String> {
    let mut lines = output.lines();
    let mut until = |part: &str| loop {
        match lines.next() {
            Some(Ok(line)) if line.contains(part) => return Ok(()),
            Some(Ok(_)) => {}
            _ => return Err(format!("`gen watch` ended without `{part}`")),
        }
    };
    // The result of the start.
    until("\"findings\"")?;
    let mut times = Vec::new();
    for turn in 1..=SAVES {
        thread::sleep(REST);
        let start = Instant::now();
        save(turn)?;
        until(&format!("turn-{turn}\""))?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(times)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
