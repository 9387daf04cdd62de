//! Refusals at the gate as problem documents, in words the person at the gate can act on.

use atrio_domain::admission::Window;
use atrio_domain::gate::offline::{OfflineRefusal, Shown, Unread};
use atrio_domain::gate::{Conflict, Unfiled};
use atrio_domain::id::{AreaId, CallerUuid, InvalidId, TicketId, VenueId};
use atrio_domain::premises::{Full, LIMIT_MAX, Place, Premises};
use atrio_domain::redemption::{PartyError, Refusal, UndoRefusal};
use atrio_domain::ticket::CodeError;
use atrio_runtime::Problem;
use axum::http::StatusCode;

const RULE: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Why a ticket does not admit.
#[must_use]
pub fn refusal(refusal: &Refusal) -> Problem {
    let problem = |status, kind| Problem::new(status, kind).detail(refusal);
    match refusal {
        Refusal::AlreadyRedeemed { at, gate, .. } => {
            problem(StatusCode::CONFLICT, "ticket-already-redeemed")
                .field("code", refusal, "ask for another ticket, or let the desk look into it")
                .fact("redeemed_at", at)
                .fact("gate_id", gate)
        }
        Refusal::SaleNotIn { .. } => problem(StatusCode::CONFLICT, "ticket-sale-not-in").field(
            "code",
            refusal,
            "scan the QR code: only it shows that a desk without a line sold the ticket",
        ),
        Refusal::Revoked { at, .. } => problem(StatusCode::CONFLICT, "ticket-revoked")
            .field("code", refusal, "send the visitor to the desk")
            .fact("revoked_at", at),
        Refusal::Replaced { at, .. } => problem(StatusCode::CONFLICT, "ticket-replaced")
            .field("code", refusal, "ask for the ticket that was issued in its place")
            .fact("replaced_at", at),
        Refusal::OtherVenue { venue, .. } => problem(RULE, "ticket-other-venue")
            .field("code", refusal, "tell the visitor which venue the ticket is for")
            .fact("ticket_venue_id", venue),
        Refusal::NoReentry { left_at, gate, .. } => {
            problem(StatusCode::CONFLICT, "ticket-no-reentry")
                .field("code", refusal, "ask for another ticket, or let the desk look into it")
                .fact("left_at", left_at)
                .fact("gate_id", gate)
        }
        Refusal::NotInside { .. } => problem(StatusCode::CONFLICT, "ticket-not-inside").field(
            "direction",
            refusal,
            "let the visitor out; to let them in, scan with `direction` `ENTRY`",
        ),
        Refusal::AlreadyOut { left_at, gate, .. } => {
            problem(StatusCode::CONFLICT, "ticket-already-out")
                .field("direction", refusal, "let the visitor out; the first exit stands")
                .fact("left_at", left_at)
                .fact("gate_id", gate)
        }
        Refusal::PassNeedsLine => problem(StatusCode::CONFLICT, "pass-needs-line").field(
            "code",
            refusal,
            "take the visitor to a gate or desk whose line is up, or let the gate ask again when it is",
        ),
        Refusal::PassElsewhere { opens, .. } => problem(RULE, "pass-other-venue")
            .field("code", refusal, "tell the visitor which venues the pass opens")
            .fact("opens_venue_ids", opens),
        Refusal::PassSpent { entries, at, gate, .. } => {
            problem(StatusCode::CONFLICT, "pass-spent")
                .field("code", refusal, "sell a ticket, or show where the pass still admits")
                .fact("entries", entries)
                .fact("redeemed_at", at)
                .fact("gate_id", gate)
        }
        Refusal::OtherArea { opens, .. } => problem(RULE, "ticket-other-area")
            .field("area_id", refusal, "show the visitor the way to an area that the ticket opens")
            .fact("opens_area_ids", opens),
        Refusal::TooEarly { window } => timed(problem(RULE, "ticket-too-early"), window).field(
            "code",
            refusal,
            "ask the visitor to come back then",
        ),
        Refusal::TooLate { window } => timed(problem(RULE, "ticket-too-late"), window).field(
            "code",
            refusal,
            "send the visitor to the desk",
        ),
    }
}

fn timed(problem: Problem, window: &Window) -> Problem {
    problem.fact("admits_from", window.from).fact("admitted_until", window.until)
}

/// Why a party does not go through.
#[must_use]
pub fn party(error: &PartyError) -> Problem {
    let problem = |status, kind, field: &str, fix: &str| {
        Problem::new(status, kind).detail(error).field(field, error, fix)
    };
    match error {
        PartyError::Refused(why) => refusal(why),
        PartyError::Nobody => problem(
            RULE,
            "invalid-field",
            "party",
            "name a unit of the booking, or leave `party` out",
        ),
        PartyError::Unclear { at, .. } => problem(
            RULE,
            "invalid-field",
            &format!("party[{at}]"),
            "name each unit once, with at least one person",
        ),
        PartyError::UnknownUnit { at, .. } => problem(
            RULE,
            "unknown-unit",
            &format!("party[{at}].unit_id"),
            "take a unit of `POST /v1/redemptions/party`",
        ),
        PartyError::TooFew { at, requested, able, .. } => problem(
            StatusCode::CONFLICT,
            "party-too-few",
            &format!("party[{at}].quantity"),
            "let through as many as can, and ask the others for another ticket",
        )
        .fact("requested", requested)
        .fact("able", able),
        PartyError::Scattered => problem(
            RULE,
            "party-scattered",
            "party",
            "let the people of each area through by themselves",
        ),
    }
}

