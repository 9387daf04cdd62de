//! Watching behaviour: counts what each contact and network address does in a window of time, so
//! that the rules at the next hold see it, and files every booking's decision with its reasons for
//! staff. Reported twice, a booking counts once.

use atrio_domain::booking::BookingState;
use atrio_domain::risk::Velocity;
use atrio_dynamo::Store;
use atrio_dynamo::change::Change;
use atrio_dynamo::decision::DecisionRecord;
use atrio_dynamo::velocity::{CountedEvent, Event, TOGETHER};
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::{Clock, stream};
use aws_lambda_events::event::dynamodb::EventRecord;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use jiff::Timestamp;

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

/// Counts what the records of the table's stream report, many in one commit. The answer names the first
/// record that failed: the stream goes on from there.
pub async fn handle(context: &Context, records: &[EventRecord]) -> DynamoDbEventResponse {
    let now = context.clock.now();
    let counted = |record| Some((record, counted_of(&stream::change_of(record), now)?));
    let (of, events): (Vec<&EventRecord>, Vec<CountedEvent>) =
        records.iter().filter_map(counted).unzip();
    for (of, events) in of.chunks(TOGETHER).zip(events.chunks(TOGETHER)) {
        // On the heap: the clients' futures nest deeper than the compiler follows in a program.
        if let Err(error) = Box::pin(context.store.count_events(events)).await {
            return stream::failed(of[0], &error);
        }
    }
    DynamoDbEventResponse::default()
}

/// What counts of a change, if anything does.
fn counted_of(change: &Change, now: Timestamp) -> Option<CountedEvent> {
    let Change::Booking { old, new } = change else { return None };
    let booking = &new.booking;
    let keys = booking.risk_keys.clone();
    let Some(old) = old else {
        return Some(CountedEvent {
            booking: booking.uuid,
            event: Event::Hold,
            keys,
            figures: Velocity { holds: 1, places: booking.places(), declines: 0 },
            decision: Some(DecisionRecord {
                booking: booking.uuid,
                venue: booking.venue_id.clone(),
                slot: booking.slot.id,
                decision: booking.decision.clone(),
            }),
            at: booking.created_at,
        });
    };
    let was_paying = matches!(old.booking.state, BookingState::Paying { .. });
    let unpaid = match booking.state {
        BookingState::OnHold { .. } => true,
        // The difference of an exchange that was not to be had any more was paid, and goes back.
        BookingState::Expired { .. } => booking.replaces.is_none(),
        _ => false,
    };
    (was_paying && unpaid).then(|| CountedEvent {
        // One attempt pays for all bookings of an order, so its decline counts once.
        booking: booking.order.unwrap_or(booking.uuid),
        event: Event::Decline { attempt: booking.payment_attempts },
        keys,
        figures: Velocity { declines: 1, ..Velocity::default() },
        decision: None,
        at: now,
    })
}
