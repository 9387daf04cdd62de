//! Ticket items: `TICKET#id` / `TICKET`, found by the code a visitor shows or types.

use atrio_domain::admission::AdmissionRule;
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::pass::{Pass, Used};
use atrio_domain::retention::Record;
use atrio_domain::ticket::{Entitlement, Exit, Grant, Ticket, TicketState};
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use crate::attributes::{Attributes, instant, json, number, text, time_to_live};
use crate::table::{DUE_PK, DUE_SK, TTL};
use crate::transaction::Condition;
use crate::{Error, Item, PK, Store, key};

pub(crate) fn ticket_key(id: TicketId) -> Item {
    key(format!("TICKET#{id}"), "TICKET")
}

/// That a pass stands as it did before the last change to it, which is in `ticket`.
pub(crate) fn pass_unchanged_before(ticket: &Ticket) -> Option<Condition> {
    let changes = ticket.pass.as_ref()?.used.changes.saturating_sub(1);
    let unchanged = Condition::when("#status <> :revoked AND pass_changes = :changes");
    Some(
        unchanged
            .name("#status", "status")
            .value(":revoked", text("REVOKED"))
            .value(":changes", number(changes)),
    )
}

/// That the sale of a ticket has come in since, or has not, as when it was read: the other part of it.
pub(crate) fn same_lease(ticket: &Ticket) -> (&'static str, Option<AttributeValue>) {
    match ticket.lease {
        Some(lease) => ("lease = :lease", Some(text(lease.to_string()))),
        None => ("attribute_not_exists(lease)", None),
    }
}

/// That a ticket whose sale has not come in stands as it was read.
pub(crate) fn unsold_as_read(ticket: &Ticket) -> Condition {
    let (lease, value) = same_lease(ticket);
    let (more, used, left) = match &ticket.state {
        TicketState::Redeemed { redemption, exit: None, .. } => (
            " AND redemption = :used AND attribute_not_exists(left_under)",
            Some(*redemption),
            None,
        ),
        TicketState::Redeemed { redemption, exit: Some(exit), .. } => {
            (" AND redemption = :used AND left_under = :left", Some(*redemption), Some(exit.uuid))
        }
        TicketState::Valid | TicketState::Revoked { .. } | TicketState::Replaced { .. } => {
            ("", None, None)
        }
    };
    let mut condition = Condition::when(&format!("#status = :status AND {lease}{more}"))
        .name("#status", "status")
        .value(":status", text(ticket.status()));
    if let Some(value) = value {
        condition = condition.value(":lease", value);
    }
    for (name, uuid) in [(":used", used), (":left", left)] {
        if let Some(uuid) = uuid {
            condition = condition.value(name, text(uuid.to_string()));
        }
    }
    condition
}

pub(crate) fn item(ticket: &Ticket) -> Result<Item, Error> {
    let entitlement = &ticket.entitlement;
    let mut item = ticket_key(entitlement.ticket);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("venue_id", text(entitlement.venue.as_str()));
    set("product_id", text(entitlement.product.as_str()));
    set("unit_id", text(entitlement.unit.as_str()));
    set("slot", json("slot", &entitlement.slot)?);
    set("unit_name", json("unit_name", &ticket.unit_name)?);
    set("reason", json("reason", &ticket.reason)?);
    set("document", json("document", &ticket.document)?);
    if ticket.admission != AdmissionRule::default() {
        set("admission", json("admission", &ticket.admission)?);
    }
    set("booking", text(ticket.booking.to_string()));
    set("issued_at", instant(ticket.issued_at));
    set("status", text(ticket.status()));
    if let Some(lease) = ticket.lease {
        set("lease", text(lease.to_string()));
    }
    set(TTL, time_to_live(Record::Ticket.until(entitlement.slot.end)));
    match &ticket.pass {
        // Nobody can be expected with it yet, and a gate by itself believes its signed code.
        None if ticket.status() == "LEASED" => {}
        None => {
            let day = entitlement.slot.id.day();
            set(DUE_PK, text(crate::gate_day::partition(&entitlement.venue, day)));
            set(DUE_SK, text(entitlement.slot.id.to_string()));
        }
        // Gates that are by themselves do not let in with a pass, so no gate's day has it.
        Some(Pass { rule, used }) => {
            set("pass", json("pass", rule)?);
            set("pass_first_at", json("pass_first_at", &used.first_at)?);
            set("pass_visits", json("pass_visits", &used.visits)?);
            set("pass_changes", number(used.changes));
        }
    }
    match &ticket.state {
        TicketState::Valid => {}
        TicketState::Redeemed { at, gate, redemption, area, exit } => {
            set("redeemed_at", instant(*at));
            set("gate", text(gate.as_str()));
            set("redemption", text(redemption.to_string()));
            if let Some(area) = area {
                set("area", text(area.as_str()));
            }
            if let Some(Exit { at, gate, uuid }) = exit {
                set("left_at", instant(*at));
                set("left_gate", text(gate.as_str()));
                set("left_under", text(uuid.to_string()));
            }
        }
        TicketState::Revoked { at } => set("revoked_at", instant(*at)),
        TicketState::Replaced { at } => set("replaced_at", instant(*at)),
    }
    Ok(item)
}

