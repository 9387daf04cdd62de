//! The promises of the README, each with a suite that tries to break it.

mod chance;
mod crash;
mod doors;
mod interleavings;
mod p1_leases;
mod p1_quotas;
mod p1_shards;
mod p3_offline;
mod p3_one_entry;
mod p3_party;
mod p4_devices;
mod p4_two_writers;
mod p5_no_person;
mod p5_retention;
mod p7_no_key;
mod p8_explained;
