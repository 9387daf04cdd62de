//! Tells the servers that a venue or a reseller registered what became of its bookings, tickets and slots. Changes of the
//! table become events of its log, once each; endpoints are then told the log in its order, signed,
//! each from where it stands, and again later what they did not take. No endpoint waits for another, and
//! nothing waits for them. Neither an address nor a secret stands in a log.

mod octo;
mod resellers;
mod transport;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atrio_domain::booking::Booking;
use atrio_domain::redemption::Direction;
use atrio_domain::webhook::address::Destinations;
use atrio_domain::webhook::delivery::{Outcome, Progress, Verdict, judge};
use atrio_domain::webhook::event::{Admitted, moves_places, of_admission, of_booking, of_places};
use atrio_domain::webhook::{EndpointState, Owner};
use atrio_dynamo::change::Change;
use atrio_dynamo::event_log::{Logged, LoggedEvent, OfSlot};
use atrio_dynamo::redemption::Entry;
use atrio_dynamo::webhook::{Delivery, DeliveryState, Next, StoredEndpoint};
use atrio_dynamo::{Error, Store};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Clock, random, stream};
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::resellers::Listening;

pub use transport::Transport;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Sends.
    pub transport: Arc<Transport>,
}

impl Context {
    /// Works on what the environment names, and sends to the public network only.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            transport: Arc::new(Transport::new(Destinations::Public)?),
        })
    }
}

/// Endpoints looked for at a time.
const PAGE: i32 = 100;

/// Events read at first to find one that an endpoint wants: most want most.
const LOOK_AHEAD: i32 = 5;

/// Events read at a time once those were not wanted: thousands may lie between two of a rare kind.
const LOOK_FAR: i32 = 200;

/// How long an endpoint is nobody else's between two events: longer than one may take.
const CLAIM: SignedDuration = SignedDuration::from_secs(30);

/// How long one endpoint is told before the next round goes on with it: what a function may run, less one
/// event.
const ROUND: Duration = Duration::from_secs(30);

/// Puts what the records of the table's stream report into the logs of their venues. The answer names the
/// first record that is not there: the stream goes on from it.
pub async fn handle(context: &Context, records: &[EventRecord]) -> DynamoDbEventResponse {
    let quiet = Quiet::default();
    stream::one_by_one(records, |record| take(context, &quiet, record)).await
}

/// Venues and resellers for whom nobody listened after the records of a batch were written, and the resellers that
/// are told of places: who registers meanwhile is told what happens from then on, so no later look is needed for the
/// batch.
#[derive(Debug, Default)]
struct Quiet {
    owners: Mutex<HashSet<Owner>>,
    listening: OnceCell<Vec<Listening>>,
    has_resellers: OnceCell<bool>,
}

impl Quiet {
    async fn is(&self, context: &Context, owner: &Owner) -> Result<bool, Error> {
        if self.known().contains(owner) {
            return Ok(true);
        }
        let is_quiet = context.store.webhooks(owner).await?.is_empty();
        if is_quiet {
            self.known().insert(owner.clone());
        }
        Ok(is_quiet)
    }

    /// The resellers that are told of places.
    async fn listening(&self, context: &Context) -> Result<&[Listening], Error> {
        let read = self.listening.get_or_try_init(|| resellers::listening(&context.store));
        read.await.map(Vec::as_slice)
    }

    /// Whether any reseller has, or had, an endpoint.
    async fn has_resellers(&self, context: &Context) -> Result<bool, Error> {
        let read = async || Ok(!context.store.listeners().await?.is_empty());
        self.has_resellers.get_or_try_init(read).await.copied()
    }

    fn known(&self) -> MutexGuard<'_, HashSet<Owner>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn take(context: &Context, quiet: &Quiet, record: &EventRecord) -> Result<(), Error> {
    if let Some((old, new)) = stream::rehearsal_of(record) {
        let old = old.map(|old| old.booking);
        return resellers::tell_step(context, quiet, old.as_ref(), &new).await;
    }
    match stream::change_of(record) {
        Change::Booking { old, new } => {
            let old = old.map(|old| old.booking);
            tell_venue(context, quiet, old.as_ref(), &new.booking).await?;
            resellers::tell_step(context, quiet, old.as_ref(), &new).await?;
            resellers::tell_places(context, quiet, old.as_ref(), &new.booking).await
        }
        Change::Entry(entry) if entry.direction == Direction::Entry => {
            tell_entry(context, quiet, &entry, None).await
        }
        Change::EntryUndone(entry) => {
            let undone_at = entry.undone.as_ref().map(|undo| undo.at);
            tell_entry(context, quiet, &entry, undone_at).await
        }
        Change::Entry(_) | Change::Decision(_) | Change::Observation(_) | Change::Other => Ok(()),
    }
}

