//! Taking an entry back: the visitor did not pass, so the ticket admits again; all of a party, where
//! several passed by one scan. The entry is kept as undone, and the lake gets a row for each ticket that
//! takes it out of its sums.

use std::collections::BTreeMap;

use atrio_domain::id::{CallerUuid, GateId, TicketId, VenueId};
use atrio_domain::redemption::{self, Direction, Undo};
use atrio_domain::ticket::{Exit, Ticket, TicketState};
use atrio_domain::venue::Venue;
use atrio_dynamo::presence::{Counting, LimitRule};
use atrio_dynamo::redemption::{Entry, Redeemed};
use atrio_runtime::extract::Path;
use atrio_runtime::{Json, Problem, Role, Staff};
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ATTEMPTS, Context, REASON_MAX_CHARS, internal, load_venue, problem};

/// Why an entry is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoBody {
    #[schema(value_type = String)]
    venue_id: VenueId,
    /// The gate that made the entry.
    #[schema(value_type = String)]
    gate_id: GateId,
    /// 1 to 200 characters; names no visitor.
    reason: String,
    /// When the gate took it back, by its own clock, where its line was down; now when left out. At
    /// most five minutes after the entry.
    #[schema(value_type = Option<String>, format = DateTime)]
    undone_at: Option<Timestamp>,
}

/// An entry taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UndoView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// Always `UNDONE`.
    outcome: &'static str,
    /// The ticket, or the first of a party.
    #[schema(value_type = String)]
    ticket_id: Option<TicketId>,
    /// How many tickets admit again.
    people: usize,
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    undone_at: Timestamp,
    /// The reason that stands: the first one given.
    reason: String,
}

