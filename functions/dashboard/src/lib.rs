//! What a manager looks at: how many are booked, how many came, how many are inside, hour by hour,
//! and the fortnight before. Everything comes from the anonymised lake; only the capacity comes from
//! the venue's rules, and people present by their tickets from the table. It reads only, and while the lake has nothing new it answers 304.

mod decisions;
mod figures;
mod presence;
mod sql;
mod view;

use std::sync::Arc;
use std::time::Duration;

use atrio_domain::id::VenueId;
use atrio_domain::venue::{TIME_ZONE, Venue};
use atrio_dynamo::Store;
use atrio_lake_query::{Lake, QueryError, Question, Venues, View};
use atrio_runtime::environment::{self, EnvironmentError};
use atrio_runtime::extract::is_known;
use atrio_runtime::{Access, Acting, Clock, Path, Problem, Query, Role, Staff};
use axum::Json;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::figures::Figures;
use crate::view::{DashboardView, OverviewView};

/// Days shown beside the one asked for, itself included.
const FORTNIGHT_DAYS: i32 = 14;

/// Dashboards that poll within this time share one look at the lake.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    store: Store,
    lake: Arc<Lake>,
    access: Access,
    clock: Clock,
}

/// Why the function refuses to start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or cannot be used.
    #[error("the configuration is incomplete")]
    Environment(#[source] EnvironmentError),
    /// The lake cannot be opened.
    #[error("the lake cannot be opened")]
    Lake(#[source] QueryError),
}

impl Context {
    /// Works on this table and this lake, for staff of this identity provider.
    #[must_use]
    pub fn new(store: Store, lake: Arc<Lake>, access: Access, clock: Clock) -> Self {
        Self { store, lake, access, clock }
    }

    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing, or the lake cannot be opened.
    pub async fn from_environment() -> Result<Self, StartError> {
        let clock = Clock::system();
        let store =
            atrio_runtime::aws::store_from_environment().map_err(StartError::Environment)?;
        let access =
            Access::from_environment(clock, store.clone()).map_err(StartError::Environment)?;
        let lake =
            environment::text("ATRIO_LAKE_URL", "the URL of the lake, such as s3://bucket/lake")
                .map_err(StartError::Environment)?;
        let lake = Lake::open(lake).await.map_err(StartError::Lake)?;
        Ok(Self::new(store, Arc::new(lake), access, clock))
    }

    /// The lake with what was committed until now.
    async fn look(&self) -> Result<Arc<View>, Problem> {
        self.lake.refresh_after(LOOK_EVERY).await.map_err(|error| Problem::internal(&error))?;
        Ok(self.lake.view())
    }

    async fn venue(&self, id: &VenueId) -> Result<Venue, Problem> {
        let found = self.store.venue(id).await.map_err(|error| Problem::internal(&error))?;
        found.ok_or_else(|| {
            Problem::not_found(
                "unknown-venue",
                "venue_id",
                id.as_str(),
                "take an id from `GET /v1/venues`",
            )
        })
    }
}

impl FromRef<Context> for Access {
    fn from_ref(context: &Context) -> Self {
        context.access.clone()
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(show_overview))
        .routes(routes!(show_dashboard))
        .routes(routes!(decisions::list_decisions))
        .routes(routes!(presence::show_presence))
        .routes(routes!(sql::ask))
        .with_state(context)
}

/// Which day.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct DayQuery {
    /// The day at the venues, `2026-11-24`; today when left out.
    #[param(value_type = Option<String>, format = Date)]
    day: Option<Date>,
}

/// One venue on one day, hour by hour, with the fortnight before.
#[utoipa::path(get, path = "/v1/dashboard/{venue_id}", tag = "staff",
    params(("venue_id" = String, Path), DayQuery), security(("staff" = [])),
    responses((status = 200, body = DashboardView), (status = 304, description = "The lake has nothing new"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem),
        (status = 404, body = Problem)))]
