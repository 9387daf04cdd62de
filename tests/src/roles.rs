//! Who acts: visitors with a browser, gates with a scanner, managers with a dashboard.

use serde_json::{Value, json};

use crate::answer::{Answer, Api};
use crate::process::Process;
use crate::wait::{SOON, eventually};

/// A uuid that nobody used before.
#[must_use]
pub fn fresh_uuid() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Whom the platform writes to.
#[derive(Debug, Clone)]
pub struct Contact {
    /// Full name.
    pub full_name: String,
    /// Mail address.
    pub email: String,
    /// Telephone, where given.
    pub phone: Option<String>,
}

impl Contact {
    /// Someone with a mail address of their own, so that no two tests look like one hoarder.
    #[must_use]
    pub fn fresh() -> Self {
        let number = uuid::Uuid::new_v4().simple().to_string();
        Self {
            full_name: format!("Visitor {}", &number[..6]),
            email: format!("visitor-{number}@example.org"),
            phone: None,
        }
    }
}

/// What a visitor wants.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The venue.
    pub venue: String,
    /// `admission`, or `reading-room`.
    pub product: String,
    /// The slot.
    pub slot: String,
    /// Unit and quantity.
    pub units: Vec<(String, u32)>,
}

impl Wish {
    /// Places at a museum.
    #[must_use]
    pub fn at(venue: &str, slot: &str, units: &[(&str, u32)]) -> Self {
        Self {
            venue: venue.to_owned(),
            product: "admission".to_owned(),
            slot: slot.to_owned(),
            units: units.iter().map(|(unit, quantity)| ((*unit).to_owned(), *quantity)).collect(),
        }
    }
}

/// How the sandbox's page is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Pays.
    Pay,
    /// Is declined.
    Decline,
    /// Pays, and the provider says so ten seconds later.
    Slow,
    /// The provider never says anything.
    Never,
    /// Pays, and the provider says so twice.
    Twice,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Decline => "decline",
            Self::Slow => "slow",
            Self::Never => "never",
            Self::Twice => "twice",
        }
    }
}

/// A visitor with a browser.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Their browser.
    pub api: Api,
    /// Who they are.
    pub contact: Contact,
}

impl Visitor {
    /// Someone new at the shop's address.
    #[must_use]
    pub fn of(platform: &Process) -> Self {
        Self { api: platform.api(), contact: Contact::fresh() }
    }

    /// The request for places, as the page sends it.
    #[must_use]
    pub fn request(&self, uuid: &str, wish: &Wish) -> Value {
        let units: Vec<Value> = wish
            .units
            .iter()
            .map(|(unit, quantity)| json!({"unit_id": unit, "quantity": quantity}))
            .collect();
        let Contact { full_name, email, phone } = &self.contact;
        let mut contact = json!({"full_name": full_name, "email": email});
        if let Some(phone) = phone {
            contact["phone"] = json!(phone);
        }
        json!({
            "uuid": uuid,
            "venue_id": wish.venue,
            "product_id": wish.product,
            "option_id": "standard",
            "slot_id": wish.slot,
            "units": units,
            "contact": contact,
            "locale": "it",
        })
    }

    /// Asks for places under a fresh uuid.
    pub async fn ask(&self, wish: &Wish) -> Answer {
        self.api.post("/v1/bookings", &self.request(&fresh_uuid(), wish)).await
    }

