//! What gates let in while their line was down: sent in afterwards, filed once, and listed where a
//! ticket had been used elsewhere.

use atrio_domain::gate::{Unfiled, file};
use atrio_domain::id::{AreaId, CallerUuid, GateId, TicketId, UnitId, VenueId};
use atrio_domain::redemption::{Direction, Redemption, Refusal, Scan};
use atrio_domain::ticket::{Ticket, TicketState};
use atrio_domain::venue::Venue;
use atrio_dynamo::conflict::{Closed, ConflictRecord};
use atrio_dynamo::presence::{Counting, LimitRule};
use atrio_dynamo::redemption::Redeemed;
use atrio_runtime::extract::Path;
use atrio_runtime::{Json, Problem, Role, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ATTEMPTS, Context, foreign, internal, load_venue, problem, read_code, undo, unit_of};

/// Most entries of one request; each is a few reads and a transaction.
const ENTRIES_MAX: usize = 50;

/// Most conflicts listed.
const CONFLICTS_MAX: usize = 100;

/// Longest note on a conflict, in characters.
const NOTE_MAX_CHARS: usize = 500;

/// Entries and exits that gates of a venue made offline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfflineBody {
    #[schema(value_type = String)]
    venue_id: VenueId,
    /// 1 to 50 of them; each is judged by itself, in this order.
    entries: Vec<OfflineEntry>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OfflineEntry {
    /// The gate's nonce of the scan; sent again, it is the same entry.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    gate_id: GateId,
    /// The text of the QR code, or the code as typed.
    code: String,
    /// Which way the visitor went: `ENTRY` or `EXIT`; in when left out.
    #[serde(default)]
    #[schema(value_type = String)]
    direction: Direction,
    /// The area behind the gate, where it leads into one.
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
    /// As whom the ticket was let through, as its code said: of a ticket that a desk without a line sold,
    /// whose sale has not come in, nothing else tells it.
    #[schema(value_type = Option<String>)]
    unit_id: Option<UnitId>,
    /// When the gate let through, by its own clock; kept to the microsecond.
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    /// That the gate took it back before it could send it in: it is recorded and uses no ticket.
    undone: Option<UndoneBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UndoneBody {
    /// When, at most five minutes after the entry.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// 1 to 200 characters; names no visitor.
    reason: String,
}

/// What became of each entry, in the order sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OfflineView {
    results: Vec<EntryResult>,
}

#[derive(Debug, Serialize, ToSchema)]
struct EntryResult {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    outcome: Outcome,
    /// Why the entry does not stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Outcome {
    /// The entry is filed.
    Done,
    /// It was filed before.
    Known,
    /// The ticket was used elsewhere; staff find the entry in the list of conflicts.
    Conflict,
    /// The entry cannot stand.
    Refused,
}

