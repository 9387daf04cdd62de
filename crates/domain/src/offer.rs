//! What a venue may offer: the checks that hours and products pass before anyone can book by them,
//! and what a change leaves behind, the bookings of slots that are no longer offered.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use serde::Serialize;

use crate::admission::WINDOW_MAX_MINUTES;
use crate::booking::Channel;
use crate::calendar::{Day, Opening, OpeningSpan, weekday_name};
use crate::cancellation::NOTICE_MAX_MINUTES;
use crate::holder::NOTICE_MAX_MINUTES as NAMES_NOTICE_MAX;
use crate::id::{ProductId, SlotId};
use crate::minimum::MinimumError;
use crate::on_sale::{self, OnSaleError};
use crate::pass::PassError;
use crate::quota::OPEN;
use crate::resource::ResourceError;
use crate::shard::ShardError;
use crate::tariff::TariffError;
use crate::text::Text;
use crate::venue::{Product, Venue};

/// Shortest and longest slot, in minutes.
pub const SLOT_MINUTES: std::ops::RangeInclusive<u16> = 5..=1440;

/// Most places in one slot: more people than enter the largest venue in a day.
pub const CAPACITY_MAX: u32 = 100_000;

/// Most places in one booking: two school classes with their teachers. A ticket is written for each in
/// one transaction of DynamoDB, which takes 100 writes and carries up to five beside the tickets.
pub const MAX_UNITS_MAX: u32 = 90;

