use atrio_lake_schema::{admissions, bookings, counts, feeds, unit_items};
use atrio_lake_write::{LakeWriter, NumberedRows, SequenceNumber};
use deltalake::datafusion::arrow::array::RecordBatch;
use deltalake::datafusion::arrow::util::pretty::pretty_format_batches;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use tempfile::TempDir;

use super::*;

const DAY: Date = date(2026, 11, 24);

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(crate) struct TestLake {
    _folder: TempDir,
    writer: LakeWriter,
    pub(crate) lake: Lake,
    last: u64,
}

impl TestLake {
    pub(crate) async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", folder.path().display());
        let writer = LakeWriter::open(url.as_str()).await.unwrap();
        let lake = Lake::open(url.as_str()).await.unwrap();
        Self { _folder: folder, writer, lake, last: 0 }
    }

    pub(crate) async fn write(&mut self, table: &str, batch: &RecordBatch) {
        let first = self.last + 1;
        self.last += batch.num_rows() as u64;
        let sequences: Vec<SequenceNumber> =
            (first..=self.last).map(|number| number.to_string().parse().unwrap()).collect();
        let rows = NumberedRows { batch, sequences: &sequences };
        let table = atrio_lake_schema::Table::named(table).unwrap();
        self.writer.append(table, rows, "test/1", sequences[sequences.len() - 1]).await.unwrap();
    }
}

pub(crate) fn booking(venue: &str, event: &str, party: i32, day: Date) -> bookings::Row {
    bookings::Row {
        month: format!("{:04}-{:02}", day.year(), day.month()),
        venue_id: venue.into(),
        product_id: "admission".into(),
        slot_start: at("2026-11-24T09:00:00Z"),
        slot_day: day,
        channel: "WEB".into(),
        event: event.into(),
        booking_key: "00".into(),
        lead_days_band: "0".into(),
        party_size: party,
        amount_cents: i64::from(party) * 500,
        currency: "EUR".into(),
        recorded_hour: at("2026-11-24T08:00:00Z"),
        locale: "it".into(),
    }
}

fn count(device: &str, start: &str, version: i32, towards: Option<i64>) -> counts::Row {
    counts::Row {
        month: "2026-11".into(),
        device: device.into(),
        model: "CrowdFlowObserved".into(),
        venue_id: "20240".into(),
        period_start: at(start),
        period_end: at(start),
        people_count: 50,
        people_towards: towards,
        people_away: towards.map(|people| people / 2),
        seq: Some(1),
        version,
        quality: "good".into(),
        received_at: at(start),
    }
}

fn question(venues: Venues) -> Question {
    Question {
        venues,
        first_day: date(2026, 11, 11),
        last_day: DAY,
        from: at("2026-11-10T23:00:00Z"),
        until: at("2026-11-24T23:00:00Z"),
    }
}

