//! Bookings of resellers: items like any other booking's, with `RESALES#reseller` / reference and uuid beside
//! them, by which a reseller finds what it sold, and `RESALES#reseller#mode` / instant and uuid, which lists it. What is only rehearsed is kept as `TESTBOOKING#uuid`, takes
//! no place, is due nowhere, and is no booking to whoever follows the table's changes. `TOLDBOOKING#uuid` is a sold one
//! without its persons, by which a reseller's servers are told who entered.

use atrio_domain::booking::Booking;
use atrio_domain::id::{CallerUuid, ResellerId};
use atrio_domain::invoicing::ledger::OverLimit;
use atrio_domain::quota::{Counts, Pools};
use atrio_domain::reseller::Mode;
use atrio_domain::ticket::Ticket;
use aws_sdk_dynamodb::types::TransactWriteItem;
use jiff::Timestamp;

use crate::attributes::{instant_text, number, text, time_to_live};
use crate::booking::{Held, Stored, kept_until};
use crate::finding::{FEW_OTHERS, Found, Seen};
use crate::slot::SlotAt;
use crate::table::{DUE_PK, DUE_SK, TTL};
use crate::transaction::{Condition, Written};
use crate::{Error, Item, PK, SK, Store, key};

/// What stands before the partition key of a booking that is only rehearsed.
pub(crate) const REHEARSED: &str = "TEST";

/// What stands before the partition key of a sold booking without its persons, for whoever tells its reseller.
pub(crate) const TOLD: &str = "TOLD";

/// How often a change looks again for places: each time, others took some meanwhile.
const ATTEMPTS: u32 = 12;

/// By which of its names a booking is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference<'a> {
    /// What the reseller calls it.
    Resellers(&'a str),
    /// What the platform calls it.
    Suppliers(&'a str),
}

impl Reference<'_> {
    /// A prefix of sort keys. References are anybody's words: in hexadecimal none of them runs into another.
    fn prefix(self) -> String {
        let (kind, name) = match self {
            Self::Resellers(name) => ('R', name),
            Self::Suppliers(name) => ('S', name),
        };
        let spelt: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{kind}#{spelt}#")
    }
}

/// What a change of a resold booking does to its places.
#[derive(Debug, Clone, Copy)]
pub enum Places<'a> {
    /// It keeps them.
    Kept,
    /// It takes others, or more or fewer, of a slot with these pools.
    Moved(&'a Pools),
    /// It gives them back.
    Returned,
}

/// What became of a change.
#[derive(Debug)]
pub enum Resold {
    /// It is stored.
    Done(Box<Stored>),
    /// Someone else changed the booking meanwhile: read it again.
    Stale,
    /// There are not so many places left.
    SoldOut {
        /// Places that are, beside its own.
        vacancies: u32,
    },
    /// Too few people came together in time: the visit does not take place.
    TooFew,
    /// Its reseller would owe more than was agreed.
    OverLimit(OverLimit),
}

fn pk(uuid: CallerUuid, mode: Mode) -> String {
    match mode {
        Mode::Live => format!("BOOKING#{uuid}"),
        Mode::Test => format!("{REHEARSED}BOOKING#{uuid}"),
    }
}

/// The partition that lists what a reseller sold, or rehearsed.
fn listing(reseller: &ResellerId, mode: Mode) -> String {
    format!("RESALES#{reseller}#{}", mode.name())
}

/// A booking of a list.
struct Listed(CallerUuid);

impl TryFrom<&Item> for Listed {
    type Error = Error;

    fn try_from(item: &Item) -> Result<Self, Error> {
        let read = crate::attributes::Attributes::of(item);
        let uuid = read.text(SK)?.split_once('#').and_then(|(_, uuid)| uuid.parse().ok());
        uuid.map(Self).ok_or_else(|| read.malformed(SK, "names no booking"))
    }
}

fn mode_of(booking: &Booking) -> Mode {
    booking.resale.as_ref().map_or(Mode::Live, |resale| resale.mode)
}

