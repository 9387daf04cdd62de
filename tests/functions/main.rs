//! Every function's real bootstrap, started as Lambda starts it: against a stand-in of the Runtime
//! API that hands it one event and takes its answer. What the routers and handlers do is tested
//! elsewhere; here each program must start from its environment and speak Lambda's protocol.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atrio::database::{self, Database, Tidying};
use atrio_domain::staff::{Granter, Reach, Role, Wanted, grant};
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::staff::{StaffChange, StaffChanged};
use atrio_runtime::random;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base64::Engine as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// How long a function may take to start and answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is sent to a function and how it must answer.
struct Case {
    function: &'static str,
    event: Value,
    answers: fn(&Value) -> bool,
}

fn request(method: &str, path: &str, body: &str) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": {"content-type": "application/json"}, "body": body, "isBase64Encoded": false,
        "requestContext": {
            "accountId": "1", "apiId": "1", "domainName": "atrio.example", "domainPrefix": "atrio",
            "requestId": "1", "routeKey": "$default", "stage": "$default",
            "time": "24/Nov/2026:09:05:00 +0000", "timeEpoch": 1_795_511_100_000_i64,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "198.18.0.1", "userAgent": "test"}
        }
    })
}

/// A user pool is about to give a token to somebody who says that an address is theirs.
fn token_event(subject: &str, is_verified: &str) -> Value {
    json!({
        "version": "1", "triggerSource": "TokenGeneration_HostedAuth", "region": "eu-south-1",
        "userPoolId": "eu-south-1_1", "userName": subject, "callerContext": {"clientId": "1"},
        "request": {
            "userAttributes": {
                "sub": subject, "email": "Anna@Museo.example", "email_verified": is_verified,
                "cognito:user_status": "CONFIRMED",
            },
            "groupConfiguration": {"groupsToOverride": [], "iamRolesToOverride": []},
        },
        "response": {"claimsOverrideDetails": null},
    })
}

fn has_status(answer: &Value, status: i64) -> bool {
    answer["statusCode"].as_i64() == Some(status)
}

