//! Shift items: `SHIFT#uuid` / `SHIFT` and `SALE#booking`; `DESK#venue` / desk names the shift that is
//! open there; `SHIFTS#venue#month` / instant and uuid lists them. A sale is written with the booking
//! it confirms and the drawer it changes, or not at all. Accounts are never tidied away.

use atrio_domain::booking::Booking;
use atrio_domain::id::{CallerUuid, DeskId, VenueId};
use atrio_domain::payment::Payment;
use atrio_domain::pseudonym::month_of;
use atrio_domain::shift::{Sale, Shift};
use atrio_domain::ticket::Ticket;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::attributes::{Attributes, instant, instant_text, json, number, text};
use crate::booking::{Changed, Stored, With};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

/// A shift with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredShift {
    /// The shift.
    pub shift: Shift,
    /// Counts its changes.
    pub version: u64,
}

/// What became of an opening.
#[derive(Debug)]
pub enum Opened {
    /// The drawer is open now.
    New,
    /// A shift was opened under this uuid before.
    Before(Box<StoredShift>),
    /// Another shift is open at the desk.
    DeskBusy {
        /// It.
        shift: CallerUuid,
    },
}

/// A sale, or its taking back: the booking's next state with what goes with it, and the drawer after
/// it.
#[derive(Debug, Clone, Copy)]
pub struct AtDesk<'a> {
    /// The booking as read.
    pub from: &'a Stored,
    /// The booking's next state.
    pub to: &'a Booking,
    /// Tickets to issue, or to revoke.
    pub tickets: &'a [Ticket],
    /// The payment; none for what is free.
    pub payment: Option<&'a Payment>,
    /// The shift as read.
    pub shift: &'a StoredShift,
    /// The shift after it.
    pub after: &'a Shift,
    /// The sale.
    pub sale: &'a Sale,
}

const SALE: &str = "SALE#";

fn shift_key(uuid: CallerUuid) -> Item {
    key(format!("SHIFT#{uuid}"), "SHIFT")
}

fn sale_key(shift: CallerUuid, booking: CallerUuid) -> Item {
    key(format!("SHIFT#{shift}"), format!("{SALE}{booking}"))
}

fn desk_key(venue: &VenueId, desk: &DeskId) -> Item {
    key(format!("DESK#{venue}"), desk.as_str())
}

fn list(venue: &VenueId, day: Date) -> String {
    format!("SHIFTS#{venue}#{}", month_of(day))
}

fn shift_item(shift: &Shift, version: u64) -> Result<Item, Error> {
    let mut item = shift_key(shift.uuid);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("version", number(version));
    set("venue_id", text(shift.venue.as_str()));
    set("desk", text(shift.desk.as_str()));
    set("clerk", text(&shift.clerk));
    set("opened_at", instant(shift.opened_at));
    set("float_cents", number(shift.float_cents.0));
    set("totals", json("totals", &shift.totals)?);
    set("state", json("state", &shift.state)?);
    Ok(item)
}

fn uuid_of(read: &Attributes<'_>) -> Result<CallerUuid, Error> {
    let uuid = read.text(PK)?.strip_prefix("SHIFT#").and_then(|uuid| uuid.parse().ok());
    uuid.ok_or_else(|| read.malformed(PK, "is no shift's"))
}

impl TryFrom<&Item> for StoredShift {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let shift = Shift {
            uuid: uuid_of(&read)?,
            venue: read.parsed("venue_id")?,
            desk: read.parsed("desk")?,
            clerk: read.text("clerk")?.to_owned(),
            opened_at: read.parsed("opened_at")?,
            float_cents: atrio_domain::tariff::Cents(read.number("float_cents")?),
            totals: read.json("totals")?,
            state: read.json("state")?,
        };
        Ok(Self { shift, version: read.number("version")? })
    }
}

fn sale_item(sale: &Sale) -> Result<Item, Error> {
    let mut item = sale_key(sale.shift, sale.booking);
    item.insert("method".into(), json("method", &sale.method)?);
    item.insert("amount_cents".into(), number(sale.amount_cents.0));
    if let Some(given) = sale.given_cents {
        item.insert("given_cents".into(), number(given.0));
    }
    item.insert("units".into(), json("units", &sale.units)?);
    item.insert("sold_at".into(), instant(sale.sold_at));
    item.insert("void".into(), json("void", &sale.void)?);
    Ok(item)
}

fn sale(item: &Item) -> Result<Sale, Error> {
    let read = Attributes::of(item);
    let booking = read.text(SK)?.strip_prefix(SALE).and_then(|uuid| uuid.parse().ok());
    Ok(Sale {
        booking: booking.ok_or_else(|| read.malformed(SK, "is no sale's"))?,
        shift: uuid_of(&read)?,
        method: read.json("method")?,
        amount_cents: atrio_domain::tariff::Cents(read.number("amount_cents")?),
        given_cents: read.optional_number("given_cents")?.map(atrio_domain::tariff::Cents),
        units: read.json("units")?,
        sold_at: read.parsed("sold_at")?,
        void: read.json("void")?,
    })
}

