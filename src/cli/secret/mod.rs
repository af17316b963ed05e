//! What the commands about secrets share: private keys, the project with its sealed files, and how those are written.

mod about;
pub(super) mod credentials;
mod files;
pub(super) mod find;
mod identities;
mod project;
mod written;

pub(super) use about::{About, about, fits};
pub(super) use credentials::{docker_fault, ssh_fault};
pub(super) use find::WhichArguments;
pub(super) use identities::{Ambient, IdentityArguments, ambient};
pub(super) use project::{SealedProject, now};
pub(super) use written::{Written, difference};
