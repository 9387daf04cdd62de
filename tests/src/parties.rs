//! What a steward does who lets in several people of one booking by one scan.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::roles::{Gate, fresh_uuid};

/// So many people of each unit.
pub(crate) type Party<'a> = [(&'a str, u32)];

fn lines(party: &Party<'_>) -> Value {
    let line = |(unit, quantity): &(&str, u32)| json!({"unit_id": unit, "quantity": quantity});
    party.iter().map(line).collect()
}

impl Gate {
    /// Looks at the booking of a code before anybody goes through.
    pub async fn looks_at(&self, code: &str, direction: &str) -> Answer {
        let body = json!({"uuid": fresh_uuid(), "venue_id": self.venue, "gate_id": self.name,
            "code": code, "direction": direction});
        self.api.post("/v1/redemptions/party", &body).await
    }

    /// How many of a unit of the code's booking are booked, came, are inside and may enter now.
    ///
    /// # Panics
    /// When the booking cannot be looked at, or has no such unit.
    pub async fn counts(&self, code: &str, unit: &str) -> [u64; 4] {
        let seen = self.looks_at(code, "ENTRY").await.expect(200);
        let units = seen["units"].as_array().cloned().unwrap_or_default();
        let found = units.into_iter().find(|one| one["unit"]["id"] == unit);
        let found = found.unwrap_or_else(|| panic!("no unit `{unit}`: {seen}"));
        ["booked", "came", "inside", "able"].map(|name| found[name].as_u64().unwrap_or(u64::MAX))
    }

    /// Lets so many in by one scan of any of their tickets, under this nonce.
    pub async fn lets_in(&self, nonce: &str, code: &str, party: &Party<'_>) -> Answer {
        self.scan_with(nonce, code, &json!({"party": lines(party)})).await
    }

    /// The same over a limit, for a reason.
    pub async fn lets_in_over_limit(
        &self,
        nonce: &str,
        code: &str,
        party: &Party<'_>,
        reason: &str,
    ) -> Answer {
        let more = json!({"party": lines(party), "over_limit_reason": reason});
        self.scan_with(nonce, code, &more).await
    }

    /// Lets so many out by one scan.
    pub async fn lets_out_party(&self, nonce: &str, code: &str, party: &Party<'_>) -> Answer {
        self.scan_with(nonce, code, &json!({"party": lines(party), "direction": "EXIT"})).await
    }
}
