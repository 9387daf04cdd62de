//! Endpoint items: `WEBHOOKS#venue` / id, with what staff set, the secrets, and where the endpoint stands
//! in the venue's log of events. A reseller's mode, a dot and its id stand in the place of the venue where a reseller
//! is told, and `LISTENERS` / the same says that it has, or had, an endpoint. It is in the index while it has something to be told of. Whoever sends
//! claims it first, by moving the instant at which it is due.
//!
//! Staff and the sender write different attributes, so neither undoes the other: staff over the version
//! that they saw, the sender over its claim.

mod delivery;

use atrio_domain::id::CallerUuid;
use atrio_domain::webhook::address::{Destinations, EndpointUrl};
use atrio_domain::webhook::delivery::{Progress, Replay};
use atrio_domain::webhook::{Endpoint, EndpointState, Owner};
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, json, number, text};
use crate::audit::AuditRecord;
use crate::table::{DUE_PK, DUE_SK};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

pub use delivery::{Delivery, DeliveryState};

const PARTITION: &str = "WEBHOOKS#";

/// What of an endpoint is due.
const DUE: &str = "WEBHOOK";

/// Which resellers have endpoints.
const LISTENERS: &str = "LISTENERS";

fn partition(owner: &Owner) -> String {
    format!("{PARTITION}{owner}")
}

fn endpoint_key(owner: &Owner, id: CallerUuid) -> Item {
    key(partition(owner), id.to_string())
}

/// An endpoint as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Where it stands in the log.
    pub progress: Progress,
    /// The newest event that it was woken for.
    pub head: u64,
    /// Since when the next event is not taken.
    pub failing_since: Option<Timestamp>,
    /// When it is told next; while it is being told, when somebody else may go on. None where there is
    /// nothing to tell.
    pub due_at: Option<Timestamp>,
    /// Who tells it now.
    pub claim: Option<String>,
}

impl TryFrom<&Item> for StoredEndpoint {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let owner = read
            .text(PK)?
            .strip_prefix(PARTITION)
            .and_then(|owner| owner.parse().ok())
            .ok_or_else(|| read.malformed(PK, "names neither a venue nor a reseller"))?;
        let endpoint = Endpoint {
            id: read.parsed(SK)?,
            owner,
            // As it was taken; how far we send is looked at again when something is sent.
            url: EndpointUrl::new(read.text("url")?, Destinations::LoopbackToo)
                .map_err(|error| read.malformed("url", error))?,
            events: read.json("events")?,
            capabilities: read.json_or_usual("capabilities")?,
            description: read.text("description")?.to_owned(),
            state: read.json::<EndpointState>("state")?,
            secrets: read.json("secrets")?,
            created_at: read.parsed("created_at")?,
            version: read.number("version")?,
        };
        let replay: Option<Replay> =
            read.optional_text("replay")?.map(|_| read.json("replay")).transpose()?;
        let progress = Progress {
            cursor: read.number("cursor_at")?,
            attempts: read.number("attempts")?,
            replay,
        };
        Ok(Self {
            endpoint,
            progress,
            head: read.number("head")?,
            failing_since: read.optional_instant("failing_since")?,
            due_at: read.optional_instant(DUE_SK)?,
            claim: read.optional_text("claim")?.map(ToOwned::to_owned),
        })
    }
}

/// What follows for an endpoint from an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The claim goes on, until the instant given.
    GoOn {
        /// Until then nobody else tells it.
        until: Timestamp,
    },
    /// Whoever comes next goes on, at once.
    HandOver {
        /// Now.
        at: Timestamp,
    },
    /// It is told again then.
    Pause {
        /// When.
        at: Timestamp,
        /// Since when it fails.
        failing_since: Timestamp,
    },
    /// It is told no more.
    Stop(EndpointState),
}

/// What a change of its settings does to what is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waking {
    /// It is told at once what it was not told yet.
    Now,
    /// It is told nothing.
    Never,
    /// What was due stays due.
    AsItWas,
}

