//! The whole platform on one machine: the embedded services under the real clients, the functions
//! as they run on AWS, the pages, and the commands of the `atrio` program.

pub mod appointments;
pub mod broker;
mod chores;
pub mod commands;
pub mod data_dir;
pub mod database;
pub mod desk;
pub mod devices;
mod feed_folder;
pub mod gate;
pub mod history;
pub mod keys;
pub mod lake_check;
pub mod limits;
pub mod on_site;
mod outbox;
pub mod pages;
pub mod payment_book;
pub mod platform;
pub mod pump;
pub mod sample_traffic;
pub mod sandbox;
pub mod seed;
mod tail;
pub mod traffic;
mod wallets;
