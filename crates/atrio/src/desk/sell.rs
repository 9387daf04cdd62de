//! How a desk sells: a party is priced by what was leased, gets places that are left, and is in the journal
//! before it is answered. Whether the line is up is not asked.

use atrio_desk::problem;
use atrio_domain::booking::{Channel, UnitLine};
use atrio_domain::hold::UnitQuantity;
use atrio_domain::id::{CallerUuid, ProductId, SlotId};
use atrio_domain::lease::{Pack, SoldTicket};
use atrio_domain::shift::{Method, ShiftError};
use atrio_domain::tariff::Cents;
use atrio_domain::text::Locale;
use atrio_domain::ticket::Ticket;
use atrio_paper::CodePicture;
use atrio_runtime::Problem;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journal::{Journal, LeaseRecord, Outcome, SaleRecord, Stage};
use super::{Desk, shift_missing};

/// A party at the window.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The sale's key, made by the page: sent again, it is the same sale.
    pub uuid: CallerUuid,
    /// What they visit.
    pub product_id: ProductId,
    /// When.
    pub slot_id: SlotId,
    /// Who, by unit.
    pub units: Vec<UnitQuantity>,
    /// How they pay.
    pub method: Method,
    /// What they hand over in cash.
    #[serde(default)]
    pub given_cents: Option<Cents>,
    /// In which language their tickets are.
    #[serde(default)]
    pub locale: Locale,
}

impl Asked {
    /// What makes a repeat the same sale.
    fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Desk {
    /// Sells to a party. Sent again, it answers the same sale.
    ///
    /// # Errors
    /// Why it is not sold: nothing is in the journal then.
    pub async fn sell(&self, asked: &Asked) -> Result<(StatusCode, Value), Problem> {
        let _turn = self.window.lock().await;
        let answer = self.sell_one(asked)?;
        self.look.notify_one();
        Ok(answer)
    }

    fn sell_one(&self, asked: &Asked) -> Result<(StatusCode, Value), Problem> {
        let now = self.now();
        let mut journal = self.journal();
        if let Some(before) = journal.sale(asked.uuid).cloned() {
            if before.asked != asked.text() {
                return Err(uuid_reused(asked.uuid));
            }
            // Written anew: the first time it may have failed.
            journal.put_sale(before.clone()).map_err(|error| Problem::internal(&error))?;
            return Ok((StatusCode::OK, sold_view(&journal, &before)?));
        }
        let shift = match self.settings.channel {
            Channel::Desk => Some(journal.open_shift().ok_or_else(shift_missing)?.uuid),
            Channel::Totem | Channel::Web | Channel::Reseller => None,
        };
        let (lease, party, places) = choose(&journal, asked, now)?;
        let amount: Cents = party.iter().map(|line| line.price_cents.times(line.quantity)).sum();
        self.check_money(asked, amount)?;
        let sale = SaleRecord {
            uuid: asked.uuid,
            lease,
            shift,
            places,
            method: asked.method,
            amount_cents: amount,
            given_cents: asked.given_cents.filter(|_| asked.method == Method::Cash),
            locale: asked.locale,
            sold_at: now,
            asked: asked.text(),
            outcome: None,
        };
        let answer = sold_with(&journal, &sale)?;
        journal.put_sale(sale).map_err(|error| Problem::internal(&error))?;
        Ok((StatusCode::CREATED, answer))
    }

    fn check_money(&self, asked: &Asked, amount: Cents) -> Result<(), Problem> {
        let method = asked.method;
        if amount > Cents::ZERO && self.settings.channel != Channel::Desk {
            let message = "a totem takes no money while it sells by itself";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-free")
                .detail(message)
                .field("units", message, "sell what is free, or send the visitor to the desk"));
        }
        if (amount == Cents::ZERO) != (method == Method::Free) {
            return Err(problem::shift(&ShiftError::WrongMethod { amount, method }));
        }
        match asked.given_cents.filter(|_| method == Method::Cash) {
            Some(given) if given < amount => {
                Err(problem::shift(&ShiftError::TooLittle { given, amount }))
            }
            Some(given) if given > atrio_domain::shift::DRAWER_MAX => {
                let field = "given_cents";
                Err(problem::shift(&ShiftError::Amount { field, amount: given }))
            }
            _ => Ok(()),
        }
    }

    /// A sale, for showing it again.
    pub(super) fn sale(&self, uuid: CallerUuid) -> Result<Value, Problem> {
        let journal = self.journal();
        let sale = journal.sale(uuid).ok_or_else(|| unknown_sale(uuid))?;
        sold_view(&journal, sale)
    }

