//! A partner's server, as its own people write one: it takes what is posted to it, answers as it is told to,
//! and checks signatures with the very lines that the documentation gives, run by Python.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::wait::{SOON, eventually};

/// How an integrator's server answers.
#[derive(Debug, Clone, Copy)]
pub struct Mood {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// How long it takes.
    pub after: Duration,
}

impl Mood {
    /// Answers this status at once.
    #[must_use]
    pub fn answering(status: u16) -> Self {
        Self { status, retry_after: None, after: Duration::ZERO }
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its headers.
    pub headers: BTreeMap<String, String>,
    /// Its body, to the byte.
    pub body: Vec<u8>,
    /// What it was answered.
    pub answered: u16,
}

impl Arrived {
    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    #[must_use]
    pub fn event(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The kind of event.
    #[must_use]
    pub fn kind(&self) -> String {
        self.event()["type"].as_str().unwrap_or_default().to_owned()
    }

    /// The header `webhook-id`.
    #[must_use]
    pub fn id(&self) -> String {
        self.headers["webhook-id"].clone()
    }
}

#[derive(Debug)]
struct Desk {
    mood: Mood,
    arrived: Vec<Arrived>,
}

/// A partner's server.
#[derive(Debug)]
pub struct Integrator {
    /// Where it listens.
    pub url: String,
    /// Its port.
    pub port: u16,
    desk: Arc<Mutex<Desk>>,
    task: JoinHandle<()>,
}

impl Integrator {
    /// A server that answers 204.
    ///
    /// # Panics
    /// When no port can be listened on.
    pub async fn start() -> Self {
        let desk = Desk { mood: Mood::answering(204), arrived: Vec::new() };
        let desk = Arc::new(Mutex::new(desk));
        let router = Router::new().fallback(take).with_state(Arc::clone(&desk));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let task = tokio::spawn(async move {
            // Ends with the test.
            let _ = axum::serve(listener, router).await;
        });
        Self { url: format!("http://127.0.0.1:{port}/atrio"), port, desk, task }
    }

    /// Has it answer like this from now on.
    pub fn feels(&self, mood: Mood) {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).mood = mood;
    }

    /// All that arrived, in its order.
    #[must_use]
    pub fn arrived(&self) -> Vec<Arrived> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).arrived.clone()
    }

    /// What arrived and was answered with success.
    #[must_use]
    pub fn taken(&self) -> Vec<Arrived> {
        let mut arrived = self.arrived();
        arrived.retain(|one| one.answered < 300);
        arrived
    }

    /// Waits until it took so many, and answers them.
    pub async fn takes(&self, count: usize) -> Vec<Arrived> {
        eventually(&format!("{count} events are taken"), SOON, async || {
            let taken = self.taken();
            if taken.len() >= count { Ok(taken) } else { Err(format!("{} are", taken.len())) }
        })
        .await
    }

    /// Whether each request verifies under this secret, as the documentation says to check it, at this
    /// moment.
    ///
    /// # Panics
    /// When the documentation's lines do not run.
    #[must_use]
    pub fn verifies(secret: &str, arrived: &[Arrived], now: Timestamp) -> Vec<bool> {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/webhooks.md");
        let page = std::fs::read_to_string(page).expect("the documentation");
        let (_, lines) = page.split_once("```python\n").expect("an example in Python");
        let (lines, _) = lines.split_once("```").expect("its end");
        let script = format!(
            "{lines}\nimport json, sys\nasked = json.load(sys.stdin)\n\
             print(json.dumps([verify(asked['secret'], one['headers'], base64.b64decode(one['body']), \
             asked['now']) for one in asked['arrived']]))"
        );
        let requests: Vec<Value> = arrived
            .iter()
            .map(|one| json!({"headers": one.headers, "body": STANDARD.encode(&one.body)}))
            .collect();
        let asked = json!({"secret": secret, "now": now.as_second(), "arrived": requests});
        let mut python = Command::new("python3")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut stdin = python.stdin.take().expect("a pipe");
        stdin.write_all(asked.to_string().as_bytes()).expect("python3 listens");
        drop(stdin);
        let output = python.wait_with_output().expect("python3 ends");
        serde_json::from_slice(&output.stdout).expect("a list of verdicts")
    }
}

impl Drop for Integrator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(State(desk): State<Arc<Mutex<Desk>>>, headers: HeaderMap, body: Bytes) -> Response {
    let mood = desk.lock().unwrap_or_else(PoisonError::into_inner).mood;
    tokio::time::sleep(mood.after).await;
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .collect();
    let arrived = Arrived { headers, body: body.to_vec(), answered: mood.status };
    desk.lock().unwrap_or_else(PoisonError::into_inner).arrived.push(arrived);
    let status = StatusCode::from_u16(mood.status).expect("a status");
    match mood.retry_after {
        Some(seconds) => (status, [("retry-after", seconds.to_string())]).into_response(),
        None => status.into_response(),
    }
}
