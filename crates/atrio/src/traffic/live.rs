//! Live traffic: at every look at the clock it draws who books and who comes, lets arrivals in
//! and closes the counters' periods. It bounds how many parties are served at a time and sheds
//! the others, so a slow platform is never flooded.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::counters::Publisher;
use super::draws::{ONLINE_SHARE, comes, poisson};
use super::figures::add;
use super::observation::CounterPlace;
use super::platform::Platform;
use super::shape::online_visitors_per_hour;
use super::tally::Tally;
use super::venues::{self, Venue};
use super::visitors::{Confirmed, Plan, Visitors};
use super::{
    Addresses, Clock, CounterDevice, Figures, FiguresSnapshot, StaffTokens, Stop, TrafficError,
    positive, stopped,
};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(500);

/// The most clock time one look may cover; a clock that jumps further brings no flood.
const LONGEST_STEP_SECONDS: f64 = 300.0;

/// The most booked parties remembered until they arrive.
const MOST_EXPECTED: usize = 20_000;

/// Messages a counter keeps while the broker is away: 72 hours of minutes, which is as late as
/// the platform accepts them.
const OUTBOX: usize = 72 * 60;

/// How long visits under way may take to end after a stop.
const GRACE: Duration = Duration::from_secs(3);

/// Settings of [`run_live`].
#[derive(Clone)]
pub struct Live {
    /// Where the platform answers.
    pub addresses: Addresses,
    /// Tokens for the gates.
    pub staff: StaffTokens,
    /// The platform's clock.
    pub clock: Clock,
    /// Multiplies the visitors of the sample; the clock stays as it is.
    pub speed: f64,
    /// Fixes the draws.
    pub seed: u64,
    /// The enrolled counters; [`super::busiest_venues`] tells which venues deserve one.
    pub counters: Vec<CounterDevice>,
    /// Length of a counter's period in seconds; 60 unless there is a reason.
    pub period_seconds: u32,
    /// The most parties served at the same time; 8 unless there is a reason.
    pub concurrency: usize,
    /// Where the counters' running sums outlive a restart. Keep it with the platform's data:
    /// without it the sums start from zero, and the platform refuses a sum that falls.
    pub sums_file: Option<PathBuf>,
    /// Where the figures are kept, for whoever wants to look while it runs.
    pub figures: Arc<Figures>,
}

/// What a visit under way has come to.
enum Happened {
    Nothing,
    Booked(Confirmed),
    Entered { venue_id: String, people: u32 },
}

struct Station {
    tally: Tally,
    place: CounterPlace,
    outbox: mpsc::Sender<Vec<u8>>,
}

struct Session {
    config: Live,
    venues: Vec<Arc<Venue>>,
    visitors: Visitors,
    rng: StdRng,
    stations: HashMap<String, Station>,
    /// When each booked party will stand at the gate, by the party's number.
    expected: BinaryHeap<Reverse<(Timestamp, u64)>>,
    bookings: HashMap<u64, Confirmed>,
    next_party: u64,
    visits: JoinSet<Happened>,
    looked: Timestamp,
}

/// Keeps the platform busy until `stop`.
///
/// # Errors
///
/// When the settings do not read, or the platform does not list its venues. Once it runs,
/// nothing the platform answers is an error: it is a figure.
pub async fn run_live(config: Live, mut stop: Stop) -> Result<FiguresSnapshot, TrafficError> {
    let figures = Arc::clone(&config.figures);
    positive(config.speed)?;
    let platform = Platform::new(&config.addresses.base_url)?;
    let venues = tokio::select! {
        venues = venues::load(&platform) => venues?,
        () = stopped(&mut stop) => return Ok(figures.snapshot()),
    };
    let mut senders = JoinSet::new();
    let mut session = Session::new(config, platform, venues);
    session.open_stations(&mut senders, &stop)?;
    tracing::info!(
        venues = session.venues.len(),
        counters = session.stations.len(),
        speed = session.config.speed,
        "sample traffic runs"
    );
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            _ = ticks.tick() => session.look()?,
            Some(ended) = session.visits.join_next() => session.settle(ended.ok()),
        }
    }
    session.finish().await;
    while senders.join_next().await.is_some() {}
    Ok(figures.snapshot())
}

