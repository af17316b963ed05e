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

pub use change::Outcome;
pub use file::{MOST_BYTES, Sealed};
pub use identity::{Ask, Form, Identities, Identity, PassedOver, protect};
pub use merge::{Conflict, Did, Merged, Side, merge};
pub use metadata::Service;
pub use open::Opened;
pub use rule::{Rule, RuleKind};
pub use seal::seal;
pub use status::{SealedSecret, Status};
pub use view::{Difference, Version, difference, textconv};

/// Is this an age recipient without a mistake?
///
/// # Errors
/// Says what is wrong.
pub(super) fn check_recipient(key: &str) -> Result<(), String> {
    let parsed = key.parse::<::age::x25519::Recipient>();
    parsed.map(|_| ()).map_err(|_| "has a mistake: it is no whole age recipient".to_owned())
}

#[cfg(test)]
mod tests;
