//! Those who say who works at a venue: its managers, and the platform's operators.

use serde_json::{Value, json};

use crate::answer::{Answer, Api};
use crate::process::Process;
use crate::roles::fresh_uuid;

/// Somebody with the staff page of a venue before them.
#[derive(Debug, Clone)]
pub struct Appointer {
    /// Their browser, with their token.
    pub api: Api,
    venue: String,
}

impl Appointer {
    /// An operator of the platform, at the page of a venue.
    pub async fn operator(platform: &Process, venue: &str) -> Self {
        let token = platform.token("operator", None).await;
        Self { api: platform.api().with_token(Some(token)), venue: venue.to_owned() }
    }

    /// Whoever signs in as `subject` and proves the address, at the page of a venue.
    pub async fn signed_in(
        platform: &Process,
        venue: &str,
        (subject, address): (&str, &str),
    ) -> Self {
        let token = platform.signs_in(subject, address).await;
        Self { api: platform.api().with_token(Some(token)), venue: venue.to_owned() }
    }

    /// Where the venue's staff stand, or one of them.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/v1/venues/{}/staff{rest}", self.venue)
    }

    /// Adds somebody by address; answers the id they are a member under.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn adds(&self, address: &str, roles: &[&str]) -> String {
        let id = fresh_uuid();
        self.sets(&id, "*", &json!({"address": address, "roles": roles})).await.expect(200);
        id
    }

    /// Writes a member in the place of what bears this entity tag; `*` adds one.
    pub async fn sets(&self, id: &str, entity_tag: &str, member: &Value) -> Answer {
        self.api.put(&self.path(&format!("/{id}")), entity_tag, member).await
    }

    /// A member, with the entity tag.
    pub async fn reads(&self, id: &str) -> Answer {
        self.api.get(&self.path(&format!("/{id}"))).await
    }

    /// Sets the roles of a member as they stand now.
    pub async fn gives(&self, id: &str, roles: &[&str]) -> Answer {
        let stands = self.reads(id).await;
        self.sets(id, &stands.entity_tag(), &json!({"roles": roles})).await
    }

    /// Removes a member as they stand now.
    pub async fn takes_back(&self, id: &str) -> Answer {
        let stands = self.reads(id).await;
        self.api.delete(&self.path(&format!("/{id}")), &stands.entity_tag()).await
    }

    /// Everybody on the list.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn list(&self) -> Vec<Value> {
        let list = self.api.get(&self.path("")).await.expect(200);
        list["staff"].as_array().cloned().unwrap_or_default()
    }
}
