//! What a reading room's staff fetch from the stacks: the pieces that a day's readers asked for.

use std::collections::BTreeSet;

use atrio_domain::booking::BookingState;
use atrio_domain::id::{Shelfmark, SlotId};
use atrio_runtime::{Path, Problem, Query, Role, Staff};
use axum::extract::State;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Context, internal};

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PiecesQuery {
    /// The day, `2026-05-01`.
    #[param(value_type = String, format = Date)]
    day: Date,
}

/// The pieces of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PiecesView {
    /// In order of slot, then of shelfmark.
    pieces: Vec<PieceView>,
}

/// A piece, when it is wanted, and for whom, without a name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
struct PieceView {
    #[schema(value_type = String)]
    slot_id: SlotId,
    #[schema(value_type = String)]
    shelfmark: Shelfmark,
    booking_reference: String,
}

/// The pieces that confirmed bookings of a day ask for, to be brought to the reading room.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/pieces", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), PiecesQuery),
    responses((status = 200, body = PiecesView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem)))]
pub(crate) async fn list_pieces(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<PiecesQuery>,
) -> Result<axum::Json<PiecesView>, Problem> {
    let id = staff.at_venue(&venue_id, &[Role::Manager, Role::Desk])?;
    let tickets = context.store.tickets_of_day(&id, query.day).await.map_err(internal)?;
    let bookings: BTreeSet<_> = tickets.iter().map(|ticket| ticket.booking).collect();
    let mut pieces = Vec::new();
    for uuid in bookings {
        let stored = context.store.booking(uuid).await.map_err(internal)?;
        let Some(booking) = stored.map(|stored| stored.booking) else { continue };
        if matches!(booking.state, BookingState::Confirmed { .. }) {
            pieces.extend(booking.pieces().map(|shelfmark| PieceView {
                slot_id: booking.slot.id,
                shelfmark: shelfmark.clone(),
                booking_reference: uuid.reference(),
            }));
        }
    }
    pieces.sort();
    Ok(axum::Json(PiecesView { pieces }))
}
