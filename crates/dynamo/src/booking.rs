//! Booking items: `BOOKING#uuid` / `BOOKING`. Every change is one transaction conditioned on the
//! version that was read, together with the places, tickets and payment it concerns.

use atrio_domain::admission::AdmissionRule;
use atrio_domain::booking::{Booking, BookingState, Contact, Origin};
use atrio_domain::holder::Holders;
use atrio_domain::id::{CallerUuid, TicketId};
use atrio_domain::payment::Payment;
use atrio_domain::quota::Pools;
use atrio_domain::retention::Record;
use atrio_domain::tariff::Cents;
use atrio_domain::ticket::Ticket;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::Timestamp;

use crate::attributes::{Attributes, instant, instant_text, json, number, text, time_to_live};
use crate::finding::{ANY_OTHERS, Found, Seen};
use crate::person::{OverLimit, over_limit};
use crate::resource::{Exhausted, exhausted};
use crate::table::{DUE_INDEX, DUE_PK, DUE_SK, TTL};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, Store, key};

/// When a booking, with its contact, is deleted.
#[must_use]
pub fn kept_until(booking: &Booking) -> Timestamp {
    Record::Booking.until(booking.slot.end)
}

/// How often a hold looks again for pools with places: each time, others took some meanwhile.
const ATTEMPTS: u32 = 12;

/// A booking with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The booking.
    pub booking: Booking,
    /// Counts its changes.
    pub version: u64,
    /// Tickets issued for it.
    pub tickets: Vec<TicketId>,
}

/// What became of a hold.
#[derive(Debug)]
pub enum Held {
    /// The places are taken now.
    New,
    /// The same request came before; this is what became of it.
    Before(Box<Stored>),
    /// Another request came under this uuid before.
    UuidReused,
    /// There are not so many places left.
    SoldOut {
        /// Places that are, for its channel.
        vacancies: u32,
        /// When more are open to it.
        more_at: Option<Timestamp>,
    },
    /// Too few people came together in time: the visit does not take place.
    TooFew,
    /// There are places, but something the visit needs is occupied at that time.
    Exhausted(Exhausted),
    /// There are places, but not so many for this person.
    OverLimit(OverLimit),
    /// There are places, but the discount code has no use left.
    VoucherUsedUp,
}