/// Files entries and exits that gates made while their line was down. A visitor let in by a gate alone
/// is inside, however full the place is.
#[utoipa::path(post, path = "/v1/redemptions/offline", tag = "gate", request_body = OfflineBody,
    security(("staff" = [])),
    responses((status = 200, body = OfflineView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn file_offline(
    State(context): State<Context>,
    staff: Staff,
    Json(body): Json<OfflineBody>,
) -> Result<axum::Json<OfflineView>, Problem> {
    staff.must_be_at(&body.venue_id, &[Role::Gate, Role::Manager])?;
    if !(1..=ENTRIES_MAX).contains(&body.entries.len()) {
        return Err(problem::entries_count(body.entries.len(), ENTRIES_MAX));
    }
    let venue = load_venue(&context, &body.venue_id).await?;
    let mut results = Vec::with_capacity(body.entries.len());
    for (number, entry) in body.entries.iter().enumerate() {
        let (outcome, problem) = file_entry(&context, &venue, number, entry).await?;
        results.push(EntryResult { uuid: entry.uuid, outcome, problem });
    }
    Ok(axum::Json(OfflineView { results }))
}

/// Files one entry. An error is a fault on our side: the whole request is safe to send again.
async fn file_entry(
    context: &Context,
    venue: &Venue,
    number: usize,
    entry: &OfflineEntry,
) -> Result<(Outcome, Option<Problem>), Problem> {
    let refused = |problem| Ok((Outcome::Refused, Some(problem)));
    let shown = match read_code(context, &entry.code) {
        Ok(shown) => shown,
        Err(problem) => return refused(problem),
    };
    let id = shown.ticket();
    let unit = unit_of(&shown).or(entry.unit_id.as_ref());
    for _ in 0..ATTEMPTS {
        let ticket = context.store.ticket(id).await.map_err(internal)?;
        if let Some(problem) = foreign(context, &shown, ticket.as_ref(), venue).await? {
            return refused(problem);
        }
        let Some(ticket) = ticket else { return refused(problem::unknown_shown(&shown)) };
        let known = ticket.state.clone();
        let now = context.clock.now();
        if let Some(undone) = &entry.undone {
            if entry.direction == Direction::Exit {
                return refused(problem::exit_stands(entry.uuid));
            }
            match file_undone(context, venue, ticket, entry, undone).await? {
                Some(result) => return Ok(result),
                None => continue,
            }
        }
        let ticket = match ticket.admitting(unit, venue) {
            Ok(ticket) => ticket,
            Err(refusal) => return refused(problem::refusal(&refusal)),
        };
        let filed = file(ticket, &entry.scan(&venue.id), now);
        if filed.is_err() && is_filed(context, id, entry).await? {
            return Ok((Outcome::Known, None));
        }
        let redemption = match filed {
            Ok(redemption) => redemption,
            Err(Unfiled::Conflict(conflict)) => {
                context.store.record_conflict(&conflict).await.map_err(internal)?;
                return Ok((Outcome::Conflict, Some(problem::conflict(&conflict))));
            }
            Err(Unfiled::Refused(refusal)) => return refused(problem::refusal(&refusal)),
            Err(ahead @ Unfiled::Ahead { .. }) => return refused(problem::ahead(&ahead, number)),
        };
        if redemption.ticket.state == known {
            return Ok((Outcome::Known, None));
        }
        let counting = Counting {
            day: venue.day_at(entry.redeemed_at),
            limits: venue.premises.filled([redemption.area.as_ref()]),
            rule: LimitRule::Past,
        };
        let one = std::slice::from_ref(&redemption);
        if context.store.redeem(one, counting).await.map_err(internal)? == Redeemed::Done {
            return Ok((Outcome::Done, None));
        }
        if let Some(standing) = context.store.entry(entry.uuid).await.map_err(internal)? {
            if !standing.is_of(id) || standing.direction != entry.direction {
                return refused(problem::nonce_reused(entry.uuid));
            }
            return Ok((Outcome::Known, None));
        }
        // Otherwise another gate used the ticket just now, which the next reading shows.
    }
    Err(Problem::busy())
}

/// Whether the entry or exit was filed before, though its ticket moved on since.
async fn is_filed(context: &Context, id: TicketId, entry: &OfflineEntry) -> Result<bool, Problem> {
    let standing = context.store.entry(entry.uuid).await.map_err(internal)?;
    Ok(standing.is_some_and(|standing| {
        standing.is_of(id) && standing.direction == entry.direction && standing.undone.is_none()
    }))
}

impl OfflineEntry {
    fn scan<'a>(&'a self, venue: &'a VenueId) -> Scan<'a> {
        Scan {
            uuid: self.uuid,
            venue,
            gate: &self.gate_id,
            area: self.area_id.as_ref(),
            direction: self.direction,
            at: self.redeemed_at,
        }
    }
}

/// Files an entry that was taken back already. None when something was faster: read again.
async fn file_undone(
    context: &Context,
    venue: &Venue,
    ticket: Ticket,
    entry: &OfflineEntry,
    undone: &UndoneBody,
) -> Result<Option<(Outcome, Option<Problem>)>, Problem> {
    let refused = |problem| Ok(Some((Outcome::Refused, Some(problem))));
    let OfflineEntry { uuid, gate_id, redeemed_at, .. } = entry;
    let standing = context.store.entry(*uuid).await.map_err(internal)?;
    // What is on file counts, not what the gate says of it now: an entry is taken back where it was made, soon.
    let (made_at, made_by) = standing
        .as_ref()
        .map_or((*redeemed_at, gate_id), |standing| (standing.redeemed_at, &standing.gate));
    let undo = match undo::checked(made_by, made_at, gate_id, undone.at, &undone.reason, context) {
        Ok(undo) => undo,
        Err(problem) => return refused(problem),
    };
    if let Some(standing) = standing {
        let is_it = standing.is_of(ticket.entitlement.ticket) && standing.venue == venue.id;
        if !is_it || standing.direction == Direction::Exit {
            return refused(problem::nonce_reused(*uuid));
        }
        if standing.undone.is_some() {
            return Ok(Some((Outcome::Known, None)));
        }
        // It was sent in before it was taken back, and the answer was lost.
        if ticket.state != TicketState::Valid && !undo::is_inside_by(&ticket, *uuid) {
            return refused(problem::ticket_moved_on(*uuid, ticket.state.name()));
        }
        let written = undo::write(context, venue, vec![ticket], &standing, &undo).await?;
        return Ok((written == Redeemed::Done).then_some((Outcome::Done, None)));
    }
    if ticket.entitlement.venue != venue.id {
        let (venue, gate_venue) = (ticket.entitlement.venue, venue.id.clone());
        return refused(problem::refusal(&Refusal::OtherVenue { venue, gate_venue }));
    }
    let (uuid, gate, redeemed_at) = (*uuid, gate_id.clone(), *redeemed_at);
    let (direction, area) = (Direction::Entry, entry.area_id.clone());
    let (after, pass_before, venue) = (None, None, venue.id.clone());
    let redemption =
        Redemption { uuid, venue, direction, gate, area, after, pass_before, ticket, redeemed_at };
    let written = context.store.record_undone(&redemption, &undo).await.map_err(internal)?;
    Ok((written == Redeemed::Done).then_some((Outcome::Done, None)))
}

/// The tickets of a venue that let in twice.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConflictsView {
    #[schema(value_type = String)]
    venue_id: VenueId,
    /// Newest first, at most 100; kept for 30 days.
    conflicts: Vec<ConflictView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ConflictView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    ticket_id: TicketId,
    #[schema(value_type = String)]
    gate_id: GateId,
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    /// The gate whose entry stands: the first to be sent in.
    #[schema(value_type = String)]
    standing_gate_id: GateId,
    #[schema(value_type = String, format = DateTime)]
    standing_redeemed_at: Timestamp,
    /// When staff closed it; null while it is open.
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// What staff noted.
    note: Option<String>,
}

/// Tickets that gates let in twice while offline.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/conflicts", tag = "gate",
    params(("venue_id" = String, Path)), security(("staff" = [])),
    responses((status = 200, body = ConflictsView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list_conflicts(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<axum::Json<ConflictsView>, Problem> {
    let venue_id = staff.at_venue(&venue_id, &[Role::Gate, Role::Manager])?;
    let conflicts = context.store.conflicts(&venue_id).await.map_err(internal)?;
    let conflicts = conflicts.into_iter().take(CONFLICTS_MAX).map(conflict_view).collect();
    Ok(axum::Json(ConflictsView { venue_id, conflicts }))
}

fn conflict_view(record: ConflictRecord) -> ConflictView {
    let conflict = record.conflict;
    let (closed_at, note) = record.closing.map(|closing| (closing.at, closing.note)).unzip();
    ConflictView {
        uuid: conflict.uuid,
        ticket_id: conflict.ticket,
        gate_id: conflict.gate,
        redeemed_at: conflict.redeemed_at,
        standing_gate_id: conflict.standing_gate,
        standing_redeemed_at: conflict.standing_redeemed_at,
        closed_at,
        note,
    }
}

/// What staff found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosingBody {
    /// 1 to 500 characters; names no visitor.
    note: String,
}

/// Closes a conflict with a note, once.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/conflicts/{uuid}/close", tag = "staff",
    params(("venue_id" = String, Path), ("uuid" = String, Path)), request_body = ClosingBody,
    security(("staff" = [])),
    responses((status = 204, description = "The note stands"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 422, body = Problem)))]
pub(crate) async fn close_conflict(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<ClosingBody>,
) -> Result<StatusCode, Problem> {
    let venue_id = staff.at_venue(&venue_id, &[Role::Manager])?;
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let note = body.note.trim();
    if !(1..=NOTE_MAX_CHARS).contains(&note.chars().count()) {
        return Err(problem::note(NOTE_MAX_CHARS));
    }
    let now = context.clock.now();
    match context.store.close_conflict(&venue_id, uuid, note, now).await.map_err(internal)? {
        Closed::Done => Ok(StatusCode::NO_CONTENT),
        Closed::Otherwise => Err(problem::closed_otherwise(uuid)),
        Closed::Unknown => Err(problem::unknown_conflict(uuid)),
    }
}
