//! Several people of one booking by one scan: a steward sees how many came and how many may pass, says
//! how many of which unit go through, and all of them do or nobody does. Nothing of the booking is read
//! but which tickets it has and, where tickets name who enters, the names.

use atrio_domain::id::{AreaId, CallerUuid, GateId, TicketId, UnitId, VenueId};
use atrio_domain::redemption::{
    Asked, Direction, Head, Heads, Redemption, Refusal, Scan, able, heads, pass_party,
};
use atrio_domain::text::Text;
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::Venue;
use atrio_dynamo::presence::{Counting, LimitRule};
use atrio_dynamo::redemption::{Entry, Redeemed};
use atrio_runtime::{Json, Problem, Role, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::scan::{Answer, RedemptionBody, UnitBrief, named, named_view, naming};
use crate::{Context, internal, load_shown, problem, unit_of};

/// How often a party is chosen anew when other gates let in from the same booking: each time, one of
/// them went through.
const ATTEMPTS: u32 = 12;

/// So many people of one unit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartyLine {
    #[schema(value_type = String)]
    unit_id: UnitId,
    /// At least one.
    quantity: u32,
}

/// So many people of one unit that went through together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThroughView {
    unit: UnitBrief,
    quantity: u32,
    /// What each of them must show, where something must be shown.
    #[schema(value_type = Option<Object>)]
    show: Option<Text>,
}

/// A scan as it would be made, whose booking is looked at first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PartyBody {
    /// The nonce of the scan to come.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    gate_id: GateId,
    /// The text of the QR code, or the code as typed, of any ticket of the booking.
    code: String,
    /// Which way they would go: `ENTRY` or `EXIT`; in when left out.
    #[serde(default)]
    #[schema(value_type = String)]
    direction: Direction,
    /// The area behind the gate, where it leads into one.
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
}

/// The people of a booking.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartyView {
    #[schema(value_type = Object)]
    slot: atrio_domain::calendar::SlotTimes,
    /// By unit, in the order of the booking.
    units: Vec<HeadsView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HeadsView {
    unit: UnitBrief,
    /// Tickets that were not taken back.
    booked: u32,
    /// Those with which somebody has entered.
    came: u32,
    /// Those whose visitor is inside.
    inside: u32,
    /// Those that would go through the gate now.
    able: usize,
}

