//! One museum of a few places, its callers, and who of them is next. All of it follows from a seed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use atrio::database::{self, Database, Tidying};
use atrio_domain::calendar::{Closure, Opening};
use atrio_domain::cancellation::Cancellation;
use atrio_domain::exchange::ExchangeRule;
use atrio_domain::id::{CallerUuid, PoolName, ResourceId, VenueId};
use atrio_domain::payment::ProviderOutcome;
use atrio_domain::premises::Premises;
use atrio_domain::quota::{Pools, Quota, Size};
use atrio_domain::resource::{Need, Per, Resource};
use atrio_domain::tariff::{Cents, Validity};
use atrio_domain::text::Text;
use atrio_domain::venue::{HoursSource, Venue, VenueKind, shipped_product};
use atrio_dynamo::Store;
use atrio_dynamo::booking::Stored;
use atrio_runtime::Clock;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::bank::Bank;
use super::line::{Caller, Line, Luck, TRANSACTION};
use super::platform::Platform;
use super::request::{DAY, Request, VENUE};
use super::table::{Attempt, Table};
use crate::chance::Chance;

/// Half an hour before the first slot: the gate lets in, and visits can still be given up.
const NOW: &str = "2026-11-24T08:32:00Z";

/// Places in a slot, and how many of them are kept for the desk where channels share.
const CAPACITY: u32 = 6;
const FOR_THE_DESK: u32 = 2;

/// Guides of the museum, where groups need one: fewer than the groups that its places hold.
pub(super) const GUIDES: u32 = 3;

/// Who asked for what, and what was said.
#[derive(Debug)]
struct Asked {
    request: Request,
    answers: Vec<(u16, Value)>,
    /// Nobody knows yet what became of it.
    is_open: bool,
}

/// A caller at work.
struct Running {
    asked: usize,
    task: JoinHandle<(u16, Value)>,
    /// Something went wrong on the line.
    is_hurt: bool,
}

/// The museum and everybody around it.
pub(super) struct World {
    pub(super) chance: Chance,
    pub(super) bank: Bank,
    pub(super) table: Table,
    pub(super) now: Timestamp,
    /// The booking that something was asked of last.
    pub(super) last: Option<CallerUuid>,
    seed: u64,
    one_in: u64,
    line: Line,
    database: Database,
    plain: Store,
    platform: Platform,
    venue: Venue,
    pools: Pools,
    asked: Vec<Asked>,
    running: BTreeMap<Caller, Running>,
    callers: Caller,
    story: Vec<String>,
}

fn museum(chance: &mut Chance) -> Venue {
    let mut product = shipped_product(VenueKind::Museum, Cents(1000), None).unwrap();
    product.capacity = CAPACITY;
    if chance.percent(50) {
        product.quotas = vec![Quota {
            name: PoolName::new("window").unwrap(),
            resellers: std::collections::BTreeSet::new(),
            channels: vec![atrio_domain::booking::Channel::Desk],
            size: Size::Places(FOR_THE_DESK),
            released_minutes_before: chance.percent(50).then_some(20),
            max_units: None,
        }];
    }
    if chance.percent(50) {
        product.shards = Some(*chance.one_of(&[2, 3, 5]));
    }
    if chance.percent(50) {
        product.cancellation = Cancellation { refund_until_minutes_before: Some(10) };
    }
    product.exchange = chance.percent(85).then(|| ExchangeRule {
        until_minutes_before: Some(0),
        reason: Text::new("Fino all'inizio", "Until it starts"),
    });
    let of_days = |cents: i64, from: Option<&str>, to: Option<&str>| {
        let mut tariff = product.options[0].tariffs[0].clone();
        tariff.units.iter_mut().find(|unit| unit.id.as_str() == "adult").unwrap().price_cents =
            Cents(cents);
        let day = |day: &str| day.parse().unwrap();
        tariff.valid = Validity { from: from.map(day), to: to.map(day) };
        tariff
    };
    product.options[0].tariffs = vec![
        of_days(1_000, None, Some(DAY)),
        of_days(1_500, Some("2026-11-25"), Some("2026-11-25")),
        of_days(600, Some("2026-11-26"), None),
    ];
    let mut resources = Vec::new();
    if chance.percent(50) {
        let id = ResourceId::new("guide").unwrap();
        product.needs = vec![Need { resource_id: id.clone(), quantity: 1, per: Per::Booking }];
        let name = Text::new("Guida", "Guide");
        resources.push(Resource { id, name, quantity: GUIDES, closures: Vec::new() });
    }
    Venue {
        id: VenueId::new(VENUE).unwrap(),
        name: "Museo di prova".to_owned(),
        kind: VenueKind::Museum,
        category: None,
        municipality: "Matera".to_owned(),
        region: "Basilicata".to_owned(),
        latitude: 40.66,
        longitude: 16.61,
        full_price_cents: Cents(1000),
        annual_visitors: None,
        website: None,
        hours: HoursSource::DefaultWeek,
        opening: Opening::default_week(),
        resources,
        premises: Premises::default(),
        campaigns: Vec::new(),
        honoured_passes: Vec::new(),
        follows: atrio_domain::template::Follows::Undecided,
        supplied_by: atrio_domain::supplier::SuppliedBy::default(),
        products: vec![product],
    }
}

