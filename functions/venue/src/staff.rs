//! Who works at a venue. Managers appoint the staff of their own venue, operators of the platform its
//! first manager. What is taken back opens nothing from the next request on, whatever token is shown.

use std::collections::BTreeSet;

use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::staff::{
    Granter, Member, Reach, Role, StaffAddress, Subject, Wanted, grant, take_back,
};
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::staff::{Roster, StaffChange, StaffChanged};
use atrio_runtime::{Json, Path, Problem, Query, Staff};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::{
    ATTEMPTS, Context, PAGE_MAX, Tagged, entity_tag, internal, json as written, must_know, problem,
    tagged,
};

/// Whose business the staff of a venue is. The first of these that somebody has there is what they act
/// as, for an operator may do more.
const APPOINT: [Role; 2] = [Role::Operator, Role::Manager];

/// A member of a venue's staff. What is read is what is written back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberBody {
    /// Mail address, for the people who manage the staff; who proves it to the identity provider is this
    /// member. It cannot be changed.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    address: Option<StaffAddress>,
    /// The `sub` of the member's tokens: none before they signed in for the first time. Given for a
    /// gate's computer and the like, which have no address. It cannot be changed.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    subject: Option<Subject>,
    /// manager, desk, gate, analyst, data-officer.
    #[schema(value_type = Vec<String>)]
    roles: BTreeSet<Role>,
}

impl MemberBody {
    fn of(member: Member) -> Self {
        let Member { address, subject, roles, .. } = member;
        Self { address, subject, roles }
    }
}

/// A page of the staff.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffListView {
    staff: Vec<ListedMember>,
    /// Ask with it for the next page; none on the last one.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<CallerUuid>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ListedMember {
    #[schema(value_type = String)]
    member_id: CallerUuid,
    /// Send it with `If-Match` to change or remove the member.
    entity_tag: String,
    #[serde(flatten)]
    #[schema(inline)]
    member: MemberBody,
}

/// Which members.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StaffQuery {
    /// How many, at most 200.
    #[serde(default = "crate::fifty")]
    limit: i32,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<CallerUuid>,
}

/// Who works at a venue, and as what.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/staff", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), StaffQuery),
    responses((status = 200, body = StaffListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_staff(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<StaffQuery>,
) -> Result<axum::Json<StaffListView>, Problem> {
    let directory = Directory::open(&context, &staff, &venue_id).await?;
    let limit = usize::try_from(query.limit).unwrap_or_default();
    if !(1..=PAGE_MAX).contains(&query.limit) {
        return Err(problem::limit(query.limit, PAGE_MAX));
    }
    let mut members = directory.roster().await?.members;
    members.retain(|member| query.cursor.is_none_or(|cursor| member.id > cursor));
    let is_cut = members.len() > limit;
    members.truncate(limit);
    let next_cursor = members.last().filter(|_| is_cut).map(|last| last.id);
    let mut listed = Vec::with_capacity(members.len());
    for member in members {
        let member_id = member.id;
        let member = MemberBody::of(member);
        listed.push(ListedMember { member_id, entity_tag: entity_tag(&written(&member)?), member });
    }
    Ok(axum::Json(StaffListView { staff: listed, next_cursor }))
}

/// One member of a venue's staff.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/staff/{member_id}", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("member_id" = String, Path)),
    responses((status = 200, body = MemberBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_member(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, member_id)): Path<(String, String)>,
) -> Result<Tagged<MemberBody>, Problem> {
    let directory = Directory::open(&context, &staff, &venue_id).await?;
    let id = member_id_of(&member_id)?;
    let found = directory.roster().await?.members.into_iter().find(|member| member.id == id);
    let body = MemberBody::of(found.ok_or_else(|| problem::unknown_member(id))?);
    Ok(tagged((entity_tag(&written(&body)?), body)))
}

/// Adds a member to a venue's staff under an id that the caller makes, by mail address; or sets the
/// roles of a member who is there. Who was added by an address is that member from their next signing in
/// on. Sent again, it changes nothing.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/staff/{member_id}", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("member_id" = String, Path),
        ("If-Match" = Option<String>, Header), ("If-None-Match" = Option<String>, Header)),
    request_body = MemberBody,
    responses((status = 200, body = MemberBody), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 412, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(crate) async fn set_member(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, member_id)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<MemberBody>,
) -> Result<Tagged<MemberBody>, Problem> {
    let directory = Directory::open(&context, &staff, &venue_id).await?;
    let id = member_id_of(&member_id)?;
    let MemberBody { address, subject, roles } = body;
    let wanted = Wanted { id, subject, address, roles };
    for _ in 0..ATTEMPTS {
        let roster = directory.roster().await?;
        let before = roster.members.iter().find(|member| member.id == id);
        let after = grant(&roster.members, &directory.granter, wanted.clone());
        let after = after.map_err(|error| problem::staff(&error))?;
        let body = MemberBody::of(after.clone());
        let tag = entity_tag(&written(&body)?);
        // The same content again is a repeat after a lost answer, whatever it was made from.
        if before != Some(&after) {
            let seen = before.cloned().map(MemberBody::of);
            must_know(&headers, seen.as_ref().map(written).transpose()?.as_ref())?;
            if directory.change(&roster, before, Some(&after)).await? == StaffChanged::Stale {
                continue;
            }
        }
        return Ok(tagged((tag, body)));
    }
    Err(Problem::busy())
}

/// Removes a member from a venue's staff, and forgets their address. Their tokens open nothing of the
/// venue from the next request on. Sent again, it changes nothing.
#[utoipa::path(delete, path = "/v1/venues/{venue_id}/staff/{member_id}", tag = "staff",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("member_id" = String, Path),
        ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "There is no such member any more"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 412, body = Problem),
        (status = 428, body = Problem)))]