/// What goes with a change of a booking.
#[derive(Debug, Clone, Copy)]
pub enum With<'a> {
    /// Nothing else.
    Nothing,
    /// An attempt to pay began, whose lookup is written beside.
    PaymentStarted(&'a Payment),
    /// It is confirmed: these tickets, and the payment where one was due.
    Confirmation(&'a [Ticket], Option<&'a Payment>),
    /// A payment was declined and the hold goes on.
    Declined(&'a Payment),
    /// The places go back; with the payment that was declined or goes back, if one was, and the
    /// tickets that admit no more, none of which may have admitted.
    PlacesReturned(Option<&'a Payment>, &'a [Ticket]),
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It is stored.
    Done,
    /// Someone else changed the booking meanwhile: read it again.
    Stale,
}

impl From<Written> for Changed {
    /// A change over what was read is refused only where that is no more.
    fn from(written: Written) -> Self {
        match written {
            Written::All => Self::Done,
            Written::Refused(_) => Self::Stale,
        }
    }
}

pub(crate) fn booking_key(uuid: CallerUuid) -> Item {
    key(format!("BOOKING#{uuid}"), "BOOKING")
}

pub(crate) fn item(booking: &Booking, version: u64, tickets: &[TicketId]) -> Result<Item, Error> {
    let mut item = booking_key(booking.uuid);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("version", number(version));
    set("fingerprint", text(&booking.fingerprint));
    if let Some(order) = booking.order {
        set("order_uuid", text(order.to_string()));
    }
    set("venue_id", text(booking.venue_id.as_str()));
    set("product_id", text(booking.product_id.as_str()));
    set("option_id", text(booking.option_id.as_str()));
    set("slot", json("slot", &booking.slot)?);
    set("units", json("units", &booking.units)?);
    if let Some(contact) = &booking.contact {
        set("contact_name", text(&contact.full_name));
        set("contact_email", text(&contact.email));
        if let Some(phone) = &contact.phone {
            set("contact_phone", text(phone));
        }
    }
    set("locale", json("locale", &booking.locale)?);
    set("channel", json("channel", &booking.channel)?);
    if booking.origin != Origin::Asked {
        set("origin", json("origin", &booking.origin)?);
    }
    set("created_at", instant(booking.created_at));
    set("decision", json("decision", &booking.decision)?);
    set("risk_keys", json("risk_keys", &booking.risk_keys)?);
    set("draws", json("draws", &booking.draws)?);
    if !booking.uses.is_empty() {
        set("uses", json("uses", &booking.uses)?);
    }
    set("cancellation", json("cancellation", &booking.cancellation)?);
    if booking.admission != AdmissionRule::default() {
        set("admission", json("admission", &booking.admission)?);
    }
    if let Some(rule) = &booking.pass {
        set("pass", json("pass", rule)?);
    }
    if booking.holders != Holders::default() {
        set("holder_names", json("holder_names", &booking.holders.names)?);
        set("holder_changes", number(booking.holders.changes));
    }
    if let Some(counted) = &booking.counted {
        set("counted", json("counted", counted)?);
    }
    if let Some(voucher) = &booking.voucher {
        set("voucher", json("voucher", voucher)?);
    }
    if let Some(rule) = &booking.exchange {
        set("exchange", json("exchange", rule)?);
    }
    if let Some(offer) = &booking.moving {
        set("moving", json("moving", offer)?);
    }
    if let Some(replaced) = &booking.replaces {
        set("replaces", json("replaces", replaced)?);
    }
    if !booking.carried.is_empty() {
        set("carried", json("carried", &booking.carried)?);
    }
    if let Some(reduced) = &booking.reduced {
        set("reduced", json("reduced", reduced)?);
    }
    if let Some(resale) = &booking.resale {
        set("resale", json("resale", resale)?);
    }
    set("payment_attempts", number(booking.payment_attempts));
    set("tickets", json("tickets", &tickets)?);
    set("status", text(booking.state.name()));
    set(TTL, time_to_live(kept_until(booking)));
    match &booking.state {
        BookingState::OnHold { expires_at, declined } => {
            set("expires_at", instant(*expires_at));
            if let Some(payment) = declined {
                set("payment_id", text(payment.as_str()));
            }
            set(DUE_PK, text("HOLD"));
            set(DUE_SK, instant(*expires_at));
        }
        BookingState::Paying { payment, started_at, hold_expires_at } => {
            set("payment_id", text(payment.as_str()));
            set("started_at", instant(*started_at));
            set("expires_at", instant(*hold_expires_at));
            set(DUE_PK, text("PAYMENT"));
            set(DUE_SK, instant(*started_at));
        }
        BookingState::Confirmed { confirmed_at, payment } => {
            set("confirmed_at", instant(*confirmed_at));
            if let Some(offer) = &booking.moving {
                set(DUE_PK, text("MOVE"));
                set(DUE_SK, instant(offer.until));
            }
            if let Some(payment) = payment {
                set("payment_id", text(payment.as_str()));
            }
        }
        BookingState::Expired { expired_at } => set("expired_at", instant(*expired_at)),
        BookingState::Cancelled { cancelled_at, payment, refund, exchanged_for } => {
            if let Some(new) = exchanged_for {
                set("exchanged_for", text(new.to_string()));
            }
            set("cancelled_at", instant(*cancelled_at));
            set("refund_cents", number(refund.0));
            if let Some(payment) = payment {
                set("payment_id", text(payment.as_str()));
            }
        }
    }
    Ok(item)
}

fn contact(read: &Attributes<'_>) -> Result<Option<Contact>, Error> {
    let Some(full_name) = read.optional_text("contact_name")? else { return Ok(None) };
    Ok(Some(Contact {
        full_name: full_name.to_owned(),
        email: read.text("contact_email")?.to_owned(),
        phone: read.optional_text("contact_phone")?.map(ToOwned::to_owned),
    }))
}

/// Most holds were asked for, and say nothing of it.
fn origin(read: &Attributes<'_>) -> Result<Origin, Error> {
    let written = read.optional_text("origin")?;
    written.map_or(Ok(Origin::Asked), |_| read.json("origin"))
}

fn state(read: &Attributes<'_>) -> Result<BookingState, Error> {
    let payment =
        || read.optional_text("payment_id")?.map(|_| read.parsed("payment_id")).transpose();
    Ok(match read.text("status")? {
        "ON_HOLD" => {
            BookingState::OnHold { expires_at: read.parsed("expires_at")?, declined: payment()? }
        }
        "PAYING" => BookingState::Paying {
            payment: read.parsed("payment_id")?,
            started_at: read.parsed("started_at")?,
            hold_expires_at: read.parsed("expires_at")?,
        },
        "CONFIRMED" => BookingState::Confirmed {
            confirmed_at: read.parsed("confirmed_at")?,
            payment: payment()?,
        },
        "EXPIRED" => BookingState::Expired { expired_at: read.parsed("expired_at")? },
        "CANCELLED" => BookingState::Cancelled {
            cancelled_at: read.parsed("cancelled_at")?,
            payment: payment()?,
            refund: Cents(read.number("refund_cents")?),
            exchanged_for: read.optional_parsed("exchanged_for")?,
        },
        other => return Err(read.malformed("status", format!("is `{other}`"))),
    })
}

impl TryFrom<&Item> for Stored {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let uuid = read
            .text(crate::PK)?
            .trim_start_matches(crate::resale::REHEARSED)
            .trim_start_matches(crate::resale::TOLD)
            .strip_prefix("BOOKING#")
            .and_then(|uuid| uuid.parse().ok())
            .ok_or_else(|| read.malformed(crate::PK, "is no booking's"))?;
        let booking = Booking {
            uuid,
            fingerprint: read.text("fingerprint")?.to_owned(),
            order: read.optional_parsed("order_uuid")?,
            venue_id: read.parsed("venue_id")?,
            product_id: read.parsed("product_id")?,
            option_id: read.parsed("option_id")?,
            slot: read.json("slot")?,
            units: read.json("units")?,
            contact: contact(&read)?,
            locale: read.json("locale")?,
            channel: read.json("channel")?,
            origin: origin(&read)?,
            created_at: read.parsed("created_at")?,
            decision: read.json("decision")?,
            risk_keys: read.json("risk_keys")?,
            draws: read.json("draws")?,
            uses: read.json_or_usual("uses")?,
            cancellation: read.json("cancellation")?,
            admission: read.json_or_usual("admission")?,
            pass: read.json_or_usual("pass")?,
            voucher: read.json_or_usual("voucher")?,
            holders: Holders {
                names: read.json_or_usual("holder_names")?,
                changes: read.optional_number("holder_changes")?.unwrap_or(0),
            },
            counted: read.json_or_usual("counted")?,
            exchange: read.json_or_usual("exchange")?,
            moving: read.json_or_usual("moving")?,
            replaces: read.json_or_usual("replaces")?,
            carried: read.json_or_usual("carried")?,
            reduced: read.json_or_usual("reduced")?,
            resale: read.json_or_usual("resale")?,
            payment_attempts: read.number("payment_attempts")?,
            state: state(&read)?,
        };
        Ok(Self { booking, version: read.number("version")?, tickets: read.json("tickets")? })
    }
}