/// Takes an entry back within five minutes, at the gate that made it; its ticket admits again, or all the
/// tickets of a party do.
#[utoipa::path(post, path = "/v1/redemptions/{uuid}/undo", tag = "gate",
    params(("uuid" = String, Path)), request_body = UndoBody, security(("staff" = [])),
    responses((status = 200, body = UndoView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn undo_redemption(
    State(context): State<Context>,
    staff: Staff,
    Path(uuid): Path<String>,
    Json(body): Json<UndoBody>,
) -> Result<axum::Json<UndoView>, Problem> {
    staff.must_be_at(&body.venue_id, &[Role::Gate, Role::Desk, Role::Manager])?;
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let venue = load_venue(&context, &body.venue_id).await?;
    for _ in 0..ATTEMPTS {
        let entry = context.store.entry(uuid).await.map_err(internal)?;
        let entry = entry
            .filter(|entry| entry.venue == body.venue_id)
            .ok_or_else(|| problem::unknown_entry(uuid))?;
        if entry.direction == Direction::Exit {
            return Err(problem::exit_stands(uuid));
        }
        if let Some(undo) = entry.undone.clone() {
            return Ok(axum::Json(view(&entry, undo)));
        }
        let at = body.undone_at.unwrap_or_else(|| context.clock.now());
        let (gate, made_at) = (&entry.gate, entry.redeemed_at);
        let undo = checked(gate, made_at, &body.gate_id, at, &body.reason, &context)?;
        let ids: Vec<TicketId> = entry.passed.iter().map(|passed| passed.ticket).collect();
        let tickets = context.store.tickets(&ids).await.map_err(internal)?;
        let moved_on = tickets.iter().find(|ticket| !is_inside_by(ticket, uuid));
        match moved_on.map(|ticket| ticket.state.name()) {
            None => {
                if write(&context, &venue, tickets, &entry, &undo).await? == Redeemed::Done {
                    return Ok(axum::Json(view(&entry, undo)));
                }
                // Something was faster; the next reading shows what.
            }
            Some(state) => {
                if context.store.entry(uuid).await.map_err(internal)? == Some(entry) {
                    return Err(problem::ticket_moved_on(uuid, state));
                }
            }
        }
    }
    Err(Problem::busy())
}

/// Whether the ticket's visitor is inside by that entry.
pub(crate) fn is_inside_by(ticket: &Ticket, entry: CallerUuid) -> bool {
    matches!(
        &ticket.state,
        TicketState::Redeemed { redemption, exit: None, .. } if *redemption == entry
    )
}

/// Takes an entry of these tickets back: they stand as they did before.
pub(crate) async fn write(
    context: &Context,
    venue: &Venue,
    tickets: Vec<Ticket>,
    entry: &Entry,
    undo: &Undo,
) -> Result<Redeemed, Problem> {
    let mut records = BTreeMap::new();
    let mut before = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let id = ticket.entitlement.ticket;
        let passed = entry.passed.iter().find(|passed| passed.ticket == id);
        if let Some(used) = passed.and_then(|passed| passed.pass_before.clone()) {
            before.push(ticket.used_as(used));
            continue;
        }
        let state = match passed.and_then(|passed| passed.after) {
            Some(exit) => gone_out(context, id, exit, &mut records).await?,
            None => TicketState::Valid,
        };
        before.push(Ticket { state, ..ticket });
    }
    let counting = Counting {
        day: venue.day_at(entry.redeemed_at),
        limits: venue.premises.filled(entry.passed.iter().map(|passed| passed.area.as_ref())),
        rule: LimitRule::Past,
    };
    context.store.undo(entry, &before, undo, counting).await.map_err(internal)
}

/// How a ticket stood after an exit, by the records of it and of the entry before it. Those of a party
/// are the same for many, and read once.
async fn gone_out(
    context: &Context,
    ticket: TicketId,
    exit: CallerUuid,
    records: &mut BTreeMap<CallerUuid, Entry>,
) -> Result<TicketState, Problem> {
    let exit = record(context, exit, records).await?;
    let passed = |of: &Entry| of.passed.iter().find(|passed| passed.ticket == ticket).cloned();
    let entry = passed(&exit).and_then(|passed| passed.after).unwrap_or(exit.uuid);
    let entry = record(context, entry, records).await?;
    Ok(TicketState::Redeemed {
        at: entry.redeemed_at,
        area: passed(&entry).and_then(|passed| passed.area),
        gate: entry.gate,
        redemption: entry.uuid,
        exit: Some(Exit { at: exit.redeemed_at, gate: exit.gate, uuid: exit.uuid }),
    })
}

async fn record(
    context: &Context,
    uuid: CallerUuid,
    records: &mut BTreeMap<CallerUuid, Entry>,
) -> Result<Entry, Problem> {
    if let Some(known) = records.get(&uuid) {
        return Ok(known.clone());
    }
    let found = context.store.entry(uuid).await.map_err(internal)?;
    let found = found.ok_or_else(|| problem::unknown_entry(uuid))?;
    records.insert(uuid, found.clone());
    Ok(found)
}

/// An undo that the rules allow.
pub(crate) fn checked(
    entry_gate: &GateId,
    redeemed_at: Timestamp,
    gate: &GateId,
    at: Timestamp,
    reason: &str,
    context: &Context,
) -> Result<Undo, Problem> {
    let reason = reason.trim().to_owned();
    if !(1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
        return Err(problem::undo_reason(REASON_MAX_CHARS));
    }
    redemption::undo(entry_gate, redeemed_at, gate, at, context.clock.now())
        .map_err(|refusal| problem::undo_refusal(&refusal))?;
    Ok(Undo { at, reason })
}

fn view(entry: &Entry, Undo { at: undone_at, reason }: Undo) -> UndoView {
    UndoView {
        uuid: entry.uuid,
        outcome: "UNDONE",
        ticket_id: entry.passed.first().map(|passed| passed.ticket),
        people: entry.passed.len(),
        redeemed_at: entry.redeemed_at,
        undone_at,
        reason,
    }
}
