//! What every story and promise stands on: the real `atrio` program in a process and a folder of
//! its own, and the roles that act on it over HTTP and MQTT. Nothing here looks into the program;
//! it knows its addresses, its files and its commands, as an operator does.

#![expect(clippy::panic, clippy::expect_used, reason = "a failed expectation of a test is a panic")]

mod answer;
mod appointer;
mod behaviour;
mod bookkeeper;
mod desk_program;
mod device;
mod exchanges;
mod gate_program;
mod integrator;
mod key_keeper;
mod mail;
mod orders;
mod pagopa;
mod parties;
mod process;
mod readers;
mod relay;
mod reseller;
mod roles;
mod vouchers;
mod wait;

pub use answer::{Answer, Api};
pub use appointer::Appointer;
pub use bookkeeper::{Bookkeeper, check_signature, faults_of_invoices, firm};
pub use desk_program::DeskProgram;
pub use device::{Device, count_message};
pub use gate_program::GateProgram;
pub use integrator::{Arrived, Integrator, Mood};
pub use key_keeper::KeyKeeper;
pub use mail::Mail;
pub use pagopa::{Moment, PagoPaDouble, Position};
pub use process::{Options, Output, Process, free_port};
pub use readers::{Answered, Asking, duckdb_reads, readers_python};
pub use relay::Relay;
pub use reseller::{
    Reseller, check_availability, check_booking, code, confirmation, has_keys, is_utc, people,
    refusal,
};
pub use roles::{
    Clerk, Contact, Gate, Manager, Outcome, Visitor, Wish, availability, day, fresh_uuid,
};
pub use wait::{SOON, eventually};
