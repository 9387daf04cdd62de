//! The routes: send a file or look at it, fetch back what was not taken, read and change how files are read,
//! and what the files of other offices say of a venue.

use atrio_domain::feed::{Mapping, Reader};
use atrio_domain::id::{MappingId, VenueId};
use atrio_domain::venue::TIME_ZONE;
use atrio_dynamo::feed::StoredMapping;
use atrio_lake_query::{Question, Venues};
use atrio_runtime::{Json, Path, Problem, Query, Role, Staff};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use futures::StreamExt as _;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::check::check;
use crate::file::{Spool, Spooled};
use crate::load::load;
use crate::refusal::FileRefusal;
use crate::view::{
    CheckView, FeedsView, FiguresView, LoadView, MappingView, SentView, rejected_csv,
};
use crate::{Context, mappings, problem};

/// Who sends files for a venue, and says how they are read.
const ROLES: [Role; 2] = [Role::Manager, Role::Operator];

/// Days that figures are asked of at a time.
const DAYS_MAX: i32 = 400;

/// How a file is sent.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SendQuery {
    /// Whether the file is only looked at: nothing of it is loaded.
    #[serde(default)]
    dry_run: bool,
}

/// Sends in a file of another ticket office: CSV, JSON Lines or a workbook, as the mapping says. With
/// `dry_run=true` it answers what its first rows would become, its sums and its rows at fault, and loads
/// nothing. The same file again changes nothing and answers the same; a row with the key of an earlier one
/// and other values corrects it.
#[utoipa::path(post, path = "/v1/venues/{venue_id}/feeds/{mapping_id}", tag = "feed",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("mapping_id" = String, Path), SendQuery),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, body = SentView), (status = 200, body = SentView),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 413, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn send(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, mapping_id)): Path<(String, String)>,
    Query(query): Query<SendQuery>,
    request: Request,
) -> Result<(StatusCode, axum::Json<SentView>), Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    let mapping = known(&context, &venue, &mapping_id).await?;
    let spooled = spool(&mapping, request).await?;
    let reader = Reader::of(mapping);
    if query.dry_run {
        let checked = tokio::task::spawn_blocking(move || check(spooled, &reader, Some(&venue)))
            .await
            .map_err(|error| Problem::internal(&error))?
            .map_err(|refusal| problem::file(&refusal))?;
        return Ok((StatusCode::OK, axum::Json(SentView::Checked(CheckView::of(&checked)))));
    }
    let loaded = Box::pin(load(&context, &venue, reader, spooled, &staff.subject.to_string()))
        .await
        .map_err(|error| problem::load(&error))?;
    let status = if loaded.before { StatusCode::OK } else { StatusCode::CREATED };
    let view = LoadView::of(&loaded.load, Some((loaded.before, &loaded.rejected)));
    Ok((status, axum::Json(SentView::Loaded(view))))
}

/// Takes the body of a request to disk, as it comes.
async fn spool(mapping: &Mapping, request: Request) -> Result<Spooled, Problem> {
    let refused = |refusal| problem::file(&refusal);
    let mut spool = Spool::temporary(mapping.format.kind).map_err(refused)?;
    let mut pieces = request.into_body().into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| refused(FileRefusal::BrokeOff))?;
        spool.take(&piece).map_err(refused)?;
    }
    spool.finish().map_err(refused)
}

/// The mappings of a venue, and the files that were loaded for it in the last 400 days, the newest first.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/feeds", tag = "feed", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = FeedsView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn list(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<axum::Json<FeedsView>, Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    let own = context.store.feed_mappings(&venue).await.map_err(problem::internal)?;
    let loads = context.store.feed_loads(&venue).await.map_err(problem::internal)?;
    Ok(axum::Json(FeedsView::of(&own, &loads)))
}

/// How a kind of file is read.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/feeds/{mapping_id}", tag = "feed",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("mapping_id" = String, Path)),
    responses((status = 200, body = MappingView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn read_mapping(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, mapping_id)): Path<(String, String)>,
) -> Result<axum::Json<MappingView>, Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    known(&context, &venue, &mapping_id).await.map(MappingView).map(axum::Json)
}

/// Says how a kind of file is read at this venue, from the next file on. The same content again changes
/// nothing.
#[utoipa::path(put, path = "/v1/venues/{venue_id}/feeds/{mapping_id}", tag = "feed",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("mapping_id" = String, Path)), request_body = MappingView,
    responses((status = 200, body = MappingView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 503, body = Problem)))]
pub(crate) async fn write_mapping(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, mapping_id)): Path<(String, String)>,
    Json(MappingView(mapping)): Json<MappingView>,
) -> Result<axum::Json<MappingView>, Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    let id = mapping_word(&mapping_id)?;
    if context.store.venue(&venue).await.map_err(problem::internal)?.is_none() {
        return Err(problem::unknown_venue(&venue));
    }
    if mapping.id != id {
        return Err(problem::other_id(&mapping.id, &id));
    }
    mapping.check().map_err(|error| problem::mapping(&error))?;
    let found = mappings::find(&context.store, &venue, &id).await.map_err(problem::internal)?;
    let version = match found {
        Some((before, _)) if before == mapping => return Ok(axum::Json(MappingView(mapping))),
        Some((_, version)) => version,
        None => 0,
    };
    let to = StoredMapping {
        mapping,
        version: version + 1,
        changed_by: staff.subject.to_string(),
        changed_at: context.clock.now(),
    };
    if context.store.put_feed_mapping(&venue, &to).await.map_err(problem::internal)? {
        Ok(axum::Json(MappingView(to.mapping)))
    } else {
        Err(Problem::busy())
    }
}

