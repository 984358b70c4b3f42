//! What Compose projects become.

#[path = "convert/network.rs"]
mod network;
#[path = "convert/outputs.rs"]
mod outputs;
#[path = "convert/plans.rs"]
mod plans;
#[path = "convert/storage.rs"]
mod storage;
