//! How long a confirmed booking takes to the lake, as a reader of the lake and as a manager's
//! dashboard sees it, while little else happens.

use std::time::{Duration, Instant};

use atrio_lake_query::Lake;
use serde_json::Value;

use crate::Failure;
use crate::lake::question;
use crate::measure::Times;
use crate::platform::Platform;
use crate::report;
use crate::shop::{HeldBooking, Visitors};

const BOOKINGS: u64 = 60;
/// Numbers of visitors that no other part uses.
const FIRST_VISITOR: u64 = 200_000;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);

/// Confirms bookings one by one and waits for each at both places.
pub(crate) async fn measure(platform: &Platform) -> Result<(), Failure> {
    let visitors = Visitors::of(platform).await?;
    let lake = Lake::open(platform.run.lake.as_str()).await?;
    let token = platform.manager().await?;
    let (mut in_lake, mut on_dashboard) = (Vec::new(), Vec::new());
    for visitor in FIRST_VISITOR..FIRST_VISITOR + BOOKINGS {
        let booking = visitors.hold(visitor).await?;
        let before = bookings_on_dashboard(platform, &token, &booking).await?;
        let before_in_lake = bookings_in_lake(&lake, &booking).await?;
        visitors.confirm(booking.uuid).await?;
        let confirmed = Instant::now();
        let (lake_delay, dashboard_delay) = tokio::try_join!(
            until(
                confirmed,
                async || Ok(bookings_in_lake(&lake, &booking).await? > before_in_lake)
            ),
            until(confirmed, async || {
                Ok(bookings_on_dashboard(platform, &token, &booking).await? > before)
            }),
        )?;
        in_lake.push(lake_delay);
        on_dashboard.push(dashboard_delay);
    }
    let at = format!("{BOOKINGS} bookings, one by one");
    report::row("confirmed until in the lake", &at, &Times::of(in_lake).to_string());
    report::row("confirmed until on the dashboard", &at, &Times::of(on_dashboard).to_string());
    Ok(())
}

async fn until(
    since: Instant,
    mut arrived: impl AsyncFnMut() -> Result<bool, Failure>,
) -> Result<Duration, Failure> {
    while !arrived().await? {
        if since.elapsed() > PATIENCE {
            return Err("a confirmed booking does not arrive in the lake".into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(since.elapsed())
}

async fn bookings_in_lake(lake: &Lake, booking: &HeldBooking) -> Result<i64, Failure> {
    lake.refresh().await?;
    let cells = lake.view().booked(&question(&booking.venue, booking.day, 1)?).await?;
    Ok(cells.iter().map(|cell| cell.bookings).sum())
}

async fn bookings_on_dashboard(
    platform: &Platform,
    token: &str,
    booking: &HeldBooking,
) -> Result<i64, Failure> {
    let path = format!("/v1/dashboard/{}?day={}", booking.venue, booking.day);
    let answer = platform.client.get(platform.url(&path)).bearer_auth(token).send().await?;
    let view: Value = answer.error_for_status()?.json().await?;
    view["totals"]["bookings"].as_i64().ok_or_else(|| "the dashboard counts no bookings".into())
}