impl World {
    /// A fresh one.
    pub(super) async fn of(seed: u64) -> Self {
        let mut chance = Chance::from_seed(seed);
        // It does not die here, so it needs no disk.
        let database = Database::start(None, Tidying::Off).await.unwrap();
        let plain = database::store(database.at());
        plain.create_table().await.unwrap();
        let venue = museum(&mut chance);
        let product = &venue.products[0];
        let pools = Pools::of(product, Timestamp::UNIX_EPOCH);
        plain.put_venues(std::slice::from_ref(&venue)).await.unwrap();
        let now = NOW.parse().unwrap();
        let one_in = 2 + chance.below(12);
        let (bank, address) = Bank::open(now, chance.fork(), one_in * 3).await;
        Self {
            chance,
            bank,
            table: Table::default(),
            now,
            last: None,
            seed,
            one_in,
            line: Line::to(database.at()),
            database,
            platform: Platform::new(&address, &plain),
            plain,
            venue,
            pools,
            asked: Vec::new(),
            running: BTreeMap::new(),
            callers: 0,
            story: Vec::new(),
        }
    }

    /// How many are at work.
    pub(super) fn at_work(&self) -> usize {
        self.running.len()
    }

    /// A key that nobody used.
    pub(super) fn fresh(&mut self) -> CallerUuid {
        uuid::Uuid::from_u64_pair(self.chance.next(), self.chance.next()).into()
    }

    /// Time passes.
    pub(super) fn wait(&mut self, time: SignedDuration) {
        self.now += time;
        self.bank.book().now = self.now;
        self.story.push(format!("{:>4} later", format!("{time:#}")));
    }

    /// Somebody asks for something new.
    pub(super) async fn ask(&mut self, request: Request) -> Caller {
        self.asked.push(Asked { request, answers: Vec::new(), is_open: true });
        self.ask_again(self.asked.len() - 1).await
    }

    /// Somebody asks for what was asked before, just now or long ago, whatever became of it.
    pub(super) async fn ask_for_an_old_thing(&mut self) -> Option<Caller> {
        let of: Vec<usize> = (0..self.asked.len()).collect();
        let at = self.one_of_late(&of)?;
        Some(self.ask_again(at).await)
    }

