use atrio_domain::admission::AdmissionRule;
use atrio_domain::booking::{Booking, BookingState, Channel, Contact, Origin, UnitLine};
use atrio_domain::calendar::SlotTimes;
use atrio_domain::cancellation::Cancellation;
use atrio_domain::give_back::Reduced;
use atrio_domain::id::{OptionId, ProductId, UnitId, VenueId};
use atrio_domain::risk::{self, Features, RiskKeys};
use atrio_domain::tariff::Cents;
use atrio_domain::text::{Locale, Text};
use atrio_lake_schema::counts;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use deltalake::{DeltaTableBuilder, ensure_table_uri};
use jiff::Timestamp;
use serde_dynamo::{AttributeValue, Item as StreamItem};
use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::anonymise::{Sale, sale};

const KEY: [u8; 32] = [7; 32];
const SHARD: &str = "shardId-1";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn booking(state: BookingState) -> Booking {
    let line = |unit: &str, quantity, cents| UnitLine {
        unit_id: UnitId::new(unit).unwrap(),
        name: Text::new(unit, unit),
        quantity,
        price_cents: Cents(cents),
        components: Vec::new(),
        reason: Text::new("", ""),
        document: None,
    };
    Booking {
        uuid: Uuid::from_u128(0x6f1c_2a34_9b1e_4c55_8a10_2f6f_3f7d_9a01).into(),
        fingerprint: "f".into(),
        order: None,
        venue_id: VenueId::new("20240").unwrap(),
        product_id: ProductId::new("admission").unwrap(),
        option_id: OptionId::new("standard").unwrap(),
        slot: SlotTimes {
            id: "2026-12-01T00:00".parse().unwrap(),
            start: at("2026-11-30T23:00:00Z"),
            end: at("2026-12-01T00:00:00Z"),
        },
        units: vec![line("adult", 2, 800), line("child", 1, 0)],
        contact: Some(Contact {
            full_name: "Artemisia Gentileschi".into(),
            email: "artemisia@example.org".into(),
            phone: Some("+39 055 294883".into()),
        }),
        locale: Locale::En,
        channel: Channel::Web,
        origin: Origin::Asked,
        created_at: at("2026-11-24T23:30:12Z"),
        decision: risk::decide(&Features::default(), at("2026-11-24T23:30:12Z")),
        risk_keys: RiskKeys::of(b"key", Some("artemisia@example.org"), Some("192.0.2.7")),
        draws: Vec::new(),
        uses: Vec::new(),
        cancellation: Cancellation::default(),
        admission: AdmissionRule::default(),
        pass: None,
        voucher: None,
        counted: None,
        exchange: None,
        moving: None,
        replaces: None,
        carried: Vec::new(),
        reduced: None,
        resale: None,
        holders: atrio_domain::holder::Holders::default(),
        payment_attempts: 0,
        state,
    }
}

fn confirmed() -> Booking {
    booking(BookingState::Confirmed { confirmed_at: at("2026-11-24T23:41:07Z"), payment: None })
}

#[test]
fn a_sale_keeps_the_visit_and_loses_the_visitor() {
    let booking = confirmed();
    let sale = sale(None, &booking).unwrap().0;
    let row = anonymise::booking(&booking, sale, &KEY).unwrap();
    assert_eq!((row.month.as_str(), row.event.as_str()), ("2026-12", "CONFIRMED"));
    assert_eq!((row.party_size, row.amount_cents), (3, 1_600));
    // Booked at half past midnight on the 25th in Rome, for the 1st.
    assert_eq!(row.lead_days_band, "4-7");
    assert_eq!(row.recorded_hour, at("2026-11-24T23:00:00Z"));
    let units = anonymise::units(&booking, sale, &KEY).unwrap();
    let written = format!("{row:?} {units:?}").to_lowercase();
    for personal in [
        "artemisia",
        "gentileschi",
        "example.org",
        "294883",
        "192.0.2",
        "6f1c2a34",
        "8a10",
        "23:41",
        "41:07",
        booking.risk_keys.contact.as_ref().unwrap(),
    ] {
        assert!(!written.contains(personal), "{personal} in {written}");
    }
    assert_eq!(row.booking_key.len(), 32);
    assert_ne!(row.booking_key, anonymise::booking(&booking, sale, &[8; 32]).unwrap().booking_key);
}