    /// The tickets of a sale as they are printed, with their codes, under the venue's name.
    pub(super) fn printed(&self, uuid: CallerUuid) -> Result<Printed, Problem> {
        let journal = self.journal();
        let sale = journal.sale(uuid).ok_or_else(|| unknown_sale(uuid))?;
        let pack = pack_of(&journal, sale)?;
        Ok(Printed {
            venue_name: pack.venue_name.clone(),
            municipality: pack.municipality.clone(),
            locale: sale.locale,
            tickets: tickets(pack, sale)?,
        })
    }
}

/// What goes to a printer.
pub(super) struct Printed {
    pub(super) venue_name: String,
    pub(super) municipality: String,
    pub(super) locale: Locale,
    pub(super) tickets: Vec<(Ticket, String)>,
}

/// A lease with places for the party, its prices and the places.
fn choose(
    journal: &Journal,
    asked: &Asked,
    now: Timestamp,
) -> Result<(CallerUuid, Vec<UnitLine>, Vec<SoldTicket>), Problem> {
    let of_slot = |lease: &&LeaseRecord| {
        lease.slot_id == asked.slot_id && lease.product_id == asked.product_id
    };
    let mut left = 0;
    for lease in journal.leases().into_iter().filter(of_slot) {
        let Stage::Open(pack) = &lease.stage else { continue };
        if now > pack.slot.end {
            continue;
        }
        let party = pack
            .terms
            .price(&pack.option_id, &asked.units)
            .map_err(|error| problem::hold(&error))?;
        let sold = journal.sold(lease.uuid);
        if let Some(places) = pack.places_for(&party, &sold) {
            return Ok((lease.uuid, party, places));
        }
        left = left.max(pack.tickets.len().saturating_sub(sold.len()));
    }
    let message = format!("this desk has {left} places of slot `{}` left", asked.slot_id);
    Err(Problem::new(StatusCode::CONFLICT, "sold-out")
        .detail(&message)
        .field("units", &message, "lease more while the line is up, or choose another slot")
        .fact("vacancies", left))
}

fn pack_of<'j>(journal: &'j Journal, sale: &SaleRecord) -> Result<&'j Pack, Problem> {
    let pack = journal.lease(sale.lease).and_then(LeaseRecord::pack);
    pack.ok_or_else(|| unknown_sale(sale.uuid))
}

fn tickets(pack: &Pack, sale: &SaleRecord) -> Result<Vec<(Ticket, String)>, Problem> {
    let printed = |place| pack.printed(place, sale.uuid, sale.sold_at);
    let tickets: Option<Vec<_>> = sale.places.iter().map(printed).collect();
    tickets.ok_or_else(|| unknown_sale(sale.uuid))
}

fn sold_view(journal: &Journal, sale: &SaleRecord) -> Result<Value, Problem> {
    let mut view = sold_with(journal, sale)?;
    view["status"] = match &sale.outcome {
        None => json!("WAITING"),
        Some(Outcome::Done) => json!("FILED"),
        Some(Outcome::Refused { .. }) => json!("REFUSED"),
    };
    Ok(view)
}

/// What the clerk sees of a sale: the change, and each ticket with its code.
fn sold_with(journal: &Journal, sale: &SaleRecord) -> Result<Value, Problem> {
    let pack = pack_of(journal, sale)?;
    let mut shown = Vec::with_capacity(sale.places.len());
    for (ticket, code) in tickets(pack, sale)? {
        let drawn = CodePicture::of_code(code).map_err(|error| Problem::internal(&error))?;
        shown.push(json!({
            "id": ticket.entitlement.ticket,
            "typed_code": ticket.entitlement.ticket.typed_code(),
            "unit": {"id": ticket.entitlement.unit, "name": ticket.unit_name},
            "reason": ticket.reason,
            "document": ticket.document,
            "qr_svg": drawn.svg(),
            "code": drawn.text,
        }));
    }
    let change = sale.given_cents.map(|given| given.0 - sale.amount_cents.0);
    Ok(json!({
        "booking_uuid": sale.uuid,
        "lease_uuid": sale.lease,
        "shift_uuid": sale.shift,
        "venue_name": pack.venue_name,
        "product_name": pack.terms.product_name,
        "slot": pack.slot,
        "method": sale.method,
        "amount_cents": sale.amount_cents,
        "change_cents": change,
        "sold_at": sale.sold_at,
        "status": "WAITING",
        "tickets": shown,
    }))
}

fn uuid_reused(uuid: CallerUuid) -> Problem {
    Problem::new(StatusCode::CONFLICT, "uuid-reused")
        .detail(format_args!("`{uuid}` was used for another sale before"))
        .field("uuid", "stands for another sale", "make a fresh uuid for each new sale")
}

fn unknown_sale(uuid: CallerUuid) -> Problem {
    let fix = "take the uuid of a sale of this desk";
    Problem::not_found("unknown-sale", "uuid", &uuid.to_string(), fix)
}
