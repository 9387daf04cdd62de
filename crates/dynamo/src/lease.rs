//! Lease items: `LEASE#uuid` / `LEASE` with what its desk sells by itself, and `REFUSED#booking` for each
//! sale that came in and does not stand; listed under `LEASES#venue#day` / uuid, due in the index when the
//! slot is over. The places are counted in the slot, a ticket for each is an item like any other, and each
//! step is one transaction over the version that was read.

use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::lease::{Closed, Lease, LeaseState, Sold};
use atrio_domain::payment::Payment;
use atrio_domain::quota::{Counts, Draw, Pools};
use atrio_domain::retention::Record;
use atrio_domain::shift::{Method, Sale, Shift};
use atrio_domain::split::Buyer;
use atrio_domain::ticket::{Ticket, TicketState};
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::attributes::{Attributes, instant, json, number, text, time_to_live};
use crate::booking::Changed;
use crate::shift::StoredShift;
use crate::slot::{StoredSlot, Taking};
use crate::table::{DUE_PK, DUE_SK, TTL};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

/// How often a lease looks again for pools with places.
const ATTEMPTS: u32 = 12;

/// What of leases is due.
const LEASES: &str = "LEASE";

const REFUSED: &str = "REFUSED#";

/// A lease with the version it was read at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLease {
    /// The lease.
    pub lease: Lease,
    /// Counts its changes.
    pub version: u64,
}

/// What became of a request for a lease.
#[derive(Debug)]
pub enum Leased {
    /// The places are taken now.
    New,
    /// The same request came before; this is what became of it.
    Before(Box<StoredLease>),
    /// Another request came under this uuid before.
    UuidReused,
    /// There are not so many places left.
    SoldOut {
        /// Places that are, for its channel.
        vacancies: u32,
        /// When more are open to it.
        more_at: Option<Timestamp>,
    },
}

/// The drawer that a sale is filed in.
#[derive(Debug, Clone, Copy)]
pub struct Drawer<'a> {
    /// The shift as read.
    pub shift: &'a StoredShift,
    /// The shift after it.
    pub after: &'a Shift,
    /// The sale.
    pub sale: &'a Sale,
}

/// A sale that came in and does not stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedSale {
    /// The desk's key of it.
    pub booking: CallerUuid,
    /// The shift whose drawer has the money; none at a totem.
    pub shift: Option<CallerUuid>,
    /// How it was paid.
    pub method: Method,
    /// How many places it named.
    pub places: usize,
    /// When the desk made it, by its clock.
    pub sold_at: Timestamp,
    /// When it first came in.
    pub refused_at: Timestamp,
    /// Why it does not stand.
    pub reason: String,
}

fn lease_key(uuid: CallerUuid) -> Item {
    key(format!("LEASE#{uuid}"), "LEASE")
}

fn list(venue: &VenueId, day: Date) -> String {
    format!("LEASES#{venue}#{day}")
}

fn taking<'a>(lease: &'a Lease, places: u32, draws: &'a [Draw]) -> Taking<'a> {
    let (venue, product, slot) = (&lease.venue, &lease.product, lease.slot.id);
    let buyer = Buyer::through(lease.channel);
    Taking { venue, product, slot, places, draws, buyer, at: lease.leased_at }
}

fn item(lease: &Lease, version: u64) -> Result<Item, Error> {
    let mut item = lease_key(lease.uuid);
    let mut set = |name: &str, value: AttributeValue| {
        item.insert(name.to_owned(), value);
    };
    set("version", number(version));
    set("fingerprint", text(&lease.fingerprint));
    set("venue_id", text(lease.venue.as_str()));
    set("product_id", text(lease.product.as_str()));
    set("option_id", text(lease.option.as_str()));
    set("slot", json("slot", &lease.slot)?);
    set("channel", json("channel", &lease.channel)?);
    set("desk", text(lease.desk.as_str()));
    set("clerk", text(&lease.clerk));
    set("leased_at", instant(lease.leased_at));
    set("terms", json("terms", &lease.terms)?);
    set("tickets", json("tickets", &lease.tickets)?);
    set("sold", number(lease.sold));
    set("returned", number(lease.returned));
    set("held", number(lease.held));
    set("draws", json("draws", &lease.draws)?);
    set("state", json("state", &lease.state)?);
    set(TTL, time_to_live(Record::Lease.until(lease.slot.end)));
    if let Some(at) = lease.ends_at() {
        set(DUE_PK, text(LEASES));
        set(DUE_SK, instant(at));
    }
    Ok(item)
}

