//! What a manager of a campaign does, and a visitor with a code.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::roles::{Clerk, Manager, Visitor, Wish, fresh_uuid};

impl Manager {
    /// Sets the campaigns of the venue.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn sets_campaigns(&self, campaigns: &[Value]) {
        let (_, tag) = self.reads("campaigns").await;
        self.changes("campaigns", &tag, &json!({"campaigns": campaigns})).await.expect(200);
    }

    /// Makes codes of a campaign.
    pub async fn makes_codes(&self, venue: &str, campaign: &str, body: &Value) -> Answer {
        let path = format!("/v1/venues/{venue}/campaigns/{campaign}/codes");
        self.api.post(&path, body).await
    }

    /// Gives out one code that so many bookings may use.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn gives_out(&self, venue: &str, campaign: &str, code: &str, uses: u32) {
        let body = json!({"uuid": fresh_uuid(), "code": code, "uses": uses});
        let made = self.makes_codes(venue, campaign, &body).await;
        assert_eq!(made.status, 201, "{}", made.text());
    }

    /// How many bookings are reduced by the codes of a campaign now.
    pub async fn uses_of(&self, campaign: &str) -> Value {
        self.reads(&format!("campaigns/{campaign}/codes")).await.0["used"].clone()
    }
}

impl Visitor {
    /// Asks for places with a code.
    pub async fn asks_with(&self, wish: &Wish, code: &str) -> Answer {
        let mut body = self.request(&fresh_uuid(), wish);
        body["voucher_code"] = json!(code);
        self.api.post("/v1/bookings", &body).await
    }

    /// Holds places with a code; answers the booking.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn holds_with(&self, wish: &Wish, code: &str) -> Value {
        self.asks_with(wish, code).await.expect(201)
    }
}

impl Clerk {
    /// Holds places for whoever stands at the window with a code; answers the booking.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn holds_with(&self, wish: &Wish, code: &str) -> Value {
        let nobody = Visitor { api: self.api.clone(), contact: crate::Contact::fresh() };
        let mut body = nobody.request(&fresh_uuid(), wish);
        (body["channel"], body["voucher_code"]) = (json!("DESK"), json!(code));
        body.as_object_mut().expect("an object").remove("contact");
        self.api.post("/v1/bookings", &body).await.expect(201)
    }
}
