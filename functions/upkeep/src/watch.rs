//! People counters are judged by each hour that is over (`atrio_domain::device::fault`). A round goes through the
//! venues once an hour, some at a time, and remembers where it is, so that one that was cut off goes on.
//!
//! Counts of the last three hours are read anew each time. Where the device's state changed more often than counts of
//! these came, something came late or was corrected, and all hours that may still change are read.

use atrio_domain::device::fault::{Hour, SETTLED_HOURS, advance, day_kind, hour_at, hours_of};
use atrio_domain::device::fault::{Watch, instant_of_hour};
use atrio_domain::device::{DeviceName, DeviceState, Model, RegisteredDevice, StoredObservation};
use atrio_domain::venue::Venue;
use atrio_dynamo::Error;
use atrio_dynamo::count::{StoredWatch, WatchRound};
use jiff::{SignedDuration, Timestamp};

use crate::{Context, Done, failed};

/// So long after an hour its counts are awaited.
const GRACE: SignedDuration = SignedDuration::from_mins(10);
/// Devices of one run; the next run goes on.
const AT_A_TIME: usize = 100;
/// Hours that are read anew each time.
const READ_ANEW: i64 = 3;
/// Of a counter that nobody has judged before, so many hours of the past are learned from.
const FIRST_LOOK: i64 = 28 * 24;

pub(crate) async fn judge(context: &Context, done: &mut Done) -> Result<(), Error> {
    let now = context.clock.now();
    let hour = hour_at(now.saturating_sub(GRACE).unwrap_or(now)) - 1;
    let round = context.store.watch_round().await?;
    if round.hour == hour && round.after.is_none() {
        return Ok(());
    }
    let after = round.after.filter(|_| round.hour == hour);
    let devices = context.store.devices(None).await?;
    let (mut looked, mut last) = (0, None);
    for group in devices.chunk_by(|one, other| one.venue == other.venue) {
        let Some(first) = group.first() else { continue };
        if after.as_ref().is_some_and(|after| &first.venue <= after) {
            continue;
        }
        if looked >= AT_A_TIME {
            return context.store.put_watch_round(&WatchRound { hour, after: last }).await;
        }
        if let Err(error) = judge_venue(context, group, hour, done).await {
            failed(done, &error);
        }
        looked += group.len();
        last = Some(first.venue.clone());
    }
    context.store.put_watch_round(&WatchRound { hour, after: None }).await
}

/// A counter on its way through a round.
struct Looked {
    device: DeviceName,
    stored: StoredWatch,
    hours: Vec<Hour>,
}

async fn judge_venue(
    context: &Context,
    devices: &[RegisteredDevice],
    hour: i64,
    done: &mut Done,
) -> Result<(), Error> {
    let speaks = |device: &&RegisteredDevice| device.gate.is_none() && device.revoked_at.is_none();
    let names: Vec<&DeviceName> = devices.iter().filter(speaks).map(|one| &one.device).collect();
    let mut states = context.store.device_states(names.iter().copied()).await?;
    states.retain(|_, state| state.counted.is_some());
    let Some(venue) = devices.first().filter(|_| !states.is_empty()).map(|first| &first.venue)
    else {
        return Ok(());
    };
    let Some(venue) = context.store.venue(venue).await? else { return Ok(()) };
    let mut watches = context.store.watches(states.keys()).await?;
    let mut counters = Vec::new();
    for name in names {
        let Some(state) = states.get(name) else { continue };
        let stored = watches.remove(name);
        counters.push(look(context, &venue, name, (state, stored), hour).await?);
    }
    let known: usize = counters.iter().map(|one| one.stored.watch.findings().len()).sum();
    let mut hours: Vec<(&mut Watch, Vec<Hour>)> = counters
        .iter_mut()
        .map(|one| (&mut one.stored.watch, std::mem::take(&mut one.hours)))
        .collect();
    advance(&mut hours);
    for counter in &counters {
        context.store.put_watch(&counter.device, &counter.stored).await?;
        done.judged += 1;
    }
    let found: usize = counters.iter().map(|one| one.stored.watch.findings().len()).sum();
    done.faults += u32::try_from(found.saturating_sub(known)).unwrap_or(u32::MAX);
    Ok(())
}

/// Reads what a counter said since it was last judged, and what changed of the hours before.
async fn look(
    context: &Context,
    venue: &Venue,
    device: &DeviceName,
    (state, stored): (&DeviceState, Option<StoredWatch>),
    hour: i64,
) -> Result<Looked, Error> {
    let now = context.clock.now();
    let settled = hour + 1 - SETTLED_HOURS;
    let mut from = match stored.as_ref().and_then(|stored| stored.watch.until()) {
        Some(until) => (until + 1 - READ_ANEW).min(hour + 1 - READ_ANEW),
        None => hour + 1 - FIRST_LOOK,
    };
    let mut counts = read(context, device, (from, hour)).await?;
    let mut stored = stored.unwrap_or_default();
    let new = counts.iter().filter(|count| count.received_at >= stored.looked_at).count();
    let changes = state.revision.saturating_sub(stored.revision);
    if changes > u64::try_from(new).unwrap_or(u64::MAX) && from > settled {
        from = settled;
        counts = read(context, device, (from, hour)).await?;
    }
    stored.looked_at = now;
    stored.revision = state.revision;
    let periods = counts.iter().filter_map(|count| {
        let record = &count.record;
        Some((record.period_start, record.period_end, record.people()?.count))
    });
    let hours = hours_of(periods, (from, hour), |day| day_kind(venue, day));
    Ok(Looked { device: device.clone(), stored, hours })
}

async fn read(
    context: &Context,
    device: &DeviceName,
    (from, to): (i64, i64),
) -> Result<Vec<StoredObservation>, Error> {
    let until: Timestamp = instant_of_hour(to + 1);
    context.store.counts(device, Model::CrowdFlowObserved, instant_of_hour(from), until).await
}
