//! Requests of groups and school classes: who asks sends one in and the list of names, a manager takes
//! it or refuses it with a reason. What is taken is held as a booking under the request's uuid, which is
//! paid or confirmed like any.

mod list;
mod problem;
mod view;

use atrio_domain::group::{Approval, Group, GroupAsk, GroupKind, SchoolVisit};
use atrio_domain::id::{CallerUuid, OptionId, ProductId, SlotId, VenueId};
use atrio_domain::quota::Pools;
use atrio_domain::redemption::{Head, Heads, heads};
use atrio_domain::text::Locale;
use atrio_domain::venue::Venue;
use atrio_domain::voucher::VoucherError;
use atrio_dynamo::booking::{Held, Stored};
use atrio_dynamo::group::{Asked, SchoolDay, StoredGroup};
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::view::{GroupListView, GroupView, StaffGroupView};
use crate::{ContactBody, Context, booking_uuid, internal, load_venue};

/// How often a decision is tried when others approve classes of the same day.
const ATTEMPTS: u32 = 8;

/// The routes of groups.
pub(crate) fn routes() -> OpenApiRouter<Context> {
    OpenApiRouter::new()
        .routes(routes!(ask))
        .routes(routes!(show, withdraw))
        .routes(routes!(list::send_in, list::forget))
        .routes(routes!(list_requests))
        .routes(routes!(approve))
        .routes(routes!(refuse))
        .routes(routes!(list::download))
}

/// A request of a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskBody {
    /// Made by the caller; its idempotency key, and the uuid of the booking once the venue takes the group.
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[serde(default = "crate::standard_option")]
    #[schema(value_type = String)]
    option_id: OptionId,
    /// The local start of the slot, `2026-05-01T10:00`.
    #[schema(value_type = String)]
    slot_id: SlotId,
    /// `GROUP` or `SCHOOL`.
    #[schema(value_type = String)]
    kind: GroupKind,
    /// What the school or group is called.
    organisation: String,
    contact: ContactBody,
    #[serde(default)]
    #[schema(value_type = String)]
    locale: Locale,
    /// How many, without those who lead them.
    people: u32,
    /// How many lead them, free.
    leaders: u32,
    /// What the venue should know.
    note: Option<String>,
}

impl From<AskBody> for GroupAsk {
    fn from(body: AskBody) -> Self {
        Self {
            uuid: body.uuid,
            venue_id: body.venue_id,
            product_id: body.product_id,
            option_id: body.option_id,
            slot_id: body.slot_id,
            kind: body.kind,
            organisation: body.organisation,
            contact: Some(body.contact.into()),
            locale: body.locale,
            people: body.people,
            leaders: body.leaders,
            note: body.note,
        }
    }
}

/// Asks for a visit of a group or a school class. No place is taken before a manager approves it.
/// Repeated, it answers what became of the first request.
#[utoipa::path(post, path = "/v1/groups", tag = "shop", request_body = AskBody,
    responses((status = 201, body = GroupView), (status = 200, body = GroupView),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
async fn ask(
    State(context): State<Context>,
    Json(body): Json<AskBody>,
) -> Result<(StatusCode, axum::Json<GroupView>), Problem> {
    let ask = GroupAsk::from(body);
    let (uuid, fingerprint) = (ask.uuid, ask.fingerprint());
    let venue = load_venue(&context, &ask.venue_id).await?;
    let before = context.store.group(uuid).await.map_err(internal)?;
    if before.is_none() {
        // The uuid becomes that of a booking.
        if context.store.booking(uuid).await.map_err(internal)?.is_some() {
            return Err(crate::problem::uuid_reused("uuid", uuid));
        }
    }
    let before = match before {
        Some(before) => before,
        None => {
            let now = context.clock.now();
            let offer = ask.offer(&venue, now).map_err(|error| problem::group(&error))?;
            let group = Group::asked(ask, &offer, now);
            match context.store.ask_group(&group).await.map_err(internal)? {
                Asked::New => {
                    let view = GroupView::of(&group, None, &venue, now);
                    return Ok((StatusCode::CREATED, axum::Json(view)));
                }
                Asked::Before(before) => *before,
            }
        }
    };
    if before.group.fingerprint != fingerprint {
        return Err(crate::problem::uuid_reused("uuid", uuid));
    }
    Ok((StatusCode::OK, axum::Json(seen(&context, &before.group, &venue).await?)))
}

/// A request, and what became of it.
#[utoipa::path(get, path = "/v1/groups/{uuid}", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 200, body = GroupView), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
async fn show(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<axum::Json<GroupView>, Problem> {
    let group = load(&context, &uuid).await?.group;
    let venue = load_venue(&context, &group.ask.venue_id).await?;
    Ok(axum::Json(seen(&context, &group, &venue).await?))
}

/// Takes a request back; nothing is kept of who asked, and no names. Repeated, it answers the same.
#[utoipa::path(delete, path = "/v1/groups/{uuid}", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 204, description = "The request is taken back and who asked is forgotten"),
        (status = 400, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem)))]
