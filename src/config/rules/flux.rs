//! How Flux is installed: `flux` of the fleet or an environment.

use super::{member, text, texts};
use crate::{
    diag::{Diagnostic, Place, Problems},
    name::{is_label, is_subdomain},
    schema::Format,
    yaml::Node,
};
use std::collections::BTreeSet;

/// Texts that come to names and addresses in the cluster.
pub(super) fn install(flux: &Node, problems: &mut Problems) {
    let mut say = |place: Option<Place>, message: String, why: Option<String>, help: &str| {
        let said = Diagnostic::error("config/flux", message).at(place);
        problems.push(match why {
            Some(why) => said.because(why).help(help),
            None => said.help(help),
        });
    };
    if let Some((registry, at)) = text(flux, "registry")
        // What is pulled from it is the image of a controller.
        && let Err(why) = Format::Image.check(&format!("{registry}/source-controller"))
    {
        let help =
            "write its host and path, for example `ghcr.io/fluxcd`, without `https://` and without a tag";
        let why = Some(why).filter(|_| !registry.contains("://"));
        say(at.place(), format!("`{registry}` is not where images come from"), why, help);
    }
    let shards = member(flux, "sharding").and_then(|sharding| member(sharding, "shards"));
    if let Some(none) = shards.filter(|shards| shards.as_seq().is_some_and(<[Node]>::is_empty)) {
        say(none.place(), "`sharding` has no shard".to_owned(), None, "name one, or leave `sharding` out");
    }
    let mut seen = BTreeSet::new();
    for (shard, at) in texts(shards) {
        if !is_label(shard) {
            let help = "use lower-case letters, digits and `-`, at most 63 characters";
            say(at.place(), format!("`{shard}` cannot be the name of a shard"), None, help);
        }
        if !seen.insert(shard) {
            say(at.place(), format!("two shards have the name `{shard}`"), None, "remove one of them");
        }
    }
    let Some(storage) = member(flux, "storage") else { return };
    if let Some((size, at)) = text(storage, "size")
        && let Err(why) = Format::Quantity.check(size)
    {
        say(
            at.place(),
            format!("`{size}` is not the size of a volume"),
            Some(why),
            "write for example `10Gi`",
        );
    }
    if let Some((class, at)) = text(storage, "class")
        && !is_subdomain(class)
    {
        let help = "use lower-case letters, digits, `-` and `.`, at most 253 characters";
        say(at.place(), format!("`{class}` cannot be the name of a storage class"), None, help);
    }
}