#[tokio::test]
async fn a_cancelled_booking_is_taken_back_and_other_venues_and_days_stay_out() {
    let mut test = TestLake::empty().await;
    let rows = [
        booking("20240", "CONFIRMED", 4, DAY),
        booking("20240", "CONFIRMED", 2, DAY),
        booking("20240", "CANCELLED", 2, DAY),
        booking("20514", "CONFIRMED", 9, DAY),
        booking("20240", "CONFIRMED", 7, date(2026, 11, 10)),
        booking("20240", "CONFIRMED", 7, date(2026, 12, 1)),
    ];
    test.write("bookings", &bookings::batch(&rows).unwrap()).await;
    assert!(test.lake.refresh().await.unwrap());
    let view = test.lake.view();
    let own = view.booked(&question(Venues::one("20240"))).await.unwrap();
    let cell = BookedCell {
        venue_id: "20240".into(),
        slot_day: DAY,
        slot_start: at("2026-11-24T09:00:00Z"),
        channel: "WEB".into(),
        bookings: 1,
        visitors: 4,
        revenue_cents: 2_000,
    };
    assert_eq!(own, [cell]);
    assert_eq!(view.booked(&question(Venues::All)).await.unwrap().len(), 2);
    assert!(view.booked(&question(Venues::Only(Vec::new()))).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_venue_id_is_a_value_and_never_sql() {
    let mut test = TestLake::empty().await;
    test.write("bookings", &bookings::batch(&[booking("20240", "CONFIRMED", 1, DAY)]).unwrap())
        .await;
    test.lake.refresh().await.unwrap();
    let sly = question(Venues::one("x') OR true OR array_has(make_array('x'), '"));
    assert!(test.lake.view().booked(&sly).await.unwrap().is_empty());
}

#[tokio::test]
async fn of_each_counted_period_the_latest_version_counts() {
    let mut test = TestLake::empty().await;
    let rows = [
        count("door-1", "2026-11-24T09:00:00Z", 1, Some(10)),
        count("door-1", "2026-11-24T09:00:00Z", 2, Some(12)),
        count("door-1", "2026-11-24T09:15:00Z", 1, Some(8)),
        count("door-2", "2026-11-24T09:00:00Z", 1, None),
        count("door-1", "2026-11-24T10:00:00Z", 1, Some(4)),
        count("door-1", "2026-11-24T23:00:00Z", 1, Some(99)),
    ];
    test.write("counts", &counts::batch(&rows).unwrap()).await;
    test.lake.refresh().await.unwrap();
    let counted = test.lake.view().counted(&question(Venues::one("20240"))).await.unwrap();
    let figures: Vec<_> =
        counted.iter().map(|cell| (cell.hour, cell.people_in, cell.people_out)).collect();
    let expected = [(at("2026-11-24T09:00:00Z"), 20, 10), (at("2026-11-24T10:00:00Z"), 4, 2)];
    assert_eq!(figures, expected);
}

#[tokio::test]
async fn units_and_entries_are_added_up() {
    let mut test = TestLake::empty().await;
    let unit = |unit: &str, event: &str, quantity: i32| unit_items::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: at("2026-11-24T09:00:00Z"),
        slot_day: DAY,
        channel: "WEB".into(),
        event: event.into(),
        booking_key: "00".into(),
        unit_id: unit.into(),
        quantity,
        price_cents: 500,
        total_cents: 500,
    };
    let rows = [
        unit("adult", "CONFIRMED", 3),
        unit("adult", "CANCELLED", 1),
        unit("child", "CONFIRMED", 2),
    ];
    test.write("unit_items", &unit_items::batch(&rows).unwrap()).await;
    let entry = |quarter: &str| admissions::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: at("2026-11-24T09:00:00Z"),
        slot_day: DAY,
        gate_id: "main".into(),
        unit_id: "adult".into(),
        quantity: 1,
        admission_key: "00".into(),
        admitted_quarter: at(quarter),
        direction: Some("ENTRY".into()),
    };
    let exit = admissions::Row { direction: Some("EXIT".into()), ..entry("2026-11-24T09:30:00Z") };
    let old = admissions::Row { direction: None, ..entry("2026-11-24T09:00:00Z") };
    let rows = [entry("2026-11-24T08:45:00Z"), old, entry("2026-11-24T09:15:00Z"), exit];
    test.write("admissions", &admissions::batch(&rows).unwrap()).await;
    test.lake.refresh().await.unwrap();
    let (view, question) = (test.lake.view(), question(Venues::All));
    let units = view.units(&question).await.unwrap();
    let units: Vec<_> = units.iter().map(|cell| (cell.unit_id.as_str(), cell.visitors)).collect();
    assert_eq!(units, [("adult", 2), ("child", 2)]);
    let admitted = view.admitted(&question).await.unwrap();
    let admitted: Vec<_> = admitted.iter().map(|cell| (cell.hour, cell.admissions)).collect();
    assert_eq!(admitted, [(at("2026-11-24T08:00:00Z"), 1), (at("2026-11-24T09:00:00Z"), 2)]);
}

