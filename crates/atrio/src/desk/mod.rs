//! The program of a desk or a totem: it sells from what it leased, whether its line is up or down, and
//! sends its sales in until the platform has said what became of each. There is one way to sell, not two:
//! nothing that is sold waits for the line, and nobody sees "sold" before that is in the journal.

mod journal;
mod page;
mod sell;
mod send;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atrio_domain::booking::Channel;
use atrio_domain::id::{CallerUuid, DeskId, OptionId, ProductId, SlotId, VenueId};
use atrio_domain::tariff::Cents;
use atrio_runtime::{Clock, Problem};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::data_dir::{DataDir, DataDirError, Lock};
use crate::on_site::{Connection, Down, OnSiteError, Place, Word, listen, must_be_loopback};
use crate::pump::chain;
use journal::{Journal, LeaseRecord, Outcome, ShiftRecord, Stage};
pub use sell::Asked;

/// By how much the platform's clock is ahead of the machine's, in microseconds.
const CLOCK: &str = "clock.json";

/// How a desk runs.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The venue.
    pub venue: VenueId,
    /// The desk, or the totem.
    pub desk: DeskId,
    /// Through which channel it sells: a desk's or a totem's.
    pub channel: Channel,
    /// The platform's address.
    pub platform: String,
    /// A staff token of role desk at the venue.
    pub token: String,
    /// What it leases by itself of each slot of the day; none where the clerk asks for each.
    pub keep: Option<Keep>,
    /// The folder of the journal.
    pub folder: PathBuf,
    /// Where the page listens.
    pub listen: SocketAddr,
    /// The built pages.
    pub web: PathBuf,
    /// How often what waits is sent in.
    pub every: Duration,
}

/// What a desk leases by itself.
#[derive(Debug, Clone)]
pub struct Keep {
    /// Of which product.
    pub product: ProductId,
    /// Which way.
    pub option: OptionId,
    /// How many places of each slot of the day that is not over.
    pub places: u32,
}

