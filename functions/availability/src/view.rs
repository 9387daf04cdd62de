//! The answers of this function, as written on the wire.

use std::collections::BTreeSet;

use atrio_domain::booking::Channel;
use atrio_domain::calendar::{SlotTimes, weekday_name};
use atrio_domain::cancellation::Cancellation;
use atrio_domain::exchange::ExchangeRule;
use atrio_domain::group::GroupRule;
use atrio_domain::id::{
    OptionId, PoolName, ProductId, ResellerId, SlotId, SupplierId, UnitId, VenueId,
};
use atrio_domain::minimum::Minimum;
use atrio_domain::on_sale::OnSale;
use atrio_domain::person_limit::PersonLimit;
use atrio_domain::quota::{Counts, Pool, Pools};
use atrio_domain::slot::{Places, SlotStatus, day_status};
use atrio_domain::split::{Share, Split};
use atrio_domain::tariff::{
    CURRENCY, Cents, FreeDay, PriceComponent, Tariff, Unit, UnitKind, price,
};
use atrio_domain::text::Text;
use atrio_domain::venue::{
    AvailabilityType, FiscalClass, HoursSource, Product, ProductOption, TIME_ZONE, Venue, VenueKind,
};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::pass::{OtherPassView, PassOnSaleView};

/// All venues.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VenueListView {
    venues: Vec<VenueView>,
}

impl VenueListView {
    pub(crate) fn of(venues: &[Venue], now: Timestamp) -> Self {
        Self { venues: venues.iter().map(|venue| VenueView::of(venue, now)).collect() }
    }
}

/// One venue's facts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VenueView {
    #[schema(value_type = String)]
    id: VenueId,
    name: String,
    #[schema(value_type = String)]
    kind: VenueKind,
    category: Option<String>,
    municipality: String,
    region: String,
    /// Degrees north, WGS 84.
    latitude: f64,
    /// Degrees east, WGS 84.
    longitude: f64,
    /// Price of a full ticket today, were it not a free day.
    #[schema(value_type = i64)]
    full_price_cents: Cents,
    currency: &'static str,
    annual_visitors: Option<u32>,
    #[schema(value_type = String)]
    hours: HoursSource,
    website: Option<String>,
    /// Who operates it, whose keys sign its tickets; null for the installation's own.
    #[schema(value_type = Option<String>)]
    supplier_id: Option<SupplierId>,
}

impl VenueView {
    fn of(venue: &Venue, now: Timestamp) -> Self {
        Self {
            id: venue.id.clone(),
            name: venue.name.clone(),
            kind: venue.kind,
            category: venue.category.clone(),
            municipality: venue.municipality.clone(),
            region: venue.region.clone(),
            latitude: venue.latitude,
            longitude: venue.longitude,
            full_price_cents: venue.full_price_on(venue.day_at(now)),
            currency: CURRENCY,
            annual_visitors: venue.annual_visitors,
            hours: venue.hours,
            website: venue.website.clone(),
            supplier_id: venue.supplied_by.supplier_id.clone(),
        }
    }
}

/// One venue with its hours and what it sells.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VenueDetailView {
    #[serde(flatten)]
    venue: VenueView,
    time_zone: &'static str,
    opening: Vec<OpeningView>,
    products: Vec<ProductView>,
    /// Passes of other venues that open this one.
    passes: Vec<OtherPassView>,
}

impl VenueDetailView {
    pub(crate) fn of(venue: &Venue, passes: Vec<OtherPassView>, now: Timestamp) -> Self {
        let today = venue.day_at(now);
        let opening = venue.opening.week.iter().map(|span| OpeningView {
            weekday: weekday_name::of(span.weekday),
            from: clock_time(span.from),
            to: clock_time(span.to),
            last_entry: clock_time(span.last_entry),
        });
        Self {
            venue: VenueView::of(venue, now),
            time_zone: TIME_ZONE,
            opening: opening.collect(),
            products: venue
                .products
                .iter()
                .map(|product| ProductView::of(product, today, now))
                .collect(),
            passes,
        }
    }
}

