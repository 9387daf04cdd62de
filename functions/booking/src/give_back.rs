//! Giving back some tickets of a confirmed booking.

use atrio_domain::give_back::GiveBack;
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_dynamo::booking::Changed;
use atrio_runtime::{Json, Path, Problem};
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Context, booking_uuid, internal, load_venue, problem};

/// How often it is tried when others change the booking at the same moment.
const ATTEMPTS: u32 = 8;

/// Which tickets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveBackBody {
    /// Made by the caller; the idempotency key of the request.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// Their ids, as `GET /v1/bookings/{uuid}/tickets` has them.
    #[schema(value_type = Vec<String>)]
    ticket_ids: Vec<TicketId>,
    /// What the visitor was shown goes back. Where it is another amount by now, nothing is done and the
    /// answer says which; without it, what the rule says is done.
    #[schema(value_type = Option<i64>)]
    refund_cents: Option<Cents>,
}

/// What was given back.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GivenBackView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = Vec<String>)]
    ticket_ids: Vec<TicketId>,
    /// What goes back: the prices of these tickets, or nothing after the term.
    #[schema(value_type = i64)]
    refund_cents: Cents,
    currency: &'static str,
    #[schema(value_type = String, format = DateTime)]
    given_back_at: Timestamp,
}

impl GivenBackView {
    fn of(record: GiveBack) -> Self {
        Self {
            uuid: record.uuid,
            ticket_ids: record.tickets,
            refund_cents: record.refund,
            currency: CURRENCY,
            given_back_at: record.at,
        }
    }
}

/// Gives back some tickets of a confirmed booking: they admit no more, their places are on sale at once, and
/// their prices go back until `cancellation.refund_until`, each ticket's own to the cent. Who may not come
/// alone does not stay alone. All of them are given back by `…/cancel`. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/bookings/{uuid}/give-back", tag = "shop", params(("uuid" = String, Path)),
    request_body = GiveBackBody,
    responses((status = 200, body = GivenBackView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn give_back(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Json(body): Json<GiveBackBody>,
) -> Result<axum::Json<GivenBackView>, Problem> {
    let (uuid, store) = (booking_uuid(&uuid)?, &context.store);
    for _ in 0..ATTEMPTS {
        let stored = store.booking(uuid).await.map_err(internal)?;
        let stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
        if let Some(before) = store.given_back(uuid, body.uuid).await.map_err(internal)? {
            if before.tickets == body.ticket_ids {
                return Ok(axum::Json(GivenBackView::of(before)));
            }
            return Err(problem::uuid_reused("uuid", body.uuid));
        }
        let tickets = store.tickets(&stored.tickets).await.map_err(internal)?;
        let venue = load_venue(&context, &stored.booking.venue_id).await?;
        let (named, asked) = (&body.ticket_ids, (body.uuid, body.refund_cents));
        let now = context.clock.now();
        let given = match stored.booking.give_back(&tickets, named, &venue, asked, now) {
            Ok(given) => given,
            // Another request under the same key may have been faster between the two readings.
            Err(error) => match store.given_back(uuid, body.uuid).await.map_err(internal)? {
                Some(_) => continue,
                None => return Err(problem::give_back(&error)),
            },
        };
        if store.give_back(&stored, &given).await.map_err(internal)? == Changed::Done {
            return Ok(axum::Json(GivenBackView::of(given.record)));
        }
    }
    Err(Problem::busy())
}