#[tokio::test]
async fn the_version_grows_with_every_commit_and_only_then() {
    let mut test = TestLake::empty().await;
    let empty = test.lake.version();
    assert!(!test.lake.refresh().await.unwrap());
    test.write("bookings", &bookings::batch(&[booking("20240", "CONFIRMED", 1, DAY)]).unwrap())
        .await;
    assert_eq!(test.lake.version(), empty);
    let before = test.lake.view();
    assert!(test.lake.refresh().await.unwrap());
    assert_eq!(test.lake.version(), empty + 1);
    assert!(test.lake.view().as_of() >= before.as_of());
    assert!(before.booked(&question(Venues::All)).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_platforms_own_sql_only_reads() {
    let mut test = TestLake::empty().await;
    test.write("bookings", &bookings::batch(&[booking("20240", "CONFIRMED", 3, DAY)]).unwrap())
        .await;
    test.lake.refresh().await.unwrap();
    let rows = test.lake.sql("SELECT Venue_id, party_size FROM bookings").await.unwrap();
    let shown = pretty_format_batches(&rows).unwrap().to_string();
    assert!(shown.contains("| 20240    | 3          |"), "{shown}");
    assert!(test.lake.sql("SHOW TABLES").await.is_ok());
    for text in [
        "DROP TABLE bookings",
        "INSERT INTO bookings SELECT * FROM bookings",
        "COPY bookings TO '/tmp/atrio-out.csv'",
        "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
        "CREATE VIEW v AS SELECT 1",
        "SET datafusion.execution.batch_size = 1",
        "SELECT * FROM '/etc/passwd'",
        "SELECT nothing FROM bookings",
    ] {
        let refused = test.lake.sql(text).await;
        assert!(matches!(refused, Err(QueryError::Refused { .. })), "{text}: {refused:?}");
    }
}

fn told(key: &str, version: i32, quantity: i64, file: &str) -> feeds::Row {
    feeds::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        source: "pos".into(),
        day: DAY,
        hour: Some(at("2026-11-24T09:00:00Z")),
        grain: "HOUR".into(),
        product_id: "admission".into(),
        unit_id: "adult".into(),
        channel: "DESK".into(),
        kind: "SALE".into(),
        row_key: key.into(),
        content_hash: format!("{quantity:016x}"),
        quantity,
        amount_cents: quantity * 800,
        currency: "EUR".into(),
        version,
        file_id: file.into(),
        loaded_at: at("2026-12-01T08:00:00Z"),
    }
}

#[tokio::test]
async fn of_what_another_office_told_only_the_newest_version_counts() {
    let mut test = TestLake::empty().await;
    let rows = [told("0a", 1, 2, "one"), told("0b", 1, 5, "one"), told("0a", 2, 3, "two")];
    test.write("feeds", &feeds::batch(&rows).unwrap()).await;
    test.lake.refresh().await.unwrap();
    let view = test.lake.view();
    let question = Question {
        venues: Venues::one("20240"),
        first_day: DAY,
        last_day: DAY,
        from: at("2026-11-23T23:00:00Z"),
        until: at("2026-11-24T23:00:00Z"),
    };
    let cells = view.fed(&question).await.unwrap();
    let [cell] = cells.as_slice() else { panic!("{cells:?}") };
    assert_eq!((cell.rows, cell.quantity, cell.amount_cents), (2, 8, 6_400));
    let elsewhere = Question { venues: Venues::one("20514"), ..question };
    assert_eq!(view.fed(&elsewhere).await.unwrap(), []);
    let mut known = Vec::new();
    let of = KnownOf { venue_id: "20240", source: "pos", month: "2026-11", file_id: "two" };
    let keep = |row: KnownRow<'_>| {
        known.push((row.row_key.to_owned(), row.version, row.of_this_file));
    };
    assert_eq!(view.known(of, keep).await.unwrap(), 3);
    known.sort();
    assert_eq!(
        known,
        [("0a".to_owned(), 1, false), ("0a".to_owned(), 2, true), ("0b".to_owned(), 1, false),]
    );
    let other = KnownOf { source: "sistan", ..of };
    assert_eq!(view.known(other, |_| {}).await.unwrap(), 0);
}