fn clock_time(time: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// An open span of a weekday, local time.
#[derive(Debug, Serialize, ToSchema)]
struct OpeningView {
    weekday: &'static str,
    from: String,
    to: String,
    last_entry: String,
}

/// Something one can book.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductView {
    #[schema(value_type = String)]
    id: ProductId,
    #[schema(value_type = Object)]
    name: Text,
    /// `START_TIME` for visits of slots, `OPENING_HOURS` for visits at any hour of a
    /// day, whose only slot is the day, and for a pass, whose only slot is its term.
    #[schema(value_type = String)]
    availability_type: AvailabilityType,
    /// What it is good for, where it is a pass; null for visits.
    pass: Option<PassOnSaleView>,
    slot_minutes: u16,
    max_units: u32,
    /// How many tickets one person takes, across bookings: `tickets`, `per` day or slot; null for any
    /// number.
    #[schema(value_type = Option<Object>)]
    person_limit: Option<PersonLimit>,
    /// Most pieces, by shelfmark, that one booking asks for.
    pieces_max: u32,
    /// The fewest people for whom a slot takes place: `places`, `decided_minutes_before`; null where it
    /// always does.
    #[schema(value_type = Option<Object>)]
    minimum: Option<Minimum>,
    /// Until how many minutes before its slot a booking given up is paid back:
    /// `refund_until_minutes_before`, null where nothing is.
    #[schema(value_type = Object)]
    cancellation: Cancellation,
    /// Until how many minutes before its slot a booking may be exchanged for another, and why so:
    /// `until_minutes_before`, `reason`; null where the venue exchanges nothing.
    #[schema(value_type = Option<Object>)]
    exchange: Option<ExchangeRule>,
    /// What is taken of groups and school classes; null takes none, and asks nobody to ask.
    #[schema(value_type = Option<Object>)]
    groups: Option<GroupRule>,
    /// Sales of some days that open at an hour, with a line before each: `id`, `first_day` and
    /// `last_day` of the visits, `room_opens_at`, `opens_at`, `line_ends_at`, `turns_per_minute`. Those
    /// whose line has ended are left out; all other days are on sale.
    #[schema(value_type = Vec<Object>)]
    on_sales: Vec<OnSale>,
    /// `EXEMPT_VISIT`, `NO_CHARGE`, `SHOW` or `UNDECIDED`.
    #[schema(value_type = String)]
    fiscal_class: FiscalClass,
    options: Vec<OptionView>,
}

impl ProductView {
    pub(crate) fn of(product: &Product, today: Date, now: Timestamp) -> Self {
        let has_line = |sale: &&OnSale| now < sale.line_ends_at;
        Self {
            on_sales: product.on_sales.iter().filter(has_line).cloned().collect(),
            id: product.id.clone(),
            name: product.name.clone(),
            availability_type: product.availability_type,
            pass: product.pass.as_ref().map(PassOnSaleView::from),
            slot_minutes: product.slot_minutes,
            max_units: product.max_units,
            person_limit: product.person_limit,
            pieces_max: product.pieces_max,
            minimum: product.minimum,
            cancellation: product.cancellation,
            exchange: product.exchange.clone(),
            groups: product.groups.clone(),
            fiscal_class: product.fiscal_class,
            options: product.options.iter().map(|option| OptionView::of(option, today)).collect(),
        }
    }
}

/// One way to take a product.
#[derive(Debug, Serialize, ToSchema)]
struct OptionView {
    #[schema(value_type = String)]
    id: OptionId,
    #[schema(value_type = Object)]
    name: Text,
    /// In order of time, those of days gone left out.
    tariffs: Vec<TariffView>,
}

impl OptionView {
    fn of(option: &ProductOption, today: Date) -> Self {
        let to_come = |tariff: &&Tariff| tariff.valid.to.is_none_or(|to| today <= to);
        let tariffs = option.tariffs.iter().filter(to_come).map(TariffView::of).collect();
        Self { id: option.id.clone(), name: option.name.clone(), tariffs }
    }
}

/// Who pays what, for visits of some days.
#[derive(Debug, Serialize, ToSchema)]
struct TariffView {
    /// First day; null for ever since.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<Date>,
    /// Last day; null until further notice.
    #[schema(value_type = Option<String>, format = Date)]
    to: Option<Date>,
    units: Vec<UnitView>,
}

impl TariffView {
    fn of(tariff: &Tariff) -> Self {
        let units = tariff.units.iter().map(UnitView::of).collect();
        Self { from: tariff.valid.from, to: tariff.valid.to, units }
    }
}

