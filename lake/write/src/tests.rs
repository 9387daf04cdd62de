use std::path::Path;

use atrio_lake_schema::decisions::{self, Row};
use atrio_lake_schema::{admissions, bookings, unit_items};
use deltalake::checkpoints::create_checkpoint;
use deltalake::operations::create::CreateBuilder;
use deltalake::parquet::file::reader::{FileReader as _, SerializedFileReader};
use deltalake::{DeltaTable, DeltaTableBuilder, ensure_table_uri};
use jiff::civil::date;
use tempfile::TempDir;

use super::*;

const STREAM: &str = "atrio/shard-1";
const TABLE: &Table = &decisions::TABLE;

/// Sequence numbers like those of AWS: longer than any integer.
fn sequence(number: u32) -> SequenceNumber {
    format!("44215845000000000174504390{number:010}").parse().unwrap()
}

fn rows(numbers: std::ops::RangeInclusive<u32>) -> (RecordBatch, Vec<SequenceNumber>) {
    let rows: Vec<Row> = numbers
        .clone()
        .map(|number| Row {
            month: if number % 2 == 0 { "2026-11" } else { "2026-12" }.into(),
            venue_id: "20240".into(),
            slot_day: date(2026, 11, 24),
            decision_key: format!("{number:032x}"),
            outcome: "ALLOW".into(),
            score: 0,
            rules: String::new(),
            rules_version: "1".into(),
        })
        .collect();
    (decisions::batch(&rows).unwrap(), numbers.map(sequence).collect())
}

async fn append(writer: &LakeWriter, numbers: std::ops::RangeInclusive<u32>) -> Appended {
    let through = sequence(*numbers.end());
    let (batch, sequences) = rows(numbers);
    let rows = NumberedRows { batch: &batch, sequences: &sequences };
    writer.append(TABLE, rows, STREAM, through).await.unwrap()
}

fn lake() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file://{}/lake", folder.path().display());
    (folder, url)
}

async fn open_table(url: &str, table: &Table) -> DeltaTable {
    let url = ensure_table_uri(LakeAddress::from(url).table_url(table.name)).unwrap();
    DeltaTableBuilder::from_url(url).unwrap().load().await.unwrap()
}

/// Rows by the statistics of the files that the log names.
async fn count(url: &str, table: &Table) -> usize {
    let table = open_table(url, table).await;
    let files: Vec<_> = table.snapshot().unwrap().log_data().into_iter().collect();
    files.iter().map(|file| file.num_records().unwrap()).sum()
}

#[tokio::test]
async fn a_replayed_batch_leaves_one_copy() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    assert_eq!(append(&writer, 1..=5).await, Appended::Rows(5));
    assert_eq!(append(&writer, 1..=5).await, Appended::AlreadyThere);
    assert_eq!(count(&url, TABLE).await, 5);
    assert_eq!(writer.position(TABLE, STREAM).await.unwrap(), Some(sequence(5)));
    assert_eq!(writer.position(TABLE, "atrio/shard-2").await.unwrap(), None);
}

#[tokio::test]
async fn batches_that_overlap_leave_one_copy() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    append(&writer, 1..=5).await;
    assert_eq!(append(&writer, 3..=8).await, Appended::Rows(3));
    assert_eq!(append(&writer, 2..=8).await, Appended::AlreadyThere);
    assert_eq!(count(&url, TABLE).await, 8);
}

#[tokio::test]
async fn a_crash_between_two_tables_leaves_one_copy_in_each() {
    let (_folder, url) = lake();
    let booking = |number: u32| bookings::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: "2026-11-24T09:00:00Z".parse().unwrap(),
        slot_day: date(2026, 11, 24),
        channel: "WEB".into(),
        event: "CONFIRMED".into(),
        booking_key: format!("{number:032x}"),
        lead_days_band: "0".into(),
        party_size: 1,
        amount_cents: 500,
        currency: "EUR".into(),
        recorded_hour: "2026-11-24T08:00:00Z".parse().unwrap(),
        locale: "it".into(),
    };
    let batch = bookings::batch(&[booking(1), booking(2)]).unwrap();
    let sequences = [sequence(1), sequence(2)];
    let booked = NumberedRows { batch: &batch, sequences: &sequences };
    {
        let writer = LakeWriter::open(url.as_str()).await.unwrap();
        writer.append(&bookings::TABLE, booked, STREAM, sequence(2)).await.unwrap();
        // The process dies here, before the second table.
    }
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    assert_eq!(writer.resume_position(STREAM).await.unwrap(), None);
    let again = writer.append(&bookings::TABLE, booked, STREAM, sequence(2)).await.unwrap();
    assert_eq!(again, Appended::AlreadyThere);
    assert_eq!(append(&writer, 1..=2).await, Appended::Rows(2));
    assert_eq!(count(&url, &bookings::TABLE).await, 2);
    assert_eq!(count(&url, TABLE).await, 2);
}

