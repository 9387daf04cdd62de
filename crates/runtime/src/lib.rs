//! What every function needs around its rules: start-up, configuration from the environment, the
//! clock, clients, problem documents, staff tokens, telemetry. It knows no venue and no ticket.

pub mod access;
pub mod address;
pub mod aws;
pub mod clock;
pub mod description;
pub mod entity_tag;
pub mod environment;
pub mod extract;
pub mod problem;
pub mod provider;
pub mod random;
pub mod serve;
pub mod shared;
pub mod stream;
pub mod ticket_keys;

pub use access::{Access, Acting, Role, Staff};
pub use address::ClientAddress;
pub use clock::Clock;
pub use extract::{Json, Path, Query};
pub use problem::{FieldError, Problem};
pub use shared::Shared;
