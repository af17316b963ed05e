//! The pictures in the README are what a terminal shows: each is drawn from a real run, and must be what is drawn now.
//! `GEN_GOLDEN=rewrite cargo test --test main screens` draws them anew: look at them.

use crate::{sandbox::Sandbox, terminal::Terminal};
use std::{env, fmt::Write, fs, path::Path};

const FLEET: &str = "source: {kind: GitRepository, url: \"https://github.com/example/fleet\", ref: {branch: main}}\nflux: {version: \"2.9\", sync: classic}\n";

const BASE: &str = "\
abstract: true
kubernetes: \"1.34\"
components:
  shop:
    pack: web-app
    inputs:
      image: ghcr.io/example/shop:2.1.0
      port: 8080
      replicas: {min: 2, max: 6}
";

const PROD: &str = "\
extends: [base]
cluster: {name: prod, domain: example.com}
components:
  shop:
    inputs:
      replicas: {min: 2, max: 10}
";

const BROKEN: &str = "\
extends: [base]
cluster: {name: prod, domain: example.com}
components:
  shop:
    inputs:
      port: \"eighty\"
      replica: {min: 3, max: 10}
      env: {DATABASE: {$from: components.databse.host}}
  database: {pack: web-app, inputs: {image: ghcr.io/example/database:1.0.0, port: 5432}}
";

/// A project whose environment `prod` is this.
fn project(prod: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    for (name, text) in [("fleet", FLEET), ("base", BASE), ("prod", prod)] {
        sandbox.write(&format!("environments/{name}.yaml"), text.as_bytes());
    }
    sandbox
}

#[test]
fn the_picture_of_errors_is_true() {
    drawn("errors", &[(&project(BROKEN), "gen render prod")]);
}

#[test]
fn the_picture_of_a_change_is_true() {
    let sandbox = project(PROD);
    assert!(sandbox.gen_(&["render", "prod"]).status.success());
    sandbox.edit("environments/prod.yaml", "max: 10", "max: 20");
    let explain = "gen explain fleet-out/prod/apps/shop/horizontalpodautoscaler.yaml:14";
    drawn("change", &[(&sandbox, "gen diff prod"), (&sandbox, explain)]);
}

/// Runs the commands at a terminal, and compares the picture of that with the one in `docs/images/`.
fn drawn(name: &str, commands: &[(&Sandbox, &str)]) {
    let (mut shown, mut coloured) = (String::new(), false);
    for (sandbox, line) in commands {
        let mut command = sandbox.command(env!("CARGO_BIN_EXE_gen"));
        command.args(line.split(' ').skip(1)).env("TERM", "xterm-256color");
        let (text, _) = Terminal::run_all(command).end();
        coloured |= text.contains("\u{1b}[");
        let _ = write!(
            shown,
            "{}\u{1b}[1m$ {line}\u{1b}[0m\n{}\n",
            if shown.is_empty() { "" } else { "\n" },
            text.trim_end()
        );
    }
    assert!(coloured, "no colours are shown:\n{shown}");
    let picture = svg(&screen(&shown));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/images/{name}.svg"));
    if env::var("GEN_GOLDEN").is_ok_and(|word| word == "rewrite") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        return fs::write(path, picture).unwrap();
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == picture,
        "{} is not what is shown now: GEN_GOLDEN=rewrite draws it anew\n{shown}",
        path.display()
    );
}

/// How a character looks: bold, and the number of its colour (ECMA-48: 30 to 37, 90 to 97), 0 for that of text.
type Look = (bool, u16);

/// A line of a terminal: runs of characters that look alike, with the column that each begins at.
type Line = Vec<(usize, Look, String)>;

/// What stands on a terminal after a text with the sequences that set colours was written to it.
fn screen(text: &str) -> Vec<Line> {
    let mut look = (false, 0);
    text.lines()
        .map(|line| {
            let (mut runs, mut column, mut rest): (Line, usize, &str) =
                (Vec::new(), 0, line.trim_end_matches('\r'));
            while !rest.is_empty() {
                if let Some((codes, behind)) =
                    rest.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m'))
                {
                    codes.split(';').for_each(|code| look = looks(look, code.parse().unwrap_or(0)));
                    rest = behind;
                    continue;
                }
                let end = rest.find('\u{1b}').unwrap_or(rest.len());
                assert!(end > 0, "a sequence that sets no colour: {rest:?}");
                runs.push((column, look, rest[..end].to_owned()));
                column += rest[..end].chars().count();
                rest = &rest[end..];
            }
            runs
        })
        .collect()
}

fn looks((bold, colour): Look, code: u16) -> Look {
    match code {
        0 => (false, 0),
        1 => (true, colour),
        22 => (false, colour),
        30..=37 | 90..=97 => (bold, code),
        39 => (bold, 0),
        _ => panic!("what is the code {code}?"),
    }
}

/// Points of a character, of a line, and around all.
const CHARACTER: f64 = 8.43;
const ROW: usize = 19;
const EDGE: usize = 16;

/// A dark terminal with these lines.
fn svg(lines: &[Line]) -> String {
    let columns =
        lines.iter().flatten().map(|(column, _, text)| column + text.chars().count()).max().unwrap_or(0);
    let (width, height) = (left(columns + 1) + EDGE as f64, lines.len() * ROW + 2 * EDGE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height}\" viewBox=\"0 0 {width:.0} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f27\"/>\n\
         <g font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"14\" fill=\"#d5d9e0\" xml:space=\"preserve\">\n"
    );
    for (number, line) in lines.iter().enumerate() {
        for (column, (bold, colour), text) in line.iter().filter(|(_, _, text)| !text.trim().is_empty()) {
            // Blanks at the start are left to the place: not every reader keeps them.
            let blank = text.chars().take_while(|c| *c == ' ').count();
            let text = text.trim_matches(' ');
            let (x, y) = (left(column + blank), EDGE + number * ROW + 14);
            let wide = text.chars().count() as f64 * CHARACTER;
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let look = [
                bold.then(|| " font-weight=\"bold\"".to_owned()),
                hue(*colour).map(|h| format!(" fill=\"{h}\"")),
            ];
            let look: String = look.into_iter().flatten().collect();
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{wide:.1}\" lengthAdjust=\"spacingAndGlyphs\"{look}>{text}</text>"
            );
        }
    }
    svg + "</g>\n</svg>\n"
}

fn left(column: usize) -> f64 {
    EDGE as f64 + column as f64 * CHARACTER
}

/// The colours that a terminal gives these numbers: near those of common dark themes.
fn hue(code: u16) -> Option<&'static str> {
    Some(match code {
        30 | 90 => "#7f8794",
        31 | 91 => "#ff7b72",
        32 | 92 => "#7ee787",
        33 | 93 => "#e3b341",
        34 | 94 => "#79c0ff",
        35 | 95 => "#d2a8ff",
        36 | 96 => "#76e3ea",
        37 | 97 => "#ffffff",
        _ => return None,
    })
}
