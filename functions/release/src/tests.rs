use atrio_lake_query::{Place, ReleasedCell};
use atrio_lake_schema::counts;
use jiff::Timestamp;
use jiff::civil::date;
use tempfile::TempDir;

use super::*;

const DAY: Date = date(2026, 11, 24);
/// Provisional releases of the day are due, final ones are not.
const NEXT_MORNING: &str = "2026-11-25T06:00:00+01:00";
/// Final releases of the day are due.
const WHEN_ALL_IS_IN: &str = "2026-11-28T06:00:00+01:00";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct TestLake {
    _folder: TempDir,
    url: String,
    writer: Arc<LakeWriter>,
    written: u64,
}

impl TestLake {
    async fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file://{}", folder.path().display());
        let writer = Arc::new(LakeWriter::open(url.as_str()).await.unwrap());
        Self { _folder: folder, url, writer, written: 0 }
    }

    async fn context(&self, now: &str) -> Context {
        let lake = Arc::new(Lake::open(self.url.as_str()).await.unwrap());
        Context::new(Arc::clone(&self.writer), lake, Clock::rehearsing(at(now)))
    }

    /// Another program on the same lake.
    async fn other(&self, now: &str) -> Context {
        let writer = Arc::new(LakeWriter::open(self.url.as_str()).await.unwrap());
        let lake = Arc::new(Lake::open(self.url.as_str()).await.unwrap());
        Context::new(writer, lake, Clock::rehearsing(at(now)))
    }

    async fn write(&mut self, table: &Table, batch: &atrio_lake_schema::RecordBatch) {
        let first = self.written + 1;
        self.written += u64::try_from(batch.num_rows()).unwrap();
        let numbers: Vec<SequenceNumber> =
            (first..=self.written).map(|number| number.to_string().parse().unwrap()).collect();
        let rows = NumberedRows { batch, sequences: &numbers };
        let through = *numbers.last().unwrap();
        self.writer.append(table, rows, "test/1", through).await.unwrap();
    }

    /// Sales of one ticket each, at this price, and whether they are taken back.
    async fn sells(&mut self, venue: &str, sales: u64, cents: i64, event: &str) {
        let row = |number: u64| unit_items::Row {
            month: "2026-11".into(),
            venue_id: venue.into(),
            product_id: "admission".into(),
            slot_start: at("2026-11-24T09:00:00Z"),
            slot_day: DAY,
            channel: "WEB".into(),
            event: event.into(),
            booking_key: format!("{venue}-{cents}-{number}"),
            unit_id: "adult".into(),
            quantity: 1,
            price_cents: cents,
            total_cents: cents,
        };
        let rows: Vec<_> = (0..sales).map(row).collect();
        self.write(&unit_items::TABLE, &unit_items::batch(&rows).unwrap()).await;
    }

    async fn counts(&mut self, version: i32, people: i64) {
        let row = counts::Row {
            month: "2026-11".into(),
            device: "door-1".into(),
            model: "CrowdFlowObserved".into(),
            venue_id: "20240".into(),
            period_start: at("2026-11-24T09:00:00Z"),
            period_end: at("2026-11-24T09:15:00Z"),
            people_count: people,
            people_towards: Some(people),
            people_away: Some(0),
            seq: Some(1),
            version,
            quality: "good".into(),
            received_at: at("2026-11-24T09:16:00Z"),
        };
        self.write(&counts::TABLE, &counts::batch(&[row]).unwrap()).await;
    }
}

async fn run(context: &Context) -> Done {
    handle(context, ReleasedBy::Schedule).await.unwrap()
}

async fn released(context: &Context, grid: Grid) -> Vec<ReleasedCell> {
    context.lake.refresh().await.unwrap();
    context.lake.view().released(grid).await.unwrap()
}

/// Everything agrees, and what can be compared was.
fn agrees(checked: &check::Checked) -> bool {
    checked.releases == checked.periods
        && checked.overdrawn == 0
        && checked.cells == checked.cells_once
        && checked.cells == checked.compared
        && checked.cells == checked.within_noise
}