/// There is no room now for those who would enter.
#[must_use]
pub fn full(full: &Full) -> Problem {
    let area = match &full.place {
        Place::Venue => None,
        Place::Area(area) => Some(area),
    };
    Problem::new(StatusCode::CONFLICT, "place-full")
        .detail(full)
        .field(
            "over_limit_reason",
            full,
            "wait until somebody goes out, or let fewer in; a steward who lets in all the same says why \
             in `over_limit_reason`",
        )
        .fact("area_id", area)
        .fact("people", full.people)
        .fact("inside", full.inside)
        .fact("limit", full.limit)
}

/// People are counted where there is a limit only.
pub(crate) fn not_counted(place: &Place) -> Problem {
    let message = format!("{place} has no limit, so nobody is counted there");
    Problem::new(StatusCode::CONFLICT, "place-not-counted").detail(&message).field(
        "area_id",
        &message,
        "name an area with a limit, or leave it out where the venue has one",
    )
}

/// So many people are inside nowhere.
pub(crate) fn too_many_inside(inside: u32) -> Problem {
    let message = format!("{inside} people are more than {LIMIT_MAX}");
    Problem::new(RULE, "invalid-field").detail(&message).field(
        "inside",
        &message,
        "write how many people are inside now",
    )
}

/// The venue has no such area.
pub(crate) fn unknown_area(area: &AreaId, premises: &Premises) -> Problem {
    let known: Vec<&str> = premises.areas.iter().map(|area| area.id.as_str()).collect();
    let fix = match known.as_slice() {
        [] => "leave it out: the venue has no areas".to_owned(),
        known => format!("take one of {}, or leave it out", known.join(", ")),
    };
    let message = format!("the venue has no area `{area}`");
    Problem::new(RULE, "unknown-area").detail(&message).field("area_id", &message, fix)
}

/// An exit is not taken back.
#[must_use]
pub fn exit_stands(uuid: CallerUuid) -> Problem {
    let message = format!("`{uuid}` is an exit, and only entries are taken back");
    Problem::new(RULE, "exit-stands").detail(&message).field(
        "uuid",
        &message,
        "scan the ticket on the way in again, or let the desk look into it",
    )
}

/// Why a ticket does not admit at a gate that decides by itself.
#[must_use]
pub fn offline_refusal(offline: &OfflineRefusal) -> Problem {
    match offline {
        OfflineRefusal::Refused(why) => refusal(why),
        OfflineRefusal::Unknown { .. } => Problem::new(StatusCode::NOT_FOUND, "ticket-unknown")
            .detail(offline)
            .field(
                "code",
                offline,
                "scan the QR code: the line is down, and only a signed code of a ticket sold just now \
                 can be believed",
            ),
        OfflineRefusal::KeyWithdrawn { .. } => withdrawn_key(offline),
    }
}

/// Why an entry is not taken back.
#[must_use]
pub fn undo_refusal(refusal: &UndoRefusal) -> Problem {
    let problem = |kind, field, fix: &str| {
        Problem::new(RULE, kind).detail(refusal).field(field, refusal, fix)
    };
    match refusal {
        UndoRefusal::OtherGate { gate } => {
            problem("entry-other-gate", "gate_id", "take it back at the gate that let in")
                .fact("entry_gate_id", gate)
        }
        UndoRefusal::TooLate { until } => {
            problem("undo-too-late", "uuid", "let the desk look into it; the entry stands")
                .fact("until", until)
        }
        UndoRefusal::BeforeEntry { .. } | UndoRefusal::Ahead { .. } => {
            problem("invalid-field", "undone_at", "set the gate's clock")
        }
    }
}

/// No reason for taking an entry back, or one that is too long.
#[must_use]
pub fn undo_reason(max: usize) -> Problem {
    reason("reason", max)
}

/// No reason, or one that is too long.
pub(crate) fn reason(field: &str, max: usize) -> Problem {
    let message = format!("a reason has 1 to {max} characters");
    Problem::new(RULE, "invalid-field").detail(&message).field(
        field,
        &message,
        "say in a few words why, without naming the visitor",
    )
}

/// There is no such entry.
#[must_use]
pub fn unknown_entry(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "redemption-unknown",
        "uuid",
        &uuid.to_string(),
        "take the uuid of an entry of this venue; entries are kept for 30 days",
    )
}

