//! The line between a caller and the table on a bad day. Every call of every caller stops here until
//! the test lets it through, so the order in which callers reach the table is the test's own, and so
//! is what becomes of each call: lost on the way there or on the way back, refused for traffic or for a
//! conflict with others, or the last that its caller ever made.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use atrio::database::TableAt;
use atrio_dynamo::{Item, Store};
use atrio_tests::SOON;
use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::StalledStreamProtectionConfig;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};

use crate::chance::Chance;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Luck {
    /// It is done and answered.
    Fine,
    /// The connection is reset before the table hears of it.
    LostBefore,
    /// It is done, and the answer never comes.
    LostAfter,
    /// It is done, and the answer is a fault of the service.
    FaultAfter,
    /// The table has too much to do.
    Throttled,
    /// Another transaction holds its items.
    Met,
    /// It is judged; where it is refused, other transactions hold some of the items at fault.
    MetPartly(u64),
    /// Its caller dies before the table hears of it.
    CutBefore,
    /// It is done, and its caller dies before the answer.
    CutAfter,
}

impl Luck {
    /// What a call meets on this day: one in `one_in` goes wrong.
    pub(super) fn of(chance: &mut Chance, operation: &str, one_in: u64) -> Self {
        if chance.below(one_in) > 0 {
            return Self::Fine;
        }
        let is_transaction = operation == TRANSACTION;
        match chance.below(if is_transaction { 12 } else { 6 }) {
            0 => Self::LostBefore,
            1 => Self::Throttled,
            2 => Self::CutBefore,
            3 => Self::CutAfter,
            4 | 6 | 7 => Self::LostAfter,
            5 | 8 => Self::FaultAfter,
            9 => Self::Met,
            _ => Self::MetPartly(chance.next()),
        }
    }

    /// Whether the table does what the call asks.
    pub(super) fn is_done(self) -> bool {
        !matches!(self, Self::LostBefore | Self::Throttled | Self::Met | Self::CutBefore)
    }
}

/// One who makes calls.
pub(super) type Caller = usize;

/// All calls that wait.
#[derive(Debug, Clone)]
pub(super) struct Line(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Builder,
    table: String,
    board: Mutex<Board>,
    changed: Notify,
    http: reqwest::Client,
}

#[derive(Debug, Default)]
struct Board {
    /// In the order in which they were made: a caller may make several at once.
    waiting: BTreeMap<Caller, VecDeque<Waiting>>,
    /// Whose decided call is being done.
    under_way: Option<Caller>,
    at_rest: BTreeSet<Caller>,
    /// Keys of what was written since somebody asked.
    written: Vec<Item>,
}

#[derive(Debug)]
struct Waiting {
    operation: String,
    luck: oneshot::Sender<Luck>,
}

impl Line {
    /// The line to a table.
    pub(super) fn to(at: &TableAt) -> Self {
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_micros(100));
        // Time that passes here is the test's: no caller gives up by the machine's.
        let config = atrio::database::configuration(at)
            .retry_config(retries)
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Self(Arc::new(Inner {
            config,
            table: at.name.clone(),
            board: Mutex::default(),
            changed: Notify::new(),
            http: reqwest::Client::new(),
        }))
    }

    /// The table as a caller reaches it. The client's budget of retries is shared by all under one
    /// name.
    pub(super) fn store(&self, caller: Caller, name: &str) -> Store {
        let of_its_own = RetryPartition::new(format!("{name}-{caller}"));
        let config = self.0.config.clone().retry_partition(of_its_own);
        let config = config.http_client(CallersLine { line: self.clone(), caller }).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        Store { client, table: self.0.table.clone() }
    }

    /// Those whose next call waits, with its name.
    pub(super) fn waiting(&self) -> Vec<(Caller, String)> {
        let board = self.board();
        let next = board
            .waiting
            .iter()
            .filter_map(|(caller, calls)| Some((*caller, calls.front()?.operation.clone())));
        next.collect()
    }

    /// Decides what becomes of a caller's call.
    pub(super) fn decide(&self, caller: Caller, luck: Luck) {
        let mut board = self.board();
        let call = board.waiting.get_mut(&caller).and_then(VecDeque::pop_front).unwrap();
        board.under_way = Some(caller);
        drop(board);
        // A caller that is gone makes no call.
        let _ = call.luck.send(luck);
    }

    /// Says that a caller does nothing any more until somebody decides, or for ever.
    pub(super) fn rest(&self, caller: Caller) {
        self.board().at_rest.insert(caller);
        self.0.changed.notify_one();
    }

    /// Says so once what it answers is dropped.
    pub(super) fn rests_after(&self, caller: Caller) -> impl Drop {
        Rest { line: self.clone(), caller }
    }

    /// Forgets the calls of a caller that is cut off.
    pub(super) fn forget(&self, caller: Caller) {
        self.board().waiting.remove(&caller);
    }

    /// Waits until a caller waits for a decision, has ended, or got its last answer.
    ///
    /// # Panics
    /// When it does nothing of that in time.
    pub(super) async fn settled(&self, caller: Caller) {
        let settled = tokio::time::timeout(SOON, self.settles(caller)).await;
        assert!(settled.is_ok(), "#{caller} does nothing: {:?}", self.board());
    }

    async fn settles(&self, caller: Caller) {
        loop {
            let changed = self.0.changed.notified();
            {
                let mut board = self.board();
                let waits = board.waiting.get(&caller).is_some_and(|calls| !calls.is_empty());
                if board.under_way.is_none() && (waits || board.at_rest.remove(&caller)) {
                    return;
                }
            }
            changed.await;
        }
    }

    /// The keys of what was written since the last time.
    pub(super) fn written(&self) -> Vec<Item> {
        std::mem::take(&mut self.board().written)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn call(&self, caller: Caller, call: Call) -> Result<HttpResponse, ConnectorError> {
        let (luck, decided) = oneshot::channel();
        let operation = call.operation();
        let waiting = Waiting { operation: operation.clone(), luck };
        self.board().waiting.entry(caller).or_default().push_back(waiting);
        self.0.changed.notify_one();
        let luck = decided.await.unwrap_or(Luck::CutBefore);
        let answer = if luck.is_done() { Some(call.send(&self.0.http).await) } else { None };
        if luck.is_done() && operation == TRANSACTION {
            self.board().written.extend(call.keys());
        }
        self.board().under_way = None;
        self.0.changed.notify_one();
        match luck {
            Luck::Fine => Ok(answered(answer.unwrap())),
            Luck::LostBefore => Err(ConnectorError::io("connection reset".into())),
            Luck::LostAfter => Err(ConnectorError::timeout("no answer in time".into())),
            Luck::FaultAfter => Ok(refused(500, "InternalServerError", None)),
            Luck::Throttled => Ok(refused(400, "ThrottlingException", None)),
            Luck::Met => Ok(refused(400, CANCELED, Some(call.all_met()))),
            Luck::MetPartly(mask) => Ok(met_partly(answer.unwrap(), mask)),
            Luck::CutBefore | Luck::CutAfter => {
                self.rest(caller);
                std::future::pending().await
            }
        }
    }
}