#[tokio::test]
async fn a_finished_day_is_released_once_and_the_same_question_has_the_same_answer() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 300, 500, "CONFIRMED").await;
    test.sells("20514", 9, 500, "CONFIRMED").await;
    let context = test.context(NEXT_MORNING).await;
    assert_eq!(run(&context).await, Done { releases: 1, cells: 1 });
    let first = released(&context, Grid::Sales).await;
    assert_eq!(first.len(), 1, "nine sales are too few to be shown");
    let place = Place::Sales { channel: "WEB".into(), price_band: "0-5".into() };
    assert_eq!((first[0].key.venue_id.as_str(), &first[0].key.place), ("20240", &place));
    for _ in 0..3 {
        assert_eq!(run(&context).await, Done::default());
    }
    assert_eq!(run(&test.other(NEXT_MORNING).await).await, Done::default());
    assert_eq!(released(&context, Grid::Sales).await, first);
    assert!(agrees(&check::check(&context.lake).await.unwrap()));
}

#[tokio::test]
async fn a_day_that_is_not_over_is_not_released() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 300, 500, "CONFIRMED").await;
    let context = test.context("2026-11-24T23:30:00+01:00").await;
    assert_eq!(run(&context).await, Done::default());
    let context = test.context("2026-11-25T02:30:00+01:00").await;
    assert_eq!(run(&context).await, Done::default());
}

#[tokio::test]
async fn what_came_late_is_in_the_final_version_and_the_budget_is_spent_then() {
    let mut test = TestLake::empty().await;
    test.counts(1, 500).await;
    let context = test.context(NEXT_MORNING).await;
    assert_eq!(run(&context).await, Done { releases: 1, cells: 1 });
    test.counts(2, 900).await;
    assert_eq!(run(&context).await, Done::default(), "a correction is no reason to release");
    let context = test.context(WHEN_ALL_IS_IN).await;
    assert_eq!(run(&context).await, Done { releases: 1, cells: 1 });
    let cells = released(&context, Grid::Counts).await;
    let versions: Vec<_> = cells.iter().map(|cell| (cell.version, cell.release)).collect();
    assert_eq!(versions, [(1, 1), (2, 2)]);
    assert!(cells[0].numbers[0] < 700 && cells[1].numbers[0] > 700, "{cells:?}");
    let ledger = ledger(&context.lake.view()).await.unwrap();
    let period = Period { grid: Grid::Counts, day: DAY };
    assert_eq!(ledger.spent(period), atrio_domain::release::BUDGET);
    // Each is compared with the facts as they were when it was released.
    let checked = check::check(&context.lake).await.unwrap();
    assert!(agrees(&checked) && checked.compared == 2, "{checked:?}");
}

#[tokio::test]
async fn a_run_that_was_cut_off_is_finished_and_drawn_once() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 300, 500, "CONFIRMED").await;
    let context = test.context(NEXT_MORNING).await;
    let view = context.lake.view();
    let period = Period { grid: Grid::Sales, day: DAY };
    let entered = Ledger::default().enter(period, Stage::Provisional).unwrap();
    enter(&context, &view, &entered, ReleasedBy::Schedule).await.unwrap();
    // The process dies here, before the cells.
    let next = test.other(NEXT_MORNING).await;
    assert_eq!(run(&next).await, Done { releases: 1, cells: 1 });
    assert_eq!(run(&context).await, Done::default());
    assert!(agrees(&check::check(&next.lake).await.unwrap()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_runs_at_once_one_releases() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 300, 500, "CONFIRMED").await;
    test.counts(1, 500).await;
    let (one, two) = (test.other(NEXT_MORNING).await, test.other(NEXT_MORNING).await);
    let (first, second) = tokio::join!(run(&one), run(&two));
    assert_eq!(first.cells + second.cells, 2);
    one.lake.refresh().await.unwrap();
    let checked = check::check(&one.lake).await.unwrap();
    assert!(agrees(&checked) && checked.cells == 2, "{checked:?}");
}