    /// One of these, most often of the last few.
    pub(super) fn one_of_late<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let from = if self.chance.percent(70) { of.len().saturating_sub(3) } else { 0 };
        (!of.is_empty()).then(|| self.chance.one_of(&of[from..]).clone())
    }

    async fn ask_again(&mut self, at: usize) -> Caller {
        let caller = self.callers;
        self.callers += 1;
        let request = self.asked[at].request.clone();
        self.story.push(format!("#{caller} asks for {request:?}"));
        let store = self.line.store(caller, &self.seed.to_string());
        let (line, platform) = (self.line.clone(), self.platform.clone());
        let clock = Clock::rehearsing(self.now);
        let task = tokio::spawn(async move {
            // However it ends: one that panics does nothing any more either.
            let _rest = line.rests_after(caller);
            platform.answer(&request, store, clock).await
        });
        self.running.insert(caller, Running { asked: at, task, is_hurt: false });
        self.line.settled(caller).await;
        self.note_answer(caller).await;
        caller
    }

    /// Lets one of the calls that wait go through, as luck will have it.
    pub(super) async fn serve_one(&mut self) {
        let waiting = self.line.waiting();
        let (caller, operation) = self.chance.one_of(&waiting).clone();
        let luck = Luck::of(&mut self.chance, &operation, self.one_in);
        self.serve(caller, &operation, luck).await;
    }

    /// Serves a caller to its end: its next transaction with this luck, everything else well. Answers
    /// what it was told.
    pub(super) async fn serve_to_the_end(
        &mut self,
        caller: Caller,
        mut luck: Option<Luck>,
    ) -> (u16, Value) {
        let asked = self.running[&caller].asked;
        while let Some(operation) = self.next_call(caller) {
            let luck = if operation == TRANSACTION { luck.take() } else { None };
            self.serve(caller, &operation, luck.unwrap_or(Luck::Fine)).await;
        }
        self.asked[asked].answers.last().unwrap().clone()
    }

    /// Serves a caller until such a call of it went through.
    pub(super) async fn serve_until(&mut self, caller: Caller, last: &str) {
        while let Some(operation) = self.next_call(caller) {
            self.serve(caller, &operation, Luck::Fine).await;
            if operation == last {
                return;
            }
        }
    }

    fn next_call(&self, caller: Caller) -> Option<String> {
        let waiting = self.line.waiting().into_iter();
        waiting.filter(|(of, _)| *of == caller).map(|(_, operation)| operation).next()
    }

    /// The museum stays closed that day, whatever was booked.
    pub(super) async fn close_the_day(&mut self) {
        let day = DAY.parse().unwrap();
        let reason = Text::new("Sciopero", "Strike");
        self.venue.opening.closures.push(Closure { from: day, to: day, reason });
        self.plain.put_venues(std::slice::from_ref(&self.venue)).await.unwrap();
    }

    async fn serve(&mut self, caller: Caller, operation: &str, luck: Luck) {
        let mut line = format!("#{caller} {operation}");
        if luck != Luck::Fine {
            write!(line, ": {luck:?}").unwrap();
        }
        self.story.push(line);
        self.line.decide(caller, luck);
        self.line.settled(caller).await;
        let running = self.running.get_mut(&caller).unwrap();
        running.is_hurt |= luck != Luck::Fine;
        if matches!(luck, Luck::CutBefore | Luck::CutAfter) {
            let cut = self.running.remove(&caller).unwrap();
            cut.task.abort();
            self.line.forget(caller);
            // It was cut, which is no answer.
            let _ = cut.task.await;
        }
        self.see_what_was_written().await;
        self.note_answer(caller).await;
    }

    async fn see_what_was_written(&mut self) {
        let keys = self.line.written();
        if keys.is_empty() {
            return;
        }
        let before = self.table.clone();
        self.table.read_again(&self.plain, keys).await;
        let wrong = self.table.moved_wrongly(&before);
        self.expect(wrong.is_empty(), || wrong.join("\n"));
        self.expect_right();
    }

    /// Takes the answer of a caller that has ended.
    async fn note_answer(&mut self, caller: Caller) {
        let waits = self.line.waiting().iter().any(|(waiting, _)| *waiting == caller);
        if waits || !self.running.contains_key(&caller) {
            return;
        }
        let Running { asked, task, is_hurt } = self.running.remove(&caller).unwrap();
        let answered = task.await;
        self.expect(answered.is_ok(), || format!("#{caller} panicked: {answered:?}"));
        let (status, said) = answered.unwrap();
        self.story.push(format!("#{caller} is answered {status} {}", excerpt(&said)));
        let is_allowed = status < 500 || is_hurt || status == 502 || status == 503;
        self.expect(is_allowed, || {
            format!("#{caller} was answered {status} on a good line: {said}")
        });
        let untrue = self.asked[asked].request.untrue(&said, &self.table);
        self.expect(untrue.is_none(), || untrue.unwrap_or_default());
        if status < 500 {
            let asked = &mut self.asked[asked];
            asked.is_open = false;
            asked.answers.push((status, said));
        }
        self.expect_right();
    }

    /// What must be true at every moment.
    fn expect_right(&self) {
        let mut wrong = self.table.wrong(&self.pools);
        wrong.extend(self.bank.book().wrong.iter().map(|wrong| format!("P2: {wrong}")));
        for asked in &self.asked {
            for (status, said) in &asked.answers {
                wrong.extend(asked.request.broken(*status, said, &self.table));
            }
        }
        self.expect(wrong.is_empty(), || wrong.join("\n"));
    }

    /// Fails with the story so far and how to hear it again.
    fn expect(&self, is_right: bool, wrong: impl FnOnce() -> String) {
        assert!(
            is_right,
            "{}\n\n{}\n\nATRIO_INTERLEAVING={} repeats this run",
            self.story(),
            wrong(),
            self.seed
        );
    }

    /// What happened so far.
    pub(super) fn story(&self) -> String {
        self.story.join("\n")
    }

    /// The weather clears: everybody at work is served, whoever got no answer asks again, time passes
    /// until nothing is due any more, and the books are compared.
    pub(super) async fn come_to_rest(&mut self) -> String {
        self.one_in = u64::MAX;
        self.bank.calm_down();
        self.serve_all().await;
        for at in 0..self.asked.len() {
            if self.asked[at].is_open {
                self.ask_again(at).await;
                self.serve_all().await;
                let told = !self.asked[at].is_open;
                self.expect(told, || format!("{:?} gets no answer", self.asked[at].request));
            }
        }
        // The bank says again what it has said, until it is heard.
        for payment in self.payments() {
            if let Some(says) = self.choose(&payment, ProviderOutcome::Expired) {
                self.ask(says).await;
                self.serve_all().await;
            }
        }
        for _ in 0..3 {
            self.wait(SignedDuration::from_mins(16));
            self.ask(Request::Upkeep).await;
            self.serve_all().await;
        }
        let whole = Table::read(&self.plain).await;
        self.expect(whole == self.table, || "something was written that nobody saw".to_owned());
        let open = self.table.open();
        self.expect(open.is_empty(), || format!("still open: {open:?}"));
        let unlike = self.unlike_the_bank();
        self.expect(unlike.is_empty(), || unlike.join("\n"));
        let confirmed = self.table.tickets.values().filter(|ticket| ticket.status != "REVOKED");
        let summary = format!(
            "{} requests, {} calls, {} bookings, {} exchanged, {} given back in part, {} refunds of parts, {} \
             tickets that admit or admitted",
            self.callers,
            self.story
                .iter()
                .filter(|line| line.starts_with('#') && !line.contains(" asks "))
                .count(),
            self.table.bookings.len(),
            self.table.exchanged(),
            self.table.given_back.len(),
            self.table.attempts.values().filter(|attempt| attempt.of.is_some()).count(),
            confirmed.count(),
        );
        summary
    }

    /// The end.
    pub(super) async fn close(self) {
        self.database.stop().await;
    }

    async fn serve_all(&mut self) {
        while let Some((caller, operation)) = self.line.waiting().first().cloned() {
            self.serve(caller, &operation, Luck::Fine).await;
        }
    }

    /// P2: what the bank kept of a payment is what the table says is left of it; that this is what confirmed
    /// visits cost, or what a venue keeps by its rule, the table shows.
    fn unlike_the_bank(&self) -> Vec<String> {
        let book = self.bank.book();
        let mut wrong = Vec::new();
        for (id, account) in &book.accounts {
            let attempt = self.table.attempts.get(id);
            let status = attempt.map_or("unknown", |attempt| attempt.status.as_str());
            let left = attempt.filter(|_| status == "PAID").map_or(0, Attempt::left);
            let fits = account.kept_cents() == left && status != "REFUND_DUE";
            if !fits {
                wrong.push(format!("P2: attempt {id} is {status}, the bank has {account:?}"));
            }
        }
        let paid = self.table.attempts.iter().filter(|(_, attempt)| attempt.status == "PAID");
        let unknown = paid.filter(|(id, _)| {
            self.table.findable.contains(*id) && !book.accounts.contains_key(*id)
        });
        wrong.extend(unknown.map(|(id, _)| format!("P2: the bank knows nothing of {id}")));
        wrong
    }

    /// The bookings, in the order in which they were asked for.
    pub(super) fn bookings(&self) -> Vec<Stored> {
        let held = self.asked.iter().filter_map(|asked| match &asked.request {
            Request::Hold { uuid, .. } | Request::Exchange { uuid, .. } => {
                self.table.bookings.get(uuid).cloned()
            }
            _ => None,
        });
        held.collect()
    }

    /// The bank's payments.
    pub(super) fn payments(&self) -> Vec<String> {
        self.bank.book().accounts.keys().cloned().collect()
    }

    /// A visitor chooses on the bank's page; what the bank says of it then.
    pub(super) fn choose(&mut self, payment: &str, choice: ProviderOutcome) -> Option<Request> {
        let outcome = self.bank.choose(payment, choice)?;
        self.story.push(format!("the bank has {payment} as {outcome:?}"));
        Some(Request::ProviderSays { payment: payment.to_owned(), outcome })
    }
}

fn excerpt(said: &Value) -> String {
    said.to_string().chars().take(160).collect()
}
