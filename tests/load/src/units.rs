//! What an order costs at DynamoDB: the capacity that the table itself reports for each write of a
//! paid order of two tickets, with the writes that the stream's functions make for it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use atrio_domain::booking::{Channel, Contact};
use atrio_domain::hold::{HoldRequest, UnitQuantity};
use atrio_domain::id::{OptionId, ProductId, TicketId, UnitId, VenueId};
use atrio_domain::payment::{ProviderOutcome, payment_id};
use atrio_domain::risk::{Features, RiskKeys, Velocity, decide};
use atrio_domain::text::Locale;
use atrio_domain::venue::Venue;
use atrio_dynamo::Store;
use atrio_dynamo::booking::Held;
use atrio_dynamo::decision::DecisionRecord;
use atrio_dynamo::settlement::{Purchase, Settled};
use atrio_dynamo::velocity::{CountedEvent, Event};
use aws_sdk_dynamodb::operation::transact_write_items::{
    TransactWriteItemsInput, TransactWriteItemsOutput,
};
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, TransactWriteItem};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use jiff::Timestamp;
use uuid::Uuid;

use crate::Failure;
use crate::platform::Platform;
use crate::report;

/// On-demand writes in Virginia (us-east-1), US dollars per million write units, as of the price list
/// of November 2024 (<https://aws.amazon.com/dynamodb/pricing/on-demand/>); Milan asks more.
const DOLLARS_PER_MILLION_UNITS: f64 = 0.625;

/// Places of a slot that is sold out to compare one item with shards, and how many of these.
const PLACES: u32 = 1_000;
const SHARDS: u8 = 8;

/// What transactions took.
#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    units: f64,
    /// Transactions that wrote the item of a slot itself.
    of_slots: u32,
}

/// Asks the table for the capacity of each transaction, and adds it up.
#[derive(Debug, Clone, Default)]
struct Units(Arc<Mutex<Taken>>);

impl Units {
    fn taken(&self) -> f64 {
        std::mem::take(&mut *self.counting()).units
    }

    fn counting(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a write is of a slot's own item, not of a shard.
fn is_of_slot(write: &TransactWriteItem) -> bool {
    let pk = write.update().and_then(|update| update.key().get("pk"));
    let pk = pk.and_then(|pk| pk.as_s().ok()).map_or("", String::as_str);
    pk.starts_with("SLOTS#") && pk.split('#').count() == 4
}

#[dyn_dispatch_hint]
impl Intercept for Units {
    fn name(&self) -> &'static str {
        "Units"
    }

    fn modify_before_serialization(
        &self,
        context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(input) = context.input_mut().downcast_mut::<TransactWriteItemsInput>() {
            input.return_consumed_capacity = Some(ReturnConsumedCapacity::Total);
            if input.transact_items().iter().any(is_of_slot) {
                self.counting().of_slots += 1;
            }
        }
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(output) = context.output_or_error()
            && let Some(written) = output.downcast_ref::<TransactWriteItemsOutput>()
        {
            let units: f64 =
                written.consumed_capacity().iter().filter_map(|one| one.capacity_units).sum();
            self.counting().units += units;
        }
        Ok(())
    }
}

/// Makes one order at the table, step by step, and reports what each step took.
pub(crate) async fn measure(platform: &Platform) -> Result<(), Failure> {
    let units = Units::default();
    let plain = platform.store();
    let config = plain.client.config().to_builder().interceptor(units.clone()).build();
    let store =
        Store { client: aws_sdk_dynamodb::Client::from_conf(config), table: plain.table.clone() };
    let now = platform.clock().now();
    let venue = store.venue(&VenueId::new("20240")?).await?.ok_or("the venue is gone")?;
    let request = request(&venue, "2026-12-03T11:00", 2)?;
    let offer = request.offer(&venue, now)?;
    let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), Some("10.0.0.1"));
    let pools = offer.pools.clone();
    let mut booking = request.hold(offer, decide(&Features::default(), now), keys.clone(), now);
    if !matches!(store.hold(&mut booking, &pools, now).await?, Held::New) {
        return Err("the places were not held".into());
    }
    let hold = units.taken();
    let (_, payment) =
        store.start_payment(Purchase::Booking(booking.uuid), payment_id, now).await?;
    let pay = units.taken();
    let ticket = || TicketId::from_bytes(atrio_runtime::random::bytes());
    let settled = store.settle(booking.uuid, &payment, ProviderOutcome::Paid, ticket, now).await?;
    if settled != Settled::Confirmed {
        return Err("the order was not confirmed".into());
    }
    let confirm = units.taken();
    let record = DecisionRecord {
        booking: booking.uuid,
        venue: booking.venue_id.clone(),
        slot: booking.slot.id,
        decision: booking.decision.clone(),
    };
    let figures = Velocity { holds: 1, places: 2, declines: 0 };
    // Under another uuid: the platform's own fraud function counts the order itself, once.
    let counted = Uuid::new_v4().into();
    let event = Event::Hold;
    let decision = Some(record);
    let counted = CountedEvent { booking: counted, event, keys, figures, decision, at: now };
    store.count_events(&[counted]).await?;
    let counting = units.taken();
    let order = hold + pay + confirm;
    report::row(
        "write units of a paid two-ticket order",
        "as the table reports them",
        &format!(
            "{order:.0}: hold {hold:.0}, payment {pay:.0}, confirmation with tickets {confirm:.0}; its counters and decision {counting:.0} more"
        ),
    );
    let dollars = (order + counting) * DOLLARS_PER_MILLION_UNITS;
    report::row(
        "writes of a million such orders",
        "on demand, Virginia",
        &format!("about {dollars:.0} USD"),
    );
    sell_out(&store, &units, venue, now).await
}

