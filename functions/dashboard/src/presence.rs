//! How many people are in a venue now: by the tickets that went in and out, where the venue has a limit,
//! and by the people counters at its doors, where there are any.

use atrio_domain::id::{AreaId, CallerUuid, GateId, VenueId};
use atrio_domain::premises::Place;
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use atrio_dynamo::presence::{Overruling, Presence};
use atrio_lake_query::{CountedCell, Venues};
use atrio_runtime::{Path, Problem, Role, Staff};
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Context, question, zone};

/// People present in a venue today.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresenceView {
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String, format = Date)]
    day: Date,
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
    /// Most people present in the whole venue; null where there is no limit.
    limit: Option<u32>,
    /// People inside by their tickets; null where there is no limit, for then nobody is counted.
    by_tickets: Option<u32>,
    /// By the people counters at the doors; null where none has counted directions today.
    by_counters: Option<CountersView>,
    areas: Vec<AreaView>,
    /// Entries over a limit, in order of time.
    over_limit: Vec<OverLimitView>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct CountersView {
    people_in: i64,
    people_out: i64,
    /// Those who went in less those who went out, and never less than nobody.
    inside: i64,
}

#[derive(Debug, Serialize, ToSchema)]
struct AreaView {
    #[schema(value_type = String)]
    id: AreaId,
    #[schema(value_type = Object)]
    name: Text,
    /// Most people present in the area; null where there is no limit.
    limit: Option<u32>,
    /// People inside by their tickets; null where there is no limit.
    by_tickets: Option<u32>,
}

#[derive(Debug, Serialize, ToSchema)]
struct OverLimitView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = String)]
    gate_id: GateId,
    /// The area that was full; null where the venue was.
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
    /// How many people entered by it.
    people: u32,
    /// People inside before this entry.
    inside: u32,
    limit: u32,
    /// Whom the token at the gate named.
    actor: String,
    /// The steward's words.
    reason: String,
}

/// How many people are in a venue now, by tickets and by counters, against its limits.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/presence", tag = "staff",
    params(("venue_id" = String, Path)), security(("staff" = [])),
    responses((status = 200, body = PresenceView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_presence(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Json<PresenceView>, Problem> {
    let id = staff.at_venue(&venue_id, &[Role::Gate, Role::Desk, Role::Manager])?;
    let venue = context.venue(&id).await?;
    let now = context.clock.now();
    let day = venue.day_at(now);
    let today = question(Venues::one(id.as_str()), day, 1, &zone()?)?;
    let lake = context.look().await?;
    let counted = lake.counted(&today).await.map_err(|error| Problem::internal(&error))?;
    let presence = context.store.presence(&id, day).await;
    let presence = presence.map_err(|error| Problem::internal(&error))?;
    Ok(Json(view(venue, day, now, &presence, &counted)))
}

fn view(
    venue: Venue,
    day: Date,
    as_of: Timestamp,
    presence: &Presence,
    counted: &[CountedCell],
) -> PresenceView {
    let inside = |place: Place, limit: Option<u32>| {
        limit.map(|_| presence.inside.get(&place).copied().unwrap_or(0))
    };
    let limit = venue.premises.limit;
    PresenceView {
        venue_id: venue.id,
        day,
        as_of,
        limit,
        by_tickets: inside(Place::Venue, limit),
        by_counters: counters(counted),
        areas: venue
            .premises
            .areas
            .into_iter()
            .map(|area| AreaView {
                by_tickets: inside(Place::Area(area.id.clone()), area.limit),
                id: area.id,
                name: area.name,
                limit: area.limit,
            })
            .collect(),
        over_limit: presence.overrulings.iter().map(over_limit).collect(),
    }
}

fn counters(counted: &[CountedCell]) -> Option<CountersView> {
    let people_in = counted.iter().map(|cell| cell.people_in).sum();
    let people_out = counted.iter().map(|cell| cell.people_out).sum();
    (people_in > 0 || people_out > 0).then(|| CountersView {
        people_in,
        people_out,
        inside: (people_in - people_out).max(0),
    })
}

fn over_limit(one: &Overruling) -> OverLimitView {
    OverLimitView {
        uuid: one.uuid,
        at: one.at,
        gate_id: one.gate.clone(),
        area_id: match &one.full.place {
            Place::Venue => None,
            Place::Area(area) => Some(area.clone()),
        },
        people: one.full.people,
        inside: one.full.inside,
        limit: one.full.limit,
        actor: one.actor.clone(),
        reason: one.reason.clone(),
    }
}
