//! A project in memory: the input side of the disk.

mod model;

pub use model::{
    BaseFile, Broken, EnvironmentSource, Fleet, OwnFluxSystem, Pack, PackRelease, Project, SealedFile,
};
