//! Stories: what visitors, gates, devices, managers and operators live through with the real
//! program, from the first request to the last row of the lake.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

mod areas;
mod bad_devices;
mod bad_input;
mod cancellation;
mod counters;
mod desk;
mod devices;
mod devices_mosquitto;
mod exchange;
mod exchange_pagopa;
mod far_days;
mod faults;
mod gate;
mod give_back;
mod groups;
mod holders;
mod leases;
mod limits;
mod main_job;
mod minimum;
mod moving;
mod octo;
mod octo_bookings;
mod octo_changes;
mod octo_resellers;
mod on_sale;
mod operations;
mod orders;
mod orders_pagopa;
mod pagopa;
mod parties;
mod passes;
mod payments;
mod person;
mod person_limit;
mod released;
mod resources;
mod shards;
mod staff;
mod suppliers;
mod tariffs;
mod templates;
mod tickets;
mod venue_offer;
mod vouchers;
mod waiting;
mod wallets;
mod webhooks;
