//! The sample traffic's settings: which venues carry a counter, and the certificates they use.

use std::sync::Arc;

use atrio_domain::device::DeviceName;
use atrio_domain::id::VenueId;
use atrio_domain::staff::{Reach, Subject};
use atrio_runtime::Role;
use jiff::Timestamp;

use crate::appointments::{AppointmentError, appoint};
use crate::devices::DeviceCa;
use crate::platform::{Installation, StartError};
use crate::seed::VENUES_CSV;
use crate::traffic::{
    Addresses, CounterDevice, DEFAULT_COUNTERS, Live, Replay, StaffTokens, busiest_venues,
    counter_name, replay_counter_name,
};

/// Fixes the sample's draws: a replay that is repeated repeats its counts.
const SEED: u64 = 2026;

/// Seconds that a live counter counts before it publishes.
const PERIOD_SECONDS: u32 = 10;

/// Parties served at the same time.
const CONCURRENCY: usize = 8;

/// The settings of live traffic.
///
/// # Errors
/// When a counter cannot be enrolled.
pub async fn live(
    installation: &Installation,
    ca: &DeviceCa,
    speed: f64,
) -> Result<Live, StartError> {
    let counters = counters(installation, ca, counter_name).await?;
    let clock = installation.clock;
    Ok(Live {
        addresses: addresses(installation),
        staff: staff(installation).await?,
        clock: Arc::new(move || clock.now()),
        speed,
        seed: SEED,
        counters,
        period_seconds: PERIOD_SECONDS,
        concurrency: CONCURRENCY,
        sums_file: Some(installation.data.join("counters").join("sums.json")),
        figures: Arc::clone(&installation.figures),
    })
}

/// The settings of a replay.
///
/// # Errors
/// When a counter cannot be enrolled.
pub async fn replay(
    installation: &Installation,
    ca: &DeviceCa,
    speed: f64,
    until: Option<Timestamp>,
) -> Result<Replay, StartError> {
    let counters = counters(installation, ca, replay_counter_name).await?;
    let clock = installation.clock;
    Ok(Replay {
        addresses: addresses(installation),
        staff: staff(installation).await?,
        clock: Arc::new(move || clock.now()),
        speed,
        seed: SEED,
        counters,
        until,
        concurrency: CONCURRENCY,
        figures: Arc::clone(&installation.figures),
    })
}

fn addresses(installation: &Installation) -> Addresses {
    let (host, port) = installation.run.mqtt.rsplit_once(':').unwrap_or(("127.0.0.1", "8883"));
    Addresses {
        base_url: installation.run.http.clone(),
        mqtt_host: host.to_owned(),
        mqtt_port: port.parse().unwrap_or(8883),
    }
}

/// One member of the platform's staff stands at the gate of every venue.
async fn staff(installation: &Installation) -> Result<StaffTokens, StartError> {
    let (issuer, clock) = (installation.issuer.clone(), installation.clock);
    let subject: Subject = "sample-traffic".parse().map_err(AppointmentError::from)?;
    let everywhere = (Role::Gate, &Reach::Platform);
    let subject = appoint(&installation.store, &clock, everywhere, Some(subject)).await?;
    Ok(StaffTokens::new(move |_: &str| issuer.token(&subject, &clock).ok()))
}

async fn counters(
    installation: &Installation,
    ca: &DeviceCa,
    name: impl Fn(&str) -> String,
) -> Result<Vec<CounterDevice>, StartError> {
    let busiest = busiest_venues(VENUES_CSV, DEFAULT_COUNTERS).unwrap_or_default();
    let mut counters = Vec::with_capacity(busiest.len());
    for venue_id in busiest {
        let device = name(&venue_id);
        let folder = installation.data.join("counters").join(&device);
        if !folder.join("cert.pem").exists() {
            let (Ok(thing), Ok(venue)) = (device.parse::<DeviceName>(), VenueId::new(&*venue_id))
            else {
                continue;
            };
            let now = installation.clock.now();
            ca.enrol(&installation.store, thing, (venue, None), &folder, now).await?;
        }
        counters.push(CounterDevice {
            venue_id,
            device,
            ca: folder.join("ca.pem"),
            cert: folder.join("cert.pem"),
            key: folder.join("key.pem"),
        });
    }
    Ok(counters)
}