#[tokio::test]
async fn the_position_survives_a_checkpoint_and_a_restart() {
    let (_folder, url) = lake();
    {
        let writer = LakeWriter::open(url.as_str()).await.unwrap();
        append(&writer, 1..=5).await;
        create_checkpoint(&open_table(&url, TABLE).await, None).await.unwrap();
    }
    let log = Path::new(url.trim_start_matches("file://")).join("decisions/_delta_log");
    let checkpoints = std::fs::read_dir(log)
        .unwrap()
        .filter(|file| {
            file.as_ref().unwrap().file_name().to_string_lossy().contains("checkpoint.parquet")
        })
        .count();
    assert_eq!(checkpoints, 1);
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    assert_eq!(writer.position(TABLE, STREAM).await.unwrap(), Some(sequence(5)));
    assert_eq!(append(&writer, 4..=6).await, Appended::Rows(1));
    assert_eq!(count(&url, TABLE).await, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_writers_that_race_over_one_stream_leave_one_copy() {
    let (_folder, url) = lake();
    let one = LakeWriter::open(url.as_str()).await.unwrap();
    let two = LakeWriter::open(url.as_str()).await.unwrap();
    for round in 0..10 {
        // Different ends, so that the loser finds only part of its rows written.
        let (from, to) = (round * 10 + 1, round * 10 + 10);
        tokio::join!(append(&one, from..=to - 3), append(&two, from..=to));
    }
    assert_eq!(count(&url, TABLE).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_different_shards_do_not_lose_each_others_rows() {
    let (_folder, url) = lake();
    let one = LakeWriter::open(url.as_str()).await.unwrap();
    let two = LakeWriter::open(url.as_str()).await.unwrap();
    for round in 1..=10 {
        let (batch, sequences) = rows(round..=round);
        let rows = NumberedRows { batch: &batch, sequences: &sequences };
        let (first, second) = tokio::join!(
            one.append(TABLE, rows, "atrio/shard-1", sequence(round)),
            two.append(TABLE, rows, "atrio/shard-2", sequence(round)),
        );
        assert_eq!((first.unwrap(), second.unwrap()), (Appended::Rows(1), Appended::Rows(1)));
    }
    assert_eq!(count(&url, TABLE).await, 20);
}

#[tokio::test]
async fn a_shard_that_moves_to_another_writer_and_back_leaves_one_copy() {
    let (_folder, url) = lake();
    let one = LakeWriter::open(url.as_str()).await.unwrap();
    let two = LakeWriter::open(url.as_str()).await.unwrap();
    assert_eq!(one.position(TABLE, STREAM).await.unwrap(), None);
    append(&two, 1..=3).await;
    let (batch, sequences) = rows(1..=1);
    let other = NumberedRows { batch: &batch, sequences: &sequences };
    one.append(TABLE, other, "atrio/shard-2", sequence(1)).await.unwrap();
    assert_eq!(append(&one, 1..=3).await, Appended::AlreadyThere);
    assert_eq!(count(&url, TABLE).await, 4);
}

#[tokio::test]
async fn reading_resumes_where_every_table_has_been_settled() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    append(&writer, 1..=5).await;
    assert_eq!(writer.resume_position(STREAM).await.unwrap(), None);
    writer.settle(STREAM, sequence(5)).await.unwrap();
    writer.settle(STREAM, sequence(4)).await.unwrap();
    append(&writer, 6..=9).await;
    let again = LakeWriter::open(url.as_str()).await.unwrap();
    assert_eq!(again.resume_position(STREAM).await.unwrap(), Some(sequence(5)));
}

#[tokio::test]
async fn compaction_keeps_rows_and_position_and_needs_fewer_files() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    for number in 1..=8 {
        append(&writer, number..=number).await;
    }
    let compacted = writer.compact(TABLE).await.unwrap();
    assert_eq!(compacted, Compacted { files_removed: 8, files_added: 2 });
    assert_eq!(count(&url, TABLE).await, 8);
    assert_eq!(append(&writer, 7..=9).await, Appended::Rows(1));
    assert_eq!(count(&url, TABLE).await, 9);
}

#[tokio::test]
async fn no_pseudonym_is_written_into_the_log_and_any_reader_can_read_it() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    append(&writer, 1..=3).await;
    writer.compact(TABLE).await.unwrap();
    let table = open_table(&url, TABLE).await;
    let state = table.snapshot().unwrap();
    assert_eq!(
        (state.protocol().min_reader_version(), state.protocol().min_writer_version()),
        (1, 2)
    );
    let log = Path::new(url.trim_start_matches("file://")).join("decisions/_delta_log");
    for file in std::fs::read_dir(log).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            for number in 1..=3 {
                assert!(!text.contains(&format!("{number:032x}")), "{}", path.display());
            }
        }
    }
}