impl Store {
    /// One booking.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn booking(&self, uuid: CallerUuid) -> Result<Option<Stored>, Error> {
        self.get(booking_key(uuid)).await?.as_ref().map(Stored::try_from).transpose()
    }

    /// Takes the places of a booking from the pools open to it, occupies what it uses beside them and
    /// stores it, or does nothing of it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn hold(
        &self,
        booking: &mut Booking,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Held, Error> {
        self.hold_with(booking, pools, &[], now).await
    }

    /// The same, with writes that are made with the hold or not at all; [`Error::Stale`] when one of
    /// them is refused.
    pub(crate) async fn hold_with(
        &self,
        booking: &mut Booking,
        pools: &Pools,
        further: &[TransactWriteItem],
        now: Timestamp,
    ) -> Result<Held, Error> {
        let mut seen = Seen::Nothing;
        for _ in 0..ATTEMPTS {
            let found = self.find_places(booking, None, pools, &mut seen, ANY_OTHERS, now).await?;
            let mut writes = match found {
                Found::Places(writes) => writes,
                Found::SoldOut { vacancies, more_at } => {
                    return Ok(Held::SoldOut { vacancies, more_at });
                }
                Found::TooFew => return Ok(Held::TooFew),
            };
            let of_slot = writes.len();
            writes.push(self.put(item(booking, 1, &[])?, Condition::absent())?);
            writes.extend(self.occupy(&[booking])?);
            let occupied = writes.len();
            writes.extend(self.count_persons(&[booking])?);
            let counted = writes.len();
            writes.extend(self.use_voucher(booking)?);
            let own = writes.len();
            writes.extend_from_slice(further);
            let refused = match self.transact(writes).await? {
                Written::All => return Ok(Held::New),
                Written::Refused(refused) => refused,
            };
            // A repeat of a request whose places are all sold fails on both: the booking counts first.
            if let Some(Some(before)) = refused.get(of_slot) {
                let before = Stored::try_from(before)?;
                return Ok(if before.booking.fingerprint == booking.fingerprint {
                    Held::Before(Box::new(before))
                } else {
                    Held::UuidReused
                });
            }
            if refused.iter().skip(own).any(Option::is_some) {
                return Err(Error::Stale { key: format!("BOOKING#{}", booking.uuid) });
            }
            let (slot, beside) = (&refused[..of_slot], &refused[of_slot + 1..occupied]);
            if slot.iter().any(Option::is_some) {
                seen = self.see_again(booking, slot).await?;
            } else if let Some(exhausted) = exhausted(&[booking], beside)? {
                return Ok(Held::Exhausted(exhausted));
            } else if let Some(over) = over_limit(&[booking], &refused[occupied..counted])? {
                return Ok(Held::OverLimit(over));
            } else if refused[counted..own].iter().any(Option::is_some) {
                return Ok(Held::VoucherUsedUp);
            }
        }
        Err(Error::Stale { key: format!("SLOTS#{}", booking.venue_id) })
    }

    /// Stores the next state of a booking with what goes with it, or nothing at all.
    ///
    /// # Errors
    /// The service's own.
    pub async fn change(
        &self,
        from: &Stored,
        to: &Booking,
        with: With<'_>,
    ) -> Result<Changed, Error> {
        Ok(self.transact(self.changing(from, to, with)?).await?.into())
    }

    /// The writes of a change, for those who write more with it.
    pub(crate) fn changing(
        &self,
        from: &Stored,
        to: &Booking,
        with: With<'_>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        self.changing_all(std::slice::from_ref(from), std::slice::from_ref(to), |_| with)
    }

    /// The writes of the next states of bookings that move together, each with what goes with it.
    /// What they occupy of one resource is given back in one write, for a transaction takes no two of
    /// one item.
    pub(crate) fn changing_all<'a>(
        &self,
        from: &[Stored],
        to: &[Booking],
        with: impl Fn(usize) -> With<'a>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let (mut writes, mut vacated) = (Vec::new(), Vec::new());
        for (line, (from, to)) in from.iter().zip(to).enumerate() {
            let with = with(line);
            if let With::PlacesReturned(..) = with {
                vacated.push(&from.booking);
            }
            writes.extend(self.changing_one(from, to, with)?);
        }
        writes.extend(self.vacate(&vacated)?);
        writes.extend(self.uncount_persons(&vacated)?);
        Ok(writes)
    }

    fn changing_one(
        &self,
        from: &Stored,
        to: &Booking,
        with: With<'_>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let tickets: Vec<TicketId> = match &with {
            With::Confirmation(tickets, _) => {
                tickets.iter().map(|ticket| ticket.entitlement.ticket).collect()
            }
            _ => from.tickets.clone(),
        };
        let unchanged =
            Condition::when("version = :version").value(":version", number(from.version));
        let mut writes = vec![self.put(item(to, from.version + 1, &tickets)?, unchanged)?];
        self.accompany(&mut writes, from, with)?;
        Ok(writes)
    }

    fn accompany(
        &self,
        writes: &mut Vec<TransactWriteItem>,
        from: &Stored,
        with: With<'_>,
    ) -> Result<(), Error> {
        match with {
            With::Nothing => {}
            With::PaymentStarted(payment) | With::Declined(payment) => {
                writes.push(self.put(crate::payment::item(payment)?, Condition::none())?);
            }
            With::Confirmation(tickets, payment) => {
                for ticket in tickets {
                    writes.push(self.put(crate::ticket::item(ticket)?, Condition::absent())?);
                }
                if let Some(payment) = payment {
                    writes.push(self.put(crate::payment::item(payment)?, Condition::none())?);
                }
            }
            With::PlacesReturned(payment, tickets) => {
                writes.push(self.return_places(&from.booking)?);
                writes.extend(self.return_voucher(&from.booking)?);
                for ticket in tickets {
                    let unused = Condition::when("#status = :valid")
                        .name("#status", "status")
                        .value(":valid", text("VALID"));
                    writes.push(self.put(crate::ticket::item(ticket)?, unused)?);
                }
                if let Some(payment) = payment {
                    writes.push(self.put(crate::payment::item(payment)?, Condition::none())?);
                }
            }
        }
        Ok(())
    }

    /// Holds that ended before `now`, oldest first, at most `limit` of them. A malformed one does not
    /// hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn holds_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<Stored, Error>>, Error> {
        Ok(self.due("HOLD", now, limit).await?.iter().map(Stored::try_from).collect())
    }

    /// Bookings that have been paying since before `since`, oldest first, at most `limit`.
    /// A malformed one does not hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn payments_due(
        &self,
        since: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<Stored, Error>>, Error> {
        Ok(self.due("PAYMENT", since, limit).await?.iter().map(Stored::try_from).collect())
    }

    /// Everything of a kind that the index holds, in order of time.
    pub(crate) async fn all_due(&self, what: &str) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut start = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression("due_pk = :what")
                .expression_attribute_values(":what", text(what))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(Error::service("Query"))?;
            start = page.last_evaluated_key;
            items.extend(page.items.unwrap_or_default());
            if start.is_none() {
                return Ok(items);
            }
        }
    }

    pub(crate) async fn due(
        &self,
        what: &str,
        before: Timestamp,
        limit: i32,
    ) -> Result<Vec<Item>, Error> {
        let page = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("due_pk = :what AND due_sk <= :before")
            .expression_attribute_values(":what", text(what))
            .expression_attribute_values(":before", text(instant_text(before)))
            .limit(limit)
            .send()
            .await
            .map_err(Error::service("Query"))?;
        Ok(page.items.unwrap_or_default())
    }
}
