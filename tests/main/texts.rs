//! Hostile texts come out as they went in, as our own reader reads them. What other programs read is judged by
//! `tests/conformance`.

use crate::{
    hostile::{self, fleet},
    objects,
    sandbox::Sandbox,
};
use fleetgen::{
    diag::{Problems, Sources},
    load::{self, Disk},
    yaml::{self, Value},
};
use serde_json::json;

#[test]
fn we_read_what_we_wrote() {
    let objects = hostile::objects(&hostile::hostile(4000));
    let text = yaml::emit_all(&objects.iter().collect::<Vec<_>>());
    let source = Sources::new().add("objects.yaml", "");
    let mut problems = Problems::new();
    let read = yaml::read(&text, source, &mut problems).unwrap();
    assert_eq!(read, objects);
    assert!(read.iter().all(|node| matches!(node.value, Value::Map(_))));
}

#[test]
fn hostile_texts_come_out_as_they_went_in() {
    let sandbox = Sandbox::new();
    let expected = fleet::write(&sandbox.root());
    let rendered = sandbox.gen_(&["render", "hostile"]);
    let said = String::from_utf8_lossy(&rendered.stderr);
    assert!(rendered.status.success(), "{}", said.chars().take(9000).collect::<String>());
    let (mut sources, mut problems) = (Sources::new(), Problems::new());
    let disk = Disk::new(&sandbox.root()).unwrap();
    let tree = load::tree(&disk, "fleet-out/hostile", &mut sources, &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let documents = tree.files().flat_map(|(_, file)| &file.documents);
    let read = documents.map(|d| serde_json::from_str(&yaml::to_json(&d.node, None)).unwrap());
    let missed = fleet::missed(&expected, &objects::by_identity(read.collect()).unwrap());
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_text_that_is_a_slot_is_refused_as_an_input() {
    let sandbox = Sandbox::new();
    fleet::write(&sandbox.root());
    for text in ["\u{fdd0}0\u{fdd1}", "a\u{fdd2}"] {
        let inputs = json!({"texts": {"t": text}, "keys": {}, "list": [], "annotations": {}});
        let environment = format!(
            "cluster: {{name: slot, domain: example.com, provides: [example.com]}}\ncomponents:\n  rows: {{pack: rows, inputs: {}}}\n",
            fleet::literal(&inputs)
        );
        sandbox.write("environments/slot.yaml", environment.as_bytes());
        let rendered = sandbox.gen_(&["render", "slot"]);
        assert_eq!(rendered.status.code(), Some(2), "{}", String::from_utf8_lossy(&rendered.stderr));
        assert!(!sandbox.root().join("fleet-out").exists());
    }
}