async fn tell_venue(
    context: &Context,
    quiet: &Quiet,
    old: Option<&Booking>,
    new: &Booking,
) -> Result<(), Error> {
    let (news, moves) = (of_booking(old, new), moves_places(old, new));
    if (news.is_none() && !moves) || quiet.is(context, &new.venue_id.clone().into()).await? {
        return Ok(());
    }
    if let Some(news) = news {
        context.store.log_event(&news, None, context.clock.now()).await?;
    }
    if moves { tell_places(context, new).await } else { Ok(()) }
}

/// What the places of a slot are by now counts, not what they were at the change: changes may come out of
/// their order, and what is told last must be true.
async fn tell_places(context: &Context, booking: &Booking) -> Result<(), Error> {
    loop {
        let Some(places) = context.store.places_of(booking).await? else { return Ok(()) };
        let before = context.store.told_of_slot(booking).await?;
        let now = context.clock.now();
        let Some((news, by_then)) = of_places(booking, places, before, now) else { return Ok(()) };
        let of_slot = OfSlot::of_venue(booking, before, by_then);
        match context.store.log_event(&news, Some(of_slot), now).await? {
            Logged::Overtaken => {}
            Logged::Under(_) | Logged::Known | Logged::NobodyListens => return Ok(()),
        }
    }
}

async fn tell_entry(
    context: &Context,
    quiet: &Quiet,
    entry: &Entry,
    undone_at: Option<Timestamp>,
) -> Result<(), Error> {
    let first: Vec<_> = entry.passed.iter().filter(|passed| passed.after.is_none()).collect();
    let Some(one) = first.first() else { return Ok(()) };
    let is_venues = !quiet.is(context, &entry.venue.clone().into()).await?;
    let is_resellers = quiet.has_resellers(context).await?;
    if !is_venues && !is_resellers {
        return Ok(());
    }
    let Some(ticket) = context.store.ticket(one.ticket).await? else { return Ok(()) };
    if is_resellers {
        let of = (ticket.booking, entry.uuid);
        resellers::tell_entry(context, quiet, of, undone_at.is_some()).await?;
    }
    if !is_venues {
        return Ok(());
    }
    let admitted = Admitted {
        redemption: entry.uuid,
        booking: ticket.booking,
        venue: entry.venue.clone(),
        product: entry.product.clone(),
        slot: entry.slot,
        gate: entry.gate.clone(),
        tickets: first.iter().map(|passed| (passed.ticket, passed.unit.clone())).collect(),
        at: entry.redeemed_at,
    };
    if let Some(news) = of_admission(&admitted, undone_at) {
        context.store.log_event(&news, None, context.clock.now()).await?;
    }
    Ok(())
}

/// Tells every endpoint that is due, side by side, and waits for all of them.
///
/// # Errors
/// When what is due cannot be read; an endpoint that fails is told again later.
pub async fn deliver_due(context: &Context) -> Result<(), Error> {
    let mut told = JoinSet::new();
    for stored in due(context).await? {
        let context = context.clone();
        told.spawn(async move { deliver(&context, stored).await });
    }
    told.join_all().await;
    Ok(())
}

/// The endpoints that are due.
///
/// # Errors
/// When they cannot be read. A malformed one is logged and left out.
pub async fn due(context: &Context) -> Result<Vec<StoredEndpoint>, Error> {
    let due = context.store.webhooks_due(context.clock.now(), PAGE).await?;
    let readable = due.into_iter().filter_map(|stored| {
        stored
            .inspect_err(|error| {
                tracing::error!(error = error.to_string(), "an endpoint cannot be read");
            })
            .ok()
    });
    Ok(readable.collect())
}

/// Tells one endpoint what it was not told yet, unless somebody else does.
pub async fn deliver(context: &Context, stored: StoredEndpoint) {
    let webhook = stored.endpoint.id;
    // On the heap: the clients' futures nest deeper than the compiler follows in a program.
    if let Err(error) = Box::pin(tell(context, &stored)).await {
        let (webhook, error) = (webhook.to_string(), error.to_string());
        tracing::error!(webhook, error, "an endpoint is told again later");
    }
}

