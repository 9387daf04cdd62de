//! atrio.

pub mod broker;
pub mod devices;
pub mod traffic;