    /// Holds places; answers the booking's uuid.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn hold(&self, wish: &Wish) -> String {
        let booking = self.ask(wish).await.expect(201);
        assert_eq!(booking["status"], "ON_HOLD");
        booking["uuid"].as_str().unwrap_or_default().to_owned()
    }

    /// The booking as it stands.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn booking(&self, uuid: &str) -> Value {
        self.api.get(&format!("/v1/bookings/{uuid}")).await.expect(200)
    }

    /// Begins to pay.
    pub async fn start_payment(&self, uuid: &str) -> Answer {
        let body = json!({"return_url": format!("/booking/?uuid={uuid}")});
        self.api.post(&format!("/v1/bookings/{uuid}/payment"), &body).await
    }

    /// Presses a button on the provider's page.
    pub async fn press(&self, redirect_url: &str, outcome: Outcome) -> Answer {
        let form = format!("outcome={}", outcome.name());
        self.api.send("POST", redirect_url, Some("application/x-www-form-urlencoded"), form).await
    }

    /// Begins to pay and presses a button; answers the payment's id.
    ///
    /// # Panics
    /// When either is refused.
    pub async fn pay(&self, uuid: &str, outcome: Outcome) -> String {
        let started = self.start_payment(uuid).await.expect(200);
        let redirect_url = started["redirect_url"].as_str().unwrap_or_default().to_owned();
        let back = self.press(&redirect_url, outcome).await;
        assert_eq!(back.status, 303, "{}", back.text());
        started["payment"]["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the booking is in a state, and answers it.
    pub async fn sees(&self, uuid: &str, status: &str) -> Value {
        eventually(&format!("the booking is {status}"), SOON, async || {
            let booking = self.booking(uuid).await;
            if booking["status"] == status { Ok(booking) } else { Err(booking.to_string()) }
        })
        .await
    }

    /// Confirms a free booking.
    pub async fn confirm(&self, uuid: &str) -> Answer {
        self.api.post(&format!("/v1/bookings/{uuid}/confirm"), &json!({})).await
    }

    /// Gives a booking up.
    pub async fn cancel(&self, uuid: &str) -> Answer {
        self.api.post(&format!("/v1/bookings/{uuid}/cancel"), &json!({})).await
    }

    /// Gives a booking up, having been shown that so much goes back.
    pub async fn cancel_for(&self, uuid: &str, refund_cents: i64) -> Answer {
        let path = format!("/v1/bookings/{uuid}/cancel?refund_cents={refund_cents}");
        self.api.post(&path, &json!({})).await
    }

    /// All that is kept of the person behind the booking.
    pub async fn asks_what_is_kept(&self, uuid: &str) -> Answer {
        self.api.get(&format!("/v1/bookings/{uuid}/person")).await
    }

    /// Asks to be forgotten.
    pub async fn asks_to_be_forgotten(&self, uuid: &str) -> Answer {
        let path = format!("/v1/bookings/{uuid}/person");
        self.api.send("DELETE", &path, None, String::new()).await
    }

    /// The tickets, or why there are none.
    pub async fn ask_tickets(&self, uuid: &str) -> Answer {
        self.api.get(&format!("/v1/bookings/{uuid}/tickets")).await
    }

    /// The tickets.
    ///
    /// # Panics
    /// When there are none.
    pub async fn tickets(&self, uuid: &str) -> Vec<Value> {
        let list = self.ask_tickets(uuid).await.expect(200);
        list["tickets"].as_array().cloned().unwrap_or_default()
    }

    /// Takes a new ticket for a lost one, under this key of the request.
    pub async fn takes_new_ticket(&self, booking: &str, ticket: &str, key: &str) -> Answer {
        let path = format!("/v1/bookings/{booking}/tickets/{ticket}/reissue");
        self.api.post(&path, &json!({"uuid": key})).await
    }

    /// Holds, pays and waits for the confirmation; answers uuid and tickets.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn buys(&self, wish: &Wish) -> (String, Vec<Value>) {
        let uuid = self.hold(wish).await;
        self.pay(&uuid, Outcome::Pay).await;
        self.sees(&uuid, "CONFIRMED").await;
        let tickets = self.tickets(&uuid).await;
        (uuid, tickets)
    }

    /// Holds and confirms what is free; answers uuid and tickets.
    ///
    /// # Panics
    /// When a step is refused.
    pub async fn books_free(&self, wish: &Wish) -> (String, Vec<Value>) {
        let uuid = self.hold(wish).await;
        assert_eq!(self.confirm(&uuid).await.expect(200)["status"], "CONFIRMED");
        let tickets = self.tickets(&uuid).await;
        (uuid, tickets)
    }

    /// What a unit costs on the day of the wish, and why, as the calendar shows it.
    ///
    /// # Panics
    /// When the day has no such unit.
    pub async fn price(&self, wish: &Wish, unit: &str) -> Value {
        let day = day(&self.api, wish, "WEB").await;
        let prices = day["prices"].as_array().cloned().unwrap_or_default();
        let found = prices.into_iter().find(|price| price["unit_id"] == unit);
        found.unwrap_or_else(|| panic!("no price of `{unit}`: {day}"))
    }

    /// Places left in a slot, as the calendar shows them.
    pub async fn vacancies(&self, wish: &Wish) -> u64 {
        availability(&self.api, wish).await["vacancies"].as_u64().unwrap_or(u64::MAX)
    }
}

/// A day as the calendar shows it to a channel.
///
/// # Panics
/// When it is refused.
pub async fn day(api: &Api, wish: &Wish, channel: &str) -> Value {
    let day = wish.slot.split('T').next().unwrap_or_default();
    let (venue, product) = (&wish.venue, &wish.product);
    let path = format!(
        "/v1/venues/{venue}/availability?product_id={product}&from={day}&to={day}&channel={channel}"
    );
    api.get(&path).await.expect(200)["days"][0].clone()
}

/// A slot as the calendar shows it; null when it is not shown.
pub async fn availability(api: &Api, wish: &Wish) -> Value {
    let slots = day(api, wish, "WEB").await["slots"].as_array().cloned().unwrap_or_default();
    slots.into_iter().find(|slot| slot["id"] == wish.slot.as_str()).unwrap_or_default()
}