/// A file that was loaded.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/feeds/{mapping_id}/files/{file_id}", tag = "feed",
    security(("staff" = [])),
    params(("venue_id" = String, Path), ("mapping_id" = String, Path), ("file_id" = String, Path)),
    responses((status = 200, body = LoadView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn show(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, mapping_id, file_id)): Path<(String, String, String)>,
) -> Result<axum::Json<LoadView>, Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    let load = found_load(&context, &venue, &mapping_id, &file_id).await?;
    Ok(axum::Json(LoadView::of(&load, None)))
}

/// The rows of a file that were not taken, as a file: the columns that the mapping reads, and behind them
/// the line, the reason and the fix. Corrected, it can be sent in as it is. Kept for 30 days.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/feeds/{mapping_id}/files/{file_id}/rejected.csv",
    tag = "feed", security(("staff" = [])),
    params(("venue_id" = String, Path), ("mapping_id" = String, Path), ("file_id" = String, Path)),
    responses((status = 200, content_type = "text/csv"), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub(crate) async fn rejected(
    State(context): State<Context>,
    staff: Staff,
    Path((venue_id, mapping_id, file_id)): Path<(String, String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    let load = found_load(&context, &venue, &mapping_id, &file_id).await?;
    let mapping = known(&context, &venue, &mapping_id).await?;
    let rows = context.store.feed_rejected(&venue, &load.file_id).await;
    let rows = rows.map_err(problem::internal)?;
    let text = rejected_csv(&mapping, &rows).map_err(|error| Problem::internal(&error))?;
    let name = format!("attachment; filename=\"rejected-{}.csv\"", load.file_id);
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, text))
}

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FiguresQuery {
    /// The first local day, `2026-05-01`.
    #[param(value_type = String, format = Date)]
    first_day: Date,
    /// The last local day, inclusive.
    #[param(value_type = String, format = Date)]
    last_day: Date,
}

/// What the files of other ticket offices say of a venue, by source, day, channel and kind: of each row what
/// was said last.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/feed-figures", tag = "feed",
    security(("staff" = [])), params(("venue_id" = String, Path), FiguresQuery),
    responses((status = 200, body = FiguresView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn figures(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<FiguresQuery>,
) -> Result<axum::Json<FiguresView>, Problem> {
    let venue = staff.at_venue(&venue_id, &ROLES)?;
    let FiguresQuery { first_day, last_day } = query;
    if last_day < first_day || (last_day - first_day).get_days() > DAYS_MAX {
        return Err(problem::days(DAYS_MAX));
    }
    let zone = TimeZone::get(TIME_ZONE).map_err(|error| Problem::internal(&error))?;
    let begins = |day: Date| {
        let zoned = day.to_zoned_datetime(zone.clone());
        zoned.map(|start| start.timestamp()).map_err(|error| Problem::internal(&error))
    };
    let (from, until) = (begins(first_day)?, begins(last_day)?);
    let venues = Venues::one(venue.as_str());
    let question = Question { venues, first_day, last_day, from, until };
    let lake = &context.lake;
    lake.refresh().await.map_err(|error| Problem::internal(&error))?;
    let cells = Box::pin(lake.view().fed(&question)).await;
    let cells = cells.map_err(|error| Problem::internal(&error))?;
    Ok(axum::Json(FiguresView::of(cells)))
}

fn mapping_word(id: &str) -> Result<MappingId, Problem> {
    MappingId::new(id).map_err(|error| Problem::malformed_id("mapping_id", error))
}

async fn known(context: &Context, venue: &VenueId, id: &str) -> Result<Mapping, Problem> {
    let id = mapping_word(id)?;
    let found = mappings::find(&context.store, venue, &id).await.map_err(problem::internal)?;
    let (mapping, version) = found.ok_or_else(|| problem::unknown_mapping(&id))?;
    // A mapping of its own is kept by a venue that is known.
    if version == 0 && context.store.venue(venue).await.map_err(problem::internal)?.is_none() {
        return Err(problem::unknown_venue(venue));
    }
    Ok(mapping)
}

async fn found_load(
    context: &Context,
    venue: &VenueId,
    mapping_id: &str,
    file_id: &str,
) -> Result<atrio_domain::feed::Load, Problem> {
    let id = mapping_word(mapping_id)?;
    let load = context.store.feed_load(venue, file_id).await.map_err(problem::internal)?;
    load.filter(|load| load.mapping_id == id).ok_or_else(|| problem::unknown_file(file_id))
}
