//! The released tables as analysts' own tools see them: over PostgreSQL's protocol, over Arrow Flight SQL,
//! and as files.

use atrio_tests::{
    Answered, Asking, Device, Options, Process, SOON, count_message, duckdb_reads, eventually,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const VENUE: &str = "20240";

/// A museum whose door counted nine hundred people yesterday, which is released.
async fn released_museum() -> Process {
    let any = |name: &str| (name.to_owned(), "127.0.0.1:0".to_owned());
    let environment = vec![any("ATRIO_SQL"), any("ATRIO_FLIGHT")];
    let mut museum = Process::start(Options { environment, ..Options::default() }).await;
    let mut door = Device::of(&museum, VENUE, "counter-door").await;
    let hour: Timestamp = "2026-11-24T08:00:00Z".parse().unwrap();
    let minute = |minute: i64| hour + SignedDuration::from_mins(minute);
    for at in 0..6 {
        let counted = count_message("counter-door", minute(at), minute(at + 1), 150, 1);
        door.publish(&counted).await.unwrap();
    }
    museum.lake_agrees().await;
    museum.restart_after(SignedDuration::from_hours(24)).await;
    museum
}

async fn release(museum: &Process) {
    let released = museum.command(&["lake", "release", "--json"]).await;
    assert!(released.status.success(), "{}", released.stderr);
}

const PEOPLE: &str = "SELECT venue_id, direction, people FROM released_counts";

#[tokio::test]
async fn an_analyst_asks_with_psql_and_from_python_what_the_platform_answers() {
    let museum = released_museum().await;
    let token = museum.token("analyst", None).await;
    let analyst = Asking::of(&museum, token.clone());
    assert_eq!(analyst.psql(PEOPLE).said, "", "nothing is released yet");
    release(&museum).await;

    // The connection that is opened next sees it, and so does one that stays open.
    let api = museum.api().with_token(Some(token));
    let answer = api.post("/v1/sql", &json!({"sql": PEOPLE})).await.expect(200);
    let people = answer["rows"][0][2].as_i64().unwrap();
    let expected = format!("{VENUE}|IN|{people}");
    eventually("the cells are seen", SOON, async || match analyst.psql(PEOPLE) {
        answer if answer.said == expected => Ok(()),
        answer => Err(format!("{answer:?}")),
    })
    .await;

    let row_of = |read: &Answered| -> Value {
        serde_json::from_str(&read.said).unwrap_or_else(|_| panic!("{read:?}"))
    };
    let row = json!([VENUE, "IN", people]);
    assert_eq!(row_of(&analyst.flight(PEOPLE)), row);
    let read = duckdb_reads(&museum.run.lake, "released_counts", "venue_id, direction, people");
    assert_eq!((row_of(&read), read.complained.as_str()), (row.clone(), "1"));

    let by_value = format!("{PEOPLE} WHERE venue_id = :v0");
    assert_eq!(row_of(&analyst.python(&by_value, &[VENUE])), row);
    assert_eq!(analyst.python(&by_value, &["nowhere"]).said, "");
    let sum = "SELECT sum(people) + 1, count(*) > 0 FROM released_counts";
    assert_eq!(analyst.psql(sum).said, format!("{}|t", people + 1));
}

#[tokio::test]
async fn tools_find_the_tables_by_the_catalogue() {
    let museum = released_museum().await;
    let analyst = Asking::of(&museum, museum.token("analyst", None).await);
    let tables = analyst.psql("\\dt");
    for table in ["dictionary", "released_admissions", "released_counts", "released_sales"] {
        assert!(tables.said.contains(table), "{tables:?}");
    }
    assert!(!tables.said.contains("bookings"), "{tables:?}");
    for (question, expected) in [
        ("SELECT current_database(), current_schema()", "atrio|public"),
        (
            "SELECT count(*) > 5 FROM information_schema.columns WHERE table_name = 'released_counts'",
            "t",
        ),
        // As programs that make charts ask for tables and their columns.
        (
            "SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v') ORDER BY 1",
            "public.dictionary\npublic.released_admissions\npublic.released_counts\npublic.released_sales",
        ),
        (
            "SELECT quote_ident(table_name) FROM information_schema.tables
             WHERE table_schema = 'public' AND table_name LIKE 'released_s%'",
            "released_sales",
        ),
        (
            "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)
             FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
             WHERE c.relname = 'released_counts' AND a.attname IN ('people', 'venue_id')
             ORDER BY a.attname",
            "people|bigint\nvenue_id|text",
        ),
        (
            "SELECT column_name FROM dictionary WHERE table_name = 'released_sales' AND
             column_name = 'sales'",
            "sales",
        ),
    ] {
        let answer = analyst.psql(question);
        assert_eq!(answer.said, expected, "{question}: {answer:?}");
    }
}

#[tokio::test]
async fn columns_travel_as_columns_to_analysts_only_and_through_the_same_gate() {
    let museum = released_museum().await;
    let analyst = Asking::of(&museum, museum.token("analyst", None).await);
    let tables: Value = serde_json::from_str(&analyst.flight("TABLES").said).unwrap();
    let known = ["dictionary", "released_admissions", "released_counts", "released_sales"];
    assert_eq!(tables, json!(known));
    let columns = "SELECT count(*) FROM dictionary WHERE table_name = 'released_sales'";
    assert!(analyst.flight(columns).is_good);
    for (question, complaint) in [
        ("SELECT * FROM bookings", "not found"),
        ("CREATE TABLE mine AS SELECT 1", "not"),
        ("SELECT repeat('x', 1000000000)", "the function `repeat` is not allowed"),
        ("SELEC 1", "cannot be read"),
    ] {
        let answer = analyst.flight(question);
        assert!(!answer.is_good && answer.complained.contains(complaint), "{question}: {answer:?}");
    }
    let clerk = Asking::of(&museum, museum.token("desk", Some(VENUE)).await).flight("SELECT 1");
    assert!(clerk.complained.contains("needs the role analyst or data-officer"), "{clerk:?}");
}

#[tokio::test]
async fn who_is_no_analyst_does_not_come_in_and_who_was_one_is_shown_out() {
    let museum = released_museum().await;
    let clerk = Asking::of(&museum, museum.token("desk", Some(VENUE)).await);
    let refused = clerk.psql("SELECT 1");
    assert!(refused.complained.contains("needs the role analyst or data-officer"), "{refused:?}");
    let stranger = Asking::of(&museum, "password".to_owned()).psql("SELECT 1");
    assert!(stranger.complained.contains("the token cannot be read"), "{stranger:?}");

    let analyst = Asking::of(&museum, museum.token("analyst", None).await);
    let in_clear = analyst.psql_by("disable", "SELECT 1");
    assert!(in_clear.complained.contains("the connection is not encrypted"), "{in_clear:?}");
    assert_eq!(analyst.psql("SELECT 1").said, "1");
    let dismissed = museum.command(&["dismiss", "--subject", "local-analyst"]).await;
    assert!(dismissed.status.success(), "{}", dismissed.stderr);
    assert!(!analyst.psql("SELECT 1").is_good);
}

#[tokio::test]
async fn nothing_but_a_question_is_answered_and_the_gate_is_the_same() {
    let museum = released_museum().await;
    let analyst = Asking::of(&museum, museum.token("analyst", None).await);
    for (question, complaint) in [
        ("SELECT * FROM bookings", "not found"),
        ("SELECT * FROM lake.bookings", "not found"),
        ("SELECT * FROM pg_catalog.bookings", "not found"),
        ("CREATE TABLE mine AS SELECT * FROM released_sales", "not"),
        ("SELECT * INTO mine FROM released_sales", "not"),
        ("DROP TABLE released_sales", "not"),
        ("INSERT INTO released_sales SELECT * FROM released_sales", "not"),
        ("COPY (SELECT 1) TO '/tmp/atrio-copied.csv'", "not"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'", "not"),
        ("EXPLAIN SELECT * FROM released_sales", "EXPLAIN"),
        ("SELECT * FROM '/etc/passwd'", "not found"),
        ("SELECT repeat('x', 1000000000)", "the function `repeat` is not allowed"),
        ("SELECT count(*) FROM generate_series(1, 100000000000)", "not"),
        (
            "SELECT lpad(venue_id, 1000000000) FROM released_sales",
            "the function `lpad` is not allowed",
        ),
        (
            "SELECT venue_id || venue_id FROM released_sales",
            "putting words together is not allowed",
        ),
        ("SELEC 1", "cannot be read"),
        ("SELECT 1 / 0", "failed while it ran"),
    ] {
        let answer = analyst.psql(question);
        assert!(!answer.is_good, "{question} was answered: {answer:?}");
        assert!(answer.complained.contains(complaint), "{question}: {answer:?}");
        for inside in ["/root", "/tmp/atrio-test", "parquet", "panicked"] {
            assert!(!answer.complained.contains(inside), "{question}: {answer:?}");
        }
    }
    let many = vec!["1"; 800].join(" + ");
    let answer = analyst.psql(&format!("SELECT {many}"));
    assert!(answer.complained.contains("more than 1500"), "{answer:?}");
    let just = vec!["1"; 740].join(" + ");
    assert_eq!(analyst.psql(&format!("SELECT {just}")).said, "740");
    // Settings of the engine stay what they are, whatever a session says.
    assert!(analyst.psql("SET datafusion.execution.batch_size = 1").is_good);
    assert_eq!(analyst.psql("SELECT count(*) >= 0 FROM released_sales").said, "t");
    assert!(analyst.psql("BEGIN; SELECT 1; COMMIT").is_good);
}
