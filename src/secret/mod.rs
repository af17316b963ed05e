//! Sealed files: who is to open them, what they hold, and the formats they have.

mod der;
pub mod docker;
pub mod manifest;
mod moment;
mod pem;
mod policy;
mod random;
pub mod sops;
pub mod ssh;
pub mod tls;
mod to_replace;

pub use moment::Moment;
pub use policy::{Policy, Reader};
pub use random::{ALPHABET, LONGEST, generate};
pub use to_replace::{Exposed, ToReplace};
