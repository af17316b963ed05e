//! Hostile texts reach the cluster as they went in, under Flux's own reading of the files, and do not drift.

use super::{arrived, root};
use crate::{
    cluster::{compare, crds, flux::Flux, object::Object, tree},
    context::Context,
    hostile::fleet,
    trees::Tree,
};
use serde_json::json;
use std::fs;

pub(crate) fn texts(context: &Context) {
    let folder = context.folder("texts");
    let expected = fleet::write(&folder);
    let said = context.run_gen(&folder, &["render", "hostile"]);
    assert!(said.status.success());
    let tree =
        Tree { name: "hostile".to_owned(), root: folder.clone(), path: "fleet-out/hostile".to_owned() };
    let parts = tree::parts(context, &tree);
    let flux = Flux::start(context, [].into_iter().collect());
    let objects: Vec<&Object> = parts.iter().flat_map(|part| &part.objects).collect();
    crds::define(&flux.api, context.root(), &tree::kinds(objects.iter().copied()));
    let source = root::object(
        "source.toolkit.fluxcd.io/v1",
        "GitRepository",
        json!({"interval": "1m", "url": "https://example.com/fleet"}),
    );
    flux.api.must_apply(&source);
    flux.api.must_apply(&root::printed(&String::from_utf8(said.stderr).unwrap()));
    flux.publish(&source.identity(), &folder);
    let names: Vec<&str> = parts[1..].iter().map(|part| part.name.as_str()).collect();
    flux.settle(&names);
    arrived(&flux, &parts);
    let held = objects.iter().map(|object| flux.api.get(&object.identity()).unwrap());
    let missed = compare::missed(&expected, held);
    assert!(missed.is_empty(), "{}", missed.join("\n"));

    // Another revision of the same tree.
    fs::write(folder.join("fleet-out/other"), "").unwrap();
    let revision = flux.publish(&source.identity(), &folder);
    flux.settle(&names);
    assert_eq!(flux.done(&revision), [].into_iter().collect());
}