#[test]
fn only_a_confirmation_and_what_takes_it_back_are_sales() {
    let held =
        booking(BookingState::OnHold { expires_at: at("2026-11-25T00:00:00Z"), declined: None });
    let cancelled = booking(BookingState::Cancelled {
        cancelled_at: at("2026-11-26T10:00:00Z"),
        payment: None,
        refund: Cents::ZERO,
        exchanged_for: None,
    });
    assert_eq!(sale(None, &held), None);
    assert!(matches!(sale(Some(&held), &confirmed()), Some((Sale::Confirmed(_), _))));
    assert_eq!(sale(Some(&confirmed()), &confirmed()), None);
    assert!(matches!(sale(Some(&confirmed()), &cancelled), Some((Sale::Cancelled { .. }, _))));
    assert_eq!(sale(Some(&held), &cancelled), None);
}

#[test]
fn money_that_is_not_given_back_stays_in_the_sums() {
    let given_up = |refund| {
        let cancelled_at = at("2026-11-26T10:00:00Z");
        let booking = booking(BookingState::Cancelled {
            cancelled_at,
            payment: None,
            refund,
            exchanged_for: None,
        });
        let sale = sale(Some(&confirmed()), &booking).unwrap().0;
        let row = anonymise::booking(&booking, sale, &[7; 32]).unwrap();
        let units = anonymise::units(&booking, sale, &[7; 32]).unwrap();
        (row.amount_cents, units.iter().map(|unit| unit.total_cents).sum::<i64>())
    };
    let total = confirmed().total().0;
    assert!(total > 0);
    assert_eq!(given_up(Cents(total)), (total, total));
    assert_eq!(given_up(Cents::ZERO), (0, 0));
}

#[test]
fn tickets_given_back_leave_the_sums_with_what_is_given_back_of_their_price() {
    let given_back = |forfeited_cents| {
        let mut booking = confirmed();
        booking.units[0].quantity = 1;
        let last_at = at("2026-11-26T10:31:00Z");
        booking.reduced = Some(Reduced { forfeited_cents, last_at });
        let (sale, moved) = sale(Some(&confirmed()), &booking).unwrap();
        let row = anonymise::booking(&moved, sale, &KEY).unwrap();
        assert_eq!((row.event.as_str(), row.party_size), ("GIVEN_BACK", 1));
        assert_eq!(row.recorded_hour, at("2026-11-26T10:00:00Z"));
        let units = anonymise::units(&moved, sale, &KEY).unwrap();
        assert_eq!((units.len(), units[0].quantity), (1, 1));
        (row.amount_cents, units[0].total_cents)
    };
    assert_eq!(given_back(Cents::ZERO), (800, 800));
    assert_eq!(given_back(Cents(800)), (0, 0), "the venue keeps it");
}

#[test]
fn a_visit_that_was_exchanged_leaves_the_sums_whatever_goes_back() {
    let moved = booking(BookingState::Cancelled {
        cancelled_at: at("2026-11-26T10:00:00Z"),
        payment: None,
        refund: Cents::ZERO,
        exchanged_for: Some(Uuid::from_u128(2).into()),
    });
    let (sale, row) = sale(Some(&confirmed()), &moved).unwrap();
    let row = anonymise::booking(&row, sale, &KEY).unwrap();
    assert_eq!((row.event.as_str(), row.amount_cents), ("CANCELLED", 1_600));
}

#[test]
fn an_entry_taken_back_has_a_row_that_takes_it_out_of_every_sum() {
    use atrio_domain::redemption::Direction;
    use atrio_dynamo::redemption::{Entry, Passed};
    let slot = confirmed().slot;
    let passed = |number: u8, unit: &str| Passed {
        ticket: atrio_domain::id::TicketId::from_bytes([number; 10]),
        unit: UnitId::new(unit).unwrap(),
        area: None,
        after: None,
        pass_before: None,
    };
    let entry = Entry {
        uuid: Uuid::from_u128(1).into(),
        direction: Direction::Entry,
        passed: vec![passed(7, "adult")],
        venue: VenueId::new("20240").unwrap(),
        product: ProductId::new("admission").unwrap(),
        slot,
        gate: atrio_domain::id::GateId::new("main").unwrap(),
        redeemed_at: at("2026-11-30T23:07:31Z"),
        undone: None,
    };
    let rows = |entry: &Entry, quantity| anonymise::entry(entry, quantity, &KEY).unwrap();
    let made = rows(&entry, 1).pop().unwrap();
    let undone = rows(&entry, -1).pop().unwrap();
    assert_eq!(made.quantity + undone.quantity, 0);
    assert_eq!(atrio_lake_schema::admissions::Row { quantity: 1, ..undone }, made);
    let exit = rows(&Entry { direction: Direction::Exit, ..entry.clone() }, 1).pop().unwrap();
    assert_eq!(
        (made.direction.as_deref(), exit.direction.as_deref()),
        (Some("ENTRY"), Some("EXIT"))
    );
    let party = vec![passed(7, "adult"), passed(8, "child"), passed(9, "child")];
    let party = rows(&Entry { passed: party, ..entry }, 1);
    let units: Vec<_> = party.iter().map(|row| row.unit_id.as_str()).collect();
    assert_eq!(units, ["adult", "child", "child"], "a row for each who came");
    let keys: std::collections::BTreeSet<_> = party.iter().map(|row| &row.admission_key).collect();
    assert_eq!(keys.len(), 3, "and nothing shows that they came together");
}

