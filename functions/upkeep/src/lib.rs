//! What falls due by the clock: places of ended holds go back, visits with too few people are called
//! off, visits that nobody moved in time are called off too, leases of desks end with their slot, payments whose outcome nobody told
//! are asked for, debts that nobody pays are withdrawn before their places go back, money that came
//! for nothing goes back where the provider pays back itself, places that came back are offered to those
//! who wait for them, templates that changed are written into the venues that follow them, people counters are
//! judged by what they counted in the hour that is over, old pseudonym keys are destroyed. Each
//! task is safe to repeat and to run twice at once.

mod leases;
mod line;
mod minimum;
mod moving;
mod templates;
mod watch;

use std::collections::HashSet;
use std::sync::Arc;

use atrio_domain::booking::BookingState;
use atrio_domain::payment::{PAY_WITHIN, PaymentStatus, ProviderOutcome};
use atrio_domain::pseudonym::month_of;
use atrio_domain::retention::Record;
use atrio_dynamo::Store;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::payment::Taken;
use atrio_runtime::environment::EnvironmentError;
use atrio_runtime::provider::sandbox::Refund;
use atrio_runtime::provider::{PaymentReport, Provider, ProviderError};
use atrio_runtime::{Clock, random};
use jiff::SignedDuration;
use serde::Serialize;

/// What the function works with.
#[derive(Debug, Clone)]
pub struct Context {
    /// The table.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// The payment provider.
    pub provider: Arc<Provider>,
}

impl Context {
    /// Works on what the environment names.
    ///
    /// # Errors
    /// When a variable is missing or cannot be used.
    pub fn from_environment() -> Result<Self, EnvironmentError> {
        Ok(Self {
            store: atrio_runtime::aws::store_from_environment()?,
            clock: Clock::system(),
            provider: Arc::new(Provider::from_environment()?),
        })
    }
}

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Done {
    /// Holds whose places went back.
    pub expired: u32,
    /// Slots of which it was decided whether they take place.
    pub decided: u32,
    /// Bookings called off because too few people came together, or because nobody moved them in time.
    pub called_off: u32,
    /// Leases whose slot was over.
    pub leases_ended: u32,
    /// Payments whose outcome was found.
    pub settled: u32,
    /// Payments that were paid back.
    pub refunded: u32,
    /// Parties that waited and have places on offer now.
    pub offered: u32,
    /// Parties that waited until their slot started.
    pub waited_in_vain: u32,
    /// Venues that have a newer version of the template they follow.
    pub followed: u32,
    /// People counters that were judged by another hour.
    pub judged: u32,
    /// Faults of counters that were found.
    pub faults: u32,
    /// Pseudonym keys destroyed.
    pub keys_destroyed: u32,
    /// Tasks that failed and are tried again at the next run.
    pub failed: u32,
}

/// Items of one kind handled in one page.
const PAGE: i32 = 100;

/// Payments asked about in one run: those without an outcome stay at the head of the queue, so it is
/// larger than what waits at one moment.
const PAYMENTS: i32 = 1_000;

/// How long a payment may run before the provider is asked.
const ASK_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// How long the provider may not know a payment before it is taken as never opened.
const NEVER_OPENED_AFTER: SignedDuration = SignedDuration::from_mins(10);

/// Does what is due now.
///
/// # Errors
/// When what is due cannot be read; single tasks that fail are counted, not raised.
pub async fn handle(context: &Context) -> Result<Done, atrio_dynamo::Error> {
    let mut done = Done::default();
    expire_holds(context, &mut done).await?;
    settle_payments(context, &mut done).await?;
    minimum::decide(context, &mut done).await?;
    moving::end(context, &mut done).await?;
    leases::end(context, &mut done).await?;
    refund(context, &mut done).await?;
    line::serve(context, &mut done).await?;
    templates::spread(context, &mut done).await?;
    watch::judge(context, &mut done).await?;
    let now = context.clock.now();
    let ended = Record::PseudonymKey.ended_by(now);
    let oldest_day = ended.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    let destroyed = context.store.destroy_month_keys_before(&month_of(oldest_day)).await?;
    done.keys_destroyed = u32::try_from(destroyed).unwrap_or(u32::MAX);
    if done != Done::default() {
        tracing::info!(?done, "upkeep");
    }
    Ok(done)
}