impl TryFrom<&Item> for StoredLease {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = Attributes::of(item);
        let uuid = read.text(PK)?.strip_prefix("LEASE#").and_then(|uuid| uuid.parse().ok());
        let state: LeaseState = read.json("state")?;
        let lease = Lease {
            uuid: uuid.ok_or_else(|| read.malformed(PK, "is no lease's"))?,
            fingerprint: read.text("fingerprint")?.to_owned(),
            venue: read.parsed("venue_id")?,
            product: read.parsed("product_id")?,
            option: read.parsed("option_id")?,
            slot: read.json("slot")?,
            channel: read.json("channel")?,
            desk: read.parsed("desk")?,
            clerk: read.text("clerk")?.to_owned(),
            leased_at: read.parsed("leased_at")?,
            terms: read.json("terms")?,
            tickets: read.json("tickets")?,
            sold: read.number("sold")?,
            returned: read.number("returned")?,
            held: read.number("held")?,
            draws: read.json("draws")?,
            state,
        };
        Ok(Self { lease, version: read.number("version")? })
    }
}

impl Store {
    /// Takes the places of a lease from the pools open to it and stores it with its tickets, or does
    /// nothing of it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn lease_places(
        &self,
        lease: &mut Lease,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Leased, Error> {
        let mut counts = Counts::default();
        let (places, channel) = (lease.places(), lease.channel);
        let mut listed = key(list(&lease.venue, lease.slot.id.day()), lease.uuid.to_string());
        listed.insert(TTL.to_owned(), time_to_live(Record::Lease.until(lease.slot.end)));
        for _ in 0..ATTEMPTS {
            let Some(draws) = pools.draw(&counts, channel, places, now) else {
                // A repeat of a request whose places are all taken, by itself, is no new one.
                return match self.lease(lease.uuid).await? {
                    Some(before) => Ok(as_before(before, lease)),
                    None => Ok(Leased::SoldOut {
                        vacancies: pools.left(&counts, channel, now),
                        more_at: pools.more_at(&counts, channel, now),
                    }),
                };
            };
            lease.draws = draws;
            let mut writes = vec![
                self.take(&taking(lease, places, &lease.draws), pools)?,
                self.put(item(lease, 1)?, Condition::absent())?,
                self.put(listed.clone(), Condition::none())?,
            ];
            for ticket in lease.unsold_tickets() {
                writes.push(self.put(crate::ticket::item(&ticket)?, Condition::absent())?);
            }
            let refused = match self.transact(writes).await? {
                Written::All => return Ok(Leased::New),
                Written::Refused(refused) => refused,
            };
            if let Some(Some(before)) = refused.get(1) {
                return Ok(as_before(StoredLease::try_from(before)?, lease));
            }
            match refused.first() {
                Some(Some(slot)) => counts = StoredSlot::try_from(slot)?.counts,
                _ => return Err(Error::Stale { key: format!("LEASE#{}", lease.uuid) }),
            }
        }
        Err(Error::Stale { key: format!("SLOTS#{}", lease.venue) })
    }