/// The ticket moved on since the entry.
pub(crate) fn ticket_moved_on(uuid: CallerUuid, state: &str) -> Problem {
    let message = format!("the ticket of entry `{uuid}` is {state} and not used by it any more");
    Problem::new(StatusCode::CONFLICT, "ticket-changed").detail(&message).field(
        "uuid",
        &message,
        "let the desk look into it",
    )
}

/// The entry under that nonce was taken back.
#[must_use]
pub fn nonce_undone(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "redemption-undone")
        .detail(format_args!("the entry `{uuid}` was taken back"))
        .field("uuid", "was taken back", "scan again, under a fresh uuid")
}

/// There is no such venue.
pub(crate) fn unknown_venue(venue: &VenueId) -> Problem {
    let fix = "take a venue of `GET /v1/venues`";
    Problem::not_found("unknown-venue", "venue_id", venue.as_str(), fix)
}

/// Why what was shown names no ticket.
#[must_use]
pub fn unread(unread: &Unread) -> Problem {
    match unread {
        Unread::Code(error) => code(error),
        Unread::Typed(error) => typed_code(error),
    }
}

/// Why a scanned code is not a ticket.
pub(crate) fn code(error: &CodeError) -> Problem {
    let (kind, fix) = match error {
        CodeError::Unreadable { .. } => {
            ("ticket-unreadable", "scan again, or type the 16 characters below the QR code")
        }
        CodeError::UnknownKey { .. } | CodeError::Forged | CodeError::OtherTicket { .. } => {
            ("ticket-forged", "do not admit; send the visitor to the desk")
        }
        CodeError::ForeignKey { .. } => (
            "ticket-foreign-key",
            "do not admit; tell the platform's operator the key's name: it may have leaked",
        ),
    };
    Problem::new(RULE, kind).detail(error).field("code", error, fix)
}

/// Why a typed code is not a ticket's.
fn typed_code(error: &InvalidId) -> Problem {
    Problem::new(RULE, "ticket-unreadable").detail(error).field(
        "code",
        error,
        "scan the QR code, or type the 16 characters below it",
    )
}

/// There is no such ticket.
fn unknown_ticket(id: TicketId) -> Problem {
    Problem::not_found(
        "ticket-unknown",
        "code",
        &id.typed_code(),
        "check the characters; tickets are kept for 30 days after their slot",
    )
}

/// What was shown names no ticket that is known.
pub(crate) fn unknown_shown(shown: &Shown) -> Problem {
    match shown {
        Shown::Signed(..) | Shown::Typed(_) => unknown_ticket(shown.ticket()),
        Shown::Withdrawn { ticket, key_id } => withdrawn_key(format_args!(
            "the code is signed with key `{key_id}`, which was withdrawn, and there is no ticket `{}`",
            ticket.typed_code()
        )),
    }
}

/// A code whose key was withdrawn names no ticket that is known here.
fn withdrawn_key(why: impl std::fmt::Display) -> Problem {
    Problem::new(RULE, "ticket-key-withdrawn").detail(&why).field(
        "code",
        &why,
        "ask for the page of the tickets, which shows a good code, or for the 16 characters below the QR \
         code; where there are none, send the visitor to the desk",
    )
}

/// The nonce stands for the entry of another ticket.
#[must_use]
pub fn nonce_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` stands for another entry or exit"))
        .field("uuid", "stands for another entry", "make a fresh uuid for each scan")
}

/// The ticket let in at two gates.
pub(crate) fn conflict(conflict: &Conflict) -> Problem {
    refusal(&Refusal::AlreadyRedeemed {
        ticket: conflict.ticket,
        at: conflict.standing_redeemed_at,
        gate: conflict.standing_gate.clone(),
    })
}

/// The gate's clock runs ahead.
pub(crate) fn ahead(unfiled: &Unfiled, number: usize) -> Problem {
    Problem::new(RULE, "entry-in-the-future").detail(unfiled).field(
        format!("entries[{number}].redeemed_at"),
        unfiled,
        "set the gate's clock",
    )
}

/// No entries, or too many.
pub(crate) fn entries_count(count: usize, max: usize) -> Problem {
    let message = format!("{count} entries were sent");
    Problem::new(RULE, "invalid-field").detail(&message).field(
        "entries",
        &message,
        format!("send 1 to {max} entries, the others in further requests"),
    )
}

/// No note, or one that is too long.
pub(crate) fn note(max: usize) -> Problem {
    let message = format!("a note has 1 to {max} characters");
    Problem::new(RULE, "invalid-field").detail(&message).field(
        "note",
        &message,
        "say in a few words what was found, without naming the visitor",
    )
}

/// The conflict was closed with another note.
pub(crate) fn closed_otherwise(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "conflict-closed")
        .detail(format_args!("conflict `{uuid}` was closed with another note"))
        .field("note", "another note stands", "read the conflicts again; the first note stands")
}

/// There is no such conflict.
pub(crate) fn unknown_conflict(uuid: CallerUuid) -> Problem {
    Problem::not_found(
        "conflict-unknown",
        "uuid",
        &uuid.to_string(),
        "take the uuid from the list of conflicts; they are kept for 30 days",
    )
}
