//! What callers ask for, how it goes over the wire, and what an answer promises for good.

use atrio_domain::booking::BookingState;
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::payment::ProviderOutcome;
use atrio_domain::shift::ShiftState;
use atrio_runtime::Role;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::table::Table;

/// The one venue.
pub(super) const VENUE: &str = "20240";

/// The one day.
pub(super) const DAY: &str = "2026-11-24";

/// So many of each unit.
pub(super) type Party = &'static [(&'static str, u32)];

/// Something asked of the platform. Asked again, it is the same request.
#[derive(Debug, Clone)]
pub(super) enum Request {
    Hold { uuid: CallerUuid, slot: &'static str, party: Party, channel: &'static str },
    ConfirmFree(CallerUuid),
    Exchange { old: CallerUuid, uuid: CallerUuid, slot: &'static str },
    GiveBack { booking: CallerUuid, request: CallerUuid, ticket: TicketId },
    StartPayment(CallerUuid),
    GiveUp(CallerUuid),
    ProviderSays { payment: String, outcome: ProviderOutcome },
    Redeem { nonce: CallerUuid, ticket: TicketId, gate: &'static str },
    Undo { nonce: CallerUuid, gate: String },
    FileOffline { nonce: CallerUuid, ticket: TicketId, gate: &'static str, at: Timestamp },
    Reissue { booking: CallerUuid, ticket: TicketId, request: CallerUuid },
    OpenShift { shift: CallerUuid, desk: &'static str },
    Sell { shift: CallerUuid, booking: CallerUuid, method: &'static str },
    Void { shift: CallerUuid, booking: CallerUuid },
    CloseShift(CallerUuid),
    CallOff(CallerUuid),
    CallOffTheDay,
    Upkeep,
}

/// Which function answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Booking,
    Payment,
    Redemption,
    Ticketing,
    Desk,
    Venue,
}

/// A request as it goes over the wire.
pub(super) struct Wire {
    pub(super) function: Function,
    pub(super) path: String,
    pub(super) body: Value,
    pub(super) role: Option<Role>,
}

impl Request {
    /// Over the wire; none for what comes another way.
    pub(super) fn wire(&self) -> Option<Wire> {
        self.of_a_visitor().or_else(|| self.at_a_gate()).or_else(|| self.of_staff())
    }

    fn of_a_visitor(&self) -> Option<Wire> {
        let (function, path, body) = match self {
            Self::Hold { uuid, slot, party, channel } => {
                let units: Vec<Value> = party
                    .iter()
                    .map(|(unit, quantity)| json!({ "unit_id": unit, "quantity": quantity }))
                    .collect();
                let body = json!({
                    "uuid": uuid, "venue_id": VENUE, "product_id": "admission", "slot_id": slot,
                    "units": units, "channel": channel,
                    "contact": { "full_name": "Visitor 1", "email": "visitor-1@example.org" },
                });
                let role = (*channel == "DESK").then_some(Role::Desk);
                let path = "/v1/bookings".to_owned();
                return Some(Wire { function: Function::Booking, path, body, role });
            }
            Self::ConfirmFree(uuid) => {
                (Function::Booking, format!("/v1/bookings/{uuid}/confirm"), Value::Null)
            }
            Self::Exchange { old, uuid, slot } => {
                let body = json!({ "uuid": uuid, "slot_id": slot });
                (Function::Booking, format!("/v1/bookings/{old}/exchange"), body)
            }
            Self::GiveBack { booking, request, ticket } => {
                let body = json!({ "uuid": request, "ticket_ids": [ticket] });
                (Function::Booking, format!("/v1/bookings/{booking}/give-back"), body)
            }
            Self::GiveUp(uuid) => {
                (Function::Booking, format!("/v1/bookings/{uuid}/cancel"), Value::Null)
            }
            Self::StartPayment(uuid) => {
                let body = json!({ "return_url": "/booking/" });
                (Function::Payment, format!("/v1/bookings/{uuid}/payment"), body)
            }
            Self::ProviderSays { payment, outcome } => {
                let body = json!({ "payment_id": payment, "outcome": outcome });
                (Function::Payment, "/v1/payments/notifications".to_owned(), body)
            }
            Self::Reissue { booking, ticket, request } => {
                let path = format!("/v1/bookings/{booking}/tickets/{ticket}/reissue");
                (Function::Ticketing, path, json!({ "uuid": request }))
            }
            _ => return None,
        };
        Some(Wire { function, path, body, role: None })
    }

    fn at_a_gate(&self) -> Option<Wire> {
        let (path, body) = match self {
            Self::Redeem { nonce, ticket, gate } => {
                let code = ticket.typed_code();
                let body =
                    json!({ "uuid": nonce, "venue_id": VENUE, "gate_id": gate, "code": code });
                ("/v1/redemptions".to_owned(), body)
            }
            Self::Undo { nonce, gate } => {
                let body = json!({ "venue_id": VENUE, "gate_id": gate, "reason": "turned back" });
                (format!("/v1/redemptions/{nonce}/undo"), body)
            }
            Self::FileOffline { nonce, ticket, gate, at } => {
                let code = ticket.typed_code();
                let entry =
                    json!({ "uuid": nonce, "gate_id": gate, "code": code, "redeemed_at": at });
                let body = json!({ "venue_id": VENUE, "entries": [entry] });
                ("/v1/redemptions/offline".to_owned(), body)
            }
            _ => return None,
        };
        Some(Wire { function: Function::Redemption, path, body, role: Some(Role::Gate) })
    }

    fn of_staff(&self) -> Option<Wire> {
        let venue = format!("/v1/venues/{VENUE}");
        let (path, body) = match self {
            Self::OpenShift { shift, desk } => {
                let body = json!({ "uuid": shift, "desk_id": desk, "float_cents": 5000 });
                (format!("{venue}/shifts"), body)
            }
            Self::Sell { shift, booking, method } => {
                let body = json!({ "booking_uuid": booking, "method": method });
                (format!("{venue}/shifts/{shift}/sales"), body)
            }
            Self::Void { shift, booking } => {
                let body = json!({ "booking_uuid": booking, "reason": "a slip of the hand" });
                (format!("{venue}/shifts/{shift}/void"), body)
            }
            Self::CloseShift(shift) => {
                (format!("{venue}/shifts/{shift}/close"), json!({ "counted_cents": 5000 }))
            }
            Self::CallOffTheDay => {
                let (path, body) =
                    (format!("{venue}/call-offs"), json!({ "from": DAY, "to": DAY }));
                let role = Some(Role::Manager);
                return Some(Wire { function: Function::Venue, path, body, role });
            }
            _ => return None,
        };
        Some(Wire { function: Function::Desk, path, body, role: Some(Role::Desk) })
    }

    /// P6: what an answer said stands in the table, from then on for ever. None when it does.
    pub(super) fn broken(&self, status: u16, said: &Value, table: &Table) -> Option<String> {
        if !(200..300).contains(&status) {
            return None;
        }
        let state = |uuid| table.bookings.get(uuid).map(|stored| &stored.booking.state);
        let stands = match self {
            Self::Hold { uuid, .. } | Self::Exchange { uuid, .. } => {
                table.bookings.contains_key(uuid)
            }
            Self::GiveBack { booking, request, ticket } => {
                let given = table.given_back.get(&(*booking, *request));
                let refund = given.map(|refund| json!(refund));
                let ticket = table.tickets.get(&ticket.to_string());
                refund.as_ref() == Some(&said["refund_cents"])
                    && ticket.is_some_and(|ticket| ticket.status == "REVOKED")
            }
            Self::ConfirmFree(uuid) => matches!(
                state(uuid),
                Some(BookingState::Confirmed { .. } | BookingState::Cancelled { .. })
            ),
            Self::StartPayment(_) => {
                said["payment"]["id"].as_str().is_some_and(|id| table.attempts.contains_key(id))
            }
            Self::GiveUp(uuid) | Self::CallOff(uuid) => {
                matches!(state(uuid), Some(BookingState::Cancelled { .. }))
            }
            Self::ProviderSays { payment, outcome } => {
                let attempt = table.attempts.get(payment);
                let is_known = |status: &str| match outcome {
                    ProviderOutcome::Paid => ["PAID", "REFUND_DUE", "REFUNDED"].contains(&status),
                    ProviderOutcome::Declined | ProviderOutcome::Expired => status != "STARTED",
                };
                attempt.is_some_and(|attempt| is_known(&attempt.status))
            }
            Self::Redeem { nonce, ticket, .. } => {
                table.entries.get(nonce).is_some_and(|entry| entry.is_of(*ticket))
            }
            Self::Undo { nonce, .. } => {
                table.entries.get(nonce).is_some_and(|entry| entry.undone.is_some())
            }
            Self::FileOffline { nonce, ticket, .. } => {
                let is_filed =
                    matches!(said["results"][0]["outcome"].as_str(), Some("DONE" | "KNOWN"));
                !is_filed || table.entries.get(nonce).is_some_and(|entry| entry.is_of(*ticket))
            }
            Self::Reissue { request, .. } => {
                table.reissues.get(request).map(String::as_str) == said["id"].as_str()
            }
            Self::OpenShift { shift, .. } => table.shifts.contains_key(shift),
            Self::Sell { shift, booking, .. } => table.sales.contains_key(&(*shift, *booking)),
            Self::Void { shift, booking } => {
                table.sales.get(&(*shift, *booking)).is_some_and(|sold| sold.is_void)
            }
            Self::CloseShift(shift) => table
                .shifts
                .get(shift)
                .is_some_and(|stored| matches!(stored.shift.state, ShiftState::Closed { .. })),
            Self::CallOffTheDay | Self::Upkeep => true,
        };
        (!stands).then(|| format!("P6: {self:?} was answered {status} {said} and does not stand"))
    }

    /// P8: a refusal, at the moment it is given, for which the caller's own request is the reason.
    pub(super) fn untrue(&self, said: &Value, table: &Table) -> Option<String> {
        let is = |kind: &str| said["type"].as_str().is_some_and(|said| said.ends_with(kind));
        let is_own = match self {
            Self::OpenShift { shift, .. } => {
                is("/desk-busy") && said["open_shift"] == shift.to_string()
            }
            Self::Hold { uuid, .. } | Self::Exchange { uuid, .. } => {
                let own = table.bookings.get(uuid);
                (is("/sold-out") || is("/resource-occupied"))
                    && own.is_some_and(|stored| stored.booking.takes_places())
            }
            _ => false,
        };
        is_own.then(|| format!("P8: {self:?} was refused for itself: {said}"))
    }
}