    /// One lease.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn lease(&self, uuid: CallerUuid) -> Result<Option<StoredLease>, Error> {
        self.get(lease_key(uuid)).await?.as_ref().map(StoredLease::try_from).transpose()
    }

    /// The leases of a venue for slots of a day, in order of slot.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn leases(&self, venue: &VenueId, day: Date) -> Result<Vec<StoredLease>, Error> {
        let mut leases = Vec::new();
        for item in self.between(list(venue, day), "0".to_owned(), "~".to_owned()).await? {
            leases.extend(self.lease(Attributes::of(&item).parsed(SK)?).await?);
        }
        leases.sort_by_key(|stored| (stored.lease.slot.id, stored.lease.leased_at));
        Ok(leases)
    }

    /// Leases whose slot was over before `now`, oldest first, at most `limit`. A malformed one does not
    /// hide the others.
    ///
    /// # Errors
    /// The service's own.
    pub async fn leases_due(
        &self,
        now: Timestamp,
        limit: i32,
    ) -> Result<Vec<Result<StoredLease, Error>>, Error> {
        Ok(self.due(LEASES, now, limit).await?.iter().map(StoredLease::try_from).collect())
    }

    /// Ends or closes a lease: its places go back and its tickets admit no more, or nothing of it.
    ///
    /// # Errors
    /// The service's own.
    pub async fn close_lease(&self, from: &StoredLease, closed: &Closed) -> Result<Changed, Error> {
        let mut writes = vec![self.lease_after(from, &closed.to)?];
        if closed.places > 0 {
            writes.push(self.return_taken(&taking(&from.lease, closed.places, &closed.draws))?);
        }
        for ticket in &closed.revoked {
            let unused = Ticket { state: TicketState::Valid, ..ticket.clone() };
            let condition = crate::ticket::unsold_as_read(&unused);
            writes.push(self.put(crate::ticket::item(ticket)?, condition)?);
        }
        Ok(self.transact(writes).await?.into())
    }

    /// Files a sale from a lease: the booking confirmed with its tickets, paid, and in its drawer, or
    /// nothing of it.
    ///
    /// # Errors
    /// The service's own.
    pub async fn sell_leased(
        &self,
        from: &StoredLease,
        sold: &Sold,
        payment: Option<&Payment>,
        drawer: Option<Drawer<'_>>,
    ) -> Result<Changed, Error> {
        let ids: Vec<_> = sold.tickets.iter().map(|ticket| ticket.entitlement.ticket).collect();
        let booking = crate::booking::item(&sold.booking, 1, &ids)?;
        let mut writes =
            vec![self.put(booking, Condition::absent())?, self.lease_after(from, &sold.to)?];
        if sold.taken_anew > 0 {
            writes.push(self.take_anew(&taking(&from.lease, sold.taken_anew, &[]))?);
        }
        for ticket in &sold.tickets {
            let before = Ticket { lease: Some(from.lease.uuid), ..ticket.clone() };
            let condition = crate::ticket::unsold_as_read(&before);
            writes.push(self.put(crate::ticket::item(ticket)?, condition)?);
        }
        if let Some(payment) = payment {
            writes.push(self.put(crate::payment::item(payment)?, Condition::absent())?);
        }
        if let Some(Drawer { shift, after, sale }) = drawer {
            writes.extend(self.recording(shift, after, sale)?);
        }
        Ok(self.transact(writes).await?.into())
    }

    /// Lists a sale that does not stand. The first refusal of it stays.
    ///
    /// # Errors
    /// The service's own.
    pub async fn list_refused_sale(
        &self,
        lease: &Lease,
        refused: &RefusedSale,
    ) -> Result<(), Error> {
        let mut item =
            key(format!("LEASE#{}", lease.uuid), format!("{REFUSED}{}", refused.booking));
        item.insert("refused".to_owned(), json("refused", refused)?);
        item.insert(TTL.to_owned(), time_to_live(Record::Lease.until(lease.slot.end)));
        self.transact(vec![self.put(item, Condition::absent())?]).await?;
        Ok(())
    }

    /// The sales of a lease that came in and do not stand.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn refused_sales(&self, lease: CallerUuid) -> Result<Vec<RefusedSale>, Error> {
        let partition = format!("LEASE#{lease}");
        let items = self.between(partition, REFUSED.to_owned(), format!("{REFUSED}~")).await?;
        items.iter().map(|item| Attributes::of(item).json("refused")).collect()
    }

    fn lease_after(&self, from: &StoredLease, to: &Lease) -> Result<TransactWriteItem, Error> {
        let unchanged =
            Condition::when("version = :version").value(":version", number(from.version));
        self.put(item(to, from.version + 1)?, unchanged)
    }
}

fn as_before(before: StoredLease, asked: &Lease) -> Leased {
    if before.lease.fingerprint == asked.fingerprint {
        Leased::Before(Box::new(before))
    } else {
        Leased::UuidReused
    }
}
