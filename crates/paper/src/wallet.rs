//! Tickets for the wallets of telephones. Both kinds say the same of a ticket; each wallet wants it in
//! a form and under a signature of its own, made with what the venue's body was given by the wallet's
//! maker.

mod apple;
mod google;

pub use apple::{ApplePass, ApplePassError};
pub use google::{GoogleWallet, GoogleWalletError};

use atrio_domain::id::TicketId;
use atrio_domain::text::Text;
use atrio_domain::ticket::{Ticket, TicketState};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// A name for a ticket's pass that stays, from which the ticket's typed code cannot be guessed.
fn serial_number(ticket: TicketId) -> String {
    let mut hash = Sha256::new_with_prefix(b"wallet");
    hash.update(ticket.as_bytes());
    hash.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether it admits still, as far as it is known: a pass goes on after its first entry.
fn admits(ticket: &Ticket) -> bool {
    match ticket.state {
        TicketState::Valid => true,
        TicketState::Redeemed { .. } => ticket.pass.is_some(),
        TicketState::Revoked { .. } | TicketState::Replaced { .. } => false,
    }
}

/// Where and until when a pass admits; nothing for the ticket of a visit.
fn pass_in_words(ticket: &Ticket) -> Option<Text> {
    let pass = ticket.pass.as_ref()?;
    let holds = pass.rule.validity_in_words(&ticket.entitlement.slot, &pass.used);
    Some(Text::list([holds, pass.rule.opens_in_words()].into_iter(), ". "))
}

/// When a ticket admits no more whatever happens.
fn expires_at(ticket: &Ticket) -> Timestamp {
    let slot = &ticket.entitlement.slot;
    if let Some(pass) = &ticket.pass {
        return pass.rule.window(slot, pass.used.first_at).until;
    }
    let until = ticket.admission.window(slot).until;
    ticket.admission.reentry_until(slot).map_or(until, |again| again.max(until))
}
