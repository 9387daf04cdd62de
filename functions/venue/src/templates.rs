//! Templates: parts of an offer that the platform's operator keeps for many venues, and which of them a venue
//! follows. A change of a template is written into the venues that follow it by upkeep; a part that a venue
//! changed itself is its own, until its staff give it back.

use std::collections::BTreeSet;

use atrio_domain::id::{TemplateId, VenueId};
use atrio_domain::staff::Reach;
use atrio_domain::template::{Following, Follows, Part, TEMPLATE_MAX_BYTES, Template};
use atrio_domain::venue::Venue;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::template::StoredTemplate;
use atrio_dynamo::venue::VenueChanged;
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff};
use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::view::ChangedView;
use crate::{
    Change, ChangeQuery, Context, Tagged, Wanted, entity_tag, internal, json as written, load,
    must_know, problem, tagged,
};

/// All templates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplatesView {
    templates: Vec<TemplateBrief>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TemplateBrief {
    #[schema(value_type = String)]
    id: TemplateId,
    #[schema(value_type = Object)]
    name: atrio_domain::text::Text,
    version: u64,
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// Whether some venues do not have this version yet.
    is_spreading: bool,
}

/// What a change of a template did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TemplateChangedView {
    /// The template's version now.
    version: u64,
    /// Whether this request changed it: a repeat does not.
    changed: bool,
}

/// The venues that follow a template.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FollowersView {
    /// The template's version.
    version: u64,
    /// Venues that follow it and do not have this version yet.
    waiting: usize,
    followers: Vec<FollowerView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FollowerView {
    #[schema(value_type = String)]
    venue_id: VenueId,
    name: String,
    /// The version of the template that the venue has.
    version: u64,
    /// Parts that are the venue's own.
    #[schema(value_type = Vec<String>)]
    own: BTreeSet<Part>,
    /// Why the newest version does not fit the venue, where it does not.
    misfit: Option<String>,
}

/// The templates of the platform.
#[utoipa::path(get, path = "/v1/templates", tag = "staff", security(("staff" = [])),
    responses((status = 200, body = TemplatesView), (status = 401, body = Problem),
        (status = 403, body = Problem)))]
pub(crate) async fn list_templates(
    State(context): State<Context>,
    staff: Staff,
) -> Result<axum::Json<TemplatesView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let templates = context.store.templates().await.map_err(internal)?;
    let brief = |stored: StoredTemplate| TemplateBrief {
        id: stored.template.id,
        name: stored.template.name,
        version: stored.version,
        changed_at: stored.changed_at,
        is_spreading: stored.is_due,
    };
    Ok(axum::Json(TemplatesView { templates: templates.into_iter().map(brief).collect() }))
}

/// One template, as an operator wrote it.
#[utoipa::path(get, path = "/v1/templates/{template_id}", tag = "staff", security(("staff" = [])),
    params(("template_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_template(
    State(context): State<Context>,
    staff: Staff,
    Path(template_id): Path<String>,
) -> Result<Tagged<Template>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let template = known(&context, &template_id_of(template_id)?).await?.template;
    Ok(tagged((entity_tag(&written(&template)?), template)))
}

/// Sets a template, a new one where there is none of that id. Venues that follow it have it within seconds
/// (on AWS, minutes), but for the parts that are their own; what was sold holds as it was sold.
#[utoipa::path(put, path = "/v1/templates/{template_id}", tag = "staff", security(("staff" = [])),
    params(("template_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header)),
    request_body(content = Object, description = "the whole template, as read"),
    responses((status = 200, body = TemplateChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 412, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem)))]
pub(crate) async fn change_template(
    State(context): State<Context>,
    staff: Staff,
    Path(template_id): Path<String>,
    headers: HeaderMap,
    Json(template): Json<Template>,
) -> Result<Tagged<TemplateChangedView>, Problem> {
    let role = staff.must_be_everywhere(&[Role::Operator])?;
    let id = template_id_of(template_id)?;
    if template.id != id {
        return Err(problem::other_template(&id, &template.id));
    }
    template.check().map_err(|error| problem::template(&error))?;
    let after = written(&template)?;
    let bytes = after.to_string().len();
    if bytes > TEMPLATE_MAX_BYTES {
        return Err(problem::too_large(bytes, TEMPLATE_MAX_BYTES));
    }
    let before = context.store.template(&id).await.map_err(internal)?;
    let from = before.as_ref().map_or(0, |stored| stored.version);
    let before = before.map(|stored| written(&stored.template)).transpose()?;
    let answer = |version, changed| (entity_tag(&after), TemplateChangedView { version, changed });
    if before.as_ref() == Some(&after) {
        return Ok(tagged(answer(from, false)));
    }
    must_know(&headers, before.as_ref())?;
    let (changed_at, changed_by) = (context.clock.now(), staff.subject.to_string());
    let record = AuditRecord {
        reach: Reach::Platform,
        actor: changed_by.clone(),
        role: role.name().to_owned(),
        at: changed_at,
        version: from + 1,
        part: format!("templates/{id}"),
        before,
        after: after.clone(),
    };
    let to = StoredTemplate { template, version: from + 1, changed_by, changed_at, is_due: true };
    match context.store.change_template(&to, &record).await.map_err(internal)? {
        VenueChanged::Done => Ok(tagged(answer(to.version, true))),
        VenueChanged::Stale => Err(Problem::busy()),
    }
}

