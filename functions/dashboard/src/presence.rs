//! How many people are in a venue now: by what its limits are kept by, tickets that went in and out or people
//! counters at the doors, and by all its people counters, where there are any.

use atrio_domain::id::{AreaId, CallerUuid, GateId, VenueId};
use atrio_domain::premises::{CountedBy, Place, Premises, Source};
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use atrio_dynamo::presence::{Overruling, Presence, Recount};
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
    /// People inside by the count that the limit is kept by; null where there is no limit, for then nobody is
    /// counted.
    inside: Option<u32>,
    /// What moves that count: `GATES` or `COUNTERS`; null where there is no limit.
    #[schema(value_type = Option<String>)]
    counted_by: Option<Source>,
    /// People inside by their tickets; null where gates do not count.
    by_tickets: Option<u32>,
    /// By the people counters at the doors; null where none has counted directions today.
    by_counters: Option<CountersView>,
    areas: Vec<AreaView>,
    /// Entries over a limit, in order of time.
    over_limit: Vec<OverLimitView>,
    /// Counts that a manager set by hand, in order of time.
    set_by_hand: Vec<SetByHandView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SetByHandView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The area; null for the whole venue.
    #[schema(value_type = Option<String>)]
    area_id: Option<AreaId>,
    inside: u32,
    /// Whom the manager's token named.
    actor: String,
    /// The manager's words.
    reason: String,
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
    /// People inside by the count that the limit is kept by; null where there is no limit.
    inside: Option<u32>,
    /// What moves that count: `GATES` or `COUNTERS`; null where there is no limit.
    #[schema(value_type = Option<String>)]
    counted_by: Option<Source>,
    /// People inside by their tickets; null where gates do not count.
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
    let count = |place: Place, limit: Option<u32>, by: &CountedBy| {
        let source = limit.map(|_| by.source());
        let inside = source.map(|_| presence.inside.get(&place).copied().unwrap_or(0));
        (inside, source, inside.filter(|_| source == Some(Source::Gates)))
    };
    let Premises { limit, counted_by, areas } = venue.premises;
    let (inside, source, by_tickets) = count(Place::Venue, limit, &counted_by);
    PresenceView {
        venue_id: venue.id,
        day,
        as_of,
        limit,
        inside,
        counted_by: source,
        by_tickets,
        by_counters: counters(counted),
        areas: areas
            .into_iter()
            .map(|area| {
                let place = Place::Area(area.id.clone());
                let (inside, counted_by, by_tickets) = count(place, area.limit, &area.counted_by);
                let (id, name, limit) = (area.id, area.name, area.limit);
                AreaView { id, name, limit, inside, counted_by, by_tickets }
            })
            .collect(),
        over_limit: presence.overrulings.iter().map(over_limit).collect(),
        set_by_hand: presence.recounts.iter().map(set_by_hand).collect(),
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

fn set_by_hand(one: &Recount) -> SetByHandView {
    SetByHandView {
        uuid: one.uuid,
        at: one.at,
        area_id: area_of(&one.place),
        inside: one.inside,
        actor: one.actor.clone(),
        reason: one.reason.clone(),
    }
}

fn area_of(place: &Place) -> Option<AreaId> {
    match place {
        Place::Venue => None,
        Place::Area(area) => Some(area.clone()),
    }
}

fn over_limit(one: &Overruling) -> OverLimitView {
    OverLimitView {
        uuid: one.uuid,
        at: one.at,
        gate_id: one.gate.clone(),
        area_id: area_of(&one.full.place),
        people: one.full.people,
        inside: one.full.inside,
        limit: one.full.limit,
        actor: one.actor.clone(),
        reason: one.reason.clone(),
    }
}