struct Rest {
    line: Line,
    caller: Caller,
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.line.rest(self.caller);
    }
}

/// The one call that writes.
pub(super) const TRANSACTION: &str = "TransactWriteItems";

const CANCELED: &str = "TransactionCanceledException";

#[derive(Debug)]
struct CallersLine {
    line: Line,
    caller: Caller,
}

impl HttpClient for CallersLine {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Self { line: self.line.clone(), caller: self.caller })
    }
}

impl HttpConnector for CallersLine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (line, caller, call) = (self.line.clone(), self.caller, Call::from(&request));
        HttpConnectorFuture::new(async move { line.call(caller, call).await })
    }
}

/// A call as it goes over the wire.
struct Call {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl From<&HttpRequest> for Call {
    fn from(request: &HttpRequest) -> Self {
        let headers = request.headers().iter();
        Self {
            url: request.uri().to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            body: request.body().bytes().unwrap_or_default().to_vec(),
        }
    }
}

impl Call {
    fn operation(&self) -> String {
        let target = self.headers.iter().find(|(name, _)| name == "x-amz-target");
        target.and_then(|(_, value)| value.split('.').nth(1)).unwrap_or_default().to_owned()
    }

    async fn send(&self, http: &reqwest::Client) -> (u16, Vec<u8>) {
        let mut request = http.post(&self.url).body(self.body.clone());
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    /// The writes of a transaction.
    fn writes(&self) -> Vec<Value> {
        let mut body: Value = serde_json::from_slice(&self.body).unwrap();
        body["TransactItems"].as_array_mut().map(std::mem::take).unwrap()
    }

    /// The keys that a transaction writes.
    fn keys(&self) -> Vec<Item> {
        let key = |write: &Value| {
            let of = [&write["Put"]["Item"], &write["Update"]["Key"], &write["Delete"]["Key"]];
            let of = of.into_iter().find(|of| of.is_object()).unwrap();
            let part = |name: &str| of[name]["S"].as_str().unwrap().to_owned();
            atrio_dynamo::key(part("pk"), part("sk"))
        };
        self.writes().iter().map(key).collect()
    }

    /// The reasons of a transaction all of whose items others hold.
    fn all_met(&self) -> Value {
        self.writes().iter().map(|_| json!({ "Code": "TransactionConflict" })).collect()
    }
}

fn answered((status, body): (u16, Vec<u8>)) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body))
}

fn refused(status: u16, kind: &str, reasons: Option<Value>) -> HttpResponse {
    let mut body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}") });
    if let Some(reasons) = reasons {
        body["CancellationReasons"] = reasons;
    }
    answered((status, body.to_string().into_bytes()))
}

/// Puts a conflict in the place of some conditions that did not hold: DynamoDB reports for each item
/// what it found first.
fn met_partly((status, body): (u16, Vec<u8>), mask: u64) -> HttpResponse {
    let Ok(mut said) = serde_json::from_slice::<Value>(&body) else {
        return answered((status, body));
    };
    let reasons = said["CancellationReasons"].as_array_mut().into_iter().flatten();
    let failed = reasons.filter(|reason| reason["Code"] == "ConditionalCheckFailed");
    for (at, reason) in failed.enumerate() {
        if mask >> (at % 64) & 1 == 1 {
            *reason = json!({ "Code": "TransactionConflict" });
        }
    }
    answered((status, said.to_string().into_bytes()))
}