impl Session {
    fn new(config: Live, platform: Platform, venues: Vec<Venue>) -> Self {
        let visitors = Visitors {
            platform,
            staff: config.staff.clone(),
            figures: Arc::clone(&config.figures),
            clock: Arc::clone(&config.clock),
        };
        Self {
            looked: (config.clock)(),
            rng: StdRng::seed_from_u64(config.seed),
            venues: venues.into_iter().map(Arc::new).collect(),
            visitors,
            stations: HashMap::new(),
            expected: BinaryHeap::new(),
            bookings: HashMap::new(),
            next_party: 0,
            visits: JoinSet::new(),
            config,
        }
    }

    fn open_stations(
        &mut self,
        senders: &mut JoinSet<()>,
        stop: &Stop,
    ) -> Result<(), TrafficError> {
        let sums = read_sums(self.config.sums_file.as_ref())?;
        for device in &self.config.counters {
            let Some(venue) = self.venues.iter().find(|venue| venue.id == device.venue_id) else {
                tracing::warn!(
                    device = device.device,
                    venue_id = device.venue_id,
                    "the counter's venue is unknown"
                );
                continue;
            };
            let place = venue.counter(&device.device);
            let figures = Arc::clone(&self.config.figures);
            let publisher =
                Publisher::open(device, place.clone(), &self.config.addresses, figures)?;
            let (outbox, messages) = mpsc::channel(OUTBOX);
            senders.spawn(send(publisher, messages, stop.clone()));
            let sum = sums.get(&device.device).copied().unwrap_or(0);
            let tally = Tally::new(self.config.period_seconds, sum, self.looked);
            self.stations.insert(venue.id.clone(), Station { tally, place, outbox });
        }
        Ok(())
    }

    /// Draws and starts what happened since the last look at the clock.
    fn look(&mut self) -> Result<(), TrafficError> {
        let now = (self.config.clock)();
        let seconds =
            now.duration_since(self.looked).as_secs_f64().clamp(0.0, LONGEST_STEP_SECONDS);
        self.looked = now;
        self.let_in(now);
        self.draw(now, seconds / 3_600.0 * self.config.speed);
        self.close_periods(now)
    }

    /// Draws the parties of a stretch of `hours` (already multiplied by the speed).
    fn draw(&mut self, now: Timestamp, hours: f64) {
        for index in 0..self.venues.len() {
            let Some(venue) = self.venues.get(index).map(Arc::clone) else {
                continue;
            };
            let local = now.to_zoned_datetime(venue.zone.clone()).datetime();
            let parties = hours / venue.kind.mean_party_size();
            let online = online_visitors_per_hour(venue.annual_visitors, local) * ONLINE_SHARE;
            for _ in 0..poisson(&mut self.rng, online * parties) {
                let plan = Plan::online(&mut self.rng, &venue, now, now);
                self.start(|visitors| async move {
                    visitors.book(&plan).await.map_or(Happened::Nothing, Happened::Booked)
                });
            }
            let door =
                venue.rhythm.visitors_per_hour(venue.annual_visitors, local) * (1.0 - ONLINE_SHARE);
            for _ in 0..poisson(&mut self.rng, door * parties) {
                let plan = Plan::walk_up(&mut self.rng, &venue, now);
                self.start(|visitors| async move {
                    match visitors.book(&plan).await {
                        Some(booking) => enter(&visitors, &booking).await,
                        None => Happened::Nothing,
                    }
                });
            }
        }
    }

    /// Serves a party unless as many as allowed are being served.
    fn start<F>(&mut self, visit: impl FnOnce(Visitors) -> F)
    where
        F: Future<Output = Happened> + Send + 'static,
    {
        if self.visits.len() >= self.config.concurrency.max(1) {
            add(&self.config.figures.shed, 1);
            return;
        }
        self.visits.spawn(visit(self.visitors.clone()));
    }

    /// Sends the booked parties whose time has come to the gate, as far as the bound allows; the
    /// others wait in front of it until the next look.
    fn let_in(&mut self, now: Timestamp) {
        while self.visits.len() < self.config.concurrency.max(1)
            && self.expected.peek().is_some_and(|Reverse((at, _))| *at <= now)
        {
            let Some(Reverse((_, number))) = self.expected.pop() else {
                return;
            };
            let Some(booking) = self.bookings.remove(&number) else {
                continue;
            };
            if booking.end < now || !comes(&mut self.rng) {
                add(&self.config.figures.no_shows, 1);
                continue;
            }
            self.start(|visitors| async move { enter(&visitors, &booking).await });
        }
    }

