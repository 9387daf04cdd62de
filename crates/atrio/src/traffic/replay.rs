//! The replay: yesterday and today so far, drawn from the sample and sent with their true
//! periods, in the foreground. Each replayed hour also brings its online bookings, for slots
//! that are still to come; at the end the current slot receives its visitors.

use std::collections::HashMap;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::counters::Publisher;
use super::day::{DayShape, hours_until};
use super::draws::{ONLINE_SHARE, comes, poisson};
use super::figures::add;
use super::observation::Observation;
use super::platform::Platform;
use super::shape::online_visitors_per_hour;
use super::venues::{self, Venue};
use super::visitors::{Confirmed, Plan, Visitors};
use super::{
    Addresses, Clock, CounterDevice, Figures, FiguresSnapshot, StaffTokens, Stop, TrafficError,
    positive, stopped,
};

/// How often a message is published before it is given up; a replay must end.
const ATTEMPTS: u32 = 6;

/// Seconds between lines where there is no terminal to draw a bar on.
const LINE_EVERY: Duration = Duration::from_secs(5);

/// The zone in which yesterday begins: all venues are Italian.
const ZONE: &str = "Europe/Rome";

/// Settings of [`replay`].
#[derive(Clone)]
pub struct Replay {
    /// Where the platform answers.
    pub addresses: Addresses,
    /// Tokens for the gates.
    pub staff: StaffTokens,
    /// The platform's clock.
    pub clock: Clock,
    /// How many times faster than they happened the hours are sent: 3600 sends one a second.
    pub speed: f64,
    /// Fixes the draws. Keep it between replays: other counts for hours already sent would be
    /// corrections, and running sums that fall are refused.
    pub seed: u64,
    /// The enrolled counters, named by [`super::replay_counter_name`].
    pub counters: Vec<CounterDevice>,
    /// Hours that ended after this instant are left to the live counters.
    pub until: Option<Timestamp>,
    /// The most parties served at the same time; 8 unless there is a reason.
    pub concurrency: usize,
    /// Where the figures are kept.
    pub figures: Arc<Figures>,
}

struct Player {
    config: Replay,
    venues: Vec<Arc<Venue>>,
    visitors: Visitors,
    counters: Vec<Publisher>,
    rng: StdRng,
}

/// Replays yesterday and today so far, then ends.
///
/// # Errors
///
/// When the settings do not read, or the platform does not list its venues.
pub async fn replay(config: Replay, mut stop: Stop) -> Result<FiguresSnapshot, TrafficError> {
    positive(config.speed)?;
    let platform = Platform::new(&config.addresses.base_url)?;
    let figures = Arc::clone(&config.figures);
    let venues = tokio::select! {
        venues = venues::load(&platform) => venues?,
        () = stopped(&mut stop) => return Ok(figures.snapshot()),
    };
    let mut player = Player::new(config, platform, venues)?;
    let now = (player.config.clock)();
    let hours = player.hours(now).await?;
    let mut bar = Progress::new(hours.len() as u64 + 1);
    let pace = Duration::from_secs_f64((3_600.0 / player.config.speed).min(3_600.0));
    for hour in hours {
        let started = Instant::now();
        player.publish(&hour.seen, &mut stop).await;
        let booked = player.bookings(hour.from);
        player.serve(booked, &mut stop).await;
        bar.step(&figures);
        tokio::select! {
            () = stopped(&mut stop) => break,
            () = tokio::time::sleep(pace.saturating_sub(started.elapsed())) => {}
        }
    }
    if !*stop.borrow() {
        let walk_ups = player.walk_ups();
        player.serve(walk_ups, &mut stop).await;
        bar.step(&figures);
    }
    bar.finish(&figures);
    for counter in player.counters {
        counter.close().await;
    }
    Ok(figures.snapshot())
}

/// One hour of the past and what each counter saw in it.
struct Hour {
    from: Timestamp,
    seen: HashMap<String, Observation>,
}

impl Player {
    fn new(config: Replay, platform: Platform, venues: Vec<Venue>) -> Result<Self, TrafficError> {
        let venues: Vec<Arc<Venue>> = venues.into_iter().map(Arc::new).collect();
        let mut counters = Vec::new();
        for device in &config.counters {
            let Some(venue) = venues.iter().find(|venue| venue.id == device.venue_id) else {
                tracing::warn!(
                    device = device.device,
                    venue_id = device.venue_id,
                    "the counter's venue is unknown"
                );
                continue;
            };
            let place = venue.counter(&device.device);
            counters.push(Publisher::open(
                device,
                place,
                &config.addresses,
                Arc::clone(&config.figures),
            )?);
        }
        let visitors = Visitors {
            platform,
            staff: config.staff.clone(),
            figures: Arc::clone(&config.figures),
            clock: Arc::clone(&config.clock),
        };
        Ok(Self { rng: StdRng::seed_from_u64(config.seed), venues, visitors, counters, config })
    }