/// Why a venue cannot offer this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// A span of the week does not run forward.
    #[error("opens at {from}, last entry {last_entry}, closes at {to}: not in this order")]
    SpanOrder {
        /// Which span.
        index: usize,
        /// Opens.
        from: Time,
        /// Nobody enters after this.
        last_entry: Time,
        /// Closes.
        to: Time,
    },
    /// Slots are named to the minute.
    #[error("`{time}` is not a whole minute")]
    SpanSeconds {
        /// Which span.
        index: usize,
        /// The time at fault.
        time: Time,
    },
    /// Two spans of one weekday meet.
    #[error("two spans of {} overlap", weekday_name::of(*.weekday))]
    SpansOverlap {
        /// The later span.
        index: usize,
        /// Their weekday.
        weekday: Weekday,
    },
    /// A closure ends before it begins.
    #[error("the closure from {from} to {to} ends before it begins")]
    ClosureOrder {
        /// Which closure.
        index: usize,
        /// First closed day.
        from: Date,
        /// Last closed day.
        to: Date,
    },
    /// Words are missing in a language.
    #[error("the words are missing in Italian or in English")]
    Wordless {
        /// Where.
        field: String,
    },
    /// The slot is too short or too long.
    #[error("a slot of {minutes} minutes is not one of 5 to 1440")]
    SlotLength {
        /// What was asked for.
        minutes: u16,
    },
    /// A slot has no place, or too many.
    #[error("{capacity} places in a slot are not 1 to 100000")]
    Capacity {
        /// What was asked for.
        capacity: u32,
    },
    /// A booking holds no place, or too many.
    #[error("{max_units} places in a booking are not 1 to {MAX_UNITS_MAX}")]
    MaxUnits {
        /// What was asked for.
        max_units: u32,
    },
    /// Names would have to stand too long before.
    #[error("{minutes} minutes before the slot are not 0 to {NAMES_NOTICE_MAX}")]
    NamesNotice {
        /// What was asked for.
        minutes: u32,
    },
    /// One person may take nothing.
    #[error("one person may take 0 tickets")]
    PersonLimit,
    /// A visitor would have to give notice too long before.
    #[error("{minutes} minutes of notice are not 0 to {NOTICE_MAX_MINUTES}")]
    Notice {
        /// What was asked for.
        minutes: u32,
    },
    /// A visitor would have to exchange too long before.
    #[error("{minutes} minutes before the slot are not 0 to {NOTICE_MAX_MINUTES}")]
    ExchangeNotice {
        /// What was asked for.
        minutes: u32,
    },
    /// Two pools bear one name, or one bears that of the open pool.
    #[error("the pool name `{name}` is taken")]
    PoolName {
        /// The name.
        name: String,
        /// The later quota.
        index: usize,
    },
    /// A quota is for nobody.
    #[error("the quota `{name}` is for no channel")]
    NoChannel {
        /// Its name.
        name: String,
        /// Which quota.
        index: usize,
    },
    /// A quota for some resellers is for others, too, or bounds a booking.
    #[error("the quota `{name}` names resellers and is for other channels, or bounds a booking")]
    Allotment {
        /// Its name.
        name: String,
        /// Which quota.
        index: usize,
    },
    /// The quotas reserve more than there is.
    #[error("the quotas reserve {reserved} places of {capacity}")]
    OverReserved {
        /// All together.
        reserved: u64,
        /// Places in the slot.
        capacity: u32,
    },
    /// There is no way to take the product.
    #[error("the product has no option")]
    NoOption,
    /// Two options bear one id.
    #[error("two options are called `{id}`")]
    RepeatedOption {
        /// Their id.
        id: String,
        /// The later one.
        index: usize,
    },
    /// Its slots cannot be sharded so.
    #[error(transparent)]
    Shards(#[from] ShardError),
    /// It cannot be put on sale so.
    #[error(transparent)]
    OnSale(#[from] OnSaleError),
    /// The pass is none.
    #[error(transparent)]
    Pass(#[from] PassError),
    /// Its slots cannot wait for so many.
    #[error(transparent)]
    Minimum(#[from] MinimumError),
    /// Nobody can be counted by its needs.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// Nobody can be charged by its prices.
    #[error(transparent)]
    Tariff(#[from] TariffError),
    /// A ticket would admit too long before or after its slot starts.
    #[error("{minutes} minutes from a slot's start are not 0 to {WINDOW_MAX_MINUTES}")]
    Window {
        /// Which end of the window.
        field: &'static str,
        /// What was asked for.
        minutes: u32,
    },
}

impl OfferError {
    /// Where the offer is at fault, as written in JSON.
    #[must_use]
    pub fn field(&self) -> String {
        match self {
            Self::SpanOrder { index, .. } => format!("week[{index}].last_entry"),
            Self::SpanSeconds { index, .. } | Self::SpansOverlap { index, .. } => {
                format!("week[{index}].from")
            }
            Self::ClosureOrder { index, .. } => format!("closures[{index}].to"),
            Self::Wordless { field } => field.clone(),
            Self::SlotLength { .. } => "slot_minutes".to_owned(),
            Self::Capacity { .. } => "capacity".to_owned(),
            Self::MaxUnits { .. } => "max_units".to_owned(),
            Self::NamesNotice { .. } => {
                "admission.holder_names.change_until_minutes_before".to_owned()
            }
            Self::PersonLimit => "person_limit.tickets".to_owned(),
            Self::Notice { .. } => "cancellation.refund_until_minutes_before".to_owned(),
            Self::ExchangeNotice { .. } => "exchange.until_minutes_before".to_owned(),
            Self::PoolName { index, .. } => format!("quotas[{index}].name"),
            Self::NoChannel { index, .. } => format!("quotas[{index}].channels"),
            Self::Allotment { index, .. } => format!("quotas[{index}].resellers"),
            Self::OverReserved { .. } => "quotas".to_owned(),
            Self::NoOption => "options".to_owned(),
            Self::RepeatedOption { index, .. } => format!("options[{index}].id"),
            Self::Shards(_) => "shards".to_owned(),
            Self::OnSale(error) => error.field(),
            Self::Minimum(error) => error.field().to_owned(),
            Self::Pass(error) => error.field(),
            Self::Resource(error) => error.field(),
            Self::Tariff(error) => error.field.clone(),
            Self::Window { field, .. } => format!("admission.{field}"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::SpanOrder { .. } => "let it open before the last entry, and close after it",
            Self::SpanSeconds { .. } => "write whole minutes, such as `09:00:00`",
            Self::SpansOverlap { .. } => "let one span end before the next begins, or join them",
            Self::ClosureOrder { .. } => "write the last closed day, the first one or later",
            Self::Wordless { .. } => "write it as {\"it\": …, \"en\": …}, neither empty",
            Self::SlotLength { .. } => "write 5 to 1440 minutes",
            Self::Capacity { .. } => "write 1 to 100000 places",
            Self::MaxUnits { .. } => "write 1 to 90 places",
            Self::NamesNotice { .. } => "write 0 to 86400 minutes",
            Self::PersonLimit => "write 1 or more, or leave the limit out",
            Self::Notice { .. } => "write 0 to 527040 minutes, or null where no money goes back",
            Self::ExchangeNotice { .. } => {
                "write 0 to 527040 minutes, or null where nothing is exchanged"
            }
            Self::PoolName { .. } => "give each quota a name of its own, other than `open`",
            Self::Allotment { .. } => {
                "write `channels` as [\"RESELLER\"] alone, and no `max_units`"
            }
            Self::NoChannel { .. } => "name at least one of WEB, TOTEM, DESK, RESELLER",
            Self::OverReserved { .. } => "let the quotas reserve at most the capacity",
            Self::NoOption => "write at least one option with its tariff",
            Self::RepeatedOption { .. } => "give each option an id of its own",
            Self::Shards(error) => error.fix(),
            Self::OnSale(error) => error.fix(),
            Self::Minimum(error) => error.fix(),
            Self::Pass(error) => error.fix(),
            Self::Resource(error) => error.fix(),
            Self::Tariff(error) => error.fault.fix(),
            Self::Window { .. } => "write 0 to 1440 minutes",
        }
    }
}

impl Opening {
    /// Checks that slots can be computed from these hours, each once.
    ///
    /// # Errors
    /// The first span or closure at fault.
    pub fn check(&self) -> Result<(), OfferError> {
        for (index, span) in self.week.iter().enumerate() {
            check_span(index, span)?;
            let overlaps = |other: &&OpeningSpan| {
                other.weekday == span.weekday && other.from < span.to && span.from < other.to
            };
            if self.week[..index].iter().any(|other| overlaps(&other)) {
                return Err(OfferError::SpansOverlap { index, weekday: span.weekday });
            }
        }
        for (index, closure) in self.closures.iter().enumerate() {
            let (from, to) = (closure.from, closure.to);
            if to < from {
                return Err(OfferError::ClosureOrder { index, from, to });
            }
            check_words(&closure.reason, || format!("closures[{index}].reason"))?;
        }
        Ok(())
    }
}

fn check_span(index: usize, span: &OpeningSpan) -> Result<(), OfferError> {
    let OpeningSpan { from, last_entry, to, .. } = *span;
    if let Some(time) = [from, last_entry, to].into_iter().find(|time| !is_whole_minute(*time)) {
        return Err(OfferError::SpanSeconds { index, time });
    }
    if from <= last_entry && last_entry <= to && from < to {
        Ok(())
    } else {
        Err(OfferError::SpanOrder { index, from, last_entry, to })
    }
}

fn is_whole_minute(time: Time) -> bool {
    time.second() == 0 && time.subsec_nanosecond() == 0
}

fn check_words(text: &Text, field: impl FnOnce() -> String) -> Result<(), OfferError> {
    if text.is_complete() { Ok(()) } else { Err(OfferError::Wordless { field: field() }) }
}

impl Product {
    /// Checks that the product can be booked.
    ///
    /// # Errors
    /// The first part at fault.
    pub fn check(&self) -> Result<(), OfferError> {
        check_words(&self.name, || "name".to_owned())?;
        if !SLOT_MINUTES.contains(&self.slot_minutes) {
            return Err(OfferError::SlotLength { minutes: self.slot_minutes });
        }
        if !(1..=CAPACITY_MAX).contains(&self.capacity) {
            return Err(OfferError::Capacity { capacity: self.capacity });
        }
        if !(1..=MAX_UNITS_MAX).contains(&self.max_units) {
            return Err(OfferError::MaxUnits { max_units: self.max_units });
        }
        if self.person_limit.is_some_and(|limit| limit.tickets == 0) {
            return Err(OfferError::PersonLimit);
        }
        if let Some(minutes) = self.cancellation.refund_until_minutes_before
            && minutes > NOTICE_MAX_MINUTES
        {
            return Err(OfferError::Notice { minutes });
        }
        if let Some(rule) = &self.exchange {
            check_words(&rule.reason, || "exchange.reason".to_owned())?;
            if let Some(minutes) = rule.until_minutes_before
                && minutes > NOTICE_MAX_MINUTES
            {
                return Err(OfferError::ExchangeNotice { minutes });
            }
        }
        if let Some(minimum) = self.minimum {
            minimum.check(self.capacity)?;
        }
        if let Some(rule) = self.admission.holder_names
            && rule.change_until_minutes_before > NAMES_NOTICE_MAX
        {
            return Err(OfferError::NamesNotice { minutes: rule.change_until_minutes_before });
        }
        on_sale::check(&self.on_sales)?;
        self.check_shards()?;
        self.check_pass()?;
        self.check_window()?;
        self.check_quotas()?;
        self.check_needs()?;
        if self.options.is_empty() {
            return Err(OfferError::NoOption);
        }
        let mut ids = BTreeSet::new();
        for (index, option) in self.options.iter().enumerate() {
            check_words(&option.name, || format!("options[{index}].name"))?;
            if !ids.insert(option.id.as_str()) {
                return Err(OfferError::RepeatedOption { id: option.id.to_string(), index });
            }
        }
        Ok(self.check_prices()?)
    }
}

impl Product {
    fn check_window(&self) -> Result<(), OfferError> {
        let rule = &self.admission;
        let ends = [
            ("from_minutes_before_start", Some(rule.from_minutes_before_start)),
            ("until_minutes_after_start", rule.until_minutes_after_start),
        ];
        let too_long = |end: Option<u32>| end.filter(|minutes| *minutes > WINDOW_MAX_MINUTES);
        match ends.into_iter().find_map(|(field, end)| Some((field, too_long(end)?))) {
            Some((field, minutes)) => Err(OfferError::Window { field, minutes }),
            None => Ok(()),
        }
    }

    fn check_quotas(&self) -> Result<(), OfferError> {
        let mut names = BTreeSet::from([OPEN]);
        let mut reserved = 0;
        for (index, quota) in self.quotas.iter().enumerate() {
            let name = || quota.name.to_string();
            if !names.insert(quota.name.as_str()) {
                return Err(OfferError::PoolName { name: name(), index });
            }
            if quota.channels.is_empty() {
                return Err(OfferError::NoChannel { name: name(), index });
            }
            let is_plain = quota.channels == [Channel::Reseller] && quota.max_units.is_none();
            if !quota.resellers.is_empty() && !is_plain {
                return Err(OfferError::Allotment { name: name(), index });
            }
            if let Some(max_units) = quota.max_units
                && !(1..=MAX_UNITS_MAX).contains(&max_units)
            {
                return Err(OfferError::MaxUnits { max_units });
            }
            reserved += u64::from(quota.size.of(self.capacity));
        }
        if reserved > u64::from(self.capacity) {
            return Err(OfferError::OverReserved { reserved, capacity: self.capacity });
        }
        Ok(())
    }
}

/// Places that were booked and stand on no slot any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stranded {
    /// The product.
    pub product: ProductId,
    /// The slot that is no longer offered.
    pub slot: SlotId,
    /// Places held or confirmed in it.
    pub taken: u32,
}

/// Whether a venue offers a slot of its product.
#[must_use]
pub fn offers(venue: &Venue, product: &Product, slot: SlotId) -> bool {
    match venue.opening.day(product, slot.day(), &venue.time_zone()) {
        Day::Open { slots } => slots.iter().any(|offered| offered.id == slot),
        Day::Closed { .. } => false,
    }
}

/// Of the places taken at `product`, those whose slot `venue` does not offer; in order of time.
#[must_use]
pub fn stranded(
    venue: &Venue,
    product: &Product,
    taken: impl IntoIterator<Item = (SlotId, u32)>,
) -> Vec<Stranded> {
    // A pass was sold for its term, and stands on no slot.
    if product.pass.is_some() {
        return Vec::new();
    }
    let mut left: Vec<Stranded> = taken
        .into_iter()
        .filter(|(slot, taken)| *taken > 0 && !offers(venue, product, *slot))
        .map(|(slot, taken)| Stranded { product: product.id.clone(), slot, taken })
        .collect();
    left.sort_by_key(|stranded| stranded.slot);
    left
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::calendar::Closure;
    use crate::person_limit::PersonLimit;
    use crate::tariff::Cents;
    use crate::venue::{VenueKind, shipped_product};

    fn museum() -> Product {
        shipped_product(VenueKind::Museum, Cents(500), Some(9_000)).unwrap()
    }

    fn span(from: i8, last_entry: i8, to: i8) -> OpeningSpan {
        let hour = |hour| time(hour, 0, 0, 0);
        OpeningSpan {
            weekday: Weekday::Monday,
            from: hour(from),
            to: hour(to),
            last_entry: hour(last_entry),
        }
    }

    fn refused_at(week: Vec<OpeningSpan>) -> Option<String> {
        Opening { week, closures: Vec::new() }.check().err().map(|error| error.field())
    }

    #[test]
    fn the_shipped_hours_and_products_can_be_offered() {
        assert_eq!(Opening::default_week().check(), Ok(()));
        assert_eq!(museum().check(), Ok(()));
        let library = shipped_product(VenueKind::Library, Cents::ZERO, None).unwrap();
        assert_eq!(library.check(), Ok(()));
    }

    #[test]
    fn a_day_may_have_a_break_but_no_two_spans_at_once() {
        assert_eq!(refused_at(vec![span(9, 12, 13), span(13, 18, 19)]), None);
        let overlap = refused_at(vec![span(9, 12, 13), span(12, 18, 19)]);
        assert_eq!(overlap.as_deref(), Some("week[1].from"));
    }

    #[test]
    fn a_span_opens_admits_and_closes_in_this_order() {
        for (from, last_entry, to) in [(9, 8, 19), (9, 19, 18), (9, 9, 9), (19, 19, 9)] {
            let refused = refused_at(vec![span(from, last_entry, to)]);
            assert_eq!(refused.as_deref(), Some("week[0].last_entry"), "{from} {last_entry} {to}");
        }
        let mut odd = span(9, 12, 13);
        odd.from = time(9, 0, 30, 0);
        assert_eq!(refused_at(vec![odd]).as_deref(), Some("week[0].from"));
    }

    #[test]
    fn a_closure_ends_after_it_begins_and_says_why() {
        let closed = |from, to, en: &str| {
            let closure = Closure { from, to, reason: Text::new("Restauro", en) };
            let opening = Opening { week: Vec::new(), closures: vec![closure] };
            opening.check().err().map(|error| error.field())
        };
        let (first, last) = (date(2026, 12, 1), date(2026, 12, 3));
        assert_eq!(closed(first, last, "Restoration"), None);
        assert_eq!(closed(last, first, "Restoration").as_deref(), Some("closures[0].to"));
        assert_eq!(closed(first, last, " ").as_deref(), Some("closures[0].reason"));
    }

    #[test]
    fn a_product_that_cannot_be_booked_is_refused_where_it_is_wrong() {
        type Spoil = fn(&mut Product);
        let cases: [(Spoil, &str); 12] = [
            (|product| product.name.it.clear(), "name"),
            (|product| product.slot_minutes = 0, "slot_minutes"),
            (
                |product| product.admission.from_minutes_before_start = 1_441,
                "admission.from_minutes_before_start",
            ),
            (
                |product| product.admission.until_minutes_after_start = Some(1_441),
                "admission.until_minutes_after_start",
            ),
            (|product| product.capacity = 0, "capacity"),
            (|product| product.capacity = CAPACITY_MAX + 1, "capacity"),
            (|product| product.max_units = 0, "max_units"),
            (
                |product| {
                    let per = crate::group::QuotaPer::Day;
                    product.person_limit = Some(PersonLimit { tickets: 0, per });
                },
                "person_limit.tickets",
            ),
            (
                |product| product.cancellation.refund_until_minutes_before = Some(u32::MAX),
                "cancellation.refund_until_minutes_before",
            ),
            (|product| product.options.clear(), "options"),
            (|product| product.options.push(product.options[0].clone()), "options[1].id"),
            (|product| product.options[0].name.en.clear(), "options[0].name"),
        ];
        for (spoil, field) in cases {
            let mut product = museum();
            spoil(&mut product);
            assert_eq!(product.check().unwrap_err().field(), field);
        }
    }
}
