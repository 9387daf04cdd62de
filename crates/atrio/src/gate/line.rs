//! The line to the platform: its bundle, its word on a ticket, and what the gate sends in.

use atrio_domain::gate::bundle::Bundle;
use atrio_domain::id::{AreaId, CallerUuid, GateId, VenueId};
use axum::http::{StatusCode, header};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::journal::Record;
use super::scan::Asked;
use crate::on_site::{Connection, Down, LOOK_WITHIN, OnSiteError, WORD_WITHIN, Word};

/// Most entries of one request, the platform's own bound.
pub(super) const ENTRIES_MAX: usize = 50;

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
    connection: Connection,
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
    ) -> Result<Self, OnSiteError> {
        Ok(Self { connection: Connection::new(platform, token)?, venue, gate, area })
    }

    /// The bundle of today; none when it is still the one that bears this tag.
    pub(super) async fn bundle(&self, known: Option<&str>) -> Result<Option<Fetched>, Down> {
        let Connection { http, platform, token } = &self.connection;
        let path = format!("{platform}/v1/venues/{}/gate-bundle", self.venue);
        let mut request = http.get(path).bearer_auth(token);
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
        let path = format!("/v1/venues/{}/presence", self.venue);
        self.connection.get(&path, WORD_WITHIN).await
    }

    /// Asks the platform to let through.
    pub(super) async fn redeem(&self, asked: &Asked<'_>) -> Result<Word, Down> {
        let body = json!({
            "uuid": asked.uuid, "venue_id": self.venue, "gate_id": self.gate, "code": asked.code,
            "direction": asked.direction, "area_id": self.area,
            "over_limit_reason": asked.over_limit_reason,
        });
        self.connection.post("/v1/redemptions", &body, WORD_WITHIN).await
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
        self.connection.post(&format!("/v1/redemptions/{uuid}/undo"), &body, WORD_WITHIN).await
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
                    "unit_id": entry.own.as_ref().map(|own| &own.answer["unit"]["id"]),
                })
            })
            .collect();
        let body = json!({"venue_id": self.venue, "entries": entries});
        let word = self.connection.post("/v1/redemptions/offline", &body, LOOK_WITHIN).await?;
        let results = serde_json::from_value::<Results>(word.body);
        match results {
            Ok(Results { results }) if results.len() == sent => Ok(results),
            _ => Err(Down::Status(word.status)),
        }
    }
}