/// The kind of visitor who pays one price, and why.
#[derive(Debug, Serialize, ToSchema)]
struct UnitView {
    #[schema(value_type = String)]
    id: UnitId,
    #[schema(value_type = String)]
    kind: UnitKind,
    #[schema(value_type = Object)]
    name: Text,
    #[schema(value_type = i64)]
    price_cents: Cents,
    #[schema(value_type = Object)]
    reason: Text,
    /// What the visitor must be, in words: age on the day of the visit, then the rest.
    #[schema(value_type = Vec<Object>)]
    conditions: Vec<Text>,
    /// What the visitor shows at the gate.
    #[schema(value_type = Vec<Object>)]
    documents: Vec<Text>,
    /// What the gate looks at on a usual day: documents, company and conditions in one.
    #[schema(value_type = Option<Object>)]
    show: Option<Text>,
    min_age: Option<u8>,
    max_age: Option<u8>,
    /// Units one of which must be in the same booking.
    #[schema(value_type = Vec<String>)]
    accompanied_by: Vec<UnitId>,
    /// Units in the same booking whose companion this is, one for each.
    #[schema(value_type = Vec<String>)]
    companion_of: Vec<UnitId>,
    /// Whether it stands on nothing but an identity document, so that a page shows it first.
    is_usual: bool,
    /// Where the rule is written.
    source: String,
}

impl UnitView {
    fn of(unit: &Unit) -> Self {
        Self {
            id: unit.id.clone(),
            kind: unit.kind,
            name: unit.name.clone(),
            price_cents: unit.price_cents,
            reason: unit.reason.clone(),
            conditions: unit.conditions_in_words(),
            documents: unit.documents.clone(),
            show: unit.shown_at_gate(),
            min_age: unit.min_age,
            max_age: unit.max_age,
            accompanied_by: unit.accompanied_by.clone(),
            companion_of: unit.companion_of.clone(),
            is_usual: unit.is_usual(),
            source: unit.source.clone(),
        }
    }
}

/// The places left of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AvailabilityView {
    #[schema(value_type = String)]
    pub(crate) venue_id: VenueId,
    #[schema(value_type = String)]
    pub(crate) product_id: ProductId,
    pub(crate) days: Vec<DayView>,
}

/// One day of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayView {
    #[schema(value_type = String, format = Date)]
    date: Date,
    #[schema(value_type = String)]
    status: SlotStatus,
    #[schema(value_type = Option<Object>)]
    note: Option<Text>,
    prices: Vec<PriceView>,
    slots: Vec<SlotView>,
}

/// What a unit costs that day, and why.
#[derive(Debug, Serialize, ToSchema)]
struct PriceView {
    #[schema(value_type = String)]
    option_id: OptionId,
    #[schema(value_type = String)]
    unit_id: UnitId,
    #[schema(value_type = i64)]
    price_cents: Cents,
    /// Its parts: `name`, `price_cents` and `beneficiary`, which is null for the body that runs the
    /// venue; empty where nothing is paid.
    #[schema(value_type = Vec<Object>)]
    components: Vec<PriceComponent>,
    #[schema(value_type = Object)]
    reason: Text,
    /// What the gate looks at that day.
    #[schema(value_type = Option<Object>)]
    show: Option<Text>,
}

/// One slot.
#[derive(Debug, Serialize, ToSchema)]
struct SlotView {
    #[schema(value_type = String)]
    id: SlotId,
    #[schema(value_type = String, format = DateTime)]
    start: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    end: Timestamp,
    #[schema(value_type = String)]
    status: SlotStatus,
    vacancies: u32,
    capacity: u32,
}

/// A day on which the venue is open.
pub(crate) fn open_day(
    product: &Product,
    day: Date,
    slots: &[SlotTimes],
    places: impl Fn(&SlotTimes) -> Places,
    now: Timestamp,
) -> DayView {
    let slots: Vec<SlotView> = slots
        .iter()
        .map(|slot| {
            let places = places(slot);
            SlotView {
                id: slot.id,
                start: slot.start,
                end: slot.end,
                status: places.status(slot, now),
                vacancies: places.vacancies(),
                capacity: places.capacity,
            }
        })
        .collect();
    let statuses: Vec<SlotStatus> = slots.iter().map(|slot| slot.status).collect();
    DayView {
        date: day,
        status: day_status(&statuses),
        note: product.free_day(day).map(|free| free.reason.clone()),
        prices: prices(product, day),
        slots,
    }
}

