//! Ticket offices that are not ours: their files come in once, whatever is wrong with some of their rows, and
//! nothing of who bought comes with them.

use std::path::Path;

use atrio_lake_query::Lake;
use atrio_tests::{Answer, Api, Manager, Process, SOON, eventually};
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use serde_json::{Value, json};

const VENUE: &str = "20240";
const OTHER: &str = "20514";
const POS: &str = "/v1/venues/20240/feeds/pos-transactions";
const SISTAN: &str = "/v1/venues/20240/feeds/sistan-monthly";

/// A month of a museum's till, with nine rows at fault.
const SALES: &str = include_str!("../../samples/feeds/pos-2026-11.csv");
/// Ten months of two institutes, with four rows at fault, in the letters of older programs.
const VISITORS: &[u8] = include_bytes!("../../samples/feeds/sistan-2026.csv");

/// Whoever has the files of a venue's other ticket offices.
struct Keeper {
    api: Api,
}

impl Keeper {
    async fn of(museum: &Process, venue: &str) -> Self {
        Self { api: Manager::of(museum, venue).await.api }
    }

    async fn sends(&self, path: &str, file: impl AsRef<[u8]>) -> Answer {
        self.api.send("POST", path, Some("text/csv"), file.as_ref().to_vec()).await
    }

    /// What other offices say of a year: quantity and cents by kind.
    async fn figures(&self) -> Vec<(String, i64, i64)> {
        let path =
            format!("/v1/venues/{VENUE}/feed-figures?first_day=2026-01-01&last_day=2026-12-31");
        let mut sums: Vec<(String, i64, i64)> = Vec::new();
        let figures = self.api.get(&path).await.expect(200);
        for cell in figures["cells"].as_array().unwrap() {
            let (kind, number) = (cell["kind"].as_str().unwrap(), |name: &str| cell[name].as_i64());
            let (quantity, cents) = (number("quantity").unwrap(), number("amount_cents").unwrap());
            match sums.iter_mut().find(|(known, _, _)| known == kind) {
                Some((_, people, amount)) => {
                    (*people, *amount) = (*people + quantity, *amount + cents);
                }
                None => sums.push((kind.to_owned(), quantity, cents)),
            }
        }
        sums.sort();
        sums
    }
}

fn sums(of: &[(&str, i64, i64)]) -> Vec<(String, i64, i64)> {
    of.iter().map(|(kind, quantity, cents)| ((*kind).to_owned(), *quantity, *cents)).collect()
}

fn counts(report: &Value) -> [u64; 6] {
    ["rows", "accepted", "corrected", "unchanged", "elsewhere", "rejected"]
        .map(|name| report[name].as_u64().unwrap())
}

