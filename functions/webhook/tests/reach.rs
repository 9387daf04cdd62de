//! Whom the function speaks to, and whom it does not, whatever address was registered.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atrio_domain::webhook::address::{Destinations, EndpointUrl};
use atrio_domain::webhook::delivery::Outcome;
use atrio_domain::webhook::event::EventKind;
use atrio_domain::webhook::secret::{Secret, Secrets};
use atrio_domain::webhook::{Endpoint, EndpointState};
use atrio_dynamo::event_log::LoggedEvent;
use atrio_webhook::Transport;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

fn endpoint(url: &str) -> Endpoint {
    let (id, now) =
        ("00000000-0000-4000-8000-000000000001".parse().unwrap(), Timestamp::UNIX_EPOCH);
    Endpoint {
        id,
        owner: "20240".parse().unwrap(),
        url: EndpointUrl::new(url, Destinations::LoopbackToo).unwrap(),
        events: Vec::new(),
        capabilities: Vec::new(),
        description: String::new(),
        state: EndpointState::Enabled,
        secrets: Secrets::first(Secret::new([7; 32], id, now)),
        created_at: now,
        version: 1,
    }
}

fn event() -> LoggedEvent {
    LoggedEvent {
        sequence: 1,
        id: "evt_00112233445566778899aabbccddeeff".parse().unwrap(),
        kind: EventKind::Test,
        only_for: None,
        body: "{}".to_owned(),
    }
}

type Calls = Arc<AtomicUsize>;

async fn answer(State((calls, leads_to)): State<(Calls, Option<String>)>) -> Response {
    calls.fetch_add(1, Ordering::Relaxed);
    match leads_to {
        Some(other) => Redirect::temporary(&other).into_response(),
        None => (StatusCode::OK, "x".repeat(1_000_000)).into_response(),
    }
}

async fn server(leads_to: Option<String>) -> (String, Calls) {
    let calls = Calls::default();
    let router = Router::new().fallback(answer).with_state((Arc::clone(&calls), leads_to));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, calls)
}

async fn send(reach: Destinations, url: &str) -> Outcome {
    let transport = Transport::new(reach).unwrap();
    transport.send(&endpoint(url), &event(), Timestamp::UNIX_EPOCH).await
}

#[tokio::test]
async fn this_machine_is_spoken_to_by_a_platform_on_loopback_only() {
    let (url, calls) = server(None).await;
    let refused = Outcome::Unreached("is no server of the public network");
    assert_eq!(send(Destinations::Public, &url).await, refused);
    assert_eq!(send(Destinations::Public, &url.replace("127.0.0.1", "localhost")).await, refused);
    assert_eq!(calls.load(Ordering::Relaxed), 0, "not a byte was sent");
    let answered = Outcome::Answered { status: 200, retry_after: None };
    assert_eq!(send(Destinations::LoopbackToo, &url).await, answered);
    assert_eq!(
        send(Destinations::LoopbackToo, &url.replace("127.0.0.1", "localhost")).await,
        answered
    );
    assert_eq!(calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn nobody_is_followed_elsewhere() {
    let (elsewhere, calls) = server(None).await;
    let (url, _) = server(Some(elsewhere)).await;
    let outcome = send(Destinations::LoopbackToo, &url).await;
    assert_eq!(outcome, Outcome::Answered { status: 307, retry_after: None });
    assert!(!outcome.is_taken());
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_no_end_of_the_event() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(
        send(Destinations::LoopbackToo, &url).await,
        Outcome::Unreached("could not be reached")
    );
}
