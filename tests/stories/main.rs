//! Stories: what visitors, gates, devices, managers and operators live through with the real
//! program, from the first request to the last row of the lake.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

mod areas;
mod bad_devices;
mod bad_input;
mod cancellation;
mod desk;
mod exchange;
mod exchange_pagopa;
mod gate;
mod give_back;
mod groups;
mod holders;
mod limits;
mod main_job;
mod minimum;
mod operations;
mod orders;
mod orders_pagopa;
mod pagopa;
mod parties;
mod payments;
mod person;
mod person_limit;
mod released;
mod resources;
mod staff;
mod tariffs;
mod tickets;
mod venue_offer;
mod vouchers;
mod waiting;
mod wallets;
mod webhooks;
