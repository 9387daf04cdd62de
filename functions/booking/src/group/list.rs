//! The list of names of a group: sent in by who asked, read by the venue's manager, forgotten on demand
//! and a month after the visit.

use atrio_domain::group::{Group, GroupState, read_list, write_list};
use atrio_runtime::extract::BODY_MAX_BYTES;
use atrio_runtime::{Path, Problem, Staff};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde::Serialize;
use utoipa::ToSchema;

use super::{load, load_of, own_venue, problem};
use crate::{Context, internal};

/// A list that was sent in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupNamesView {
    /// How many names it has.
    listed: u32,
}

/// Sends in the list of names of a group, in the place of the one before: a header
/// `last_name,first_name,role`, then a row for each, whose role is `person` or `leader`. It may name fewer
/// than were asked for: who comes is counted at the door.
#[utoipa::path(put, path = "/v1/groups/{uuid}/list", tag = "shop", params(("uuid" = String, Path)),
    request_body(content = String, content_type = "text/csv"),
    responses((status = 200, body = GroupNamesView), (status = 400, body = Problem),
        (status = 404, body = Problem), (status = 409, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn send_in(
    State(context): State<Context>,
    Path(uuid): Path<String>,
    request: Request,
) -> Result<axum::Json<GroupNamesView>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.and_then(|kind| kind.split(';').next()).map(str::trim) != Some("text/csv") {
        return Err(problem::not_csv());
    }
    let body = axum::body::to_bytes(request.into_body(), BODY_MAX_BYTES).await;
    let body = body.map_err(|_| problem::list_too_large(BODY_MAX_BYTES))?;
    let stored = load(&context, &uuid).await?;
    let ask = &stored.group.ask;
    if let GroupState::Refused { .. } | GroupState::Withdrawn { .. } = stored.group.state {
        return Err(problem::not_coming(&stored.group.state));
    }
    let file = std::str::from_utf8(&body).map_err(|_| problem::not_text())?;
    let names = read_list(file, ask.people, ask.leaders).map_err(|error| problem::list(&error))?;
    let listed = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let to = Group { listed: Some(listed), ..stored.group.clone() };
    if context.store.keep_list(&stored, &to, &names).await.map_err(internal)? {
        Ok(axum::Json(GroupNamesView { listed }))
    } else {
        Err(Problem::busy())
    }
}

/// Forgets the list of names of a group. Repeated, it answers the same.
#[utoipa::path(delete, path = "/v1/groups/{uuid}/list", tag = "shop", params(("uuid" = String, Path)),
    responses((status = 204, description = "No names are kept"), (status = 400, body = Problem),
        (status = 404, body = Problem)))]
pub(crate) async fn forget(
    State(context): State<Context>,
    Path(uuid): Path<String>,
) -> Result<StatusCode, Problem> {
    let stored = load(&context, &uuid).await?;
    let to = Group { listed: None, ..stored.group.clone() };
    if to == stored.group || context.store.forget_list(&stored, &to).await.map_err(internal)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::busy())
    }
}

/// The list of names of a group, as it is sent in.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/groups/{uuid}/list", tag = "staff",
    security(("staff" = [])), params(("venue_id" = String, Path), ("uuid" = String, Path)),
    responses((status = 200, content_type = "text/csv"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn download(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, uuid)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let venue = own_venue(&context, &staff, &venue_id).await?;
    let group = load_of(&context, &venue, &uuid).await?.group;
    let names = context.store.group_list(group.ask.uuid).await.map_err(internal)?;
    let names = names.ok_or_else(|| problem::no_list(group.ask.uuid))?;
    let file = write_list(&names).map_err(|error| Problem::internal(&error))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"group-{}.csv\"", group.ask.uuid),
        ),
    ];
    Ok((headers, file))
}
