//! What the programs that stand at a venue share, gates and desks: a folder of their own with a lock and
//! the key of their page, the page's guard, and a connection to the platform on which an answer that is
//! neither yes nor no is a line that is down.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use atrio_runtime::{Problem, random};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::data_dir::{DataDir, DataDirError, Lock};

const KEY: &str = "key.json";

/// How long a visitor waits for the platform.
pub(crate) const WORD_WITHIN: Duration = Duration::from_secs(2);
/// How long what nobody waits for may take.
pub(crate) const LOOK_WITHIN: Duration = Duration::from_secs(20);

/// Why a program on site does not run.
#[derive(Debug, thiserror::Error)]
pub enum OnSiteError {
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] DataDirError),
    /// Another program works on it.
    #[error("`{}` is in use by another gate or desk; stop that one, or name another folder with `--state`", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The page would be open to others.
    #[error(
        "{address} is not on this machine: the page of a gate or a desk listens on loopback only"
    )]
    NotLoopback {
        /// What was given.
        address: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: choose another with `--listen`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The client cannot be made.
    #[error("the program cannot speak HTTP")]
    Client(#[source] reqwest::Error),
}

/// The folder of a program, which it has for itself.
pub(crate) struct Place {
    pub(crate) folder: DataDir,
    /// Opens the page.
    pub(crate) key: String,
    pub(crate) lock: Lock,
}

impl Place {
    /// Takes a folder, and makes the page's key at the first start.
    pub(crate) fn take(path: &Path) -> Result<Self, OnSiteError> {
        let folder = DataDir::open(path)?;
        let lock = folder.lock().map_err(|error| match error {
            DataDirError::InUse { path } => OnSiteError::InUse { path },
            other => other.into(),
        })?;
        let key = match folder.read_json(KEY)? {
            Some(key) => key,
            None => {
                let fresh: String =
                    random::bytes::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
                folder.write_json(KEY, &fresh, 0o600)?;
                fresh
            }
        };
        Ok(Self { folder, key, lock })
    }
}

/// Refuses an address that others could reach.
pub(crate) fn must_be_loopback(address: SocketAddr) -> Result<(), OnSiteError> {
    if address.ip().is_loopback() { Ok(()) } else { Err(OnSiteError::NotLoopback { address }) }
}

/// Where a page listens, with the port that it got.
pub(crate) async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), OnSiteError> {
    let failed = |source| OnSiteError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let local = listener.local_addr().map_err(failed)?;
    Ok((listener, local))
}

/// Admits to a page who shows its key.
pub(crate) async fn keyed(State(key): State<String>, request: Request, next: Next) -> Response {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    if shown == Some(key.as_str()) {
        return next.run(request).await;
    }
    let message = "the key of this program did not come with the request";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized")
        .detail(message)
        .field("Authorization", message, "open the address that the program printed at its start")
        .into_response()
}

/// An answer that carries this time, by which a page shows hours.
pub(crate) fn dated(mut response: Response, now: Timestamp) -> Response {
    let now = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(value) = HeaderValue::from_str(&now) {
        response.headers_mut().insert(header::DATE, value);
    }
    response
}

/// Why the platform gave no word.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Down {
    #[error("the platform does not answer")]
    Silent(#[from] reqwest::Error),
    #[error("the platform answers with status {0}")]
    Status(StatusCode),
    #[error("the platform does not take the token: start the program with a new one")]
    Token,
    #[error("the role of this program was taken back")]
    Revoked,
}

/// What the platform answered.
pub(crate) struct Word {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// The platform's time, to the second.
    pub(crate) at: Option<Timestamp>,
}

/// A connection to the platform.
pub(crate) struct Connection {
    pub(crate) http: reqwest::Client,
    pub(crate) platform: String,
    pub(crate) token: String,
}

impl Connection {
    pub(crate) fn new(platform: &str, token: &str) -> Result<Self, OnSiteError> {
        let http = reqwest::Client::builder().timeout(LOOK_WITHIN).build();
        Ok(Self {
            http: http.map_err(OnSiteError::Client)?,
            platform: platform.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
        })
    }

    pub(crate) async fn get(&self, path: &str, within: Duration) -> Result<Word, Down> {
        let request = self.http.get(format!("{}{path}", self.platform));
        word(request.bearer_auth(&self.token).timeout(within).send().await?).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &Value,
        within: Duration,
    ) -> Result<Word, Down> {
        let request = self.http.post(format!("{}{path}", self.platform));
        word(request.bearer_auth(&self.token).timeout(within).json(body).send().await?).await
    }
}

/// The platform's word, where the answer is one.
async fn word(answer: reqwest::Response) -> Result<Word, Down> {
    let status = answer.status();
    if status == StatusCode::UNAUTHORIZED {
        return Err(Down::Token);
    }
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Down::Status(status));
    }
    let at = date_of(answer.headers());
    Ok(Word { status, body: answer.json().await?, at })
}

fn date_of(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_time_is_read_from_its_answers() {
        let now: Timestamp = "2026-11-24T09:05:07Z".parse().unwrap();
        let answer = dated(StatusCode::OK.into_response(), now);
        assert_eq!(date_of(answer.headers()), Some(now));
    }
}
