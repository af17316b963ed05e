//! The format of SOPS, with age X25519 recipients, all in this process.

mod age;
mod change;
mod file;
mod identity;
mod merge;
mod metadata;
mod open;
mod rule;
mod seal;
mod shamir;
mod status;
mod value;
mod view;
mod walk;
mod wanted;

pub use change::Outcome;
pub use file::Sealed;
pub use identity::{Ask, Form, Identities, Identity, PassedOver, protect};
pub use merge::{Conflict, Did, Merged, Side, merge};
pub use metadata::Service;
pub use open::Opened;
pub use rule::{Rule, RuleKind};
pub use seal::seal;
pub use status::{SealedSecret, Status};
pub use view::{Difference, Version, changed, difference, textconv};

#[cfg(test)]
mod tests;