fn cases() -> Vec<Case> {
    let unknown = "/v1/bookings/6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01";
    let window = json!({
        "window": {"start": "2026-11-24T09:00:00Z", "end": "2026-11-24T09:01:00Z"}, "state": {},
        "shardId": "shard-1", "eventSourceARN": "arn:aws:dynamodb:eu-south-1:1:table/atrio/stream/1",
        "isFinalInvokeForWindow": true, "isWindowTerminatedEarly": false, "Records": []
    });
    let schedule = json!({
        "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "1", "time": "2026-11-24T09:05:00Z", "region": "eu-south-1", "resources": [], "detail": {}
    });
    let stray_object = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-south-1",
        "eventTime": "2026-11-24T09:05:00.000Z", "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "1"}, "requestParameters": {"sourceIPAddress": "198.18.0.1"},
        "responseElements": {}, "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "1",
            "bucket": {"name": "feeds", "arn": "arn:aws:s3:::feeds"},
            "object": {"key": "feeds/stray.csv", "size": 1, "sequencer": "00"},
        },
    }]});
    let no_failures: fn(&Value) -> bool =
        |answer| answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty);
    vec![
        Case {
            function: "availability",
            event: request("GET", "/v1/venues", ""),
            answers: |a| has_status(a, 200),
        },
        Case {
            function: "booking",
            event: request("GET", unknown, ""),
            answers: |a| has_status(a, 404),
        },
        Case {
            function: "payment",
            event: request("POST", "/v1/payments/notifications", "{}"),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "ticketing",
            event: request("GET", "/v1/ticket-keys", ""),
            answers: |a| has_status(a, 200),
        },
        Case {
            function: "redemption",
            event: request("POST", "/v1/redemptions", "{}"),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "dashboard",
            event: request("GET", "/v1/dashboard", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "feed",
            event: request("GET", "/v1/venues/20240/feeds", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "feed",
            event: stray_object,
            answers: |a| {
                a["errorMessage"].as_str().is_some_and(|said| said.contains("called otherwise"))
            },
        },
        Case {
            function: "venue",
            event: request("GET", "/v1/venues/20240/opening", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "desk",
            event: request("GET", "/v1/venues/20240/shifts?day=2026-11-24", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "devices",
            event: request("GET", "/v1/venues/20240/devices", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "reselling",
            event: request("GET", "/octo/supplier", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "invoicing",
            event: request("GET", "/v1/reseller/account", ""),
            answers: |a| has_status(a, 401),
        },
        Case {
            function: "signin",
            event: token_event("sub-of-anna", "true"),
            answers: |a| *a == token_event("sub-of-anna", "true"),
        },
        Case { function: "ingest", event: json!({"Records": []}), answers: no_failures },
        Case { function: "fraud", event: json!({"Records": []}), answers: no_failures },
        Case { function: "notify", event: schedule.clone(), answers: no_failures },
        Case { function: "webhook", event: schedule.clone(), answers: no_failures },
        Case { function: "sink", event: window, answers: |a| a.get("errorType").is_none() },
        Case { function: "release", event: schedule.clone(), answers: |a| a["releases"] == 0 },
        Case { function: "upkeep", event: schedule, answers: |a| a["failed"].as_i64() == Some(0) },
    ]
}

/// The stand-in: hands out one event, then nothing.
struct RuntimeApi {
    event: Mutex<Option<Value>>,
    answers: mpsc::UnboundedSender<Value>,
}

async fn next(State(api): State<Arc<RuntimeApi>>) -> impl IntoResponse {
    let event = api.event.lock().unwrap().take();
    let Some(event) = event else { return std::future::pending().await };
    let mut headers = HeaderMap::new();
    headers.insert("lambda-runtime-aws-request-id", "1".parse().unwrap());
    headers.insert("lambda-runtime-deadline-ms", "4102444800000".parse().unwrap());
    let arn = "arn:aws:lambda:eu-south-1:1:function:atrio";
    headers.insert("lambda-runtime-invoked-function-arn", arn.parse().unwrap());
    (headers, axum::Json(event))
}

async fn answer(State(api): State<Arc<RuntimeApi>>, body: Bytes) {
    let answer = serde_json::from_slice(&body).unwrap_or(Value::Null);
    api.answers.send(answer).unwrap();
}

async fn runtime_api(event: Value) -> (String, mpsc::UnboundedReceiver<Value>) {
    let (answers, received) = mpsc::unbounded_channel();
    let api = Arc::new(RuntimeApi { event: Mutex::new(Some(event)), answers });
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(answer))
        .route("/2018-06-01/runtime/init/error", post(answer))
        .with_state(api);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, received)
}

/// Ends the function however the test ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn bootstrap(function: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push(format!("atrio-{function}"));
    assert!(path.exists(), "{} is not built: run `cargo build --workspace`", path.display());
    path
}

fn start(function: &str, api: &str, endpoint: &str, lake: &str) -> Running {
    let seed: [u8; 32] = random::bytes();
    let key = ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key();
    let published = atrio_domain::ticket::PublishedKey::of(&key);
    let child = Command::new(bootstrap(function))
        .env_clear()
        .envs([
            ("AWS_LAMBDA_RUNTIME_API", api),
            ("AWS_LAMBDA_FUNCTION_NAME", function),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "group"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "stream"),
            ("AWS_REGION", "eu-south-1"),
            ("AWS_ACCESS_KEY_ID", "embedded"),
            ("AWS_SECRET_ACCESS_KEY", "embedded"),
            ("AWS_ENDPOINT_URL", endpoint),
            ("ATRIO_TABLE", database::TABLE),
            ("ATRIO_LAKE_URL", lake),
            ("ATRIO_STAFF_JWKS", r#"{"keys":[]}"#),
            ("ATRIO_STAFF_ISSUER", "https://issuer.example"),
            ("ATRIO_STAFF_AUDIENCE", "atrio"),
            ("ATRIO_PAYMENT_KIND", "sandbox"),
            ("ATRIO_PAYMENT_URL", "http://127.0.0.1:9/sandbox"),
            ("ATRIO_PAYMENT_SECRET", "secret"),
            ("ATRIO_PUBLIC_URL", "https://atrio.example"),
            ("ATRIO_CONTACT_HASH_KEY", "secret"),
            ("ATRIO_MAIL_FROM", "atrio <tickets@atrio.example>"),
        ])
        .env("ATRIO_TICKET_SIGNING_KEY", base64::engine::general_purpose::STANDARD.encode(seed))
        .env("ATRIO_TICKET_PUBLIC_KEYS", json!({"keys": [published]}).to_string())
        .spawn()
        .unwrap();
    Running(child)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_starts_from_its_environment_and_answers_an_event() {
    let folder = tempfile::tempdir().unwrap();
    let lake = format!("file://{}", folder.path().join("lake").display());
    atrio_lake_write::LakeWriter::open(lake.as_str()).await.unwrap();
    let table = Database::start(None, Tidying::Off).await.unwrap();
    database::store(table.at()).create_table().await.unwrap();
    for case in cases() {
        let (api, mut answers) = runtime_api(case.event).await;
        let _running = start(case.function, &api, &table.at().endpoint, &lake);
        let answer = tokio::time::timeout(PATIENCE, answers.recv()).await;
        let answer =
            answer.unwrap_or_else(|_| panic!("{} does not answer", case.function)).unwrap();
        assert!((case.answers)(&answer), "{} answers {answer}", case.function);
    }
    table.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_the_pool_vouches_for_becomes_the_member_they_were_added_as() {
    let table = Database::start(None, Tidying::Off).await.unwrap();
    let store = database::store(table.at());
    store.create_table().await.unwrap();
    let reach: Reach = "20240".parse().unwrap();
    let secret = b"secret";
    let wanted = Wanted {
        id: "6f1c2a34-9b1e-4c55-8a10-2f6f3f7d9a01".parse().unwrap(),
        subject: None,
        address: Some("anna@museo.example".parse().unwrap()),
        roles: [Role::Manager].into(),
    };
    let operator = Granter { subject: "olga".parse().unwrap(), role: Role::Operator };
    let added = grant(&[], &operator, wanted).unwrap();
    let change = StaffChange {
        reach: &reach,
        from_version: 0,
        before: None,
        after: Some(&added),
        address_key: added.address.as_ref().map(|address| address.key(secret)),
    };
    let record = AuditRecord {
        reach: reach.clone(),
        actor: "olga".to_owned(),
        role: "operator".to_owned(),
        at: "2026-11-24T09:05:00Z".parse().unwrap(),
        version: 1,
        part: "staff/1".to_owned(),
        before: None,
        after: Value::Null,
    };
    assert_eq!(store.change_staff(&change, &record).await.unwrap(), StaffChanged::Done);
    let clock = atrio_runtime::Clock::system();
    let context = atrio_signin::Context {
        store: store.clone(),
        clock,
        contact_hash_key: secret.as_slice().into(),
    };
    let roles = async |subject: &str| store.grants_of(&subject.parse().unwrap()).await.unwrap();
    for (subject, is_verified, becomes_it) in [
        ("sub-of-a-stranger", "false", false),
        ("sub-of-anna", "true", true),
        // The address may have been given to somebody else by now.
        ("sub-of-a-successor", "true", false),
    ] {
        atrio_signin::handle(&context, token_event(subject, is_verified)).await.unwrap();
        let found = roles(subject).await;
        assert_eq!(!found.is_empty(), becomes_it, "{subject}: {found:?}");
    }
    let refused = atrio_signin::handle(&context, json!({"request": {}})).await;
    assert!(refused.is_err(), "an event of something else is none");
    table.stop().await;
}

#[test]
fn every_function_has_a_case() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let folders: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let covered: BTreeSet<String> = cases().iter().map(|case| case.function.to_owned()).collect();
    assert_eq!(folders, covered);
}

#[test]
fn a_function_without_its_table_names_the_variable_and_does_not_start() {
    let output = Command::new(bootstrap("availability"))
        .env_clear()
        .envs([
            ("AWS_REGION", "eu-south-1"),
            ("AWS_ACCESS_KEY_ID", "k"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("ATRIO_TABLE"), "{said}");
}

#[test]
fn a_payment_function_with_a_bad_variable_names_it_and_does_not_start() {
    let right = [
        ("AWS_REGION", "eu-south-1"),
        ("AWS_ACCESS_KEY_ID", "k"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("ATRIO_TABLE", "atrio"),
        ("ATRIO_PUBLIC_URL", "https://atrio.example"),
        ("ATRIO_PAYMENT_KIND", "pagopa"),
        ("ATRIO_PAGOPA_GPD_URL", "https://pagopa.example/gpd"),
        ("ATRIO_PAGOPA_CHECKOUT_URL", "https://pagopa.example/checkout"),
        ("ATRIO_PAGOPA_API_KEY", "a-key-that-is-not-printed"),
        ("ATRIO_PAGOPA_RECEIPT_SECRET", "a-secret-that-is-not-printed-either"),
        ("ATRIO_PAGOPA_CREDITOR", "12345678903"),
        ("ATRIO_PAGOPA_CREDITOR_NAME", "A body"),
        ("ATRIO_PAGOPA_IBAN", "IT60X0542811101000000123456"),
        ("ATRIO_PAGOPA_TAXONOMY", "9/0101108TS/"),
        ("ATRIO_PAGOPA_SEGREGATION", "02"),
    ];
    let bad = [
        ("ATRIO_PAYMENT_KIND", "bank"),
        ("ATRIO_PAGOPA_GPD_URL", "http://pagopa.example/gpd"),
        ("ATRIO_PAGOPA_CHECKOUT_URL", "checkout"),
        ("ATRIO_PAGOPA_API_KEY", "two words"),
        ("ATRIO_PAGOPA_RECEIPT_SECRET", "short-secret"),
        ("ATRIO_PAGOPA_CREDITOR", "12345678902"),
        ("ATRIO_PAGOPA_CREDITOR_NAME", " "),
        ("ATRIO_PAGOPA_IBAN", "IT61X0542811101000000123456"),
        ("ATRIO_PAGOPA_TAXONOMY", "tickets"),
        ("ATRIO_PAGOPA_SEGREGATION", "2"),
    ];
    for (name, value) in bad {
        for value in [Some(value), None] {
            let mut command = Command::new(bootstrap("payment"));
            command.env_clear().envs(right);
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains(name), "{name} {value:?}: {said}");
            let secrets = ["that-is-not-printed", "two words", "short-secret"];
            assert!(!secrets.iter().any(|secret| said.contains(secret)), "{said}");
        }
    }
}
