//! `gen rotate`: a new data key for each file, and every value sealed anew.

use super::{
    Exit, Global,
    rekey::{Scope, What, rewrite},
};

/// Makes a new data key for each sealed file, and seals every value anew
///
/// Values stay what they are: one that somebody knows is to be replaced where it was issued. Recipients are brought to
/// what `keys` and `secrets` say, as by `gen rekey`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  gen rotate prod            its files, and those of its layers\n  gen rotate prod/kuard/db   one file\n  gen rotate --dry-run       which files would be written"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    scope: Scope,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> Exit {
    rewrite(global, &arguments.scope, What::Rotate).map_or_else(|exit| exit, |_| Exit::Yes)
}