/// The venues that follow a template, and which parts each of them keeps as its own.
#[utoipa::path(get, path = "/v1/templates/{template_id}/followers", tag = "staff",
    security(("staff" = [])), params(("template_id" = String, Path)),
    responses((status = 200, body = FollowersView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list_followers(
    State(context): State<Context>,
    staff: Staff,
    Path(template_id): Path<String>,
) -> Result<axum::Json<FollowersView>, Problem> {
    staff.must_be_everywhere(&[Role::Operator])?;
    let stored = known(&context, &template_id_of(template_id)?).await?;
    let venues = context.store.venues().await.map_err(internal)?;
    let undecided = venues.iter().filter(|venue| stored.template.is_for(venue)).count();
    let follower = |venue: Venue| match venue.follows {
        Follows::Template(following) if following.template_id == stored.template.id => {
            let Following { version, own, misfit, .. } = following;
            Some(FollowerView { venue_id: venue.id, name: venue.name, version, own, misfit })
        }
        _ => None,
    };
    let followers: Vec<FollowerView> = venues.into_iter().filter_map(follower).collect();
    let behind = followers.iter().filter(|follower| follower.version < stored.version).count();
    let waiting = if stored.is_due { undecided + behind } else { behind };
    Ok(axum::Json(FollowersView { version: stored.version, waiting, followers }))
}

/// Whether a venue follows a template. What is read here is what is written back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FollowsBody {
    /// `UNDECIDED`, `NONE` or `TEMPLATE`.
    kind: FollowsKind,
    /// The template that it follows.
    #[serde(default)]
    template_id: Option<TemplateId>,
    /// Parts that are the venue's own; left out by one that begins to follow: what is otherwise today.
    #[serde(default)]
    own: Option<BTreeSet<Part>>,
    /// The template's version that the venue has. Read only.
    #[serde(default)]
    version: Option<u64>,
    /// Why the template's newest version does not fit the venue. Read only.
    #[serde(default)]
    misfit: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FollowsKind {
    Undecided,
    None,
    Template,
}

impl FollowsBody {
    fn of(follows: &Follows) -> Self {
        let (kind, following) = match follows {
            Follows::Undecided => (FollowsKind::Undecided, None),
            Follows::None => (FollowsKind::None, None),
            Follows::Template(following) => (FollowsKind::Template, Some(following.clone())),
        };
        Self {
            kind,
            template_id: following.as_ref().map(|following| following.template_id.clone()),
            own: following.as_ref().map(|following| following.own.clone()),
            version: following.as_ref().map(|following| following.version),
            misfit: following.and_then(|following| following.misfit),
        }
    }

    /// What is decided, without what only follows from it.
    fn decided(follows: &Follows) -> Result<serde_json::Value, Problem> {
        written(&Self { version: None, misfit: None, ..Self::of(follows) })
    }
}

/// Which template a venue follows, and which parts are its own.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/template", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = Object), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show_followed(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Tagged<FollowsBody>, Problem> {
    let follows = load(&context, &staff, &venue_id).await?.venue.follows;
    Ok(tagged((entity_tag(&FollowsBody::decided(&follows)?), FollowsBody::of(&follows))))
}

/// Lets a venue follow a template or none, and gives parts back to it: a part that is not named in `own` is
/// at once as the template says.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/template", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path), ("If-Match" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ChangeQuery),
    request_body(content = Object, description = "`kind`, `template_id` and `own`, as read"),
    responses((status = 200, body = ChangedView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 412, body = Problem), (status = 413, body = Problem), (status = 415, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub(crate) async fn change_followed(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<ChangeQuery>,
    headers: HeaderMap,
    Json(wanted): Json<FollowsBody>,
) -> Result<Tagged<ChangedView>, Problem> {
    staff.at_venue(&venue_id, &[Role::Manager])?;
    let template = match (wanted.kind, &wanted.template_id) {
        (FollowsKind::Template, Some(id)) => Some(known(&context, id).await?),
        (FollowsKind::Template, None) => return Err(problem::template_unnamed()),
        (FollowsKind::Undecided | FollowsKind::None, _) => None,
    };
    let change = |venue: &Venue| {
        let before = Some(FollowsBody::decided(&venue.follows)?);
        let to = match (&template, wanted.kind) {
            (Some(stored), _) => followed(stored, venue, wanted.own.as_ref()),
            (None, FollowsKind::Undecided) => {
                Venue { follows: Follows::Undecided, ..venue.clone() }
            }
            (None, _) => Venue { follows: Follows::None, ..venue.clone() },
        };
        let after = FollowsBody::decided(&to.follows)?;
        Ok(Change { part: PART.to_owned(), before, after, to })
    };
    Wanted { context, staff, venue_id, headers, is_rehearsal: query.dry_run }.make(change).await
}

/// The part of a venue's record that says which template it follows.
pub(crate) const PART: &str = "template";

fn followed(stored: &StoredTemplate, venue: &Venue, own: Option<&BTreeSet<Part>>) -> Venue {
    let template = &stored.template;
    let mut following = match &venue.follows {
        Follows::Template(known) if known.template_id == template.id => known.clone(),
        _ => template.joined_by(venue),
    };
    if let Some(own) = own {
        following.own.clone_from(own);
    }
    template.followed(venue, following, stored.version)
}

async fn known(context: &Context, id: &TemplateId) -> Result<StoredTemplate, Problem> {
    let found = context.store.template(id).await.map_err(internal)?;
    found.ok_or_else(|| {
        let fix = "ask an operator of the platform which templates there are";
        Problem::not_found("unknown-template", "template_id", id.as_str(), fix)
    })
}

fn template_id_of(text: String) -> Result<TemplateId, Problem> {
    TemplateId::new(text).map_err(|error| Problem::malformed_id("template_id", error))
}
