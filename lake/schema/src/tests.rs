use deltalake::arrow::array::{Array as _, AsArray as _};
use deltalake::arrow::datatypes::{Date32Type, Decimal128Type, TimestampMicrosecondType};
use jiff::civil::date;

use super::*;

/// Parts of names that announce a person. `device`, `gate_id` and the like are machines.
const PERSONAL: [&str; 26] = [
    "name",
    "surname",
    "email",
    "mail",
    "phone",
    "telephone",
    "address",
    "ip",
    "uuid",
    "contact",
    "card",
    "iban",
    "birth",
    "birthday",
    "age",
    "gender",
    "nationality",
    "passport",
    "document",
    "fiscal",
    "user",
    "visitor",
    "person",
    "commuter",
    "mac",
    "latitude",
];

#[test]
fn every_column_says_what_it_is_and_how_near_it_comes_to_a_person() {
    for table in TABLES {
        assert!(!table.meaning.is_empty() && table.version > 0, "{}", table.name);
        assert!(table.least_group_size >= 10, "{}", table.name);
        for column in table.columns {
            let at = format!("{}.{}", table.name, column.name);
            assert!(!column.unit.is_empty(), "{at} has no unit");
            assert!(column.meaning.len() > 5, "{at} has no meaning");
            assert!(!column.privacy.name().is_empty(), "{at} has no privacy class");
        }
    }
}

#[test]
fn no_column_is_named_after_something_personal() {
    for table in TABLES {
        for column in table.columns {
            let personal = column.name.split('_').find(|part| PERSONAL.contains(part));
            assert_eq!(personal, None, "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn a_key_is_always_a_pseudonym_and_never_in_the_log() {
    for table in TABLES {
        for column in table.columns.iter().filter(|column| column.name.ends_with("_key")) {
            assert_eq!(column.privacy, Privacy::Pseudonym, "{}.{}", table.name, column.name);
            assert!(!table.statistics_columns().any(|name| name == column.name));
        }
    }
}

#[test]
fn a_measure_of_a_row_is_never_in_the_log() {
    for table in TABLES {
        for column in table.columns.iter().filter(|column| column.privacy == Privacy::Measure) {
            assert!(!table.statistics_columns().any(|name| name == column.name), "{}", column.name);
        }
    }
}

#[test]
fn what_is_released_has_no_pseudonym_and_no_number_without_noise() {
    for table in RELEASED {
        assert!(TABLES.contains(&table) && !FACTS.contains(&table), "{}", table.name);
        for column in table.columns {
            let refused = [Privacy::Pseudonym, Privacy::Measure].contains(&column.privacy);
            assert!(!refused, "{}.{}", table.name, column.name);
            if column.privacy == Privacy::Released && !column.name.ends_with("_half_width") {
                let beside = format!("{}_half_width", column.name);
                assert!(table.columns.iter().any(|column| column.name == beside), "{beside}");
            }
        }
    }
}

#[test]
fn column_names_are_unique_and_partitions_are_columns() {
    for table in TABLES {
        let mut names: Vec<_> = table.columns.iter().map(|column| column.name).collect();
        assert!(table.partition_by.iter().all(|name| names.contains(name)), "{}", table.name);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), table.columns.len(), "{}", table.name);
    }
}

#[test]
fn rows_and_columns_agree_in_every_table() {
    assert_eq!(bookings::batch(&[]).unwrap().schema(), bookings::TABLE.arrow_schema());
    assert_eq!(unit_items::batch(&[]).unwrap().schema(), unit_items::TABLE.arrow_schema());
    assert_eq!(admissions::batch(&[]).unwrap().schema(), admissions::TABLE.arrow_schema());
    assert_eq!(counts::batch(&[]).unwrap().schema(), counts::TABLE.arrow_schema());
    assert_eq!(decisions::batch(&[]).unwrap().schema(), decisions::TABLE.arrow_schema());
    assert_eq!(presence::batch(&[]).unwrap().schema(), presence::TABLE.arrow_schema());
    assert_eq!(readings::batch(&[]).unwrap().schema(), readings::TABLE.arrow_schema());
    let sales = released_sales::batch(&[]).unwrap();
    assert_eq!(sales.schema(), released_sales::TABLE.arrow_schema());
    let admitted = released_admissions::batch(&[]).unwrap();
    assert_eq!(admitted.schema(), released_admissions::TABLE.arrow_schema());
    let counted = released_counts::batch(&[]).unwrap();
    assert_eq!(counted.schema(), released_counts::TABLE.arrow_schema());
    assert_eq!(releases::batch(&[]).unwrap().schema(), releases::TABLE.arrow_schema());
    assert_eq!(feeds::batch(&[]).unwrap().schema(), feeds::TABLE.arrow_schema());
}

#[test]
fn instants_and_days_arrive_as_they_were() {
    let row = bookings::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: "2026-11-24T09:00:00Z".parse().unwrap(),
        slot_day: date(2026, 11, 24),
        channel: "WEB".into(),
        event: "CONFIRMED".into(),
        booking_key: "00ff".into(),
        lead_days_band: bookings::lead_days_band(2).into(),
        party_size: 2,
        amount_cents: 1_000,
        currency: "EUR".into(),
        recorded_hour: "2026-11-22T10:00:00Z".parse().unwrap(),
        locale: "it".into(),
    };
    let batch = bookings::batch(&[row]).unwrap();
    let day = batch.column_by_name("slot_day").unwrap().as_primitive::<Date32Type>().value(0);
    assert_eq!(day, 20_781);
    let start = batch.column_by_name("slot_start").unwrap();
    assert_eq!(start.as_primitive::<TimestampMicrosecondType>().value(0), 1_795_510_800_000_000);
    assert_eq!(start.null_count(), 0);
}

/// What readers of the lake depend on: change it only together with a table's version.
#[test]
fn the_columns_are_these() {
    let listing: Vec<String> = TABLES
        .iter()
        .map(|table| {
            let columns: Vec<String> = table
                .columns
                .iter()
                .map(|column| {
                    let missing = if column.nullable { "?" } else { "" };
                    format!("{}:{:?}{missing}", column.name, column.kind)
                })
                .collect();
            format!("{} v{}: {}", table.name, table.version, columns.join(" "))
        })
        .collect();
    assert_eq!(listing, include_str!("tables.txt").lines().collect::<Vec<_>>());
}

#[test]
fn a_decimal_is_exact_and_the_log_knows_its_places() {
    let row = readings::Row {
        month: "2026-11".into(),
        device: "meter-1".into(),
        venue_id: "20240".into(),
        quantity: "energy".into(),
        unit: "kW.h".into(),
        observed_at: "2026-11-24T09:00:00Z".parse().unwrap(),
        value_millionths: None,
        running_sum_millionths: Some(1_000_250_001),
        seq: None,
        version: 1,
        quality: "good".into(),
        received_at: "2026-11-24T09:00:01Z".parse().unwrap(),
    };
    let batch = readings::batch(&[row]).unwrap();
    let sums = batch.column_by_name("running_sum").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!(sums.value_as_string(0), "1000.250001");
    let columns = readings::TABLE.delta_columns();
    let sum = columns.iter().find(|column| column.name() == "running_sum").unwrap();
    assert_eq!(sum.data_type().to_string(), "decimal(18,6)");
}
