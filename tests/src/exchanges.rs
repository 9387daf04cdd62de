//! What a visitor does who moves a visit, or gives some of its tickets back.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::roles::{Visitor, fresh_uuid};

impl Visitor {
    /// Asks what another slot would cost in the place of a booking.
    pub async fn asks_about(&self, booking: &str, slot: &str) -> Answer {
        self.api.get(&format!("/v1/bookings/{booking}/exchange?slot_id={slot}")).await
    }

    /// Asks for places in another slot under this key, in the place of a booking.
    pub async fn exchanges(&self, booking: &str, key: &str, slot: &str) -> Answer {
        let body = json!({"uuid": key, "slot_id": slot});
        self.api.post(&format!("/v1/bookings/{booking}/exchange"), &body).await
    }

    /// Holds places in another slot, in the place of a booking; answers the new booking.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn holds_instead(&self, booking: &str, slot: &str) -> Value {
        self.exchanges(booking, &fresh_uuid(), slot).await.expect(201)
    }

    /// Gives tickets of a booking back, under this key of the request.
    pub async fn gives_back(&self, booking: &str, key: &str, tickets: &[&Value]) -> Answer {
        let ids: Vec<&Value> = tickets.iter().map(|ticket| &ticket["id"]).collect();
        let body = json!({"uuid": key, "ticket_ids": ids});
        self.api.post(&format!("/v1/bookings/{booking}/give-back"), &body).await
    }
}
