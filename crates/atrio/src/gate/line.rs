//! The line to the platform: its bundle, its word on a ticket, and what the gate sends in. An answer
//! that is neither yes nor no is a line that is down.

use std::time::Duration;

use atrio_domain::gate::bundle::Bundle;
use atrio_domain::id::{AreaId, CallerUuid, GateId, VenueId};
use axum::http::{StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::GateError;
use super::journal::Record;
use super::scan::Asked;

/// How long a visitor waits for the platform before the gate decides by itself.
const WORD_WITHIN: Duration = Duration::from_secs(2);
/// How long a bundle or what is sent in may take.
const LOOK_WITHIN: Duration = Duration::from_secs(20);
/// Most entries of one request, the platform's own bound.
pub(super) const ENTRIES_MAX: usize = 50;

/// Why the platform gave no word.
#[derive(Debug, thiserror::Error)]
pub(super) enum Down {
    #[error("the platform does not answer")]
    Silent(#[from] reqwest::Error),
    #[error("the platform answers with status {0}")]
    Status(StatusCode),
    #[error("the platform does not take the gate's token: start the gate with a new one")]
    Token,
    #[error("the gate's role was taken back: nobody is let through by it")]
    Revoked,
}

/// What the platform answered.
pub(super) struct Word {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

/// A bundle with its entity tag.
pub(super) struct Fetched {
    pub(super) bundle: Bundle,
    pub(super) entity_tag: String,
}

/// What became of an entry that was sent in.
#[derive(Debug, Deserialize)]
pub(super) struct SentIn {
    pub(super) uuid: CallerUuid,
    pub(super) outcome: String,
    #[serde(default)]
    pub(super) problem: Value,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<SentIn>,
}

/// The line.
pub(super) struct Line {
    http: reqwest::Client,
    platform: String,
    token: String,
    venue: VenueId,
    gate: GateId,
    area: Option<AreaId>,
}

impl Line {
    pub(super) fn new(
        platform: &str,
        token: &str,
        venue: VenueId,
        gate: GateId,
        area: Option<AreaId>,
    ) -> Result<Self, GateError> {
        let http = reqwest::Client::builder().timeout(LOOK_WITHIN).build();
        Ok(Self {
            http: http.map_err(GateError::Client)?,
            platform: platform.trim_end_matches('/').to_owned(),
            token: token.to_owned(),
            venue,
            gate,
            area,
        })
    }

    /// The bundle of today; none when it is still the one that bears this tag.
    pub(super) async fn bundle(&self, known: Option<&str>) -> Result<Option<Fetched>, Down> {
        let path = format!("{}/v1/venues/{}/gate-bundle", self.platform, self.venue);
        let mut request = self.http.get(path).bearer_auth(&self.token);
        if let Some(known) = known {
            request = request.header(header::IF_NONE_MATCH, known);
        }
        let answer = request.send().await?;
        match answer.status() {
            StatusCode::NOT_MODIFIED => Ok(None),
            StatusCode::OK => {
                let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok());
                let entity_tag = tag.unwrap_or_default().to_owned();
                Ok(Some(Fetched { entity_tag, bundle: answer.json().await? }))
            }
            StatusCode::UNAUTHORIZED => Err(Down::Token),
            // What the token says of the gate no longer stands in the directory of staff.
            StatusCode::FORBIDDEN => Err(Down::Revoked),
            status => Err(Down::Status(status)),
        }
    }

    /// How many people are in the venue, in the platform's words.
    pub(super) async fn presence(&self) -> Result<Word, Down> {
        let path = format!("{}/v1/venues/{}/presence", self.platform, self.venue);
        let request = self.http.get(path).bearer_auth(&self.token).timeout(WORD_WITHIN);
        word(request.send().await?).await
    }

    /// Asks the platform to let through.
    pub(super) async fn redeem(&self, asked: &Asked<'_>) -> Result<Word, Down> {
        let body = json!({
            "uuid": asked.uuid, "venue_id": self.venue, "gate_id": self.gate, "code": asked.code,
            "direction": asked.direction, "area_id": self.area,
            "over_limit_reason": asked.over_limit_reason,
        });
        self.post("/v1/redemptions", &body, WORD_WITHIN).await
    }

    /// Tells the platform that an entry was taken back.
    pub(super) async fn undo(
        &self,
        uuid: CallerUuid,
        reason: &str,
        undone_at: Timestamp,
    ) -> Result<Word, Down> {
        let body = json!({
            "venue_id": self.venue, "gate_id": self.gate, "reason": reason, "undone_at": undone_at,
        });
        self.post(&format!("/v1/redemptions/{uuid}/undo"), &body, WORD_WITHIN).await
    }

    /// Sends entries in, by the ticket's own number: the gate has verified their codes.
    pub(super) async fn send_in(&self, entries: &[Record]) -> Result<Vec<SentIn>, Down> {
        let sent = entries.len();
        let entries: Vec<Value> = entries
            .iter()
            .map(|entry| {
                json!({
                    "uuid": entry.used.uuid, "gate_id": self.gate, "code": entry.used.ticket,
                    "direction": entry.direction, "area_id": entry.area,
                    "redeemed_at": entry.used.at, "undone": entry.undone,
                })
            })
            .collect();
        let body = json!({"venue_id": self.venue, "entries": entries});
        let word = self.post("/v1/redemptions/offline", &body, LOOK_WITHIN).await?;
        let results = serde_json::from_value::<Results>(word.body);
        match results {
            Ok(Results { results }) if results.len() == sent => Ok(results),
            _ => Err(Down::Status(word.status)),
        }
    }

    async fn post(&self, path: &str, body: &Value, within: Duration) -> Result<Word, Down> {
        let answer = self
            .http
            .post(format!("{}{path}", self.platform))
            .bearer_auth(&self.token)
            .timeout(within)
            .json(body)
            .send()
            .await?;
        word(answer).await
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
    Ok(Word { status, body: answer.json().await? })
}
