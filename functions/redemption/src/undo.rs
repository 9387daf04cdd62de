//! Taking an entry back: the visitor did not pass, so the ticket admits again. The entry is kept as
//! undone, and the lake gets a row that takes it out of its sums.

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

use crate::{ATTEMPTS, Context, REASON_MAX_CHARS, internal, load, load_venue, problem};

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
    #[schema(value_type = String)]
    ticket_id: TicketId,
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    undone_at: Timestamp,
    /// The reason that stands: the first one given.
    reason: String,
}

/// Takes an entry back within five minutes, at the gate that made it; its ticket admits again.
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
    staff.must_be(&[Role::Gate, Role::Desk, Role::Manager])?;
    staff.must_see(&body.venue_id)?;
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
        let ticket = load(&context, entry.ticket).await?;
        if is_inside_by(&ticket, uuid) {
            if write(&context, &venue, ticket, &entry, &undo).await? == Redeemed::Done {
                return Ok(axum::Json(view(&entry, undo)));
            }
            // Something was faster; the next reading shows what.
        } else if context.store.entry(uuid).await.map_err(internal)? == Some(entry) {
            return Err(problem::ticket_moved_on(uuid, ticket.state.name()));
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

/// Takes an entry of a ticket back: the ticket stands as it did before.
pub(crate) async fn write(
    context: &Context,
    venue: &Venue,
    ticket: Ticket,
    entry: &Entry,
    undo: &Undo,
) -> Result<Redeemed, Problem> {
    let state = match entry.after {
        Some(exit) => gone_out(context, exit).await?,
        None => TicketState::Valid,
    };
    let counting = Counting {
        day: venue.day_at(entry.redeemed_at),
        limits: venue.premises.limits(entry.area.as_ref()),
        rule: LimitRule::Past,
    };
    let before = Ticket { state, ..ticket };
    context.store.undo(entry.uuid, &before, undo, counting).await.map_err(internal)
}

/// How a ticket stood after an exit, by the records of it and of the entry before it.
async fn gone_out(context: &Context, exit: CallerUuid) -> Result<TicketState, Problem> {
    let record = async |uuid: CallerUuid| {
        let found = context.store.entry(uuid).await.map_err(internal)?;
        found.ok_or_else(|| problem::unknown_entry(uuid))
    };
    let exit = record(exit).await?;
    let entry = record(exit.after.unwrap_or(exit.uuid)).await?;
    Ok(TicketState::Redeemed {
        at: entry.redeemed_at,
        gate: entry.gate,
        redemption: entry.uuid,
        area: entry.area,
        exit: Some(Exit { at: exit.redeemed_at, gate: exit.gate, uuid: exit.uuid }),
    })
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
        ticket_id: entry.ticket,
        redeemed_at: entry.redeemed_at,
        undone_at,
        reason,
    }
}