async fn show_dashboard(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
    Query(query): Query<DayQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = staff.at_venue(&venue_id, &[Role::Manager])?;
    let now = context.clock.now();
    let zone = zone()?;
    let day = query.day.unwrap_or_else(|| now.to_zoned_datetime(zone.clone()).date());
    let lake = context.look().await?;
    let tag = entity_tag(&lake, id.as_str(), day, now)?;
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching(tag)).into_response());
    }
    let venue = context.venue(&id).await?;
    let fortnight = question(Venues::one(id.as_str()), day, FORTNIGHT_DAYS, &zone)?;
    let today = question(Venues::one(id.as_str()), day, 1, &zone)?;
    let answers = tokio::try_join!(
        lake.booked(&fortnight),
        lake.admitted(&fortnight),
        lake.counted(&fortnight),
        lake.units(&today),
    );
    let (booked, admitted, counted, units) = answers.map_err(|error| Problem::internal(&error))?;
    let figures = Figures { booked, admitted, counted, units };
    let view = DashboardView::of(&venue, day, &figures, &lake, &zone, &context.clock);
    Ok((caching(tag), Json(view)).into_response())
}

/// The venues the token may see, on one day.
#[utoipa::path(get, path = "/v1/dashboard", tag = "staff", params(DayQuery), security(("staff" = [])),
    responses((status = 200, body = OverviewView), (status = 304, description = "The lake has nothing new"),
        (status = 400, body = Problem), (status = 401, body = Problem), (status = 403, body = Problem)))]
async fn show_overview(
    State(context): State<Context>,
    staff: Staff,
    Query(query): Query<DayQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (scope, venues) = match staff.acting(&[Role::Manager])? {
        Acting::Everywhere => ("all".to_owned(), Venues::All),
        Acting::At(own) => {
            let own: Vec<String> = own.into_iter().map(String::from).collect();
            (own.join("-"), Venues::Only(own))
        }
    };
    let now = context.clock.now();
    let zone = zone()?;
    let day = query.day.unwrap_or_else(|| now.to_zoned_datetime(zone.clone()).date());
    let lake = context.look().await?;
    let tag = entity_tag(&lake, &scope, day, now)?;
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching(tag)).into_response());
    }
    let today = question(venues, day, 1, &zone)?;
    let answers =
        tokio::try_join!(lake.booked(&today), lake.admitted(&today), lake.counted(&today));
    let (booked, admitted, counted) = answers.map_err(|error| Problem::internal(&error))?;
    let figures = Figures { booked, admitted, counted, units: Vec::new() };
    Ok((caching(tag), Json(OverviewView::of(day, &figures, &lake, &context.clock))).into_response())
}

fn zone() -> Result<TimeZone, Problem> {
    TimeZone::get(TIME_ZONE).map_err(|error| Problem::internal(&error))
}

/// The `days` days up to `last_day`.
fn question(
    venues: Venues,
    last_day: Date,
    days: i32,
    zone: &TimeZone,
) -> Result<Question, Problem> {
    let out_of_range = |error: jiff::Error| {
        Problem::new(StatusCode::BAD_REQUEST, "invalid-query")
            .detail(format_args!("`day` is out of range: {error}"))
            .field("day", &error, "ask for a day of this century")
    };
    let first_day = last_day.checked_sub((days - 1).days()).map_err(out_of_range)?;
    let next_day = last_day.checked_add(1.day()).map_err(out_of_range)?;
    let begins = |day: Date| day.to_zoned_datetime(zone.clone()).map(|start| start.timestamp());
    Ok(Question {
        venues,
        first_day,
        last_day,
        from: begins(first_day).map_err(out_of_range)?,
        until: begins(next_day).map_err(out_of_range)?,
    })
}

/// Names one answer: the lake's version, whose and which day, and the hour, for hours that have not
/// begun are shown empty.
fn entity_tag(lake: &View, scope: &str, day: Date, now: Timestamp) -> Result<HeaderValue, Problem> {
    let hour = now.as_second().div_euclid(3_600);
    HeaderValue::from_str(&format!("\"{}-{scope}-{day}-{hour}\"", lake.version()))
        .map_err(|error| Problem::internal(&error))
}

fn caching(tag: HeaderValue) -> [(header::HeaderName, HeaderValue); 3] {
    [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::VARY, HeaderValue::from_static("authorization")),
    ]
}
