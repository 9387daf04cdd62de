//! Attacks on the gate, under the three names of the opinion on anonymisation of the European data
//! protection authorities (WP216): singling out, linkability, inference.

use atrio_lake_schema::{admissions, bookings, released_admissions, released_sales, unit_items};
use jiff::civil::{Date, date};

use super::*;
use crate::tests::{TestLake, booking};

const DAY: Date = date(2026, 11, 24);
const SETTLED: Date = date(2026, 11, 25);
const VENUE: &str = "20240";

fn officer() -> Asker {
    Asker::DataOfficer { venues: Venues::All, settled: SETTLED }
}

/// Bookings of one person each, whose keys tell them apart.
fn sales(venue: &str, channel: &str, day: Date, count: usize) -> Vec<bookings::Row> {
    let row = |number: usize| bookings::Row {
        channel: channel.into(),
        booking_key: format!("{venue}-{channel}-{day}-{number}"),
        ..booking(venue, "CONFIRMED", 1, day)
    };
    (0..count).map(row).collect()
}

impl TestLake {
    /// Thirty sales on the web, four at a totem, twelve at the desk; twelve and nine on other days, and
    /// thirty elsewhere.
    async fn with_sales(totem: usize) -> Self {
        let mut test = Self::empty().await;
        let rows = [
            sales(VENUE, "WEB", DAY, 30),
            sales(VENUE, "TOTEM", DAY, totem),
            sales(VENUE, "DESK", DAY, 12),
            sales(VENUE, "WEB", date(2026, 11, 23), 12),
            sales(VENUE, "WEB", date(2026, 11, 22), 9),
            sales(VENUE, "WEB", date(2026, 11, 26), 40),
            sales("20514", "WEB", DAY, 30),
        ];
        test.write("bookings", &bookings::batch(&rows.concat()).unwrap()).await;
        test.lake.refresh().await.unwrap();
        test
    }

    async fn asks(&self, asker: &Asker, question: &str) -> Result<Answer, GateError> {
        self.lake.view().answer(asker, question).await
    }