fn request(venue: &Venue, slot: &str, quantity: u32) -> Result<HoldRequest, Failure> {
    Ok(HoldRequest {
        replaces: None,
        uuid: Uuid::new_v4().into(),
        venue_id: venue.id.clone(),
        product_id: ProductId::new("admission")?,
        option_id: OptionId::new("standard")?,
        slot_id: slot.parse()?,
        units: vec![UnitQuantity { unit_id: UnitId::new("adult")?, quantity }],
        pieces: Vec::new(),
        voucher: None,
        contact: Some(Contact {
            full_name: "Visitor 1".to_owned(),
            email: "visitor-1@example.org".to_owned(),
            phone: None,
        }),
        locale: Locale::It,
        channel: Channel::Web,
    })
}

/// Sells a slot out place by place, once in one item and once in shards; reports what a hold took, and how
/// many wrote the slot's own item, which is what at DynamoDB they wait for.
async fn sell_out(
    store: &Store,
    units: &Units,
    mut venue: Venue,
    now: Timestamp,
) -> Result<(), Failure> {
    let keys = RiskKeys::of(b"key", Some("visitor-1@example.org"), Some("10.0.0.1"));
    venue.products[0].capacity = PLACES;
    let ways =
        [("one item", None, "2026-12-04T11:00"), ("8 shards", Some(SHARDS), "2026-12-04T12:00")];
    for (name, shards, slot) in ways {
        venue.products[0].shards = shards;
        units.taken();
        for _ in 0..PLACES {
            let request = request(&venue, slot, 1)?;
            let offer = request.offer(&venue, now)?;
            let pools = offer.pools.clone();
            let decision = decide(&Features::default(), now);
            let mut booking = request.hold(offer, decision, keys.clone(), now);
            if !matches!(store.hold(&mut booking, &pools, now).await?, Held::New) {
                return Err("a place was not held".into());
            }
        }
        let Taken { units, of_slots } = std::mem::take(&mut *units.counting());
        let each = units / f64::from(PLACES);
        report::row(
            "1,000 places sold one by one",
            name,
            &format!(
                "{each:.1} write units a hold, {of_slots} transactions at the slot's own item"
            ),
        );
    }
    Ok(())
}