/// A gate with a scanner.
#[derive(Debug, Clone)]
pub struct Gate {
    /// Its connection, with its token.
    pub api: Api,
    pub(crate) venue: String,
    pub(crate) name: String,
}

impl Gate {
    /// A gate of a venue.
    pub async fn of(platform: &Process, venue: &str, name: &str) -> Self {
        let token = platform.token("gate", Some(venue)).await;
        Self::at(platform.api().with_token(Some(token)), venue, name)
    }

    /// A gate of a venue that speaks to this address.
    #[must_use]
    pub fn at(api: Api, venue: &str, name: &str) -> Self {
        Self { api, venue: venue.to_owned(), name: name.to_owned() }
    }

    /// The same token at another gate of the venue.
    #[must_use]
    pub fn named(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    /// Scans or types a code under a fresh nonce.
    pub async fn scan(&self, code: &str) -> Answer {
        self.scan_again(&fresh_uuid(), code).await
    }

    /// Scans or types a code under this nonce.
    pub async fn scan_again(&self, nonce: &str, code: &str) -> Answer {
        self.scan_with(nonce, code, &json!({})).await
    }

    /// Scans or types a code on the way out.
    pub async fn lets_out(&self, code: &str) -> Answer {
        self.scan_with(&fresh_uuid(), code, &json!({"direction": "EXIT"})).await
    }

    /// Scans or types a code, with what else a scan may say.
    pub async fn scan_with(&self, nonce: &str, code: &str, more: &Value) -> Answer {
        let (venue, gate) = (&self.venue, &self.name);
        let mut body = json!({"uuid": nonce, "venue_id": venue, "gate_id": gate, "code": code});
        for (name, value) in more.as_object().into_iter().flatten() {
            body[name] = value.clone();
        }
        self.api.post("/v1/redemptions", &body).await
    }

    /// How many people are inside.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn presence(&self) -> Value {
        self.api.get(&format!("/v1/venues/{}/presence", self.venue)).await.expect(200)
    }

    /// Takes an entry of this gate back.
    pub async fn takes_back(&self, nonce: &str, reason: &str) -> Answer {
        let body = json!({"venue_id": self.venue, "gate_id": self.name, "reason": reason});
        self.api.post(&format!("/v1/redemptions/{nonce}/undo"), &body).await
    }

    /// What a gate of the venue needs to decide by itself.
    pub async fn bundle(&self) -> Answer {
        self.api.get(&format!("/v1/venues/{}/gate-bundle", self.venue)).await
    }

    /// An entry of this gate, made while its line was down.
    #[must_use]
    pub fn let_in(&self, code: &str, redeemed_at: &str) -> Value {
        let uuid = fresh_uuid();
        json!({"uuid": uuid, "gate_id": self.name, "code": code, "redeemed_at": redeemed_at})
    }

    /// Sends entries in.
    pub async fn sends_in(&self, entries: &[Value]) -> Answer {
        let body = json!({"venue_id": self.venue, "entries": entries});
        self.api.post("/v1/redemptions/offline", &body).await
    }

    /// The tickets of the venue that let in twice, newest first.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn conflicts(&self) -> Vec<Value> {
        let path = format!("/v1/venues/{}/conflicts", self.venue);
        self.api.get(&path).await.expect(200)["conflicts"].as_array().cloned().unwrap_or_default()
    }
}

/// A clerk at a desk.
#[derive(Debug, Clone)]
pub struct Clerk {
    /// Their terminal, with its token.
    pub api: Api,
    venue: String,
}

impl Clerk {
    /// A clerk of a venue.
    pub async fn of(platform: &Process, venue: &str) -> Self {
        let token = platform.token("desk", Some(venue)).await;
        Self { api: platform.api().with_token(Some(token)), venue: venue.to_owned() }
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/venues/{}/shifts{rest}", self.venue)
    }

    /// Opens a shift.
    pub async fn opens(&self, uuid: &str, desk: &str, float_cents: i64) -> Answer {
        let body = json!({"uuid": uuid, "desk_id": desk, "float_cents": float_cents});
        self.api.post(&self.path(""), &body).await
    }

    /// Holds places for whoever stands at the window, asking for no name.
    pub async fn asks(&self, wish: &Wish) -> Answer {
        let nobody = Visitor { api: self.api.clone(), contact: Contact::fresh() };
        let mut body = nobody.request(&fresh_uuid(), wish);
        body["channel"] = json!("DESK");
        body.as_object_mut().expect("an object").remove("contact");
        self.api.post("/v1/bookings", &body).await
    }