pub(crate) fn ticket(item: &Item) -> Result<Ticket, Error> {
    let read = Attributes::of(item);
    let id = read
        .text(PK)?
        .strip_prefix("TICKET#")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| read.malformed(PK, "is no ticket's"))?;
    let state = match read.text("status")? {
        "VALID" | "LEASED" => TicketState::Valid,
        "REDEEMED" => TicketState::Redeemed {
            at: read.parsed("redeemed_at")?,
            gate: read.parsed("gate")?,
            redemption: read.parsed("redemption")?,
            area: read.optional_parsed("area")?,
            exit: match read.optional_instant("left_at")? {
                Some(at) => Some(Exit {
                    at,
                    gate: read.parsed("left_gate")?,
                    uuid: read.parsed("left_under")?,
                }),
                None => None,
            },
        },
        "REVOKED" => match read.optional_instant("replaced_at")? {
            Some(at) => TicketState::Replaced { at },
            None => TicketState::Revoked { at: read.parsed("revoked_at")? },
        },
        other => return Err(read.malformed("status", format!("is `{other}`"))),
    };
    let pass = match read.optional_text("pass")? {
        Some(_) => Some(Pass {
            rule: read.json("pass")?,
            used: Used {
                first_at: read.json("pass_first_at")?,
                visits: read.json("pass_visits")?,
                changes: read.number("pass_changes")?,
            },
        }),
        None => None,
    };
    Ok(Ticket {
        entitlement: Entitlement {
            ticket: id,
            venue: read.parsed("venue_id")?,
            product: read.parsed("product_id")?,
            unit: read.parsed("unit_id")?,
            slot: read.json("slot")?,
            grant: if pass.is_some() { Grant::Pass } else { Grant::Visit },
        },
        unit_name: read.json("unit_name")?,
        reason: read.json("reason")?,
        document: read.json("document")?,
        admission: read.json_or_usual("admission")?,
        pass,
        booking: read.parsed("booking")?,
        lease: read.optional_parsed("lease")?,
        issued_at: read.parsed("issued_at")?,
        state,
    })
}

impl Store {
    /// One ticket.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>, Error> {
        self.get(ticket_key(id)).await?.as_ref().map(ticket).transpose()
    }

    /// The tickets of a booking, in its order; none where there is no such booking. Nothing else of the
    /// booking is read, so that who admits learns of no person.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn tickets_of_booking(&self, booking: CallerUuid) -> Result<Vec<Ticket>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(crate::booking::booking_key(booking)))
            .projection_expression("pk, sk, tickets")
            .consistent_read(true)
            .send()
            .await
            .map_err(Error::service("GetItem"))?;
        let Some(item) = answer.item else { return Ok(Vec::new()) };
        let ids: Vec<TicketId> = Attributes::of(&item).json("tickets")?;
        self.tickets(&ids).await
    }

    /// Several tickets, in the order of their ids as given.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn tickets(&self, ids: &[TicketId]) -> Result<Vec<Ticket>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut pending = KeysAndAttributes::builder()
            .set_keys(Some(ids.iter().map(|id| ticket_key(*id)).collect()))
            .consistent_read(true)
            .build()
            .ok();
        let mut tickets = Vec::with_capacity(ids.len());
        while let Some(keys) = pending {
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, keys)
                .send()
                .await
                .map_err(Error::service("BatchGetItem"))?;
            for item in
                answer.responses().and_then(|tables| tables.get(&self.table)).into_iter().flatten()
            {
                tickets.push(ticket(item)?);
            }
            pending = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
        }
        tickets.sort_by_key(|ticket| ids.iter().position(|id| *id == ticket.entitlement.ticket));
        Ok(tickets)
    }
}
