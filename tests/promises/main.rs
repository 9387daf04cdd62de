//! Promises.
mod crash;