    fn settle(&mut self, ended: Option<Happened>) {
        match ended {
            None | Some(Happened::Nothing) => {}
            Some(Happened::Booked(booking)) => self.expect(booking),
            Some(Happened::Entered { venue_id, people }) => {
                let now = (self.config.clock)();
                if let Some(station) = self.stations.get_mut(&venue_id) {
                    station.tally.admit(now, people, &mut self.rng);
                }
            }
        }
    }

    fn expect(&mut self, booking: Confirmed) {
        if self.bookings.len() >= MOST_EXPECTED {
            add(&self.config.figures.no_shows, 1);
            return;
        }
        let length = booking.end.duration_since(booking.start).as_secs().max(1);
        // Nobody draws it out to the last minutes, when a gate may already refuse.
        let offset = SignedDuration::from_secs(self.rng.random_range(0..=length * 4 / 5));
        let at = booking.start.saturating_add(offset).unwrap_or(booking.start);
        self.expected.push(Reverse((at, self.next_party)));
        self.bookings.insert(self.next_party, booking);
        self.next_party += 1;
    }

    fn close_periods(&mut self, now: Timestamp) -> Result<(), TrafficError> {
        let mut closed = Vec::new();
        for station in self.stations.values_mut() {
            for seen in station.tally.close(now) {
                closed.push((station.outbox.clone(), station.place.message(&seen)));
            }
        }
        if closed.is_empty() {
            return Ok(());
        }
        // The sums are kept before they are sent: after a crash a sum may skip ahead but never
        // runs backwards.
        self.write_sums()?;
        for (outbox, message) in closed {
            if outbox.try_send(message).is_err() {
                add(&self.config.figures.messages_lost, 1);
            }
        }
        Ok(())
    }

    fn write_sums(&self) -> Result<(), TrafficError> {
        let Some(path) = &self.config.sums_file else {
            return Ok(());
        };
        let sums: BTreeMap<&str, u64> = self
            .stations
            .values()
            .map(|station| (station.place.device.as_str(), station.tally.cumulative()))
            .collect();
        let partial = path.with_extension("partial");
        serde_json::to_vec(&sums)
            .map_err(std::io::Error::other)
            .and_then(|text| std::fs::write(&partial, text))
            .and_then(|()| std::fs::rename(&partial, path))
            .map_err(|source| TrafficError::Sums { path: path.clone(), source })
    }

    /// Lets visits under way end, for a short while.
    async fn finish(&mut self) {
        let ended =
            tokio::time::timeout(GRACE, async { while self.visits.join_next().await.is_some() {} })
                .await;
        if ended.is_err() {
            self.visits.shutdown().await;
        }
        self.stations.clear();
    }
}

impl Venue {
    /// A counter of that name at the venue's door.
    pub(super) fn counter(&self, device: &str) -> CounterPlace {
        CounterPlace {
            device: device.to_owned(),
            venue_id: self.id.clone(),
            latitude: self.latitude,
            longitude: self.longitude,
        }
    }
}

async fn enter(visitors: &Visitors, booking: &Confirmed) -> Happened {
    match visitors.enter(booking).await {
        0 => Happened::Nothing,
        people => Happened::Entered { venue_id: booking.venue.id.clone(), people },
    }
}

async fn send(mut publisher: Publisher, mut messages: mpsc::Receiver<Vec<u8>>, mut stop: Stop) {
    while let Some(message) = messages.recv().await {
        publisher.publish(&message, u32::MAX, &mut stop).await;
    }
    publisher.close().await;
}

fn read_sums(path: Option<&PathBuf>) -> Result<HashMap<String, u64>, TrafficError> {
    let Some(path) = path else {
        return Ok(HashMap::new());
    };
    let unreadable = |source| TrafficError::Sums { path: path.clone(), source };
    match std::fs::read(path) {
        Ok(text) => {
            serde_json::from_slice(&text).map_err(|error| unreadable(std::io::Error::other(error)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(HashMap::new()),
        Err(error) => Err(unreadable(error)),
    }
}
