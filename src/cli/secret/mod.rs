//! What the commands about secrets share: private keys, the project with its sealed files, and how those are written.

mod files;
pub(super) mod find;
mod identities;
mod project;

pub(super) use find::WhichArguments;
pub(super) use identities::{Ambient, IdentityArguments, ambient};
pub(super) use project::{SealedProject, now};