/// How many people of a ticket's booking came, are inside, and would go through a gate now. It changes
/// nothing.
#[utoipa::path(post, path = "/v1/redemptions/party", tag = "gate", request_body = PartyBody,
    security(("staff" = [])),
    responses((status = 200, body = PartyView), (status = 401, body = Problem),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn show_party(
    State(context): State<Context>,
    staff: Staff,
    Json(body): Json<PartyBody>,
) -> Result<axum::Json<PartyView>, Problem> {
    staff.must_be_at(&body.venue_id, &[Role::Gate, Role::Desk, Role::Manager])?;
    let (shown, ticket, venue) = load_shown(&context, &body.code, &body.venue_id).await?;
    let ticket =
        ticket.admitting(unit_of(&shown), &venue).map_err(|refusal| problem::refusal(&refusal))?;
    if ticket.pass.is_none() && ticket.entitlement.venue != body.venue_id {
        let (venue, gate_venue) = (ticket.entitlement.venue, body.venue_id);
        return Err(problem::refusal(&Refusal::OtherVenue { venue, gate_venue }));
    }
    let tickets = of_booking(&context, &ticket).await?;
    let scan = Scan {
        uuid: body.uuid,
        venue: &body.venue_id,
        gate: &body.gate_id,
        area: body.area_id.as_ref(),
        direction: body.direction,
        at: context.clock.now(),
    };
    let seen = |Heads { unit, name, booked, came, inside }| {
        let able = able(&tickets, &unit, &scan);
        HeadsView { unit: UnitBrief { id: unit, name }, booked, came, inside, able }
    };
    let here: Vec<Ticket> = tickets.iter().map(|ticket| ticket.seen_at(&body.venue_id)).collect();
    let units = heads(here.iter().map(Head::from)).into_iter().map(seen).collect();
    Ok(axum::Json(PartyView { slot: ticket.entitlement.slot, units }))
}

/// The tickets of a ticket's booking. One whose sale has not come in is alone: who bought it with whom is
/// not known yet.
async fn of_booking(context: &Context, ticket: &Ticket) -> Result<Vec<Ticket>, Problem> {
    if ticket.lease.is_some() {
        return Ok(vec![ticket.clone()]);
    }
    context.store.tickets_of_booking(ticket.booking).await.map_err(internal)
}

/// Lets so many of a ticket's booking through together, or nobody. Repeated, it answers the same.
pub(crate) async fn redeem(
    context: &Context,
    staff: &Staff,
    body: &RedemptionBody,
    venue: &Venue,
    shown: &Ticket,
    lines: &[PartyLine],
) -> Result<Answer, Problem> {
    let reason = body.reason()?;
    let asked: Vec<Asked> = lines.iter().map(asked).collect();
    let mut rule = LimitRule::Kept;
    for _ in 0..ATTEMPTS {
        // In this order: where there is no entry yet, none of these tickets was used by it.
        let tickets = of_booking(context, shown).await?;
        if let Some(entry) = context.store.entry(body.uuid).await.map_err(internal)? {
            let through = before(body, &asked, &entry, &tickets)?;
            return answer(context, StatusCode::OK, body, through).await;
        }
        let now = context.clock.now();
        let through = pass_party(tickets, shown.entitlement.ticket, &asked, &body.scan(now))
            .map_err(|error| problem::party(&error))?;
        let limits = venue.premises.filled(through.iter().map(|one| one.area.as_ref()));
        let counting = Counting { day: venue.day_at(now), limits, rule: rule.clone() };
        match context.store.redeem(&through, counting).await.map_err(internal)? {
            Redeemed::Done => return answer(context, StatusCode::CREATED, body, through).await,
            Redeemed::Full(full) => {
                let Some(reason) = reason else { return Err(problem::full(&full)) };
                rule = LimitRule::Overruled(body.overruling(staff, reason, full, now));
            }
            // Another gate had one of the tickets just now, or the same scan came twice: choose anew.
            Redeemed::Stale => {}
        }
    }
    Err(Problem::busy())
}

fn asked(line: &PartyLine) -> Asked {
    Asked { unit: line.unit_id.clone(), quantity: line.quantity }
}

/// What went through under this nonce before, where it stands for the same people of the same booking.
fn before(
    body: &RedemptionBody,
    asked: &[Asked],
    entry: &Entry,
    tickets: &[Ticket],
) -> Result<Vec<Redemption>, Problem> {
    let of_unit = |unit: &UnitId| entry.passed.iter().filter(|passed| &passed.unit == unit).count();
    let is_the_same = entry.direction == body.direction
        && asked.iter().all(|one| u32::try_from(of_unit(&one.unit)) == Ok(one.quantity))
        && entry.passed.iter().all(|passed| {
            asked.iter().any(|one| one.unit == passed.unit)
                && tickets.iter().any(|ticket| ticket.entitlement.ticket == passed.ticket)
        });
    if !is_the_same {
        return Err(problem::nonce_reused(body.uuid));
    }
    if entry.undone.is_some() {
        return Err(problem::nonce_undone(body.uuid));
    }
    let ticket = |id: TicketId| tickets.iter().find(|ticket| ticket.entitlement.ticket == id);
    let through = entry.passed.iter().filter_map(|passed| {
        Some(Redemption {
            uuid: entry.uuid,
            venue: entry.venue.clone(),
            direction: entry.direction,
            gate: entry.gate.clone(),
            area: passed.area.clone(),
            after: passed.after,
            pass_before: None,
            ticket: ticket(passed.ticket)?.clone(),
            redeemed_at: entry.redeemed_at,
        })
    });
    Ok(through.collect())
}

/// People of one unit are one line, but for those whom their tickets name: each has a document to show.
async fn answer(
    context: &Context,
    status: StatusCode,
    body: &RedemptionBody,
    through: Vec<Redemption>,
) -> Result<Answer, Problem> {
    let first = through.first().cloned().ok_or_else(|| problem::nonce_reused(body.uuid))?;
    let naming = naming(context, &first.ticket).await?;
    let mut party: Vec<ThroughView> = Vec::new();
    for Redemption { ticket, .. } in through {
        let ticket = named(ticket, naming.as_ref());
        let unit = ticket.entitlement.unit;
        let same =
            |known: &&mut ThroughView| known.unit.id == unit && known.show == ticket.document;
        match party.iter_mut().find(same) {
            Some(known) => known.quantity += 1,
            None => party.push(ThroughView {
                unit: UnitBrief { id: unit, name: ticket.unit_name },
                quantity: 1,
                show: ticket.document,
            }),
        }
    }
    Ok((status, axum::Json(named_view(first, naming.as_ref()).with(party))))
}