    /// The one number of an officer's answer.
    async fn number(&self, question: &str) -> i64 {
        let answer = self.asks(&officer(), question).await.unwrap();
        match answer.rows.as_slice() {
            [row] => match row.as_slice() {
                [Value::Whole(number)] => *number,
                [Value::Missing] => 0,
                other => panic!("{question}: {other:?}"),
            },
            other => panic!("{question}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_data_officer_adds_up_facts_by_their_grid() {
    let test = TestLake::with_sales(4).await;
    let question = "SELECT channel, count(*) AS bookings, sum(party_size) AS visitors \
        FROM bookings AS b \
        WHERE venue_id = '20240' AND slot_day = DATE '2026-11-24' \
        GROUP BY channel HAVING count(*) > 5 ORDER BY channel";
    let answer = test.asks(&officer(), question).await.unwrap();
    assert_eq!(answer.columns, ["channel", "bookings", "visitors"]);
    assert_eq!(answer.csv().unwrap(), "channel,bookings,visitors\nDESK,12,12\nWEB,30,30\n");
    let averages = "SELECT avg(n) FROM (SELECT date_trunc('month', slot_day) AS month, venue_id, \
        count(*) AS n FROM bookings GROUP BY 1, 2) AS months";
    let answer = test.asks(&officer(), averages).await.unwrap();
    assert_eq!(answer.rows, [[Value::Decimal(42.0)]]);
}

#[tokio::test]
async fn singling_out_no_question_shows_a_row_of_facts() {
    let test = TestLake::with_sales(4).await;
    let one = "booking_key = '20240-WEB-2026-11-24-7'";
    for question in [
        "SELECT * FROM bookings".to_owned(),
        "SELECT venue_id FROM bookings LIMIT 1".into(),
        "SELECT DISTINCT booking_key FROM bookings".into(),
        "SELECT booking_key, count(*) FROM bookings GROUP BY booking_key".into(),
        "SELECT amount_cents, count(*) FROM bookings GROUP BY amount_cents".into(),
        "SELECT slot_start, count(*) FROM bookings GROUP BY slot_start".into(),
        "SELECT locale, count(*) FROM bookings GROUP BY locale".into(),
        "SELECT max(party_size) FROM bookings".into(),
        "SELECT min(amount_cents) FROM bookings".into(),
        "SELECT array_agg(booking_key) FROM bookings".into(),
        "SELECT string_agg(booking_key, ',') FROM bookings".into(),
        "SELECT first_value(party_size) FROM bookings".into(),
        "SELECT count(DISTINCT amount_cents) FROM bookings".into(),
        // Two cells and both together would tell how many are in both.
        "SELECT count(DISTINCT booking_key) FROM unit_items WHERE unit_id = 'adult'".into(),
        "SELECT count(DISTINCT booking_key) FROM bookings GROUP BY channel".into(),
        "SELECT approx_distinct(booking_key) FROM bookings".into(),
        "SELECT median(amount_cents) FROM bookings".into(),
        "SELECT stddev(amount_cents) FROM bookings".into(),
        "SELECT count(*) FROM (SELECT * FROM bookings LIMIT 1)".into(),
        "SELECT count(*) FROM (SELECT * FROM bookings ORDER BY amount_cents LIMIT 1)".into(),
        "SELECT count(*) FROM (SELECT venue_id AS v, amount_cents AS month FROM bookings)".into(),
        "SELECT row_number() OVER (ORDER BY booking_key) FROM bookings".into(),
        "SELECT sum(count(*)) OVER () FROM bookings GROUP BY channel".into(),
        "SELECT channel, count(*) FROM bookings GROUP BY ROLLUP (channel)".into(),
        format!("SELECT count(*) FROM bookings WHERE {one}"),
        format!("SELECT count(*) FROM bookings WHERE NOT ({one})"),
        format!("SELECT count(*) FILTER (WHERE {one}) FROM bookings"),
        format!("SELECT sum(CASE WHEN {one} THEN 1 ELSE 0 END) FROM bookings"),
        format!("SELECT count(*) FROM bookings HAVING bool_or({one})"),
        "SELECT count(*) FROM bookings WHERE party_size = 1".into(),
        "SELECT sum(party_size * party_size) FROM bookings".into(),
        "SELECT sum(ALL party_size) FROM bookings WHERE amount_cents BETWEEN 1 AND 2".into(),
        "SELECT count(*) FROM bookings WHERE md5(booking_key) LIKE '0%'".into(),
        "SELECT count(*) FROM bookings WHERE upper(channel) = 'WEB'".into(),
        "SELECT count(*) FROM bookings WHERE random() < 0.01".into(),
    ] {
        let refused = test.asks(&officer(), &question).await;
        assert!(
            matches!(refused, Err(GateError::NotAllowed(_) | GateError::Unreadable(_))),
            "{question}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn linkability_facts_meet_no_other_table_and_no_key() {
    let mut test = TestLake::with_sales(4).await;
    let entry = |number: usize| admissions::Row {
        month: "2026-11".into(),
        venue_id: VENUE.into(),
        product_id: "admission".into(),
        slot_start: "2026-11-24T09:00:00Z".parse().unwrap(),
        slot_day: DAY,
        gate_id: "main".into(),
        unit_id: "adult".into(),
        quantity: 1,
        admission_key: format!("entry-{number}"),
        admitted_quarter: "2026-11-24T09:00:00Z".parse().unwrap(),
        direction: None,
    };
    let rows: Vec<_> = (0..12).map(entry).collect();
    test.write("admissions", &admissions::batch(&rows).unwrap()).await;
    test.lake.refresh().await.unwrap();
    // A cell whose direction is missing, as in rows of before, is a cell like any.
    assert_eq!(test.number("SELECT sum(quantity) FROM admissions").await, 12);
    for question in [
        "SELECT count(*) FROM bookings b JOIN admissions a ON a.venue_id = b.venue_id",
        "SELECT count(*) FROM bookings b, bookings c WHERE b.venue_id = c.venue_id",
        "SELECT count(*) FROM bookings b CROSS JOIN admissions a",
        "SELECT count(*) FROM bookings WHERE venue_id IN (SELECT venue_id FROM admissions)",
        "SELECT count(*) FROM bookings WHERE EXISTS (SELECT 1 FROM admissions)",
        "SELECT count(*) FROM bookings WHERE venue_id = (SELECT max(venue_id) FROM admissions)",
        "SELECT (SELECT count(*) FROM admissions), count(*) FROM bookings",
        "SELECT count(*) FROM bookings HAVING count(*) > (SELECT count(*) FROM admissions)",
        "SELECT count(*) FROM bookings UNION ALL SELECT count(*) FROM admissions",
        "SELECT count(*) FROM bookings INTERSECT SELECT count(*) FROM admissions",
        "SELECT count(*) FROM bookings EXCEPT SELECT count(*) FROM admissions",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM bookings, r",
        "SELECT count(*) FROM released_sales r JOIN bookings b ON r.venue_id = b.venue_id",
        "SELECT r.venue_id FROM released_sales r WHERE r.sales > (SELECT count(*) FROM bookings)",
        "SELECT booking_key FROM unit_items INTERSECT SELECT booking_key FROM bookings",
        "SELECT device FROM counts",
        "SELECT * FROM releases",
    ] {
        let refused = test.asks(&officer(), question).await;
        assert!(
            matches!(refused, Err(GateError::NotAllowed(_) | GateError::Unreadable(_))),
            "{question}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn inference_what_is_suppressed_is_in_no_total_and_no_complement() {
    let test = TestLake::with_sales(4).await;
    for (filter, expected) in [
        ("slot_day = '2026-11-24' AND venue_id = '20240'", 42),
        ("slot_day = '2026-11-24' AND venue_id = '20240' AND channel = 'TOTEM'", 0),
        ("slot_day = '2026-11-24' AND venue_id = '20240' AND channel <> 'WEB'", 12),
        ("slot_day = '2026-11-24' AND venue_id = '20240' AND NOT channel IN ('WEB', 'DESK')", 0),
        (
            "slot_day = '2026-11-24' AND venue_id = '20240' AND (channel = 'WEB' OR channel = 'TOTEM')",
            30,
        ),
        ("month = '2026-11' AND venue_id = '20240' AND slot_day <> '2026-11-24'", 12),
    ] {
        let count = test.number(&format!("SELECT count(*) FROM bookings WHERE {filter}")).await;
        assert_eq!(count, expected, "{filter}");
    }
    // One person more or less in a cell that is suppressed changes no answer.
    let other = TestLake::with_sales(5).await;
    for question in [
        "SELECT count(*) FROM bookings",
        "SELECT sum(amount_cents) FROM bookings",
        "SELECT sum(party_size) FROM bookings WHERE venue_id = '20240'",
    ] {
        assert_eq!(test.number(question).await, other.number(question).await, "{question}");
    }
}

#[tokio::test]
async fn inference_two_tables_of_the_same_sales_give_no_unit_away() {
    let mut test = TestLake::with_sales(4).await;
    let row = |unit: &str, number: usize| unit_items::Row {
        month: "2026-11".into(),
        venue_id: VENUE.into(),
        product_id: "admission".into(),
        slot_start: "2026-11-24T09:00:00Z".parse().unwrap(),
        slot_day: DAY,
        channel: "WEB".into(),
        event: "CONFIRMED".into(),
        booking_key: format!("{VENUE}-WEB-{DAY}-{number}"),
        unit_id: unit.into(),
        quantity: 1,
        price_cents: 500,
        total_cents: 500,
    };
    // Of thirty visitors one has another ticket than the rest.
    let rows: Vec<_> = (0..30)
        .map(|number| row(if number == 7 { "companion" } else { "adult" }, number))
        .collect();
    test.write("unit_items", &unit_items::batch(&rows).unwrap()).await;
    test.lake.refresh().await.unwrap();
    let where_ = "WHERE venue_id = '20240' AND slot_day = '2026-11-24' AND channel = 'WEB'";
    let all = test.number(&format!("SELECT sum(party_size) FROM bookings {where_}")).await;
    assert_eq!(all, 30);
    assert_eq!(test.number(&format!("SELECT sum(quantity) FROM unit_items {where_}")).await, 30);
    for question in [
        format!("SELECT unit_id, sum(quantity) FROM unit_items {where_} GROUP BY unit_id"),
        format!("SELECT sum(quantity) FROM unit_items {where_} AND unit_id = 'adult'"),
    ] {
        let refused = test.asks(&officer(), &question).await;
        assert!(matches!(refused, Err(GateError::NotAllowed(_))), "{question}: {refused:?}");
    }
}

#[tokio::test]
async fn inference_windows_one_step_apart_differ_by_a_whole_cell_or_not_at_all() {
    let test = TestLake::with_sales(4).await;
    let mut before = 0;
    for day in 20..=30 {
        let question = format!(
            "SELECT count(*) FROM bookings \
             WHERE venue_id = '20240' AND slot_day <= DATE '2026-11-{day}'"
        );
        let now = test.number(&question).await;
        let step = now - before;
        assert!(step == 0 || step >= 10, "day {day}: {step}");
        before = now;
    }
    // The days that are not settled are in none: their sums still change, one sale at a time.
    assert_eq!(before, 54);
}

#[tokio::test]
async fn inference_a_data_officer_of_a_venue_adds_up_its_own_facts() {
    let test = TestLake::with_sales(4).await;
    let own = Asker::DataOfficer { venues: Venues::one("20514"), settled: SETTLED };
    let answer = test.asks(&own, "SELECT venue_id, count(*) FROM bookings GROUP BY 1").await;
    assert_eq!(answer.unwrap().rows, [[Value::Text("20514".into()), Value::Whole(30)]]);
    let nobody = Asker::DataOfficer { venues: Venues::Only(Vec::new()), settled: SETTLED };
    let answer = test.asks(&nobody, "SELECT venue_id, count(*) FROM bookings GROUP BY 1").await;
    assert_eq!(answer.unwrap().rows, Vec::<Vec<Value>>::new());
}

/// What is released, of two versions.
async fn with_releases() -> TestLake {
    let mut test = TestLake::with_sales(4).await;
    let row = |version: i32, sales: i64| released_sales::Row {
        month: "2026-11".into(),
        venue_id: VENUE.into(),
        slot_day: DAY,
        channel: "WEB".into(),
        price_band: "5-10".into(),
        version,
        release: i64::from(version),
        sales,
        sales_half_width: 8,
        visitors: 2 * sales,
        visitors_half_width: 48,
    };
    let batch = released_sales::batch(&[row(1, 103), row(2, 97)]).unwrap();
    test.write("released_sales", &batch).await;
    let hour = released_admissions::Row {
        month: "2026-11".into(),
        venue_id: VENUE.into(),
        slot_day: DAY,
        hour: "2026-11-24T09:00:00Z".parse().unwrap(),
        version: 2,
        release: 1,
        admissions: 88,
        admissions_half_width: 4,
    };
    test.write("released_admissions", &released_admissions::batch(&[hour]).unwrap()).await;
    test.lake.refresh().await.unwrap();
    test
}

#[tokio::test]
async fn an_analyst_asks_anything_of_what_is_released() {
    let test = with_releases().await;
    let question = "WITH newest AS (SELECT *, row_number() OVER (PARTITION BY venue_id, slot_day, channel, \
        price_band ORDER BY version DESC) AS nth FROM released_sales) \
        SELECT n.venue_id, n.sales, n.sales_half_width, a.admissions, round(a.admissions / 2.0, 1) AS half \
        FROM newest n JOIN released_admissions a ON a.venue_id = n.venue_id WHERE nth = 1";
    let answer = test.asks(&Asker::Analyst, question).await.unwrap();
    let expected = "venue_id,sales,sales_half_width,admissions,half\n20240,97,8,88,44\n";
    assert_eq!(answer.csv().unwrap(), expected);
    let meanings = "SELECT count(*) FROM dictionary WHERE table_name = 'released_sales'";
    assert_eq!(test.asks(&Asker::Analyst, meanings).await.unwrap().rows, [[Value::Whole(11)]]);
}

#[tokio::test]
async fn inference_averaging_over_equal_and_equivalent_questions_gains_nothing() {
    let test = with_releases().await;
    let equal = "SELECT sum(sales) FROM released_sales WHERE version = 2";
    let first = test.asks(&Asker::Analyst, equal).await.unwrap();
    for _ in 0..20 {
        assert_eq!(test.asks(&Asker::Analyst, equal).await.unwrap(), first);
    }
    for equivalent in [
        "SELECT max(sales) FROM released_sales WHERE version > 1",
        "SELECT sum(sales) FROM (SELECT sales FROM released_sales WHERE NOT version = 1)",
        "SELECT sum(sales) FROM released_sales WHERE channel = 'WEB' AND version = 1 + 1",
    ] {
        let rows = test.asks(&Asker::Analyst, equivalent).await.unwrap().rows;
        assert_eq!(rows, first.rows, "{equivalent}");
    }
}

#[tokio::test]
async fn singling_out_an_analyst_has_no_table_of_facts() {
    let test = with_releases().await;
    for table in FACTS.iter().map(|table| table.name).chain(["releases", "feeds", "nothing"]) {
        let question = format!("SELECT count(*) FROM {table}");
        let refused = test.asks(&Asker::Analyst, &question).await.unwrap_err();
        // What is there and not shown, and what is not there, have the same words.
        let words = refused.to_string().replace(table, "TABLE");
        assert_eq!(words, "the question cannot be read: table 'TABLE' not found");
    }
}

#[tokio::test]
async fn inference_there_is_no_side_door() {
    let test = with_releases().await;
    for asker in [Asker::Analyst, officer()] {
        for question in [
            "EXPLAIN SELECT sum(sales) FROM released_sales",
            "EXPLAIN ANALYZE SELECT sum(sales) FROM released_sales",
            "EXPLAIN VERBOSE SELECT count(*) FROM released_sales",
            "COPY released_sales TO '/tmp/atrio-gate.csv'",
            "CREATE TABLE t AS SELECT * FROM released_sales",
            "CREATE VIEW v AS SELECT 1",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "INSERT INTO released_sales SELECT * FROM released_sales",
            "DELETE FROM released_sales",
            "UPDATE released_sales SET sales = 1",
            "DROP TABLE released_sales",
            "SET datafusion.execution.batch_size = 1",
            "RESET datafusion.execution.batch_size",
            "PREPARE p AS SELECT 1",
            "BEGIN",
            "SHOW TABLES",
            "SHOW ALL",
            "DESCRIBE released_sales",
            "SELECT * FROM information_schema.tables",
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM generate_series(1, 1000000000)",
            "SELECT * FROM range(1, 1000000000)",
            "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT * FROM r",
            "SELECT unnest(make_array(1, 2))",
            "SELECT arrow_typeof(1)",
            "SELECT version()",
            "SELECT now()",
            "SELECT random()",
            "SELECT @@version",
            "SELECT $1",
            "SELECT 1; SELECT 2",
            "SELECT repeat('x', 1000000000)",
            "SELECT replace('aaa', 'a', 'aaaaaaaaa')",
            "SELECT concat('x', 'x')",
            "SELECT channel || channel FROM released_sales",
            "SELECT lpad('x', 1000000000)",
        ] {
            let refused = test.asks(&asker, question).await;
            assert!(
                matches!(refused, Err(GateError::NotAllowed(_) | GateError::Unreadable(_))),
                "{question}: {refused:?}"
            );
        }
    }
    assert!(!std::path::Path::new("/tmp/atrio-gate.csv").exists());
}

#[tokio::test]
async fn inference_a_question_that_fails_tells_no_value() {
    let test = with_releases().await;
    for (asker, question) in [
        (Asker::Analyst, "SELECT CAST(channel AS BIGINT) FROM released_sales"),
        (Asker::Analyst, "SELECT 1 / (sales - 97) FROM released_sales"),
        (officer(), "SELECT 1 / (count(*) - 30) FROM bookings GROUP BY venue_id, channel"),
    ] {
        let failed = test.asks(&asker, question).await.unwrap_err();
        assert_eq!(failed, GateError::Failed, "{question}");
        assert_eq!(failed.to_string(), "the question failed while it ran");
    }
    // What would fail for one value of a row and not for another is refused before it runs.
    for question in [
        "SELECT sum(1 / (amount_cents - 500)) FROM bookings",
        "SELECT CAST(booking_key AS BIGINT), count(*) FROM bookings GROUP BY 1",
        "SELECT count(*) FROM bookings WHERE CAST(channel AS BIGINT) = 1",
        "SELECT count(*) FROM bookings WHERE 1 / (party_size - 1) > 0",
    ] {
        let refused = test.asks(&officer(), question).await;
        assert!(matches!(refused, Err(GateError::NotAllowed(_))), "{question}: {refused:?}");
    }
}

#[tokio::test]
async fn an_answer_has_an_end_and_says_that_it_was_cut() {
    let mut test = TestLake::empty().await;
    let row = |number: i64| released_sales::Row {
        month: "2026-11".into(),
        venue_id: VENUE.into(),
        slot_day: DAY,
        channel: "WEB".into(),
        price_band: "5-10".into(),
        version: 2,
        release: number,
        sales: 97,
        sales_half_width: 8,
        visitors: 200,
        visitors_half_width: 48,
    };
    let rows: Vec<_> = (0..150).map(row).collect();
    test.write("released_sales", &released_sales::batch(&rows).unwrap()).await;
    test.lake.refresh().await.unwrap();
    let pairs = "SELECT a.sales FROM released_sales a CROSS JOIN released_sales b";
    let answer = test.asks(&Asker::Analyst, pairs).await.unwrap();
    assert_eq!((answer.rows.len(), answer.is_cut), (MOST_ROWS, true));
    let all = test.asks(&Asker::Analyst, "SELECT sales FROM released_sales").await.unwrap();
    assert_eq!((all.rows.len(), all.is_cut), (150, false));
    let long = format!("SELECT '{}'", "x".repeat(20_000));
    let refused = test.asks(&Asker::Analyst, &long).await.unwrap_err();
    assert_eq!(refused.to_string(), "the question has 20009 bytes, 16384 are read");
}

#[tokio::test]
async fn a_short_text_that_is_a_question_without_end_is_not_begun() {
    let test = with_releases().await;
    let mut doubled = "WITH t0 AS (SELECT 1 AS x)".to_owned();
    for step in 1..=14 {
        let before = step - 1;
        doubled += &format!(", t{step} AS (SELECT a.x FROM t{before} a CROSS JOIN t{before} b)");
    }
    doubled += " SELECT count(*) FROM t14";
    let refused = test.asks(&Asker::Analyst, &doubled).await.unwrap_err();
    assert!(matches!(refused, GateError::NotAllowed(_)), "{refused:?}");
    assert!(refused.to_string().contains("256 tables"), "{refused}");
    let inside = doubled.replace("SELECT count(*) FROM t14", "SELECT x FROM t14");
    for hidden in [
        format!("SELECT count(*) FROM ({inside}) AS u"),
        format!("WITH u AS ({inside}) SELECT count(*) FROM u"),
        format!("SELECT 1 WHERE EXISTS ({inside})"),
        format!("EXPLAIN {inside}"),
    ] {
        let refused = test.asks(&Asker::Analyst, &hidden).await.unwrap_err();
        assert!(matches!(refused, GateError::NotAllowed(_)), "{hidden}: {refused:?}");
    }
    // What is written one behind the other is one inside the other: a long enough row would end the program.
    for (row, most) in [("+1", 140), (" IS NULL", 140), ("::int", 90)] {
        let asked = |times: usize| format!("SELECT 1{}", row.repeat(times));
        let answer = test.asks(&Asker::Analyst, &asked(most)).await;
        assert!(!matches!(answer, Err(GateError::NotAllowed(_))), "{row}: {answer:?}");
        let refused = test.asks(&Asker::Analyst, &asked(2_000)).await.unwrap_err();
        assert!(matches!(refused, GateError::NotAllowed(_)), "{row}: {refused:?}");
    }
    let wide = format!(
        "SELECT '{}' FROM released_sales a CROSS JOIN dictionary b CROSS JOIN dictionary c",
        "x".repeat(15_000)
    );
    let refused = test.asks(&Asker::Analyst, &wide).await.unwrap_err();
    assert_eq!(refused, GateError::TooLarge);
}
