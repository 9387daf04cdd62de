//! The mail as the provider gets it: the real client against a stand-in of its API.

#![expect(clippy::unwrap_used, reason = "a failed expectation of a test is a panic")]

use std::sync::{Arc, Mutex};

use atrio_notify::{Message, NotTaken, Transport};
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use base64::Engine as _;
use serde_json::{Value, json};

type Received = Arc<Mutex<Vec<Value>>>;

async fn take(State(received): State<Received>, body: Bytes) -> (StatusCode, String) {
    let request: Value = serde_json::from_slice(&body).unwrap();
    if request["Destination"]["ToAddresses"][0] == "refused@example.org" {
        let refusal =
            json!({"__type": "MessageRejected", "message": "refused@example.org is refused"});
        return (StatusCode::BAD_REQUEST, refusal.to_string());
    }
    received.lock().unwrap().push(request);
    (StatusCode::OK, json!({"MessageId": "1"}).to_string())
}

async fn provider() -> (Transport, Received) {
    let received = Received::default();
    let router = Router::new()
        .route("/v2/email/outbound-emails", post(take))
        .with_state(Arc::clone(&received));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (at(&address.to_string()), received)
}

fn at(address: &str) -> Transport {
    let config = aws_sdk_sesv2::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(atrio_runtime::aws::http_client())
        .region(Region::new("eu-south-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(format!("http://{address}"));
    Transport::Ses(aws_sdk_sesv2::Client::from_conf(config.build()))
}

fn message(to: &str) -> Message {
    Message {
        from: "atrio <tickets@atrio.example>".to_owned(),
        to: to.to_owned(),
        name: "20261124T090500Z-abc-confirmed".to_owned(),
        mime: "Subject: hello\r\n\r\nciao".to_owned(),
    }
}

#[tokio::test]
async fn the_provider_gets_the_whole_mail_for_one_address() {
    let (transport, received) = provider().await;
    transport.take(&message("visitor-1@example.org")).await.unwrap();
    let requests = received.lock().unwrap().clone();
    let [request] = requests.as_slice() else { unreachable!("{requests:?}") };
    assert_eq!(request["FromEmailAddress"], "atrio <tickets@atrio.example>");
    assert_eq!(request["Destination"]["ToAddresses"], json!(["visitor-1@example.org"]));
    let raw = request["Content"]["Raw"]["Data"].as_str().unwrap();
    let raw = base64::engine::general_purpose::STANDARD.decode(raw).unwrap();
    assert_eq!(raw, b"Subject: hello\r\n\r\nciao");
}

#[tokio::test]
async fn a_refusal_says_why_and_not_of_whom() {
    let (transport, received) = provider().await;
    let refused = transport.take(&message("refused@example.org")).await.unwrap_err();
    assert!(
        matches!(&refused, NotTaken::Provider { code } if code == "MessageRejected"),
        "{refused}"
    );
    assert!(!refused.to_string().contains('@'), "{refused}");
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_no_end_of_the_mail() {
    let refused = at("127.0.0.1:9").take(&message("visitor-1@example.org")).await.unwrap_err();
    assert!(matches!(&refused, NotTaken::Provider { .. }), "{refused}");
}