impl Store {
    /// The endpoints of a venue or a reseller, by id.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn webhooks(&self, owner: &Owner) -> Result<Vec<StoredEndpoint>, Error> {
        let items = self.between(partition(owner), "0".to_owned(), "z".to_owned()).await?;
        items.iter().map(StoredEndpoint::try_from).collect()
    }

    /// The resellers that have, or had, endpoints.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn listeners(&self) -> Result<Vec<Owner>, Error> {
        let items = self.between(LISTENERS.to_owned(), "a".to_owned(), "z".to_owned()).await?;
        items.iter().map(|item| Attributes::of(item).parsed(SK)).collect()
    }

    /// One endpoint.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn webhook(
        &self,
        owner: &Owner,
        id: CallerUuid,
    ) -> Result<Option<StoredEndpoint>, Error> {
        let item = self.get(endpoint_key(owner, id)).await?;
        item.as_ref().map(StoredEndpoint::try_from).transpose()
    }

    /// Registers an endpoint, which is told what follows this event; false when it is registered already.
    ///
    /// # Errors
    /// The service's own.
    pub async fn register_webhook(
        &self,
        endpoint: &Endpoint,
        newest: u64,
        record: &AuditRecord,
    ) -> Result<bool, Error> {
        let mut item = endpoint_key(&endpoint.owner, endpoint.id);
        item.insert("url".to_owned(), text(endpoint.url.as_str()));
        item.insert("events".to_owned(), json("events", &endpoint.events)?);
        item.insert("description".to_owned(), text(&endpoint.description));
        item.insert("state".to_owned(), json("state", &endpoint.state)?);
        item.insert("secrets".to_owned(), json("secrets", &endpoint.secrets)?);
        item.insert("created_at".to_owned(), instant(endpoint.created_at));
        item.insert("version".to_owned(), number(endpoint.version));
        item.insert("cursor_at".to_owned(), number(newest));
        item.insert("attempts".to_owned(), number(0));
        item.insert("head".to_owned(), number(newest));
        if !endpoint.capabilities.is_empty() {
            let capabilities = json("capabilities", &endpoint.capabilities)?;
            item.insert("capabilities".to_owned(), capabilities);
        }
        let mut writes = vec![
            self.put(item, Condition::absent())?,
            self.put(crate::audit::item(record)?, Condition::none())?,
        ];
        if let Owner::Reseller { .. } = endpoint.owner {
            let listener = key(LISTENERS, endpoint.owner.to_string());
            writes.push(self.put(listener, Condition::none())?);
        }
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// Writes the next version of what staff set; false when another was faster.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change_webhook(
        &self,
        to: &Endpoint,
        waking: Waking,
        now: Timestamp,
        record: &AuditRecord,
    ) -> Result<bool, Error> {
        let mut condition = Condition::when("version = :before")
            .name("#url", "url")
            .name("#state", "state")
            .value(":before", number(to.version - 1))
            .value(":url", text(to.url.as_str()))
            .value(":events", json("events", &to.events)?)
            .value(":description", text(&to.description))
            .value(":state", json("state", &to.state)?)
            .value(":secrets", json("secrets", &to.secrets)?)
            .value(":capabilities", json("capabilities", &to.capabilities)?)
            .value(":version", number(to.version));
        let mut update = "SET #url = :url, events = :events, description = :description, \
                          #state = :state, secrets = :secrets, capabilities = :capabilities, version = :version"
            .to_owned();
        match waking {
            Waking::Now => {
                update.push_str(
                    ", due_pk = :due, due_sk = :now, attempts = :none REMOVE claim, failing_since",
                );
                condition = condition
                    .value(":due", text(DUE))
                    .value(":now", instant(now))
                    .value(":none", number(0));
            }
            Waking::Never => update.push_str(" REMOVE due_pk, due_sk, claim"),
            Waking::AsItWas => {}
        }
        let writes = vec![
            self.update(endpoint_key(&to.owner, to.id), &update, condition)?,
            self.put(crate::audit::item(record)?, Condition::none())?,
        ];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// Takes an endpoint away; false when there was none.
    ///
    /// # Errors
    /// The service's own.
    pub async fn remove_webhook(
        &self,
        owner: &Owner,
        id: CallerUuid,
        record: &AuditRecord,
    ) -> Result<bool, Error> {
        let there = Condition::when("attribute_exists(pk)");
        let writes = vec![
            self.delete_when(endpoint_key(owner, id), there)?,
            self.put(crate::audit::item(record)?, Condition::none())?,
        ];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// Asks for events to be sent once more, at once unless the endpoint is being told just now; false
    /// when it changed meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn replay_events(
        &self,
        from: &StoredEndpoint,
        replay: Replay,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.wake(from, Some(replay), now).await
    }

    /// Has an endpoint told at once what it waits for; false when it changed meanwhile.
    ///
    /// # Errors
    /// The service's own.
    pub async fn hurry_webhook(
        &self,
        from: &StoredEndpoint,
        now: Timestamp,
    ) -> Result<bool, Error> {
        self.wake(from, None, now).await
    }

    async fn wake(
        &self,
        from: &StoredEndpoint,
        replay: Option<Replay>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let endpoint = &from.endpoint;
        let mut condition = Condition::none()
            .value(":version", number(endpoint.version))
            .value(":due", text(DUE))
            .value(":now", instant(now));
        let mut unchanged = "version = :version".to_owned();
        let mut update = match &from.claim {
            // Who tells it now sees the replay before it rests.
            Some(claim) => {
                unchanged.push_str(" AND claim = :claim");
                condition = condition.value(":claim", text(claim));
                "SET due_pk = :due, due_sk = if_not_exists(due_sk, :now)".to_owned()
            }
            None => {
                unchanged.push_str(" AND attribute_not_exists(claim)");
                condition = condition.value(":none", number(0));
                "SET due_pk = :due, due_sk = :now, attempts = :none".to_owned()
            }
        };
        if let Some(replay) = replay {
            unchanged.push_str(" AND attribute_not_exists(replay)");
            update.push_str(", replay = :replay");
            condition = condition.value(":replay", json("replay", &replay)?);
        }
        let key = endpoint_key(&endpoint.owner, endpoint.id);
        let write = self.update(key, &update, condition.holding(unchanged))?;
        Ok(matches!(self.transact(vec![write]).await?, Written::All))
    }

    /// The write that wakes an endpoint for an event, refused when its settings are not those that were
    /// read.
    pub(crate) fn waking_for(
        &self,
        stored: &StoredEndpoint,
        is_told: bool,
        sequence: u64,
        now: Timestamp,
    ) -> Result<TransactWriteItem, Error> {
        let endpoint = &stored.endpoint;
        let mut condition = Condition::when("version = :version")
            .value(":version", number(endpoint.version))
            .value(":head", number(sequence));
        let mut update = "SET head = :head".to_owned();
        if is_told && endpoint.is_enabled() {
            update.push_str(", due_pk = :due, due_sk = if_not_exists(due_sk, :now)");
            condition = condition.value(":due", text(DUE)).value(":now", instant(now));
        }
        self.update(endpoint_key(&endpoint.owner, endpoint.id), &update, condition)
    }

    /// Endpoints that there is something to tell, oldest first. A malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn webhooks_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<StoredEndpoint, Error>>, Error> {
        Ok(self.due(DUE, now, limit).await?.iter().map(StoredEndpoint::try_from).collect())
    }

    /// Takes an endpoint that is due for one's own until then; false when another was faster.
    ///
    /// # Errors
    /// The service's own.
    pub async fn claim_webhook(
        &self,
        stored: &StoredEndpoint,
        claim: &str,
        until: Timestamp,
    ) -> Result<bool, Error> {
        let Some(due_at) = stored.due_at else { return Ok(false) };
        let condition = Condition::when("due_sk = :seen")
            .value(":seen", instant(due_at))
            .value(":claim", text(claim))
            .value(":until", instant(until));
        let endpoint = &stored.endpoint;
        let key = endpoint_key(&endpoint.owner, endpoint.id);
        let write = self.update(key, "SET claim = :claim, due_sk = :until", condition)?;
        Ok(matches!(self.transact(vec![write]).await?, Written::All))
    }

    /// Notes what became of an attempt and what follows; false when the claim is another's by now.
    ///
    /// # Errors
    /// The service's own.
    pub async fn note_delivery(
        &self,
        endpoint: &Endpoint,
        claim: &str,
        to: &Progress,
        next: &Next,
        delivery: &Delivery,
    ) -> Result<bool, Error> {
        let mut condition = Condition::when("claim = :claim")
            .value(":claim", text(claim))
            .value(":cursor", number(to.cursor))
            .value(":attempts", number(to.attempts));
        let mut update = "SET cursor_at = :cursor, attempts = :attempts".to_owned();
        let mut remove = Vec::new();
        match to.replay {
            Some(replay) => {
                update.push_str(", replay = :replay");
                condition = condition.value(":replay", json("replay", &replay)?);
            }
            None => remove.push("replay"),
        }
        match next {
            Next::GoOn { until } => {
                update.push_str(", due_sk = :at");
                condition = condition.value(":at", instant(*until));
                remove.push("failing_since");
            }
            Next::HandOver { at } => {
                update.push_str(", due_sk = :at");
                condition = condition.value(":at", instant(*at));
                remove.extend(["failing_since", "claim"]);
            }
            Next::Pause { at, failing_since } => {
                update.push_str(", due_sk = :at, failing_since = :since");
                condition =
                    condition.value(":at", instant(*at)).value(":since", instant(*failing_since));
                remove.push("claim");
            }
            Next::Stop(state) => {
                update.push_str(", #state = :state, version = version + :one");
                condition = condition
                    .name("#state", "state")
                    .value(":state", json("state", state)?)
                    .value(":one", number(1));
                remove.extend([DUE_PK, DUE_SK, "claim"]);
            }
        }
        if !remove.is_empty() {
            update.push_str(" REMOVE ");
            update.push_str(&remove.join(", "));
        }
        let writes = vec![
            self.update(endpoint_key(&endpoint.owner, endpoint.id), &update, condition)?,
            self.put(delivery::item(endpoint, delivery)?, Condition::none())?,
        ];
        Ok(matches!(self.transact(writes).await?, Written::All))
    }

    /// Lets an endpoint rest that has been told all up to `cursor`, as it was read; false when there is
    /// more by now, or the claim is another's.
    ///
    /// # Errors
    /// The service's own.
    pub async fn rest_webhook(
        &self,
        stored: &StoredEndpoint,
        claim: &str,
        cursor: u64,
    ) -> Result<bool, Error> {
        let told = match stored.progress.replay {
            // Of what was to be sent once more, nothing is left in the log.
            Some(_) => "claim = :claim AND head <= :cursor AND attribute_exists(replay)",
            None => "claim = :claim AND head <= :cursor AND attribute_not_exists(replay)",
        };
        let condition =
            Condition::when(told).value(":claim", text(claim)).value(":cursor", number(cursor));
        let update = "SET cursor_at = :cursor REMOVE due_pk, due_sk, claim, replay, failing_since";
        let key = endpoint_key(&stored.endpoint.owner, stored.endpoint.id);
        let write = self.update(key, update, condition)?;
        Ok(matches!(self.transact(vec![write]).await?, Written::All))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_is_no_endpoint_names_key_and_fault() {
        let mut item = key("WEBHOOKS#20240", "00000000-0000-4000-8000-000000000001");
        item.insert("url".to_owned(), text("gopher://museum.example/"));
        let error = StoredEndpoint::try_from(&item).unwrap_err().to_string();
        assert!(error.contains("WEBHOOKS#20240/") && error.contains("`url`"), "{error}");
    }
}