async fn tell(context: &Context, due: &StoredEndpoint) -> Result<(), Error> {
    let claim = u128::from_be_bytes(random::bytes()).to_string();
    let until = later(context.clock.now(), CLAIM);
    if !context.store.claim_webhook(due, &claim, until).await? {
        return Ok(());
    }
    let begun = Instant::now();
    loop {
        // Read anew for each event: staff may have changed address, secret or mind.
        let read = context.store.webhook(&due.endpoint.owner, due.endpoint.id).await?;
        let Some(stored) = read.filter(|stored| stored.claim.as_ref() == Some(&claim)) else {
            return Ok(());
        };
        let (event, progress) = next_wanted(&context.store, &stored).await?;
        let Some(event) = event else {
            if context.store.rest_webhook(&stored, &claim, progress.cursor).await? {
                return Ok(());
            }
            continue;
        };
        let is_over = begun.elapsed() > ROUND;
        if !send(context, &stored, &claim, &event, progress, is_over).await? {
            return Ok(());
        }
    }
}

/// The next event that an endpoint wants, and where it stands before it; or that there is none.
async fn next_wanted(
    store: &Store,
    stored: &StoredEndpoint,
) -> Result<(Option<LoggedEvent>, Progress), Error> {
    let endpoint = &stored.endpoint;
    let (mut progress, mut look) = (stored.progress, LOOK_AHEAD);
    loop {
        let events = store.events(&endpoint.owner, progress.window(), look).await?;
        look = LOOK_FAR;
        let is_end = events.is_empty();
        for event in events {
            if endpoint.wants(event.kind, event.only_for) {
                return Ok((Some(event), progress));
            }
            progress = progress.past(event.sequence);
        }
        match (is_end, progress.replay) {
            (true, Some(_)) => progress.replay = None,
            (true, None) => {
                // What is not in the log any more is not waited for.
                progress.cursor = progress.cursor.max(stored.head);
                return Ok((None, progress));
            }
            (false, _) => {}
        }
    }
}

/// Sends one event and notes what became of it; true when the next can follow at once.
async fn send(
    context: &Context,
    stored: &StoredEndpoint,
    claim: &str,
    event: &LoggedEvent,
    progress: Progress,
    is_over: bool,
) -> Result<bool, Error> {
    let endpoint = &stored.endpoint;
    let begun = Instant::now();
    let now = context.clock.now();
    let outcome = if may_hear(&context.store, &endpoint.owner).await? {
        context.transport.send(endpoint, event, now).await
    } else {
        Outcome::Withheld
    };
    let (now, attempts) = (context.clock.now(), progress.attempts + 1);
    let chance = u32::from_be_bytes(random::bytes()) % 1_001;
    let (to, next, state) = match judge(attempts, &outcome, chance, now) {
        Verdict::Taken => {
            let next = if is_over {
                Next::HandOver { at: now }
            } else {
                Next::GoOn { until: later(now, CLAIM) }
            };
            (progress.past(event.sequence), next, DeliveryState::Delivered)
        }
        Verdict::Again { at } => {
            let failing_since = stored.failing_since.unwrap_or(now);
            let next = Next::Pause { at, failing_since };
            (Progress { attempts, ..progress }, next, DeliveryState::Waiting { next_at: at })
        }
        Verdict::Disable { reason } => {
            tracing::warn!(webhook = endpoint.id.to_string(), reason, "an endpoint is disabled");
            let next = Next::Stop(EndpointState::Disabled { at: now, reason });
            (Progress { attempts: 0, ..progress }, next, DeliveryState::GivenUp)
        }
    };
    let delivery = Delivery {
        sequence: event.sequence,
        event: event.id.to_string(),
        kind: event.kind.name().to_owned(),
        state,
        attempts,
        last_at: now,
        last_outcome: outcome.words(),
        last_millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let is_mine = context.store.note_delivery(endpoint, claim, &to, &next, &delivery).await?;
    Ok(is_mine && matches!(next, Next::GoOn { .. }))
}

/// Whether events are sent: a reseller that may not sell hears nothing.
async fn may_hear(store: &Store, owner: &Owner) -> Result<bool, Error> {
    let Owner::Reseller { reseller, .. } = owner else { return Ok(true) };
    let found = store.reseller(reseller).await?;
    Ok(found.is_some_and(|stored| stored.reseller.must_sell().is_ok()))
}

fn later(at: Timestamp, pause: SignedDuration) -> Timestamp {
    at.saturating_add(pause).unwrap_or(Timestamp::MAX)
}