#[tokio::test]
async fn inference_neither_the_log_nor_a_file_tells_the_smallest_or_largest_amount() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    let row = bookings::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: "2026-11-24T09:00:00Z".parse().unwrap(),
        slot_day: date(2026, 11, 24),
        channel: "WEB".into(),
        event: "CONFIRMED".into(),
        booking_key: "00".into(),
        lead_days_band: "0".into(),
        party_size: 4_711,
        amount_cents: 8_150_815,
        currency: "EUR".into(),
        recorded_hour: "2026-11-24T08:00:00Z".parse().unwrap(),
        locale: "it".into(),
    };
    let batch = bookings::batch(&[row]).unwrap();
    let rows = NumberedRows { batch: &batch, sequences: &[sequence(1)] };
    writer.append(&bookings::TABLE, rows, STREAM, sequence(1)).await.unwrap();
    writer.compact(&bookings::TABLE).await.unwrap();
    let folder = Path::new(url.trim_start_matches("file://")).join("bookings");
    for file in std::fs::read_dir(folder.join("_delta_log")).unwrap() {
        let text =
            String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()).into_owned();
        assert!(!text.contains("4711") && !text.contains("8150815"), "{text}");
    }
    for file in std::fs::read_dir(folder.join("month=2026-11")).unwrap() {
        let file = std::fs::File::open(file.unwrap().path()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        for column in reader.metadata().row_group(0).columns() {
            let name = column.column_path().string();
            let may_tell = bookings::TABLE.statistics_columns().any(|column| column == name);
            assert_eq!(column.statistics().is_some(), may_tell, "{name}");
        }
    }
}

#[tokio::test]
async fn rows_without_a_number_are_refused() {
    let (_folder, url) = lake();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    let batch = unit_items::batch(&[]).unwrap();
    let unpaired = NumberedRows { batch: &batch, sequences: &[sequence(1)] };
    let refused = writer.append(&unit_items::TABLE, unpaired, STREAM, sequence(1)).await;
    assert!(matches!(refused, Err(WriteError::Unpaired { rows: 0, sequences: 1 })));
}

#[tokio::test]
async fn a_table_of_an_earlier_version_gets_the_columns_that_are_new() {
    let (_folder, url) = lake();
    let table = &admissions::TABLE;
    let mut older = table.delta_columns();
    assert_eq!(older.pop().map(|column| column.name), Some("direction".to_owned()));
    let folder = LakeAddress::from(url.as_str()).table_url(table.name);
    std::fs::create_dir_all(folder.trim_start_matches("file://")).unwrap();
    let created = DeltaTableBuilder::from_url(ensure_table_uri(folder).unwrap()).unwrap();
    CreateBuilder::new()
        .with_log_store(created.build().unwrap().log_store())
        .with_columns(older)
        .with_partition_columns(table.partition_by.iter().copied())
        .await
        .unwrap();
    let writer = LakeWriter::open(url.as_str()).await.unwrap();
    let row = admissions::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: "2026-11-24T09:00:00Z".parse().unwrap(),
        slot_day: date(2026, 11, 24),
        gate_id: "main".into(),
        unit_id: "adult".into(),
        quantity: 1,
        admission_key: "00".into(),
        admitted_quarter: "2026-11-24T09:00:00Z".parse().unwrap(),
        direction: Some("EXIT".into()),
    };
    let batch = admissions::batch(&[row]).unwrap();
    let rows = NumberedRows { batch: &batch, sequences: &[sequence(1)] };
    let appended = writer.append(table, rows, STREAM, sequence(1)).await.unwrap();
    assert_eq!(appended, Appended::Rows(1));
    drop(LakeWriter::open(url.as_str()).await.unwrap());
    assert_eq!(count(&url, table).await, 1);
}