    /// Holds places; answers the booking's uuid.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn holds(&self, wish: &Wish) -> String {
        self.asks(wish).await.expect(201)["uuid"].as_str().unwrap_or_default().to_owned()
    }

    /// Takes the money for a booking.
    pub async fn sells(
        &self,
        shift: &str,
        booking: &str,
        method: &str,
        given_cents: Option<i64>,
    ) -> Answer {
        let body = json!({"booking_uuid": booking, "method": method, "given_cents": given_cents});
        self.api.post(&self.path(&format!("/{shift}/sales")), &body).await
    }

    /// Takes a sale back.
    pub async fn voids(&self, shift: &str, booking: &str, reason: &str) -> Answer {
        let body = json!({"booking_uuid": booking, "reason": reason});
        self.api.post(&self.path(&format!("/{shift}/void")), &body).await
    }

    /// Counts the drawer and ends the shift.
    pub async fn closes(&self, shift: &str, counted_cents: i64) -> Answer {
        let body = json!({"counted_cents": counted_cents});
        self.api.post(&self.path(&format!("/{shift}/close")), &body).await
    }

    /// Reads a shift, its file or the account of a day.
    pub async fn reads(&self, rest: &str) -> Answer {
        self.api.get(&self.path(rest)).await
    }
}

/// A manager with a dashboard.
#[derive(Debug, Clone)]
pub struct Manager {
    /// Their browser, with their token.
    pub api: Api,
    venue: String,
}

impl Manager {
    /// The manager of a venue.
    pub async fn of(platform: &Process, venue: &str) -> Self {
        let token = platform.token("manager", Some(venue)).await;
        Self { api: platform.api().with_token(Some(token)), venue: venue.to_owned() }
    }

    /// A part of what the venue offers, such as `opening`, with its entity tag.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn reads(&self, part: &str) -> (Value, String) {
        let answer = self.api.get(&format!("/v1/venues/{}/{part}", self.venue)).await;
        (answer.expect(200), answer.entity_tag())
    }

    /// The newest changes of what the venue offers, newest first; those of its staff are on record too.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn offer_changes(&self) -> Vec<Value> {
        let (page, _) = self.reads("changes").await;
        let mut changes = page["changes"].as_array().cloned().unwrap_or_default();
        changes.retain(|change| {
            !change["part"].as_str().is_some_and(|part| part.starts_with("staff/"))
        });
        changes
    }

    /// Changes the part of what the venue offers that bears this entity tag; `*` makes a new one.
    pub async fn changes(&self, part: &str, entity_tag: &str, to: &Value) -> Answer {
        self.api.put(&format!("/v1/venues/{}/{part}", self.venue), entity_tag, to).await
    }

    /// The dashboard of a day.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn dashboard(&self, day: &str) -> Value {
        self.api.get(&format!("/v1/dashboard/{}?day={day}", self.venue)).await.expect(200)
    }

    /// The refunds of the venue, those that are due first.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn refunds(&self) -> Vec<Value> {
        let path = format!("/v1/venues/{}/refunds", self.venue);
        self.api.get(&path).await.expect(200)["refunds"].as_array().cloned().unwrap_or_default()
    }

    /// Makes the transfer file of this name.
    pub async fn files_refunds(&self, uuid: &str) -> Answer {
        let path = format!("/v1/venues/{}/refunds/files", self.venue);
        self.api.post(&path, &json!({"uuid": uuid})).await
    }

    /// Marks a refund as paid back.
    pub async fn marks_paid_back(&self, payment: &str, reference: &str) -> Answer {
        let path = format!("/v1/venues/{}/refunds/{payment}/paid-back", self.venue);
        self.api.post(&path, &json!({"reference": reference})).await
    }

    /// Calls off the visits of days that the venue no longer offers.
    pub async fn calls_off(&self, from: &str, to: &str) -> Answer {
        let path = format!("/v1/venues/{}/call-offs", self.venue);
        self.api.post(&path, &json!({"from": from, "to": to})).await
    }

    /// The same, but visitors have so many days to move their visit.
    pub async fn offers_moves(&self, from: &str, to: &str, days: u32) -> Answer {
        let path = format!("/v1/venues/{}/call-offs", self.venue);
        self.api.post(&path, &json!({"from": from, "to": to, "offer_move_days": days})).await
    }

    /// Closes a conflict of the gates with a note.
    pub async fn closes(&self, uuid: &str, note: &str) -> Answer {
        let path = format!("/v1/venues/{}/conflicts/{uuid}/close", self.venue);
        self.api.post(&path, &json!({"note": note})).await
    }

    /// The risk decisions, newest first.
    ///
    /// # Panics
    /// When they are refused.
    pub async fn decisions(&self) -> Vec<Value> {
        let list =
            self.api.get(&format!("/v1/decisions?venue_id={}", self.venue)).await.expect(200);
        list["decisions"].as_array().cloned().unwrap_or_default()
    }
}