#[tokio::test]
async fn a_day_with_too_few_people_is_released_without_a_cell_and_not_tried_again() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 9, 500, "CONFIRMED").await;
    let context = test.context(NEXT_MORNING).await;
    assert_eq!(run(&context).await, Done { releases: 1, cells: 0 });
    assert_eq!(run(&context).await, Done::default());
    assert!(released(&context, Grid::Sales).await.is_empty());
}

#[tokio::test]
async fn a_sale_that_was_taken_back_stands_behind_no_number() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 300, 500, "CONFIRMED").await;
    test.sells("20240", 295, 500, "CANCELLED").await;
    let context = test.context(WHEN_ALL_IS_IN).await;
    assert_eq!(run(&context).await, Done { releases: 1, cells: 0 });
}

#[tokio::test]
async fn a_sale_counts_in_one_cell_and_a_large_party_with_six() {
    let mut test = TestLake::empty().await;
    let row = |key: &str, cents: i64, quantity: i32| unit_items::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        product_id: "admission".into(),
        slot_start: at("2026-11-24T09:00:00Z"),
        slot_day: DAY,
        channel: "DESK".into(),
        event: "CONFIRMED".into(),
        booking_key: key.into(),
        unit_id: "adult".into(),
        quantity,
        price_cents: cents,
        total_cents: cents,
    };
    let rows =
        [row("a", 0, 2), row("a", 1_200, 1), row("b", 0, 40), row("c", 0, 1), row("c", 800, 1)];
    test.write(&unit_items::TABLE, &unit_items::batch(&rows).unwrap()).await;
    let context = test.context(NEXT_MORNING).await;
    let exact = context.lake.view().exact(Grid::Sales, &question(DAY).unwrap()).await.unwrap();
    let cells: Vec<_> = exact
        .iter()
        .map(|cell| match &cell.key.place {
            Place::Sales { price_band, .. } => (price_band.as_str(), cell.numbers.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(cells, [("0", vec![2, 9]), ("5-10", vec![1, 2])]);
}

#[tokio::test]
async fn the_bands_of_the_question_are_those_of_the_rule() {
    let mut test = TestLake::empty().await;
    let prices = [0, 1, 500, 501, 1_000, 1_001, 2_000, 2_001, 9_900];
    for cents in prices {
        test.sells("20240", 1, cents, "CONFIRMED").await;
    }
    let view = test.context(NEXT_MORNING).await.lake.view();
    let exact = view.exact(Grid::Sales, &question(DAY).unwrap()).await.unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for cell in exact {
        if let Place::Sales { price_band, .. } = cell.key.place {
            seen.insert(price_band, cell.numbers[0]);
        }
    }
    let mut expected = std::collections::BTreeMap::new();
    for cents in prices {
        *expected.entry(atrio_domain::release::price_band(cents).to_owned()).or_insert(0) += 1;
    }
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_check_finds_cells_that_no_release_explains() {
    let mut test = TestLake::empty().await;
    test.sells("20240", 300, 500, "CONFIRMED").await;
    let context = test.context(NEXT_MORNING).await;
    run(&context).await;
    let alien = |sales: i64, release: i64| released_sales::Row {
        month: "2026-11".into(),
        venue_id: "20240".into(),
        slot_day: DAY,
        channel: "WEB".into(),
        price_band: "0-5".into(),
        version: 1,
        release,
        sales,
        sales_half_width: 8,
        visitors: 300,
        visitors_half_width: 60,
    };
    for (row, once, near) in [(alien(300, 1), 1, 2), (alien(9_000, 1), 1, 2), (alien(300, 7), 1, 2)]
    {
        let batch = released_sales::batch(&[row]).unwrap();
        test.write(&released_sales::TABLE, &batch).await;
        context.lake.refresh().await.unwrap();
        let checked = check::check(&context.lake).await.unwrap();
        assert!(!agrees(&checked), "{checked:?}");
        assert_eq!((checked.cells_once, checked.within_noise), (once, near), "{checked:?}");
    }
}