pub(crate) async fn remove_member(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, member_id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let directory = Directory::open(&context, &staff, &venue_id).await?;
    let id = member_id_of(&member_id)?;
    for _ in 0..ATTEMPTS {
        let roster = directory.roster().await?;
        let gone = take_back(&roster.members, &directory.granter, id);
        let Some(gone) = gone.map_err(|error| problem::staff(&error))? else {
            return Ok(StatusCode::NO_CONTENT);
        };
        must_know(&headers, Some(&written(&MemberBody::of(gone.clone()))?))?;
        if directory.change(&roster, Some(gone), None).await? == StaffChanged::Done {
            return Ok(StatusCode::NO_CONTENT);
        }
    }
    Err(Problem::busy())
}

/// The staff of one venue, in the hands of somebody whose business it is.
struct Directory<'c> {
    context: &'c Context,
    reach: Reach,
    granter: Granter,
}

impl<'c> Directory<'c> {
    async fn open(context: &'c Context, staff: &Staff, venue_id: &str) -> Result<Self, Problem> {
        let venue: VenueId = staff.at_venue(venue_id, &APPOINT)?;
        let role = staff.must_be_at(&venue, &APPOINT)?;
        if context.store.venue(&venue).await.map_err(internal)?.is_none() {
            let fix = "take an id from `GET /v1/venues`";
            return Err(Problem::not_found("unknown-venue", "venue_id", venue.as_str(), fix));
        }
        let granter = Granter { subject: staff.subject.clone(), role };
        Ok(Self { context, reach: Reach::Venue(venue), granter })
    }

    async fn roster(&self) -> Result<Roster, Problem> {
        self.context.store.roster(&self.reach).await.map_err(internal)
    }

    async fn change(
        &self,
        roster: &Roster,
        before: Option<&Member>,
        after: Option<&Member>,
    ) -> Result<StaffChanged, Problem> {
        let Some(member) = after.or(before) else { return Ok(StaffChanged::Done) };
        let secret = &self.context.contact_hash_key;
        let change = StaffChange {
            reach: &self.reach,
            from_version: roster.version,
            before,
            after,
            address_key: member.address.as_ref().map(|address| address.key(secret)),
        };
        let record = AuditRecord {
            reach: self.reach.clone(),
            actor: self.granter.subject.to_string(),
            role: self.granter.role.name().to_owned(),
            at: self.context.clock.now(),
            version: roster.version + 1,
            part: format!("staff/{}", member.id),
            before: before.map(on_record),
            after: after.map_or_else(|| json!({"roles": []}), on_record),
        };
        self.context.store.change_staff(&change, &record).await.map_err(internal)
    }
}

/// What the record of changes keeps of a member: no address.
fn on_record(member: &Member) -> Value {
    json!({"subject": member.subject, "roles": member.roles})
}

fn member_id_of(text: &str) -> Result<CallerUuid, Problem> {
    text.parse().map_err(|error| Problem::malformed_id("member_id", error))
}