    /// The hours from yesterday's first to the last that has ended, with every counter's view.
    async fn hours(&self, now: Timestamp) -> Result<Vec<Hour>, TrafficError> {
        let zone = TimeZone::get(ZONE).map_err(|_| TrafficError::Zone { zone: ZONE.to_owned() })?;
        let today = now.to_zoned_datetime(zone.clone()).date();
        let first = today.saturating_sub(1.day());
        let start = first
            .to_zoned_datetime(zone)
            .map(|zoned| zoned.timestamp().as_second())
            .unwrap_or_default();
        let mut hours: Vec<Hour> = (start / 3_600..now.as_second() / 3_600)
            .filter_map(|index| Timestamp::from_second(index * 3_600).ok())
            .map(|from| Hour { from, seen: HashMap::new() })
            .collect();
        let until = self.config.until.unwrap_or(now).min(now);
        let seed = self.config.seed;
        let counters: Vec<(String, Arc<Venue>)> = self
            .counters
            .iter()
            .map(Publisher::place)
            .filter_map(|place| {
                let venue = self.venues.iter().find(|venue| venue.id == place.venue_id)?;
                Some((place.device.clone(), Arc::clone(venue)))
            })
            .collect();
        // Drawing the days since the counters' installation is pure work; it would hold up the
        // connections if it ran among them.
        let drawn = tokio::task::spawn_blocking(move || {
            counters
                .into_iter()
                .map(|(device, venue)| {
                    let shape = DayShape {
                        venue_id: &venue.id,
                        annual_visitors: venue.annual_visitors,
                        rhythm: &venue.rhythm,
                        zone: &venue.zone,
                        seed,
                    };
                    (device, hours_until(&shape, first, until))
                })
                .collect::<Vec<_>>()
        });
        for (device, seen) in drawn.await.map_err(TrafficError::Days)? {
            let mut seen: HashMap<Timestamp, Observation> =
                seen.into_iter().map(|hour| (hour.from, hour)).collect();
            for hour in &mut hours {
                if let Some(counted) = seen.remove(&hour.from) {
                    hour.seen.insert(device.clone(), counted);
                }
            }
        }
        Ok(hours)
    }

    async fn publish(&mut self, seen: &HashMap<String, Observation>, stop: &mut Stop) {
        let sent = self.counters.iter_mut().filter_map(|counter| {
            let message = counter.place().message(seen.get(&counter.place().device)?);
            let mut stop = stop.clone();
            Some(async move { counter.publish(&message, ATTEMPTS, &mut stop).await })
        });
        futures::future::join_all(sent).await;
    }

    /// The online bookings of an hour, for days that are still to come.
    fn bookings(&mut self, hour: Timestamp) -> Vec<Plan> {
        let now = (self.config.clock)();
        let mut plans = Vec::new();
        for venue in &self.venues {
            let local = hour.to_zoned_datetime(venue.zone.clone()).datetime();
            let visitors = online_visitors_per_hour(venue.annual_visitors, local) * ONLINE_SHARE;
            for _ in 0..poisson(&mut self.rng, visitors / venue.kind.mean_party_size()) {
                plans.push(Plan::online(&mut self.rng, venue, hour, now));
            }
        }
        plans
    }

    /// The parties that came to the door since the current hour began.
    fn walk_ups(&mut self) -> Vec<Plan> {
        let now = (self.config.clock)();
        let mut plans = Vec::new();
        for venue in &self.venues {
            let local = now.to_zoned_datetime(venue.zone.clone()).datetime();
            let visitors =
                venue.rhythm.visitors_per_hour(venue.annual_visitors, local) * (1.0 - ONLINE_SHARE);
            let hours = f64::from(local.minute()) / 60.0;
            for _ in 0..poisson(&mut self.rng, visitors * hours / venue.kind.mean_party_size()) {
                plans.push(Plan::walk_up(&mut self.rng, venue, now));
            }
        }
        plans
    }

    /// Books each plan, a few at a time, and lets in those whose slot is now.
    async fn serve(&mut self, plans: Vec<Plan>, stop: &mut Stop) {
        let visitors = &self.visitors;
        let plans: Vec<(Plan, bool)> =
            plans.into_iter().map(|plan| (plan, comes(&mut self.rng))).collect();
        let served = futures::stream::iter(plans).for_each_concurrent(
            self.config.concurrency.max(1),
            |(plan, comes)| async move {
                if let Some(booking) = visitors.book(&plan).await {
                    arrive(visitors, &booking, comes).await;
                }
            },
        );
        tokio::select! {
            () = stopped(stop) => {}
            () = served => {}
        }
    }
}

async fn arrive(visitors: &Visitors, booking: &Confirmed, comes: bool) {
    let now = (visitors.clock)();
    if booking.start > now || booking.end <= now {
        return;
    }
    if comes {
        visitors.enter(booking).await;
    } else {
        add(&visitors.figures.no_shows, 1);
    }
}

/// A bar on a terminal, a line every few seconds elsewhere. Both go to the error stream: the
/// output stream is for what a machine reads.
struct Progress {
    bar: Option<ProgressBar>,
    done: u64,
    hours: u64,
    spoken: Instant,
}

impl Progress {
    fn new(hours: u64) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}");
            ProgressBar::new(hours)
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        });
        Self { bar, done: 0, hours, spoken: Instant::now() }
    }

    fn step(&mut self, figures: &Figures) {
        self.done += 1;
        match &self.bar {
            Some(bar) => {
                bar.set_message(figures.snapshot().to_string());
                bar.inc(1);
            }
            None if self.spoken.elapsed() >= LINE_EVERY => self.speak(figures),
            None => {}
        }
    }

    fn finish(&mut self, figures: &Figures) {
        match &self.bar {
            Some(bar) => bar.finish_with_message(figures.snapshot().to_string()),
            None => self.speak(figures),
        }
    }

    fn speak(&mut self, figures: &Figures) {
        self.spoken = Instant::now();
        // A closed error stream must not end the replay.
        let _closed = writeln!(
            std::io::stderr(),
            "replay {}/{}: {}",
            self.done,
            self.hours,
            figures.snapshot()
        );
    }
}
