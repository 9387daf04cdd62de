//! Unpredictable bytes for identifiers that nobody may guess.

use atrio_domain::id::TicketId;

/// Fresh random bytes from the operating system.
///
/// # Panics
/// When the operating system has no random source, without which no ticket may be issued.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes);
    assert!(filled.is_ok(), "the operating system gives no random bytes");
    bytes
}

/// A fresh ticket id.
#[must_use]
pub fn ticket_id() -> TicketId {
    TicketId::from_bytes(bytes())
}
