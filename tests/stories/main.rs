//! Stories: what visitors, gates, devices, managers and operators live through with the real
//! program, from the first request to the last row of the lake.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

mod bad_devices;
mod bad_input;
mod desk;
mod gate;
mod main_job;
mod operations;
mod payments;
mod venue_offer;
