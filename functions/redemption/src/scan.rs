//! A code shown at a gate whose line is up, on the way in or out.

use atrio_domain::id::{AreaId, CallerUuid, GateId, TicketId, UnitId, VenueId};
use atrio_domain::premises::Full;
use atrio_domain::redemption::{Direction, Redemption, Scan, pass};
use atrio_domain::text::Text;
use atrio_domain::ticket::Ticket;
use atrio_domain::venue::Venue;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::presence::{Counting, LimitRule, Overruling};
use atrio_dynamo::redemption::{Entry, Redeemed};
use atrio_runtime::{Json, Problem, Role, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::party::{self, PartyLine, ThroughView};
use crate::{ATTEMPTS, Context, REASON_MAX_CHARS, internal, load, load_shown, problem, unit_of};

/// A code shown at a gate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedemptionBody {
    /// The gate's nonce: fresh for every scan, the same for a repeat of one.
    #[schema(value_type = String)]
    pub(crate) uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    gate_id: GateId,
    /// The text of the QR code, or the code as typed.
    code: String,
    /// How many of each unit of the ticket's booking go through, all of them or nobody; the ticket alone
    /// when left out.
    pub(crate) party: Option<Vec<PartyLine>>,
    /// Which way the visitor goes: `ENTRY` or `EXIT`; in when left out.
    #[serde(default)]
    #[schema(value_type = String)]
    pub(crate) direction: Direction,
    /// The area behind the gate, where it leads into one.
    #[schema(value_type = Option<String>)]
    pub(crate) area_id: Option<AreaId>,
    /// Why the steward lets in although the place is full: 1 to 200 characters, which go on record;
    /// names no visitor. Changes nothing where there is room.
    over_limit_reason: Option<String>,
}

/// An entry or exit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RedemptionView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// `ADMITTED`, or `LEFT` for an exit.
    outcome: &'static str,
    /// `ENTRY` or `EXIT`.
    #[schema(value_type = String)]
    direction: Direction,
    /// The area entered or left, where the gate of the entry named one.
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
    /// The ticket, or the first of a party.
    #[schema(value_type = String)]
    ticket_id: TicketId,
    unit: UnitBrief,
    #[schema(value_type = Object)]
    slot: atrio_domain::calendar::SlotTimes,
    #[schema(value_type = String, format = DateTime)]
    redeemed_at: Timestamp,
    /// What the visitor must show, where something must be shown.
    #[schema(value_type = Option<Object>)]
    show: Option<Text>,
    /// What is left of a pass; null for a ticket of a visit.
    pass: Option<PassLeftView>,
    /// Who went through together, by unit; null for one alone.
    party: Option<Vec<ThroughView>>,
}

/// What is left of a pass.
#[derive(Debug, Serialize, ToSchema)]
struct PassLeftView {
    /// Entries left at this venue; null where they are not counted.
    entries_left: Option<u32>,
    /// The last instant at which it admits anywhere.
    #[schema(value_type = String, format = DateTime)]
    admits_until: Timestamp,
}

