//! How the devices of a venue do, and what they observed of late: for the venue's managers, and as NGSI-LD
//! for other programs. It reads the table only and changes nothing; no person is in what it reads.

mod fault;
mod ngsi;
mod view;

use atrio_domain::device::{DeadLetter, DeviceName, RegisteredDevice};
use atrio_dynamo::Store;
use atrio_dynamo::count::Kind;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Access, Clock, Path, Problem, Role, Staff};
use axum::Json;
use axum::extract::{FromRef, State};
use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use view::{DeviceListView, DevicePageView, DeviceView};

/// Who looks after devices.
const KEEPERS: [Role; 2] = [Role::Manager, Role::Operator];
/// The latest observations of a kind that the page of a device shows: a day of quarters of an hour.
const SHOWN_OBSERVATIONS: i32 = 96;
/// The latest dead letters that the page of a device shows.
const SHOWN_LETTERS: usize = 20;
/// The days that are searched for dead letters of a device.
const LETTER_DAYS: i32 = 7;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Checks the tokens of staff.
    pub access: Access,
}

impl FromRef<Context> for Access {
    fn from_ref(context: &Context) -> Self {
        context.access.clone()
    }
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        let clock = Clock::system();
        let store = atrio_runtime::aws::store_from_environment()?;
        let access = Access::from_environment(clock, store.clone())?;
        Ok(Self { store, clock, access })
    }
}

/// The routes of this function.
pub fn router(context: Context) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list_devices))
        .routes(routes!(show_device))
        .routes(routes!(ngsi::list_entities))
        .routes(routes!(ngsi::show_entity))
        .routes(routes!(ngsi::show_history))
        .routes(routes!(ngsi::show_context))
        .with_state(context)
}

fn internal(error: impl std::error::Error + 'static) -> Problem {
    Problem::internal(&error)
}

/// The devices of a venue: whether they speak, how their batteries do, what is missing.
#[utoipa::path(get, path = "/v1/venues/{venue_id}/devices", tag = "staff", security(("staff" = [])),
    params(("venue_id" = String, Path)),
    responses((status = 200, body = DeviceListView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn list_devices(
    State(context): State<Context>,
    staff: Staff,
    Path(venue_id): Path<String>,
) -> Result<Json<DeviceListView>, Problem> {
    let venue = staff.at_venue(&venue_id, &KEEPERS)?;
    if context.store.venue(&venue).await.map_err(internal)?.is_none() {
        let fix = "take an id from `GET /v1/venues`";
        return Err(Problem::not_found("unknown-venue", "venue_id", venue.as_str(), fix));
    }
    let devices = context.store.devices(Some(&venue)).await.map_err(internal)?;
    let names = devices.iter().map(|device| &device.device);
    let states = context.store.device_states(names.clone()).await.map_err(internal)?;
    let watches = context.store.watches(names).await.map_err(internal)?;
    let now = context.clock.now();
    let devices = devices
        .into_iter()
        .map(|device| {
            let state = states.get(&device.device);
            let watch = watches.get(&device.device).map(|stored| &stored.watch);
            DeviceView::of(device, state, watch, now)
        })
        .collect();
    Ok(Json(DeviceListView { venue_id: venue, as_of: now, devices }))
}

/// A device: how it does, what it observed of late, and which of its messages were not counted.
#[utoipa::path(get, path = "/v1/devices/{device_id}", tag = "staff", security(("staff" = [])),
    params(("device_id" = String, Path)),
    responses((status = 200, body = DevicePageView), (status = 400, body = Problem),
        (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn show_device(
    State(context): State<Context>,
    staff: Staff,
    Path(device_id): Path<String>,
) -> Result<Json<DevicePageView>, Problem> {
    staff.acting(&KEEPERS)?;
    let device = registered(&context, &device_id).await?;
    staff.must_be_at(&device.venue, &KEEPERS)?;
    let name = device.device.clone();
    let states = context.store.device_states([&name]).await.map_err(internal)?;
    let mut observations = Vec::new();
    for kind in Kind::ALL {
        let latest = context.store.latest_observations(&name, kind, SHOWN_OBSERVATIONS).await;
        observations.extend(latest.map_err(internal)?.iter().map(view::ObservationView::of));
    }
    let now = context.clock.now();
    let dead_letters = letters(&context, &name).await?.iter().map(view::LetterView::of).collect();
    let watches = context.store.watches([&name]).await.map_err(internal)?;
    let watch = watches.get(&name).map(|stored| &stored.watch);
    let device = DeviceView::of(device, states.get(&name), watch, now);
    let past_faults = fault::FaultView::all(watch, true);
    Ok(Json(DevicePageView { as_of: now, device, past_faults, observations, dead_letters }))
}

async fn registered(context: &Context, device_id: &str) -> Result<RegisteredDevice, Problem> {
    let malformed = |error| Problem::malformed_id("device_id", error);
    let name = DeviceName::new(device_id).map_err(malformed)?;
    let found = context.store.registered_device(&name).await.map_err(internal)?;
    found.ok_or_else(|| {
        let fix = "take one from `GET /v1/venues/{venue_id}/devices`";
        Problem::not_found("unknown-device", "device_id", name.as_str(), fix)
    })
}

/// The latest messages of a device that were not counted, of the days that are searched.
async fn letters(context: &Context, name: &DeviceName) -> Result<Vec<DeadLetter>, Problem> {
    let today = context.clock.now().to_zoned_datetime(TimeZone::UTC).date();
    let mut letters = Vec::new();
    for days in 0..LETTER_DAYS {
        let Ok(day) = today.checked_sub(days.days()) else { break };
        let most = SHOWN_LETTERS - letters.len();
        letters.extend(context.store.dead_letters_of(name, day, most).await.map_err(internal)?);
        if letters.len() == SHOWN_LETTERS {
            break;
        }
    }
    Ok(letters)
}
