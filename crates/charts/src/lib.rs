//! Helm charts rendered and Kustomize overlays built in memory.
//!
//! Pure: files come in as texts, and nothing is fetched. What comes out knows for each of its bytes which file it was written in,
//! so that what is wrong with an object can be told, and mended, where it was caused.

mod archive;
mod chart;
mod date;
mod encode;
mod error;
mod exec;
mod funcs;
mod glob;
pub mod helm;
mod json;
pub mod kustomize;
mod number;
mod object;
mod read_yaml;
mod semver;
mod template;
mod text;
mod toml;
mod value;
mod values;
mod write_yaml;

pub use chart::File;
pub use error::Failure;
pub use exec::{Bounds, Site};
pub use text::{FileId, How, Origin, Text};