/// Why a desk does not run.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// As with every program on site.
    #[error(transparent)]
    OnSite(#[from] OnSiteError),
    /// A file of the folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataDirError),
    /// The journal cannot be read or written.
    #[error("the journal of the desk cannot be opened")]
    Journal(#[source] std::io::Error),
}

/// How the line stands.
#[derive(Debug, Clone)]
struct LineState {
    is_up: bool,
    since: Timestamp,
    why: Option<String>,
}

/// A running desk.
pub struct Desk {
    settings: Settings,
    folder: DataDir,
    /// Opens the page.
    key: String,
    connection: Connection,
    /// One sale at a time.
    window: tokio::sync::Mutex<()>,
    journal: Mutex<Journal>,
    line: Mutex<LineState>,
    clock_ahead_microseconds: AtomicI64,
    /// Wakes who sends in.
    look: Notify,
    _lock: Lock,
}

/// A desk that is ready.
pub struct Opened {
    /// The desk.
    pub desk: Arc<Desk>,
    /// Its page, with the key that opens it.
    pub address: String,
}

/// Starts a desk: its page and its line run until the program ends.
///
/// # Errors
/// The first part that does not start, with what to do about it.
pub async fn open(settings: Settings) -> Result<Opened, DeskError> {
    must_be_loopback(settings.listen)?;
    let Place { folder, key, lock } = Place::take(&settings.folder)?;
    let ahead: i64 = folder.read_json(CLOCK)?.unwrap_or(0);
    let now = Clock::ahead_by_microseconds(ahead).now();
    let journal = Journal::open(&folder, now).map_err(DeskError::Journal)?;
    let desk = Arc::new(Desk {
        folder,
        key,
        connection: Connection::new(&settings.platform, &settings.token)?,
        window: tokio::sync::Mutex::default(),
        journal: Mutex::new(journal),
        line: Mutex::new(LineState { is_up: false, since: now, why: None }),
        clock_ahead_microseconds: AtomicI64::new(ahead),
        look: Notify::new(),
        _lock: lock,
        settings,
    });
    let (listener, local) = listen(desk.settings.listen).await?;
    tokio::spawn(page::serve(listener, Arc::clone(&desk)));
    tokio::spawn(Arc::clone(&desk).keep_looking());
    let venue = &desk.settings.venue;
    let address = format!("http://{local}/window/#token={}&venue={venue}", desk.key);
    Ok(Opened { desk, address })
}

impl Desk {
    /// The platform's time, as far as the desk knows it.
    fn now(&self) -> Timestamp {
        let ahead = self.clock_ahead_microseconds.load(Ordering::Relaxed);
        Clock::ahead_by_microseconds(ahead).now()
    }

    /// Learns the platform's time from an answer, which carries it to the second.
    fn hear_time(&self, word: &Word) {
        let Some(at) = word.at else { return };
        if self.now().duration_since(at).abs().as_secs() < 2 {
            return;
        }
        let ahead = at.duration_since(Clock::system().now()).as_micros();
        let ahead = i64::try_from(ahead).unwrap_or(0);
        self.clock_ahead_microseconds.store(ahead, Ordering::Relaxed);
        // One that is not on disk serves until the desk is started again.
        if let Err(error) = self.folder.write_json(CLOCK, &ahead, 0o600) {
            tracing::error!(%error, "the platform's time is not kept");
        }
    }

    /// Writing to it waits for the disk, which is what a visitor waits for too.
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line_is(&self, is_up: bool, why: Option<&Down>) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.is_up != is_up {
            tracing::info!(is_up, "the line of the desk changed");
            line.since = self.now();
        }
        line.is_up = is_up;
        line.why = why.map(|why| chain(why));
    }

    async fn keep_looking(self: Arc<Self>) {
        loop {
            match self.look_after().await {
                Ok(()) => self.line_is(true, None),
                Err(why) => self.line_is(false, Some(&why)),
            }
            // Either way it is time to look again.
            let _ = tokio::time::timeout(self.settings.every, self.look.notified()).await;
        }
    }

    /// Opens a shift. It sells at once; the platform hears of it when the line is up.
    fn open_shift(&self, uuid: CallerUuid, float_cents: Cents) -> Result<ShiftRecord, Problem> {
        if self.settings.channel != Channel::Desk {
            return Err(no_drawer());
        }
        let mut journal = self.journal();
        if let Some(before) = journal.shift(uuid) {
            return Ok(before.clone());
        }
        if let Some(open) = journal.open_shift() {
            return Err(Problem::new(StatusCode::CONFLICT, "desk-busy")
                .detail(format_args!("shift `{}` is open", open.uuid))
                .field("uuid", "another shift is open", "go on in that shift, or close it first")
                .fact("open_shift", open.uuid));
        }
        let shift = ShiftRecord {
            uuid,
            float_cents,
            opened_at: self.now(),
            is_known: false,
            counted_cents: None,
            is_closed: false,
            problem: None,
        };
        journal.put_shift(shift.clone()).map_err(|error| Problem::internal(&error))?;
        drop(journal);
        self.look.notify_one();
        Ok(shift)
    }

    /// Counts the drawer of the open shift. The platform hears of it once its sales are in.
    fn close_shift(&self, counted_cents: Cents) -> Result<ShiftRecord, Problem> {
        let mut journal = self.journal();
        let Some(mut shift) = journal.open_shift().cloned() else { return Err(shift_missing()) };
        shift.counted_cents = Some(counted_cents);
        journal.put_shift(shift.clone()).map_err(|error| Problem::internal(&error))?;
        drop(journal);
        self.look.notify_one();
        Ok(shift)
    }

    /// Asks for places of a slot; they are there when the platform gave them.
    fn ask_for(&self, asked: LeaseRecord) -> Result<LeaseRecord, Problem> {
        let mut journal = self.journal();
        if let Some(before) = journal.lease(asked.uuid) {
            return Ok(before.clone());
        }
        journal.put_lease(asked.clone()).map_err(|error| Problem::internal(&error))?;
        drop(journal);
        self.look.notify_one();
        Ok(asked)
    }

    /// Sells from a slot's leases no more and gives back what is left, once all its sales are in.
    async fn give_back(&self, product: &ProductId, slot: SlotId) -> Result<usize, Problem> {
        // Who sells just now has chosen a lease already.
        let _turn = self.window.lock().await;
        let mut journal = self.journal();
        let open: Vec<LeaseRecord> = journal
            .leases()
            .into_iter()
            .filter(|lease| lease.slot_id == slot && &lease.product_id == product)
            .filter(|lease| matches!(lease.stage, Stage::Open(_)))
            .cloned()
            .collect();
        for lease in &open {
            let returning = returning(lease.clone());
            journal.put_lease(returning).map_err(|error| Problem::internal(&error))?;
        }
        drop(journal);
        self.look.notify_one();
        Ok(open.len())
    }

    /// What the page shows of the desk itself.
    #[must_use]
    pub fn state(&self) -> Value {
        let line = self.line.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let journal = self.journal();
        let refused: Vec<Value> = journal
            .sales()
            .into_iter()
            .filter_map(|sale| match &sale.outcome {
                Some(Outcome::Refused { problem }) => Some(json!({
                    "booking_uuid": sale.uuid, "sold_at": sale.sold_at,
                    "amount_cents": sale.amount_cents, "problem": problem,
                })),
                Some(Outcome::Done) | None => None,
            })
            .collect();
        let shift = journal.open_shift().or_else(|| journal.shifts().into_iter().next_back());
        json!({
            "venue_id": self.settings.venue,
            "desk_id": self.settings.desk,
            "channel": self.settings.channel,
            "now": self.now(),
            "line": {
                "state": if line.is_up { "ONLINE" } else { "OFFLINE" },
                "since": line.since,
                "why": line.why,
            },
            "shift": shift.map(|shift| shift_view(&journal, shift)),
            "leases": journal.leases().into_iter().map(|lease| lease_view(&journal, lease)).collect::<Vec<_>>(),
            "waiting": journal.waiting().len(),
            "refused": refused,
        })
    }
}