async fn withdraw(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<StatusCode, Problem> {
    let stored = load(&context, &uuid).await?;
    let booked = booked(&context, &stored.group).await?;
    let booking = booked.as_ref().map(|booked| &booked.booking);
    let withdrawn = stored.group.withdraw(booking, context.clock.now());
    let withdrawn = withdrawn.map_err(|error| problem::decision(&error))?;
    if withdrawn == stored.group
        || context.store.forget_list(&stored, &withdrawn).await.map_err(internal)?
    {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::busy())
}

/// Which requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// For slots of this day and later; today and later where it is left out.
    #[param(value_type = Option<String>, format = Date)]
    from: Option<Date>,
}

/// The requests for a venue's slots, in order of slot.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/groups", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ListQuery),
    responses((status = 200, body = GroupListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn list_requests(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<axum::Json<GroupListView>, Problem> {
    let venue = own_venue(&context, &staff, &venue_id).await?;
    let now = context.clock.now();
    let from = query.from.unwrap_or_else(|| venue.day_at(now));
    let mut groups = Vec::new();
    for stored in context.store.groups_from(&venue.id, from).await.map_err(internal)? {
        let group = stored.map_err(internal)?.group;
        let booked = booked(&context, &group).await?;
        let at_door = at_door(&context, booked.as_ref()).await?;
        let booking = booked.as_ref().map(|booked| &booked.booking);
        groups.push(StaffGroupView::of(&group, booking, &venue, now).counted(at_door));
    }
    Ok(axum::Json(GroupListView { groups }))
}

/// Until when the places are held.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ApproveBody {
    /// Before the slot starts. Left out, it is a week, or two days before the slot where that is sooner,
    /// or the start of the slot where even that has passed.
    #[schema(value_type = Option<String>, format = DateTime)]
    hold_until: Option<Timestamp>,
}

/// Takes a group: its places are held as a booking under the request's uuid, until the deadline. School
/// people stay within the director's quota. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/groups/{uuid}/approve", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = ApproveBody,
    responses((status = 200, body = StaffGroupView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
async fn approve(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<ApproveBody>,
) -> Result<axum::Json<StaffGroupView>, Problem> {
    let venue = own_venue(&context, &staff, &venue_id).await?;
    let now = context.clock.now();
    for _ in 0..ATTEMPTS {
        let stored = load_of(&context, &venue, &uuid).await?;
        let schools = context.store.school_day(&stored.group).await.map_err(internal)?;
        let visits = coming(&context, &schools, now).await?;
        let approval = stored
            .group
            .approve(&venue, body.hold_until, staff.subject.as_str(), &visits, now)
            .map_err(|error| problem::decision(&error))?;
        let Approval::New(mut booking, approved) = approval else {
            let booked = booked(&context, &stored.group).await?;
            let booking = booked.as_ref().map(|booked| &booked.booking);
            return Ok(axum::Json(StaffGroupView::of(&stored.group, booking, &venue, now)));
        };
        let pools = pools(&venue, &approved);
        let held = context
            .store
            .approve_group(&stored, &approved, &mut booking, &pools, schools, now)
            .await;
        match held {
            Ok(Held::New) => {
                let view = StaffGroupView::of(&approved, Some(&booking), &venue, now);
                return Ok(axum::Json(view));
            }
            Ok(Held::SoldOut { vacancies, more_at }) => {
                return Err(problem::no_room(&booking, vacancies, more_at));
            }
            Ok(Held::Before(_) | Held::UuidReused) => {
                return Err(crate::problem::uuid_reused("uuid", booking.uuid));
            }
            Ok(Held::OverLimit(over)) => {
                return Err(crate::problem::over_limit("contact.email", &booking, over));
            }
            Ok(Held::VoucherUsedUp) => {
                return Err(crate::problem::voucher("", &VoucherError::UsedUp));
            }
            Ok(Held::TooFew) => return Err(crate::problem::too_few("slot_id", &booking)),
            Ok(Held::Exhausted(exhausted)) => {
                return Err(crate::problem::exhausted("", &booking, &exhausted));
            }
            // Another decided meanwhile, or approved a class of the same day: look again.
            Err(atrio_dynamo::Error::Stale { .. }) => {}
            Err(error) => return Err(internal(error)),
        }
    }
    Err(Problem::busy())
}

/// Why a group is not taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefuseBody {
    /// Told to who asked.
    reason: String,
}

/// Refuses a group with a reason. Repeated, it answers the same.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/groups/{uuid}/refuse", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    request_body = RefuseBody,
    responses((status = 200, body = StaffGroupView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem)))]
async fn refuse(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
    Json(body): Json<RefuseBody>,
) -> Result<axum::Json<StaffGroupView>, Problem> {
    let venue = own_venue(&context, &staff, &venue_id).await?;
    let now = context.clock.now();
    let stored = load_of(&context, &venue, &uuid).await?;
    let refused = stored
        .group
        .refuse(&body.reason, staff.subject.as_str(), now)
        .map_err(|error| problem::decision(&error))?;
    if refused != stored.group
        && !context.store.move_group(&stored, &refused).await.map_err(internal)?
    {
        return Err(Problem::busy());
    }
    Ok(axum::Json(StaffGroupView::of(&refused, None, &venue, now)))
}

/// Those of a day's classes whose bookings still take their places.
async fn coming(
    context: &Context,
    day: &SchoolDay,
    now: Timestamp,
) -> Result<Vec<SchoolVisit>, Problem> {
    let mut coming = Vec::new();
    for visit in &day.visits {
        let stored = context.store.booking(visit.uuid).await.map_err(internal)?;
        if stored.is_some_and(|stored| stored.booking.seen_at(now).takes_places()) {
            coming.push(visit.clone());
        }
    }
    Ok(coming)
}

fn pools(venue: &Venue, group: &Group) -> Pools {
    let product = venue.product(&group.ask.product_id);
    product.map(|product| Pools::of(product, group.slot.start)).unwrap_or_default()
}

/// The venue, for the managers it belongs to.
async fn own_venue(context: &Context, staff: &Staff, venue_id: &str) -> Result<Venue, Problem> {
    let id = staff.at_venue(venue_id, &[Role::Manager])?;
    load_venue(context, &id).await
}

async fn load(context: &Context, uuid: &str) -> Result<StoredGroup, Problem> {
    let uuid = booking_uuid(uuid)?;
    let found = context.store.group(uuid).await.map_err(internal)?;
    found.ok_or_else(|| problem::unknown(uuid))
}

/// A request for this venue; one for another is none of its staff's business.
async fn load_of(context: &Context, venue: &Venue, uuid: &str) -> Result<StoredGroup, Problem> {
    let stored = load(context, uuid).await?;
    if stored.group.ask.venue_id == venue.id {
        Ok(stored)
    } else {
        Err(problem::unknown(stored.group.ask.uuid))
    }
}

/// The booking that holds, or held, the places of a group.
async fn booked(context: &Context, group: &Group) -> Result<Option<Stored>, Problem> {
    if !matches!(group.state, atrio_domain::group::GroupState::Approved { .. }) {
        return Ok(None);
    }
    let stored = context.store.booking(group.ask.uuid).await.map_err(internal)?;
    let now = context.clock.now();
    Ok(stored.map(|stored| Stored { booking: stored.booking.seen_at(now), ..stored }))
}

/// Who came of a group, once it has tickets to come with.
async fn at_door(
    context: &Context,
    booked: Option<&Stored>,
) -> Result<Option<Vec<Heads>>, Problem> {
    let Some(booked) = booked.filter(|booked| !booked.tickets.is_empty()) else { return Ok(None) };
    let tickets = context.store.tickets(&booked.tickets).await.map_err(internal)?;
    Ok(Some(heads(tickets.iter().map(Head::from))))
}

async fn seen(context: &Context, group: &Group, venue: &Venue) -> Result<GroupView, Problem> {
    let booked = booked(context, group).await?;
    let at_door = at_door(context, booked.as_ref()).await?;
    let booking = booked.as_ref().map(|booked| &booked.booking);
    Ok(GroupView::of(group, booking, venue, context.clock.now()).counted(at_door))
}
