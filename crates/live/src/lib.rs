//! What runs: containers that are started, measured and removed again.
//!
//! The only crate that speaks to engines, and the only asynchronous one; what it offers waits until it is done. What it
//! measures is data of the engine's: [`seaworthy_engine::measured`].

pub mod cluster;
pub mod docker;
mod error;
mod hold;
mod signal;

pub use error::Error;