/// The same lease, from which nothing is sold any more.
fn returning(lease: LeaseRecord) -> LeaseRecord {
    let stage = match lease.stage {
        Stage::Open(pack) => Stage::Returning(pack),
        other => other,
    };
    LeaseRecord { stage, ..lease }
}

fn lease_view(journal: &Journal, lease: &LeaseRecord) -> Value {
    let sold = journal.sold(lease.uuid).len();
    let (stage, left, problem) = match &lease.stage {
        Stage::Asked => ("ASKED", 0, None),
        Stage::Open(pack) => ("OPEN", pack.tickets.len().saturating_sub(sold), None),
        Stage::Returning(_) => ("RETURNING", 0, None),
        Stage::Closed { why, .. } => (why.as_str(), 0, None),
        Stage::Refused { problem } => ("REFUSED", 0, Some(problem)),
    };
    let pack = lease.pack();
    json!({
        "uuid": lease.uuid,
        "product_id": lease.product_id,
        "option_id": lease.option_id,
        "slot_id": lease.slot_id,
        "slot": pack.map(|pack| pack.slot),
        "venue_name": pack.map(|pack| &pack.venue_name),
        "product_name": pack.map(|pack| &pack.terms.product_name),
        "units": pack.map(|pack| &pack.terms.units),
        "max_units": pack.map(|pack| pack.terms.max_units),
        "status": stage,
        "places": lease.places,
        "sold": sold,
        "left": left,
        "problem": problem,
    })
}

fn shift_view(journal: &Journal, shift: &ShiftRecord) -> Value {
    use atrio_domain::shift::Method;
    let sales: Vec<_> =
        journal.sales().into_iter().filter(|sale| sale.shift == Some(shift.uuid)).collect();
    let taken = |method: Method| -> i64 {
        sales.iter().filter(|sale| sale.method == method).map(|sale| sale.amount_cents.0).sum()
    };
    json!({
        "uuid": shift.uuid,
        "status": if shift.is_open() { "OPEN" } else { "CLOSED" },
        "is_known": shift.is_known,
        "is_closed": shift.is_closed,
        "float_cents": shift.float_cents,
        "sales": sales.len(),
        "cash_cents": taken(Method::Cash),
        "card_cents": taken(Method::Card),
        "expected_cents": shift.float_cents.0 + taken(Method::Cash),
        "counted_cents": shift.counted_cents,
        "problem": shift.problem,
    })
}

fn no_drawer() -> Problem {
    let message = "a totem has no drawer";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-drawer").detail(message).field(
        "uuid",
        message,
        "sell what is free without a shift",
    )
}

fn shift_missing() -> Problem {
    let message = "no shift is open at this desk";
    Problem::new(StatusCode::CONFLICT, "shift-missing").detail(message).field(
        "shift",
        message,
        "open one with what is in the drawer",
    )
}