async fn expire_holds(context: &Context, done: &mut Done) -> Result<(), atrio_dynamo::Error> {
    loop {
        let now = context.clock.now();
        let due = context.store.holds_due(now, PAGE).await?;
        let mut moved = 0;
        for stored in &due {
            let expired = match stored {
                Ok(stored) => context.store.expire(&stored.booking, now).await.err(),
                Err(error) => {
                    failed(done, error);
                    continue;
                }
            };
            match expired {
                None => moved += 1,
                Some(error) => failed(done, &error),
            }
        }
        done.expired += moved;
        if moved == 0 || due.len() < PAGE as usize {
            return Ok(());
        }
    }
}

async fn settle_payments(context: &Context, done: &mut Done) -> Result<(), atrio_dynamo::Error> {
    let since = context.clock.now().saturating_sub(ASK_AFTER).unwrap_or_default();
    let mut asked = HashSet::new();
    for stored in context.store.payments_due(since, PAYMENTS).await? {
        let settled = match stored {
            // One attempt pays for all bookings of an order: it is asked about once.
            Ok(stored) if stored.booking.order.is_some_and(|order| !asked.insert(order)) => {
                continue;
            }
            Ok(stored) => settle(context, &stored).await,
            Err(error) => Err(error.into()),
        };
        match settled {
            Ok(true) => done.settled += 1,
            Ok(false) => {}
            Err(error) => {
                failed(done, &*error);
                // A provider that is down is not asked for each: ended holds must not wait for it.
                if error.downcast_ref().is_some_and(ProviderError::is_outage) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

async fn settle(
    context: &Context,
    stored: &Stored,
) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let BookingState::Paying { payment, started_at, .. } = &stored.booking.state else {
        return Ok(false);
    };
    let (uuid, now) = (stored.booking.uuid, context.clock.now());
    let age = now.duration_since(*started_at);
    let outcome = match context.provider.report(payment).await? {
        Some(PaymentReport {
            outcome: Some(ProviderOutcome::Paid),
            received_cents: Some(received),
        }) => {
            let taken = context
                .store
                .settle_amount(uuid, payment, received, random::ticket_id, now)
                .await?;
            return match taken {
                Taken::Settled(_) => Ok(true),
                Taken::Contradiction { payment } => {
                    Err(format!("payment {} is paid, as {:?} before", payment.id, payment.status)
                        .into())
                }
            };
        }
        Some(PaymentReport { outcome: Some(outcome), .. }) => outcome,
        // The places go back only once nobody can pay for them any more.
        Some(PaymentReport { outcome: None, .. })
            if age > PAY_WITHIN && context.provider.withdraw(payment).await? =>
        {
            ProviderOutcome::Expired
        }
        // The start was cut off before the provider heard of it: nothing can have been charged.
        None if age > NEVER_OPENED_AFTER => ProviderOutcome::Expired,
        Some(_) | None => return Ok(false),
    };
    context.store.settle(uuid, payment, outcome, random::ticket_id, now).await?;
    Ok(true)
}

async fn refund(context: &Context, done: &mut Done) -> Result<(), atrio_dynamo::Error> {
    let sandbox = match &*context.provider {
        Provider::Sandbox(sandbox) => sandbox,
        // It pays nothing back: staff do, by transfer.
        Provider::PagoPa(_) => return Ok(()),
    };
    let now = context.clock.now();
    for payment in context.store.refunds_due(now, PAGE).await? {
        let payment = match payment {
            Ok(payment) => payment,
            Err(error) => {
                failed(done, &error);
                continue;
            }
        };
        // Tells the refunds of one payment apart, and opens nothing.
        let reference = match &payment.of {
            Some(_) => payment.id.to_string(),
            None => payment.booking.reference(),
        };
        let part = Refund { reference, amount_cents: payment.refund_cents() };
        match sandbox.refund(payment.at_provider(), &part).await {
            Ok(()) => {
                if context.store.move_payment(&payment, PaymentStatus::Refunded, now).await? {
                    done.refunded += 1;
                }
            }
            Err(error) => {
                failed(done, &error);
                // A provider that is down is not asked for each: ended holds must not wait for it.
                if error.is_outage() {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn failed(done: &mut Done, error: &(dyn std::error::Error + 'static)) {
    done.failed += 1;
    tracing::warn!(error = error.to_string(), "a task of upkeep failed and will be tried again");
}
