//! What a visitor does who buys several visits in one go.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::roles::{Outcome, Visitor, Wish, fresh_uuid};
use crate::wait::{SOON, eventually};

impl Visitor {
    /// The request for several visits in one go, each booking under a fresh uuid.
    #[must_use]
    pub fn order_request(&self, uuid: &str, wishes: &[Wish]) -> Value {
        let lines = wishes.iter().map(|wish| {
            let mut line = self.request(&fresh_uuid(), wish);
            for once in ["contact", "locale"] {
                line.as_object_mut().expect("an object").remove(once);
            }
            line
        });
        let lines: Vec<Value> = lines.collect();
        let contact = self.request(uuid, &wishes[0])["contact"].clone();
        json!({"uuid": uuid, "bookings": lines, "contact": contact, "locale": "it"})
    }

    /// Asks for several visits in one go.
    pub async fn orders(&self, wishes: &[Wish]) -> Answer {
        self.api.post("/v1/orders", &self.order_request(&fresh_uuid(), wishes)).await
    }

    /// Holds the places of several visits; answers the order's uuid and those of its bookings.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn holds_order(&self, wishes: &[Wish]) -> (String, Vec<String>) {
        let order = self.orders(wishes).await.expect(201);
        assert_eq!(order["status"], "ON_HOLD");
        (text(&order["uuid"]), bookings(&order))
    }

    /// The order as it stands.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn order(&self, uuid: &str) -> Value {
        self.api.get(&format!("/v1/orders/{uuid}")).await.expect(200)
    }

    /// Waits until the order is in a state, and answers it.
    pub async fn sees_order(&self, uuid: &str, status: &str) -> Value {
        eventually(&format!("the order is {status}"), SOON, async || {
            let order = self.order(uuid).await;
            if order["status"] == status { Ok(order) } else { Err(order.to_string()) }
        })
        .await
    }

    /// Takes a step of the order that needs no facts: `confirm` or `cancel`.
    pub async fn takes_order(&self, uuid: &str, step: &str) -> Answer {
        self.api.post(&format!("/v1/orders/{uuid}/{step}"), &json!({})).await
    }

    /// Begins to pay for the order.
    pub async fn starts_order_payment(&self, uuid: &str) -> Answer {
        let body = json!({"return_url": format!("/order/?uuid={uuid}")});
        self.api.post(&format!("/v1/orders/{uuid}/payment"), &body).await
    }

    /// Begins to pay for the order and presses a button; answers the payment's id.
    ///
    /// # Panics
    /// When either is refused.
    pub async fn pays_order(&self, uuid: &str, outcome: Outcome) -> String {
        let started = self.starts_order_payment(uuid).await.expect(200);
        let back = self.press(&text(&started["redirect_url"]), outcome).await;
        assert_eq!(back.status, 303, "{}", back.text());
        text(&started["payment"]["id"])
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn bookings(order: &Value) -> Vec<String> {
    let bookings = order["bookings"].as_array().cloned().unwrap_or_default();
    bookings.iter().map(|booking| text(&booking["uuid"])).collect()
}