impl PassLeftView {
    fn of(ticket: &Ticket, venue: &VenueId) -> Option<Self> {
        let pass = ticket.pass.as_ref()?;
        let entries_left = pass.entries_left(pass.rule.at(venue)?);
        let window = pass.rule.window(&ticket.entitlement.slot, pass.used.first_at);
        Some(Self { entries_left, admits_until: window.until })
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitBrief {
    #[schema(value_type = String)]
    pub(crate) id: UnitId,
    #[schema(value_type = Object)]
    pub(crate) name: Text,
}

/// What a scan that goes through is called.
#[must_use]
pub fn outcome(direction: Direction) -> &'static str {
    match direction {
        Direction::Entry => "ADMITTED",
        Direction::Exit => "LEFT",
    }
}

pub(crate) type Answer = (StatusCode, axum::Json<RedemptionView>);

/// Lets a visitor in, once unless the ticket's product lets in again after an exit; or out. With `party`,
/// so many of the ticket's booking together.
#[utoipa::path(post, path = "/v1/redemptions", tag = "gate", request_body = RedemptionBody,
    security(("staff" = [])),
    responses((status = 201, body = RedemptionView), (status = 200, body = RedemptionView),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn redeem(
    State(context): State<Context>,
    staff: Staff,
    Json(body): Json<RedemptionBody>,
) -> Result<Answer, Problem> {
    staff.must_be_at(&body.venue_id, &[Role::Gate, Role::Desk, Role::Manager])?;
    let reason = body.reason()?;
    let (shown, ticket, venue) = load_shown(&context, &body.code, &body.venue_id).await?;
    let admitting = |ticket: Ticket| {
        ticket.admitting(unit_of(&shown), &venue).map_err(|refusal| problem::refusal(&refusal))
    };
    let mut ticket = admitting(ticket)?;
    body.check_area(&venue)?;
    if let Some(asked) = &body.party {
        return party::redeem(&context, &staff, &body, &venue, &ticket, asked).await;
    }
    let mut rule = LimitRule::Kept;
    for _ in 0..ATTEMPTS {
        let now = context.clock.now();
        let known = ticket.clone();
        let redemption = match pass(ticket, &body.scan(now)) {
            Ok(redemption) => redemption,
            Err(refusal) => {
                let before = body.before(&context, known).await?;
                return before.ok_or_else(|| problem::refusal(&refusal));
            }
        };
        if redemption.ticket.state == known.state {
            return Ok((StatusCode::OK, axum::Json(view(&context, redemption).await?)));
        }
        let limits = venue.premises.filled([redemption.area.as_ref()]);
        let counting = Counting { day: venue.day_at(now), limits, rule: rule.clone() };
        let one = std::slice::from_ref(&redemption);
        match context.store.redeem(one, counting).await.map_err(internal)? {
            Redeemed::Done => {
                let view = view(&context, redemption).await?;
                return Ok((StatusCode::CREATED, axum::Json(view)));
            }
            Redeemed::Full(full) => {
                let Some(reason) = &reason else { return Err(problem::full(&full)) };
                rule = LimitRule::Overruled(body.overruling(&staff, reason, full, now));
            }
            // Where the nonce stands for nothing else, another gate had the ticket just now, which
            // the next reading shows.
            Redeemed::Stale => {
                body.must_be_fresh(&context, shown.ticket()).await?;
                if let Some(before) = body.before(&context, known).await? {
                    return Ok(before);
                }
            }
        }
        ticket = admitting(load(&context, &shown).await?)?;
    }
    Err(Problem::busy())
}

impl RedemptionBody {
    pub(crate) fn scan(&self, at: Timestamp) -> Scan<'_> {
        Scan {
            uuid: self.uuid,
            venue: &self.venue_id,
            gate: &self.gate_id,
            area: self.area_id.as_ref(),
            direction: self.direction,
            at,
        }
    }

    /// The steward's reason to let in over a limit, where one is given.
    pub(crate) fn reason(&self) -> Result<Option<&str>, Problem> {
        self.over_limit_reason.as_deref().map(checked_reason).transpose()
    }

    fn check_area(&self, venue: &Venue) -> Result<(), Problem> {
        match &self.area_id {
            Some(area) if venue.premises.area(area).is_none() => {
                Err(problem::unknown_area(area, &venue.premises))
            }
            _ => Ok(()),
        }
    }

    /// What was answered under this nonce before, though the ticket moved on since; none where
    /// nothing was.
    async fn before(&self, context: &Context, ticket: Ticket) -> Result<Option<Answer>, Problem> {
        let made = context.store.entry(self.uuid).await.map_err(internal)?;
        let made = made.filter(|made| {
            self.is_the_same(made, ticket.entitlement.ticket) && made.undone.is_none()
        });
        let Some(made) = made else { return Ok(None) };
        let view = view(context, said_again(made, ticket)).await?;
        Ok(Some((StatusCode::OK, axum::Json(view))))
    }

    /// Refuses a nonce that stands for another entry or exit, or for one taken back.
    async fn must_be_fresh(&self, context: &Context, ticket: TicketId) -> Result<(), Problem> {
        match context.store.entry(self.uuid).await.map_err(internal)? {
            Some(made) if !self.is_the_same(&made, ticket) => Err(problem::nonce_reused(self.uuid)),
            Some(made) if made.undone.is_some() => Err(problem::nonce_undone(self.uuid)),
            _ => Ok(()),
        }
    }

    fn is_the_same(&self, made: &Entry, ticket: TicketId) -> bool {
        made.is_of(ticket) && made.direction == self.direction
    }

    pub(crate) fn overruling(
        &self,
        staff: &Staff,
        reason: &str,
        full: Full,
        at: Timestamp,
    ) -> Overruling {
        Overruling {
            uuid: self.uuid,
            at,
            gate: self.gate_id.clone(),
            actor: staff.subject.to_string(),
            reason: reason.to_owned(),
            full,
        }
    }
}

fn checked_reason(reason: &str) -> Result<&str, Problem> {
    let reason = reason.trim();
    if (1..=REASON_MAX_CHARS).contains(&reason.chars().count()) {
        Ok(reason)
    } else {
        Err(problem::reason("over_limit_reason", REASON_MAX_CHARS))
    }
}

fn said_again(entry: Entry, ticket: Ticket) -> Redemption {
    let Entry { uuid, direction, passed, venue, gate, redeemed_at, .. } = entry;
    let (area, after) =
        passed.into_iter().next().map_or((None, None), |passed| (passed.area, passed.after));
    let pass_before = None;
    Redemption { uuid, venue, direction, gate, area, after, pass_before, ticket, redeemed_at }
}

/// The booking of a ticket that names who enters: the ticket itself names nobody.
pub(crate) async fn naming(context: &Context, ticket: &Ticket) -> Result<Option<Stored>, Problem> {
    if ticket.admission.holder_names.is_none() {
        return Ok(None);
    }
    context.store.booking(ticket.booking).await.map_err(internal)
}

async fn view(context: &Context, redemption: Redemption) -> Result<RedemptionView, Problem> {
    let naming = naming(context, &redemption.ticket).await?;
    Ok(named_view(redemption, naming.as_ref()))
}

/// What is answered of one ticket that went through.
pub(crate) fn named_view(redemption: Redemption, naming: Option<&Stored>) -> RedemptionView {
    let slot = redemption.slot();
    let pass = PassLeftView::of(&redemption.ticket, &redemption.venue);
    let ticket = named(redemption.ticket, naming);
    RedemptionView {
        uuid: redemption.uuid,
        outcome: outcome(redemption.direction),
        direction: redemption.direction,
        area_id: redemption.area,
        ticket_id: ticket.entitlement.ticket,
        unit: UnitBrief { id: ticket.entitlement.unit, name: ticket.unit_name },
        slot,
        redeemed_at: redemption.redeemed_at,
        show: ticket.document,
        pass,
        party: None,
    }
}

/// The ticket as it is shown, with the name of whom it admits where it names somebody.
pub(crate) fn named(ticket: Ticket, naming: Option<&Stored>) -> Ticket {
    match naming {
        Some(stored) => stored.booking.named(ticket, &stored.tickets),
        None => ticket,
    }
}

impl RedemptionView {
    /// The same, of all these who went through together.
    pub(crate) fn with(self, party: Vec<ThroughView>) -> Self {
        Self { party: Some(party), ..self }
    }
}