fn prices(product: &Product, day: Date) -> Vec<PriceView> {
    let of_option = |option: &ProductOption| -> Vec<PriceView> {
        let units = option.tariff_on(day).into_iter().flat_map(|tariff| &tariff.units);
        let view = |unit: &Unit| {
            let price = price(product, unit, day);
            PriceView {
                option_id: option.id.clone(),
                unit_id: unit.id.clone(),
                price_cents: price.cents,
                components: price.components,
                reason: price.reason,
                show: price.show,
            }
        };
        units.map(view).collect()
    };
    product.options.iter().flat_map(of_option).collect()
}

/// A day on which visitors come in without a booking.
pub(crate) fn day_at_the_door(product: &Product, day: Date, free: &FreeDay) -> DayView {
    DayView { prices: prices(product, day), ..closed_day(day, free.at_the_door()) }
}

/// Why a day that the venue is open is not offered: nobody knows yet what it costs.
pub(crate) fn no_tariff() -> Text {
    Text::new("Tariffa non ancora stabilita", "No price is set yet")
}

/// A day without visits, and why.
pub(crate) fn closed_day(day: Date, reason: Text) -> DayView {
    DayView {
        date: day,
        status: SlotStatus::Closed,
        note: Some(reason),
        prices: Vec::new(),
        slots: Vec::new(),
    }
}

/// Why a day far ahead is not offered.
pub(crate) fn not_on_sale_yet() -> Text {
    Text::new("Non ancora in vendita", "Not on sale yet")
}

/// How the places of a day are shared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SplitView {
    #[schema(value_type = String)]
    pub(crate) venue_id: VenueId,
    #[schema(value_type = String)]
    pub(crate) product_id: ProductId,
    #[schema(value_type = String, format = Date)]
    pub(crate) day: Date,
    /// In order of time; empty on a closed day.
    pub(crate) slots: Vec<SplitSlotView>,
}

/// How the places of one slot are shared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SplitSlotView {
    #[schema(value_type = String)]
    id: SlotId,
    capacity: u32,
    /// Held or confirmed, from any pool.
    taken: u32,
    /// Empty where the places are not shared.
    pools: Vec<PoolView>,
    /// Who took them, by channel and reseller, at the venue's own price, which is the only one there is; they and
    /// `uncounted` sum up to `taken`.
    #[schema(value_type = Vec<Object>)]
    shares: Vec<Share>,
    /// Of them, taken before that was counted.
    uncounted: u32,
}

#[derive(Debug, Serialize, ToSchema)]
struct PoolView {
    /// The quota's name, or `open`.
    #[schema(value_type = String)]
    name: PoolName,
    /// Whom it is for; empty when it is for all.
    #[schema(value_type = Vec<String>)]
    channels: Vec<Channel>,
    /// Which resellers it is the allotment of; empty where it is none.
    #[schema(value_type = Vec<String>)]
    resellers: BTreeSet<ResellerId>,
    size: u32,
    taken: u32,
    /// When what is left is open to all; none for the open pool and for one that is kept to the end.
    #[schema(value_type = Option<String>, format = DateTime)]
    released_at: Option<Timestamp>,
    is_released: bool,
}

pub(crate) fn split_slot(
    slot: &SlotTimes,
    pools: &Pools,
    counts: &Counts,
    split: Split,
    now: Timestamp,
) -> SplitSlotView {
    let pool = |pool: &Pool| PoolView {
        name: pool.name.clone(),
        channels: if pool.resellers.is_empty() {
            pool.channels.clone()
        } else {
            vec![Channel::Reseller]
        },
        resellers: pool.resellers.clone(),
        size: pool.size,
        taken: counts.pools.get(&pool.name).copied().unwrap_or(0),
        released_at: pool.released_at,
        is_released: pool.released_at.is_some_and(|at| at <= now),
    };
    SplitSlotView {
        id: slot.id,
        capacity: pools.capacity,
        taken: counts.taken,
        pools: pools.pools.iter().map(pool).collect(),
        shares: split.shares,
        uncounted: split.uncounted,
    }
}
