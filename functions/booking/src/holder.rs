//! Names on the tickets of a booking, where its tickets admit only whom they name: given before it is
//! confirmed, changed by the product's rule after.

use atrio_domain::booking::Booking;
use atrio_dynamo::booking::{Changed, With};
use atrio_runtime::{Json, Path, Problem};
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::view::BookingView;
use crate::{Context, answer, booking_uuid, internal, problem};

/// How often a change is tried when others change the booking at the same moment.
const ATTEMPTS: u32 = 8;

/// Who enters.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HoldersBody {
    /// A name for each ticket as a document has it, in the order of the units and of their tickets.
    holders: Vec<String>,
}

/// That tickets name who enters. The names are for who holds the booking's key: `GET …/person`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HoldersView {
    /// Names that are wanted.
    places: u32,
    /// Whether they were given.
    are_given: bool,
    /// Until when they change.
    #[schema(value_type = Option<String>, format = DateTime)]
    change_until: Option<Timestamp>,
    /// How often they change once the booking is confirmed.
    changes_left: u32,
}

impl HoldersView {
    pub(crate) fn of(booking: &Booking) -> Option<Self> {
        let rule = booking.holder_rule()?;
        Some(Self {
            places: booking.places(),
            are_given: !booking.holders.names.is_empty(),
            change_until: booking.names_change_until(),
            changes_left: rule.changes_max.saturating_sub(booking.holders.changes),
        })
    }
}

/// Names who enters with each ticket. The codes of the tickets stay as they are; gates show the new
/// names at once. Repeated, it answers the same and counts as no change.
#[utoipa::path(put, path = "/v1/bookings/{uuid}/holders", tag = "shop", params(("uuid" = String, Path)),
    request_body = HoldersBody,
    responses((status = 200, body = BookingView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)))]
pub(crate) async fn name_holders(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    Json(body): Json<HoldersBody>,
) -> Result<axum::Json<BookingView>, Problem> {
    let uuid = booking_uuid(&uuid)?;
    for _ in 0..ATTEMPTS {
        let stored = context.store.booking(uuid).await.map_err(internal)?;
        let mut stored = stored.ok_or_else(|| problem::unknown_booking(uuid))?;
        stored.booking.must_be_the_visitors().map_err(|error| problem::refused_step(&error))?;
        let to = stored.booking.name_holders(&body.holders, context.clock.now());
        let to = to.map_err(|error| problem::holders(&error))?;
        let done = to.holders == stored.booking.holders
            || context.store.change(&stored, &to, With::Nothing).await.map_err(internal)?
                == Changed::Done;
        if done {
            stored.booking = to;
            return answer(&context, stored).await;
        }
    }
    Err(Problem::busy())
}