/// A till's file of so many sales of two tickets for EUR 16.00, from this receipt on.
fn till(first: u32, count: u32) -> String {
    use std::fmt::Write as _;
    let header = SALES.lines().next().unwrap();
    let mut text = format!("{header};Cliente;Carta\n");
    for receipt in first..first + count {
        let (day, hour) = (1 + receipt % 28, 9 + receipt % 8);
        writeln!(
            text,
            "{day:02}/10/2026;{hour:02}:47;7;T{receipt:06};1;V;INT;Intero;2;16,00;CASSA;OP;\
             Ermengarda Quattrocchi;4539 1488 0343 6467"
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn the_sales_of_another_till_come_in_once_and_each_row_at_fault_is_told() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let seen = keeper.sends(&format!("{POS}?dry_run=true"), SALES).await.expect(200);
    assert_eq!((&seen["status"], counts(&seen)), (&json!("CHECKED"), [143, 134, 0, 0, 0, 9]));
    assert_eq!(seen["preview"][0]["unit_id"], "youth");
    assert_eq!(seen["preview"][0]["hour"], "2026-11-03T08:00:00Z");
    assert_eq!(keeper.figures().await, [], "a look loads nothing");

    let loaded = keeper.sends(POS, SALES).await.expect(201);
    assert_eq!((&loaded["status"], counts(&loaded)), (&json!("LOADED"), [143, 134, 0, 0, 0, 9]));
    let totals = &loaded["totals"];
    assert_eq!(totals["sales"], json!({"entries": 130, "quantity": 431, "amount_cents": 217_900}));
    assert_eq!(totals["refunds"], json!({"entries": 4, "quantity": -8, "amount_cents": -5_000}));
    let of_the_file = sums(&[("REFUND", -8, -5_000), ("SALE", 431, 217_900)]);
    assert_eq!(keeper.figures().await, of_the_file);
    let faults = loaded["errors"].as_array().unwrap();
    let lines: Vec<_> = faults.iter().map(|fault| fault["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [7, 14, 22, 33, 46, 58, 62, 143, 144]);
    assert_eq!(faults[0]["column"], "Importo");
    assert!(faults.iter().all(|fault| fault["fix"].as_str().is_some_and(|fix| !fix.is_empty())));
    assert_eq!(faults[5]["message"], "the row repeats line 55");
    assert_eq!(faults[8]["message"], "the row has 2 fields, the header 12", "it was cut off");

    let again = keeper.sends(POS, SALES).await.expect(200);
    assert_eq!(again["status"], "LOADED_BEFORE");
    assert_eq!((counts(&again), &again["errors"]), ([143, 134, 0, 0, 0, 9], &loaded["errors"]));
    assert_eq!(keeper.figures().await, of_the_file, "the same file changes nothing");

    let file = loaded["file_id"].as_str().unwrap();
    let rejected = keeper.api.get(&format!("{POS}/files/{file}/rejected.csv")).await;
    rejected.header("content-type").filter(|kind| kind.starts_with("text/csv")).unwrap();
    let text = rejected.text();
    assert_eq!(text.lines().count(), 10);
    assert!(text.contains("16.00") && text.contains("has its decimal mark elsewhere"), "{text}");
    // Corrected, it goes in as it is: the columns behind are nobody's.
    let mended = text.replace(";16.00;", ";16,00;").replace(";due;", ";2;");
    let sent = keeper.sends(POS, &mended).await.expect(201);
    assert_eq!(counts(&sent)[1], 2, "{sent}");
    let listed = keeper.api.get(&format!("/v1/venues/{VENUE}/feeds")).await.expect(200);
    assert_eq!(listed["files"].as_array().unwrap().len(), 2);
    assert_eq!(listed["files"][1]["file_id"], file);
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_corrected_file_takes_the_place_of_its_rows_and_the_old_one_does_not_come_back() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let loaded = keeper.sends(SISTAN, VISITORS).await.expect(201);
    assert_eq!(counts(&loaded), [24, 10, 0, 0, 10, 4], "ten rows are of another institute");
    assert_eq!(keeper.figures().await, sums(&[("ADMISSION", 17_172 + 5_651, 9_053_300)]));

    let mut corrected = VISITORS.to_vec();
    let (before, after) = (b";1.548;837;".as_slice(), b";1.550;837;".as_slice());
    let at = corrected.windows(before.len()).position(|bytes| bytes == before).unwrap();
    corrected[at..at + after.len()].copy_from_slice(after);
    let loaded = keeper.sends(SISTAN, &corrected).await.expect(201);
    assert_eq!(counts(&loaded), [24, 0, 1, 9, 10, 4]);
    let right = sums(&[("ADMISSION", 17_174 + 5_651, 9_053_300)]);
    assert_eq!(keeper.figures().await, right, "the newest counts, and only it");
    assert_eq!(keeper.sends(SISTAN, VISITORS).await.expect(200)["status"], "LOADED_BEFORE");
    assert_eq!(keeper.figures().await, right, "a file that comes late takes nothing back");

    let other = Keeper::of(&museum, OTHER).await;
    let path = SISTAN.replace(VENUE, OTHER);
    assert_eq!(counts(&other.sends(&path, VISITORS).await.expect(201))[1], 10, "for its own venue");
    assert_eq!(keeper.figures().await, right);
    other.sends(SISTAN, VISITORS).await.expect_problem(403, "other-venue", "venue_id");
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_load_that_was_killed_goes_on_when_the_file_comes_again() {
    let mut museum = Process::fresh().await;
    let file = till(0, 90_000);
    let whole = sums(&[("SALE", 180_000, 144_000_000)]);
    let keeper = Keeper::of(&museum, VENUE).await;
    let log = museum.data().join("lake/feeds/_delta_log");
    let before = commits(&log);
    let (api, sent) = (keeper.api.clone(), file.clone());
    let load = tokio::spawn(async move {
        api.try_send("POST", POS, Some("text/csv"), sent.into_bytes()).await.is_ok()
    });
    eventually("a part is in the lake", SOON * 2, async || {
        if commits(&log) > before { Ok(()) } else { Err("no commit".to_owned()) }
    })
    .await;
    museum.kill9();
    assert!(!load.await.unwrap(), "it was cut off");
    museum.restart().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let part = keeper.figures().await[0].1;
    assert!(part > 0 && part < 180_000, "{part} of 180000 were in");
    let loaded = keeper.sends(POS, &file).await.expect(201);
    assert_eq!(counts(&loaded), [90_000, 90_000, 0, 0, 0, 0], "its own rows are no one else's");
    assert_eq!(keeper.figures().await, whole);

    // As if it had been killed once more, behind its last row and before its note.
    let store = museum.store();
    let key = atrio_dynamo::key(
        format!("FEEDS#{VENUE}"),
        format!("FILE#{}", loaded["file_id"].as_str().unwrap()),
    );
    let note = store.delete(key).unwrap();
    store.transact(vec![note]).await.unwrap();
    let written = commits(&log);
    assert_eq!(counts(&keeper.sends(POS, &file).await.expect(201))[1], 90_000);
    assert_eq!((keeper.figures().await, commits(&log)), (whole, written), "nothing was written");
    museum.nothing_left_over().await;
}

/// Commits of a table of the lake.
fn commits(log: &Path) -> usize {
    let files = std::fs::read_dir(log).into_iter().flatten().flatten();
    files.filter(|file| file.path().extension().is_some_and(|kind| kind == "json")).count()
}

#[tokio::test]
async fn two_files_of_one_office_at_once_leave_each_row_once() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let files: Vec<String> = (0..6).map(|part| till(part * 50, 100)).collect();
    let sent = futures::future::join_all(files.iter().map(|file| keeper.sends(POS, file))).await;
    let reports: Vec<_> = sent.iter().map(|answer| counts(&answer.expect(201))).collect();
    assert_eq!(reports.iter().map(|report| report[1]).sum::<u64>(), 350, "{reports:?}");
    assert_eq!(reports.iter().map(|report| report[3]).sum::<u64>(), 250, "the others were there");
    assert_eq!(keeper.figures().await, sums(&[("SALE", 700, 560_000)]));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn nothing_of_who_bought_is_in_the_lake_nor_in_the_log() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let mut file = till(500, 40);
    file.push_str("05/10/2026;10:00;7;T999999;1;V;INT;Intero;due;16,00;CASSA;OP;Ermengarda Quattrocchi;4539 1488 0343 6467\n");
    let loaded = keeper.sends(POS, &file).await.expect(201);
    assert_eq!(counts(&loaded), [41, 40, 0, 0, 0, 1]);
    let id = loaded["file_id"].as_str().unwrap();
    let rejected = keeper.api.get(&format!("{POS}/files/{id}/rejected.csv")).await.text();
    assert!(rejected.contains("T999999") && !rejected.contains("Ermengarda"), "{rejected}");
    let lake = Lake::open(museum.run.lake.clone()).await.unwrap();
    let options = FormatOptions::default();
    let mut values = Vec::new();
    for batch in lake.sql("SELECT * FROM feeds").await.unwrap() {
        for column in batch.columns() {
            let words = ArrayFormatter::try_new(column, &options).unwrap();
            values.extend((0..batch.num_rows()).map(|row| words.value(row).to_string()));
        }
    }
    assert!(values.iter().any(|value| value == VENUE), "the rows are there");
    let table = museum.store();
    let items = table.client.scan().table_name(&table.table).into_paginator().items().send();
    let items = format!("{:?}", items.try_collect().await.unwrap());
    let log = museum.log();
    for needle in ["Ermengarda", "Quattrocchi", "4539 1488", "T000500"] {
        let found = values.iter().find(|value| value.contains(needle));
        assert_eq!(found, None, "{needle}");
        assert!(!log.contains(needle) && !items.contains(needle), "{needle}");
    }
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_venue_says_itself_how_its_files_are_read() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let workbook = include_bytes!("../../samples/feeds/visitors-2026.xlsx");
    let mapping = include_str!("../../samples/feeds/visitors-workbook.json");
    let path = format!("/v1/venues/{VENUE}/feeds/visitors-workbook");
    keeper.sends(&path, workbook).await.expect_problem(404, "unknown-mapping", "mapping_id");
    let put = async |text: &str| {
        keeper.api.send("PUT", &path, Some("application/json"), text.to_owned()).await
    };
    put(&mapping.replace("DAY", "HOUR")).await.expect_problem(
        422,
        "invalid-mapping",
        "when.formats",
    );
    put(&mapping.replace("row_key", "key")).await.expect_problem(422, "invalid-field", "key");
    put(mapping).await.expect(200);
    put(mapping).await.expect(200);
    let listed = keeper.api.get(&format!("/v1/venues/{VENUE}/feeds")).await.expect(200);
    let versions: Vec<_> = listed["mappings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mapping| (mapping["id"].as_str().unwrap(), mapping["version"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        versions,
        [("visitors-workbook", 1), ("pos-transactions", 0), ("sistan-monthly", 0)]
    );
    let loaded = keeper.sends(&path, workbook).await.expect(201);
    assert_eq!(counts(&loaded), [6, 5, 0, 0, 0, 1]);
    assert_eq!(keeper.figures().await, sums(&[("ADMISSION", 701, 329_610)]));
    // The same file read in another way is another load, and what it says otherwise now is a correction.
    let named = mapping.replace("tower", "belfry");
    put(&named).await.expect(200);
    let loaded = keeper.sends(&path, workbook).await.expect(201);
    assert_eq!(counts(&loaded), [6, 0, 2, 3, 0, 1], "two rows are of the belfry now");
    assert_eq!(keeper.figures().await, sums(&[("ADMISSION", 701, 329_610)]));
    museum.nothing_left_over().await;
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why_and_leaves_nothing_behind() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let utf16: Vec<u8> = SALES.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let workbook = &include_bytes!("../../samples/feeds/visitors-2026.xlsx")[..];
    for (file, kind, field) in [
        (Vec::new(), "empty-file", "body"),
        (SALES.replace("Importo", "Totale").into_bytes(), "missing-column", "body"),
        (SALES.replacen("Operatore", "Importo", 1).into_bytes(), "repeated-column", "body"),
        ([b"\xff\xfe".as_slice(), &utf16].concat(), "wrong-encoding", "body"),
        (workbook.to_vec(), "other-kind-of-file", "format.kind"),
    ] {
        let problem = keeper.sends(POS, &file).await.expect_problem(422, kind, field);
        assert!(
            problem["errors"][0]["fix"].as_str().is_some_and(|fix| !fix.is_empty()),
            "{problem}"
        );
        keeper.sends(&format!("{POS}?dry_run=true"), &file).await.expect_problem(422, kind, field);
    }
    let unknown = format!("/v1/venues/{VENUE}/feeds/nothing");
    keeper.sends(&unknown, SALES).await.expect_problem(404, "unknown-mapping", "mapping_id");
    keeper.sends(&format!("{POS}?dry=true"), SALES).await.expect_problem(
        400,
        "invalid-query",
        "dry",
    );
    let malformed = format!("/v1/venues/{VENUE}/feeds/a%20b");
    keeper.sends(&malformed, SALES).await.expect_problem(400, "malformed-id", "mapping_id");
    let days = "feed-figures?first_day=2026-12-01&last_day=2026-11-01";
    let answer = keeper.api.get(&format!("/v1/venues/{VENUE}/{days}")).await;
    answer.expect_problem(422, "invalid-days", "last_day");
    let listed = keeper.api.get(&format!("/v1/venues/{VENUE}/feeds")).await.expect(200);
    assert_eq!(listed["files"], json!([]));
    assert_eq!(keeper.figures().await, []);
}

#[tokio::test]
async fn a_desk_without_a_network_looks_at_a_file_with_the_same_eyes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("november.csv");
    std::fs::write(&file, SALES).unwrap();
    let file = file.to_str().unwrap();
    let check = async |arguments: &[&str]| {
        let command = [&["feed", "check", file], arguments].concat();
        Process::command_on(folder.path(), &command).await
    };
    let seen = check(&["--mapping", "pos-transactions"]).await;
    assert!(!seen.status.success(), "rows are at fault");
    for words in [
        "143 rows: 134 good, 9 at fault, 0 of other venues",
        "sold: 431 for EUR 2179.00",
        "refunded: -8 for -EUR 50.00",
        "line 7: `16.00` in column `Importo`",
    ] {
        assert!(seen.stdout.contains(words), "{words}: {}", seen.stdout);
    }
    let good: String = SALES.lines().take(6).map(|line| format!("{line}\n")).collect();
    std::fs::write(file, good).unwrap();
    let seen = check(&["--mapping", "pos-transactions", "--json"]).await;
    assert!(seen.status.success(), "{}", seen.stderr);
    let seen: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!(seen["report"]["accepted"], 5);
    let unknown = check(&["--mapping", "nothing"]).await;
    assert!(!unknown.status.success() && unknown.stderr.contains("pos-transactions"));
    assert!(!folder.path().join("atrio.db").exists(), "no platform was made");
}

#[tokio::test]
async fn a_file_that_is_put_into_the_folder_comes_in_and_moves_away() {
    let museum = Process::fresh().await;
    let keeper = Keeper::of(&museum, VENUE).await;
    let folder = museum.data().join("feeds").join(VENUE).join("pos-transactions");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("november.csv"), SALES).unwrap();
    std::fs::write(folder.join("wrong.csv"), "Data,Ora\n").unwrap();
    eventually("both are gone", SOON, async || {
        let moved =
            ["loaded/november.csv", "loaded/november.csv.rejected.csv", "refused/wrong.csv"];
        let missing = moved.iter().find(|name| !folder.join(name).exists());
        missing.map_or(Ok(()), |name| Err((*name).to_owned()))
    })
    .await;
    assert_eq!(keeper.figures().await, sums(&[("REFUND", -8, -5_000), ("SALE", 431, 217_900)]));
    let why = std::fs::read_to_string(folder.join("refused/wrong.csv.txt")).unwrap();
    assert!(why.contains("has no column") && why.contains("export these columns too"), "{why}");
    assert_eq!(keeper.sends(POS, SALES).await.expect(200)["status"], "LOADED_BEFORE");
    museum.nothing_left_over().await;
}