/// The item of a resold booking; what is rehearsed waits for nothing.
fn item(booking: &Booking, version: u64, tickets: &[Ticket]) -> Result<Item, Error> {
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.entitlement.ticket).collect();
    let mut item = crate::booking::item(booking, version, &ids)?;
    if mode_of(booking) == Mode::Test {
        item.insert(PK.to_owned(), text(pk(booking.uuid, Mode::Test)));
        item.remove(DUE_PK);
        item.remove(DUE_SK);
    }
    Ok(item)
}

impl Store {
    /// A booking as a reseller of that mode sees it; whose it is, the booking says.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn resold(&self, uuid: CallerUuid, mode: Mode) -> Result<Option<Stored>, Error> {
        let item = self.get(key(pk(uuid, mode), "BOOKING")).await?;
        item.as_ref().map(Stored::try_from).transpose()
    }

    /// What a reseller sold under a name, in no order that means anything; none where that is more than
    /// `most`.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn resold_as(
        &self,
        reseller: &ResellerId,
        mode: Mode,
        reference: Reference<'_>,
        most: usize,
    ) -> Result<Option<Vec<Stored>>, Error> {
        let prefix = reference.prefix();
        let end = format!("{prefix}~");
        let items = self.between(format!("RESALES#{reseller}"), prefix.clone(), end).await?;
        if items.len() > most {
            return Ok(None);
        }
        let mut keys = Vec::with_capacity(items.len());
        for item in &items {
            let read = crate::attributes::Attributes::of(item);
            let uuid = read.text(SK)?.strip_prefix(&prefix).and_then(|uuid| uuid.parse().ok());
            let uuid = uuid.ok_or_else(|| read.malformed(SK, "names no booking"))?;
            keys.push(key(pk(uuid, mode), "BOOKING"));
        }
        // One that is tidied away already is none.
        let found = self.get_all(&keys).await?;
        Ok(Some(found.iter().map(Stored::try_from).collect::<Result<_, _>>()?))
    }

    /// Keeps a sold booking without its persons, for whoever tells its reseller of entries and may see no visitor. One
    /// that is newer stays.
    ///
    /// # Errors
    /// The service's own.
    pub async fn keep_told(&self, stored: &Stored) -> Result<(), Error> {
        let mut item = crate::booking::item(&stored.booking, stored.version, &stored.tickets)?;
        item.insert(PK.to_owned(), text(format!("{TOLD}BOOKING#{}", stored.booking.uuid)));
        item.remove(DUE_PK);
        item.remove(DUE_SK);
        let newer = Condition::when("attribute_not_exists(pk) OR version < :version")
            .value(":version", number(stored.version));
        self.transact(vec![self.put(item, newer)?]).await?;
        Ok(())
    }

    /// A sold booking without its persons, where its reseller is told.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn told_booking(&self, uuid: CallerUuid) -> Result<Option<Stored>, Error> {
        let item = self.get(key(format!("{TOLD}BOOKING#{uuid}"), "BOOKING")).await?;
        item.as_ref().map(Stored::try_from).transpose()
    }

    /// What a reseller held or sold, newest first, older than the cursor where one is given, at most `limit`; and
    /// the cursor of the next page.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn resales(
        &self,
        reseller: &ResellerId,
        mode: Mode,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<(Vec<Stored>, Option<String>), Error> {
        let (listed, next) =
            self.newest_first::<Listed>(listing(reseller, mode), cursor, limit).await?;
        let keys: Vec<Item> =
            listed.iter().map(|Listed(uuid)| key(pk(*uuid, mode), "BOOKING")).collect();
        let found = self.get_all(&keys).await?;
        let mut bookings: Vec<Stored> =
            found.iter().map(Stored::try_from).collect::<Result<_, _>>()?;
        bookings.sort_by_key(|stored| std::cmp::Reverse(stored.booking.created_at));
        Ok((bookings, next))
    }

    /// Takes the places of a reseller's hold, as for anyone, and notes under which names it is found. What
    /// is rehearsed looks whether they are there, and takes none.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn hold_resold(
        &self,
        booking: &mut Booking,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Held, Error> {
        let names = self.names(booking)?;
        if mode_of(booking) == Mode::Live {
            return self.hold_with(booking, pools, &names, now).await;
        }
        if let Some(before) = self.resold(booking.uuid, Mode::Test).await? {
            return Ok(repeated(booking, before));
        }
        let counts = self.counts_of(booking).await?;
        if let Some(refused) = no_room(booking, pools, &counts, now) {
            return Ok(match refused {
                Resold::SoldOut { vacancies } => Held::SoldOut {
                    vacancies,
                    more_at: pools.more_at(&counts, booking.channel, now),
                },
                Resold::TooFew | Resold::Done(_) | Resold::Stale | Resold::OverLimit(_) => {
                    Held::TooFew
                }
            });
        }
        let mut writes = vec![self.put(item(booking, 1, &[])?, Condition::absent())?];
        writes.extend(names);
        match self.transact(writes).await? {
            Written::All => Ok(Held::New),
            Written::Refused(_) => {
                let before = self.resold(booking.uuid, Mode::Test).await?;
                let stale = || Error::Stale { key: pk(booking.uuid, Mode::Test) };
                Ok(repeated(booking, before.ok_or_else(stale)?))
            }
        }
    }

    /// Stores the next state of a resold booking with its places, the tickets it is issued and those that
    /// admit no more, or nothing of it.
    ///
    /// # Errors
    /// The service's own, or a malformed item.
    pub async fn change_resold(
        &self,
        from: &Stored,
        to: &mut Booking,
        places: Places<'_>,
        tickets: impl Fn(&Booking) -> Vec<Ticket>,
        revoked: &[Ticket],
        now: Timestamp,
    ) -> Result<Resold, Error> {
        let mode = mode_of(to);
        for _ in 0..ATTEMPTS {
            let mut writes = Vec::new();
            if let Places::Moved(pools) = places {
                let moved = match mode {
                    Mode::Live => self.move_places(&from.booking, to, pools, now).await?,
                    Mode::Test => self.rehearse_places(to, pools, now).await?,
                };
                writes = match moved {
                    Ok(moved) => moved,
                    Err(refused) => return Ok(refused),
                };
            }
            match self.deal(&from.booking, to).await? {
                Ok(dealt) => writes.extend(dealt),
                Err(over) => return Ok(Resold::OverLimit(over)),
            }
            let looked_for = writes.len();
            let issued = tickets(to);
            writes.push(self.put_resold(from, to, &issued)?);
            if mode == Mode::Live {
                writes.extend(self.tickets_of_step(&issued, revoked)?);
                if let Places::Returned = places {
                    writes.push(self.return_places(&from.booking)?);
                    writes.extend(self.vacate(&[&from.booking])?);
                }
            }
            writes.extend(self.names(to)?);
            writes.extend(self.entry_of_step(&from.booking, to)?);
            match self.transact(writes).await? {
                Written::All => {
                    let ids: Vec<_> = issued.iter().map(|t| t.entitlement.ticket).collect();
                    let tickets = if ids.is_empty() { from.tickets.clone() } else { ids };
                    let version = from.version + 1;
                    return Ok(Resold::Done(Box::new(Stored {
                        booking: to.clone(),
                        version,
                        tickets,
                    })));
                }
                // Only its places or what may be owed were in the way: look again where there are some.
                Written::Refused(refused) if refused[looked_for..].iter().all(Option::is_none) => {}
                Written::Refused(_) => return Ok(Resold::Stale),
            }
        }
        Err(Error::Stale { key: pk(to.uuid, mode) })
    }

    fn put_resold(
        &self,
        from: &Stored,
        to: &Booking,
        issued: &[Ticket],
    ) -> Result<TransactWriteItem, Error> {
        let unchanged =
            Condition::when("version = :version").value(":version", number(from.version));
        let mut item = item(to, from.version + 1, issued)?;
        if issued.is_empty() {
            item.insert("tickets".to_owned(), crate::attributes::json("tickets", &from.tickets)?);
        }
        self.put(item, unchanged)
    }

    fn tickets_of_step(
        &self,
        issued: &[Ticket],
        revoked: &[Ticket],
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let mut writes = Vec::with_capacity(issued.len() + revoked.len());
        for ticket in issued {
            writes.push(self.put(crate::ticket::item(ticket)?, Condition::absent())?);
        }
        for ticket in revoked {
            let unused = Condition::when("#status = :valid")
                .name("#status", "status")
                .value(":valid", text("VALID"));
            writes.push(self.put(crate::ticket::item(ticket)?, unused)?);
        }
        Ok(writes)
    }

    /// Under which names a reseller finds a booking, and where it is listed. A name that it had before goes on to
    /// lead there; who looks compares it with the present one.
    fn names(&self, booking: &Booking) -> Result<Vec<TransactWriteItem>, Error> {
        let Some(resale) = &booking.resale else { return Ok(Vec::new()) };
        let own = booking.uuid.reference();
        let mut references = vec![Reference::Suppliers(&own)];
        references.extend(resale.reference.as_deref().map(Reference::Resellers));
        let end = time_to_live(kept_until(booking));
        let write = |mut item: Item| {
            item.insert(TTL.to_owned(), end.clone());
            self.put(item, Condition::none())
        };
        let name = |reference: &Reference<'_>| {
            let sk = format!("{}{}", reference.prefix(), booking.uuid);
            write(key(format!("RESALES#{}", resale.reseller), sk))
        };
        let since = format!("{}#{}", instant_text(booking.created_at), booking.uuid);
        let listed = write(key(listing(&resale.reseller, resale.mode), since));
        references.iter().map(name).chain([listed]).collect()
    }

    /// The writes that take the places of `to` and give back those of `from`, refused when the new ones are
    /// not there. Of one slot what comes back is there for what is taken, and each item is written once.
    async fn move_places(
        &self,
        from: &Booking,
        to: &mut Booking,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Result<Vec<TransactWriteItem>, Resold>, Error> {
        let back = is_same_slot(from, to).then_some(from);
        let mut seen = Seen::Read(self.stocked(&SlotAt::of(to)).await?);
        match self.find_places(to, back, pools, &mut seen, FEW_OTHERS, now).await? {
            Found::Places(mut writes) => {
                if back.is_none() {
                    writes.push(self.return_places(from)?);
                }
                Ok(Ok(writes))
            }
            Found::SoldOut { vacancies, .. } => Ok(Err(Resold::SoldOut { vacancies })),
            Found::TooFew => Ok(Err(Resold::TooFew)),
        }
    }

    /// Looks whether the places of what is only rehearsed are there, and takes none.
    async fn rehearse_places(
        &self,
        to: &mut Booking,
        pools: &Pools,
        now: Timestamp,
    ) -> Result<Result<Vec<TransactWriteItem>, Resold>, Error> {
        let counts = self.counts_of(to).await?;
        if let Some(refused) = no_room(to, pools, &counts, now) {
            return Ok(Err(refused));
        }
        let draws = pools.draw(&counts, to.channel, to.places(), now);
        to.draws = draws.unwrap_or_default();
        Ok(Ok(Vec::new()))
    }

    async fn counts_of(&self, booking: &Booking) -> Result<Counts, Error> {
        let slot = self.slot(&booking.venue_id, &booking.product_id, booking.slot.id).await?;
        Ok(slot.map(|stored| stored.counts).unwrap_or_default())
    }
}

/// Whether two bookings have places of one slot's item, which a transaction writes once.
fn is_same_slot(one: &Booking, other: &Booking) -> bool {
    (&one.venue_id, &one.product_id, one.slot.id)
        == (&other.venue_id, &other.product_id, other.slot.id)
}

fn repeated(booking: &Booking, before: Stored) -> Held {
    if before.booking.fingerprint == booking.fingerprint {
        Held::Before(Box::new(before))
    } else {
        Held::UuidReused
    }
}

/// Why a booking finds no places; none where it does.
fn no_room(booking: &Booking, pools: &Pools, counts: &Counts, now: Timestamp) -> Option<Resold> {
    if pools.is_decided(now) && !counts.goes_ahead {
        return Some(Resold::TooFew);
    }
    let vacancies = pools.left(counts, booking.channel, now);
    (booking.places() > vacancies).then_some(Resold::SoldOut { vacancies })
}
