//! A new ticket for a lost one, asked for by the holder of the booking.

use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::ticket::{self, Reissue, Ticket};
use atrio_dynamo::booking::{Changed, Stored};
use atrio_runtime::{Json, Path, Problem, random};
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{Context, TicketView, internal, problem, venue, view};

/// How often a booking is read again when others changed it or its ticket meanwhile.
const ATTEMPTS: u32 = 4;

/// A request for a new ticket.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReissueBody {
    /// The caller's key of the request: sent again, it gives the same ticket.
    #[schema(value_type = String)]
    uuid: CallerUuid,
}

/// Issues a new ticket in the place of one that would admit; the old code admits no more.
#[utoipa::path(post, path = "/v1/bookings/{uuid}/tickets/{ticket_id}/reissue", tag = "shop",
    params(("uuid" = String, Path), ("ticket_id" = String, Path)), request_body = ReissueBody,
    responses((status = 201, body = TicketView), (status = 200, body = TicketView),
        (status = 400, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn reissue_ticket(
    State(context): State<Context>,
    Path((uuid, ticket_id)): Path<(String, String)>,
    Json(body): Json<ReissueBody>,
) -> Result<(StatusCode, axum::Json<TicketView>), Problem> {
    let uuid: CallerUuid = uuid.parse().map_err(|error| Problem::malformed_id("uuid", error))?;
    let id: TicketId =
        ticket_id.parse().map_err(|error| Problem::malformed_id("ticket_id", error))?;
    for _ in 0..ATTEMPTS {
        let stored = context.store.booking(uuid).await.map_err(internal)?;
        let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
        stored.booking.must_be_the_visitors().map_err(|error| problem::resold(&error))?;
        // Before the re-issues: whoever sees the ticket replaced sees by which request, too.
        let ticket = context.store.ticket(id).await.map_err(internal)?;
        let before = context.store.reissues(uuid).await.map_err(internal)?;
        if let Some(known) = before.iter().find(|known| known.uuid == body.uuid) {
            if known.old != id {
                return Err(problem::uuid_reused(body.uuid));
            }
            return answer(&context, &stored, StatusCode::OK, known.new).await;
        }
        let is_of_booking =
            stored.tickets.contains(&id) || before.iter().any(|known| known.old == id);
        let ticket = ticket.filter(|_| is_of_booking);
        let ticket = ticket.ok_or_else(|| problem::unknown_ticket(id))?;
        if let Some(fresh) = reissue_once(&context, &stored, &before, ticket, body.uuid).await? {
            return answer(&context, &stored, StatusCode::CREATED, fresh).await;
        }
    }
    Err(Problem::busy())
}

/// Issues the new ticket, unless somebody entered with the old one or changed the booking meanwhile.
async fn reissue_once(
    context: &Context,
    stored: &Stored,
    before: &[Reissue],
    ticket: Ticket,
    uuid: CallerUuid,
) -> Result<Option<TicketId>, Problem> {
    let fresh = random::ticket_id();
    let reissued = ticket::reissue(ticket, before, uuid, fresh, context.clock.now())
        .map_err(|error| problem::not_issued_again(&error))?;
    let changed = context.store.reissue(stored, &reissued).await.map_err(internal)?;
    Ok((changed == Changed::Done).then_some(fresh))
}

async fn answer(
    context: &Context,
    stored: &Stored,
    status: StatusCode,
    id: TicketId,
) -> Result<(StatusCode, axum::Json<TicketView>), Problem> {
    let ticket = context.store.ticket(id).await.map_err(internal)?;
    let ticket = ticket.ok_or_else(|| problem::unknown_ticket(id))?;
    let venue = venue(context, &stored.booking.venue_id).await?;
    Ok((status, axum::Json(view(context, &venue, ticket)?)))
}
