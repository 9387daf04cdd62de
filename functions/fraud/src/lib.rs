//! Watching behaviour: counts what each contact and network address does in a window of time, so
//! that the rules at the next hold see it, and files every booking's decision with its reasons for
//! staff. Reported twice, a booking counts once.

use atrio_domain::booking::BookingState;
use atrio_domain::risk::Velocity;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::change::Change;
use atrio_dynamo::decision::DecisionRecord;
use atrio_dynamo::velocity::Event;
use atrio_dynamo::{Error, Store};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Clock, stream};
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::streams::DynamoDbEventResponse;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self { store: atrio_runtime::aws::store_from_environment()?, clock: Clock::system() })
    }
}

/// Counts what the records of the table's stream report. The answer names the first record that
/// failed: the stream goes on from there.
pub async fn handle(context: &Context, records: &[EventRecord]) -> DynamoDbEventResponse {
    stream::one_by_one(records, |record| take(context, record)).await
}

async fn take(context: &Context, record: &EventRecord) -> Result<(), Error> {
    match stream::change_of(record) {
        Change::Booking { old, new } => count(context, old.as_deref(), &new).await,
        Change::Entry(_)
        | Change::EntryUndone(_)
        | Change::Decision(_)
        | Change::Observation(_)
        | Change::Other => Ok(()),
    }
}

async fn count(context: &Context, old: Option<&Stored>, new: &Stored) -> Result<(), Error> {
    let booking = &new.booking;
    let store = &context.store;
    if old.is_none() {
        let record = DecisionRecord {
            booking: booking.uuid,
            venue: booking.venue_id.clone(),
            slot: booking.slot.id,
            decision: booking.decision.clone(),
        };
        let figures = Velocity { holds: 1, places: booking.places(), declines: 0 };
        let (keys, at) = (&booking.risk_keys, booking.created_at);
        store.count_event(booking.uuid, keys, Event::Hold, figures, Some(&record), at).await?;
    }
    let was_paying =
        old.is_some_and(|old| matches!(old.booking.state, BookingState::Paying { .. }));
    let unpaid = match booking.state {
        BookingState::OnHold { .. } => true,
        // The difference of an exchange that was not to be had any more was paid, and goes back.
        BookingState::Expired { .. } => booking.replaces.is_none(),
        _ => false,
    };
    if was_paying && unpaid {
        let event = Event::Decline { attempt: booking.payment_attempts };
        let figures = Velocity { declines: 1, ..Velocity::default() };
        let now = context.clock.now();
        // One attempt pays for all bookings of an order, so its decline counts once.
        let bought = booking.order.unwrap_or(booking.uuid);
        store.count_event(bought, &booking.risk_keys, event, figures, None, now).await?;
    }
    Ok(())
}