/// A context whose table is never asked: counts need no pseudonym key.
async fn context() -> (TempDir, String, Context) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}", folder.path().display());
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-south-1"))
        .build();
    let store =
        Store { client: aws_sdk_dynamodb::Client::from_conf(config), table: "atrio".into() };
    let lake = LakeWriter::open(url.as_str()).await.unwrap();
    (folder, url, Context::new(store, Arc::new(lake)))
}

fn count(sequence: u32, people: &str) -> EventRecord {
    let start = format!("2026-11-24T{sequence:02}:00:00Z");
    let end = format!("2026-11-24T{sequence:02}:15:00Z");
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let number = |value: &str| AttributeValue::N(value.to_owned());
    let attributes = [
        ("pk", text("DEVICE#door-1")),
        ("sk", text(&format!("COUNT#CrowdFlowObserved#{start}"))),
        ("model", text("CrowdFlowObserved")),
        ("venue_id", text("20240")),
        ("period_start", text(&start)),
        ("period_end", text(&end)),
        ("people_count", number(people)),
        ("quality", text("good")),
        ("missing", number("0")),
        ("version", number("1")),
        ("content_hash", text("00")),
        ("earlier_hashes", AttributeValue::L(Vec::new())),
        ("received_at", text(&end)),
    ];
    let image: HashMap<String, AttributeValue> =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut record = EventRecord::default();
    record.change.sequence_number = Some(format!("30000000000000000000{sequence:04}"));
    record.change.new_image = StreamItem::from(image);
    record
}

fn batch(records: Vec<EventRecord>) -> Event {
    let mut event = Event::default();
    event.records = records;
    event
}

async fn counts_in(url: &str) -> usize {
    let url = ensure_table_uri(format!("{url}/{}", counts::TABLE.name)).unwrap();
    let table = DeltaTableBuilder::from_url(url).unwrap().load().await.unwrap();
    let files: Vec<_> = table.snapshot().unwrap().log_data().into_iter().collect();
    files.iter().map(|file| file.num_records().unwrap()).sum()
}

#[tokio::test]
async fn a_batch_that_comes_again_and_out_of_order_is_in_the_lake_once() {
    let (_folder, url, context) = context().await;
    let first = handle(&context, SHARD, batch(vec![count(2, "5"), count(1, "4")])).await.unwrap();
    assert_eq!((first.rows, first.unmapped), (2, 0));
    let again = batch(vec![count(1, "4"), count(2, "5"), count(3, "6")]);
    assert_eq!(handle(&context, SHARD, again.clone()).await.unwrap().rows, 1);
    assert_eq!(handle(&context, SHARD, again).await.unwrap().rows, 0);
    assert_eq!(counts_in(&url).await, 3);
    // Another shard numbers on its own: its low numbers are not old.
    assert_eq!(handle(&context, "shardId-2", batch(vec![count(1, "4")])).await.unwrap().rows, 1);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_hold_up_the_others() {
    let (_folder, url, context) = context().await;
    let records = vec![count(1, "4"), count(2, "many"), count(3, "6")];
    let sunk = handle(&context, SHARD, batch(records)).await.unwrap();
    assert_eq!((sunk.rows, sunk.unmapped), (2, 1));
    assert_eq!(counts_in(&url).await, 2);
}

#[tokio::test]
async fn an_event_without_its_shard_is_refused_and_an_empty_window_is_fine() {
    let (_folder, _url, context) = context().await;
    let mut event = TimeWindowEvent::default();
    assert!(handle_window(&context, event.clone()).await.is_ok());
    event.dynamo_db_event = batch(vec![count(1, "4")]);
    assert!(matches!(handle_window(&context, event.clone()).await, Err(SinkError::NoShard)));
    event.time_window_properties.shard_id = Some(SHARD.into());
    assert!(handle_window(&context, event).await.is_ok());
}