impl Store {
    /// Opens a shift at a desk where none is open.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn open_shift(&self, shift: &Shift) -> Result<Opened, Error> {
        let mut desk = desk_key(&shift.venue, &shift.desk);
        desk.insert("shift".to_owned(), text(shift.uuid.to_string()));
        let day = shift.opened_at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let listed = key(
            list(&shift.venue, day),
            format!("{}#{}", instant_text(shift.opened_at), shift.uuid),
        );
        let writes = vec![
            self.put(shift_item(shift, 1)?, Condition::absent())?,
            self.put(desk, Condition::absent())?,
            self.put(listed, Condition::none())?,
        ];
        let refused = match self.transact(writes).await? {
            Written::All => return Ok(Opened::New),
            Written::Refused(refused) => refused,
        };
        // A repeat fails on both: the shift that stands under the uuid counts first.
        if let Some(Some(before)) = refused.first() {
            return Ok(Opened::Before(Box::new(StoredShift::try_from(before)?)));
        }
        match refused.get(1) {
            Some(Some(desk)) => {
                Ok(Opened::DeskBusy { shift: Attributes::of(desk).parsed("shift")? })
            }
            _ => Err(Error::Stale { key: format!("DESK#{}", shift.venue) }),
        }
    }

    /// One shift.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn shift(&self, uuid: CallerUuid) -> Result<Option<StoredShift>, Error> {
        self.get(shift_key(uuid)).await?.as_ref().map(StoredShift::try_from).transpose()
    }

    /// The sales of a shift, in order of time.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn sales(&self, shift: CallerUuid) -> Result<Vec<Sale>, Error> {
        let partition = format!("SHIFT#{shift}");
        let items = self.between(partition, SALE.to_owned(), format!("{SALE}~")).await?;
        let mut sales: Vec<Sale> = items.iter().map(sale).collect::<Result<_, _>>()?;
        sales.sort_by_key(|sale| sale.sold_at);
        Ok(sales)
    }

    /// One sale of a shift.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn sale(
        &self,
        shift: CallerUuid,
        booking: CallerUuid,
    ) -> Result<Option<Sale>, Error> {
        self.get(sale_key(shift, booking)).await?.as_ref().map(sale).transpose()
    }

    /// The shifts of a venue that were opened from one instant until before another, in order.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn shifts(
        &self,
        venue: &VenueId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<StoredShift>, Error> {
        let utc_day = |at: Timestamp| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
        let mut shifts = Vec::new();
        let mut month = utc_day(from).first_of_month();
        while month <= utc_day(until) {
            let (first, last) = (instant_text(from), instant_text(until));
            for item in self.between(list(venue, month), first, last).await? {
                let read = Attributes::of(&item);
                let uuid = read.text(SK)?.split_once('#').and_then(|(_, uuid)| uuid.parse().ok());
                let uuid = uuid.ok_or_else(|| read.malformed(SK, "names no shift"))?;
                shifts.extend(self.shift(uuid).await?);
            }
            month = month.saturating_add(1.month());
        }
        Ok(shifts)
    }

    /// Ends a shift and frees its desk.
    ///
    /// # Errors
    /// The service's own.
    pub async fn close_shift(&self, from: &StoredShift, to: &Shift) -> Result<Changed, Error> {
        let writes = vec![
            self.shift_after(from, to)?,
            self.delete(desk_key(&from.shift.venue, &from.shift.desk))?,
        ];
        Ok(self.transact(writes).await?.into())
    }

    /// Confirms a booking with its tickets, records its sale and puts the money into the drawer.
    ///
    /// # Errors
    /// The service's own.
    pub async fn sell(&self, sold: AtDesk<'_>) -> Result<Changed, Error> {
        let with = With::Confirmation(sold.tickets, sold.payment);
        let mut writes = self.changing(sold.from, sold.to, with)?;
        writes.extend(self.recording(sold.shift, sold.after, sold.sale)?);
        Ok(self.transact(writes).await?.into())
    }

    /// Takes a sale back: no ticket of it admits any more, the places and the money are returned.
    ///
    /// # Errors
    /// The service's own.
    pub async fn void_sale(&self, voided: AtDesk<'_>) -> Result<Changed, Error> {
        let with = With::PlacesReturned(voided.payment, voided.tickets);
        let mut writes = self.changing(voided.from, voided.to, with)?;
        writes.push(self.put(sale_item(voided.sale)?, Condition::none())?);
        writes.push(self.shift_after(voided.shift, voided.after)?);
        Ok(self.transact(writes).await?.into())
    }

    /// The writes that record a sale and put its money into the drawer.
    pub(crate) fn recording(
        &self,
        shift: &StoredShift,
        after: &Shift,
        sale: &Sale,
    ) -> Result<[TransactWriteItem; 2], Error> {
        let recorded = self.put(sale_item(sale)?, Condition::absent())?;
        Ok([recorded, self.shift_after(shift, after)?])
    }

    fn shift_after(&self, from: &StoredShift, to: &Shift) -> Result<TransactWriteItem, Error> {
        let unchanged =
            Condition::when("version = :version").value(":version", number(from.version));
        self.put(shift_item(to, from.version + 1)?, unchanged)
    }
}
