//! The answers of this function, as written on the wire.

use std::collections::BTreeMap;

use atrio_domain::booking::{Booking, Channel};
use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::{CallerUuid, DeskId, OptionId, ProductId, UnitId, VenueId};
use atrio_domain::lease::{Lease, LeaseState, Pack};
use atrio_domain::shift::{Method, Sale, Shift, ShiftState, Totals, Void};
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_domain::text::Text;
use atrio_dynamo::lease::RefusedSale;
use atrio_dynamo::shift::StoredShift;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

/// Money and people. Voided sales are taken out of the sums and counted apart.
#[derive(Debug, Default, Serialize, ToSchema)]
struct ShiftTotalsView {
    sales: u32,
    visitors: u32,
    free_visitors: u32,
    #[schema(value_type = i64)]
    cash_cents: Cents,
    #[schema(value_type = i64)]
    card_cents: Cents,
    voids: u32,
    /// Sales in these sums that came in after the drawer was counted, from a desk whose line was down.
    late_sales: u32,
}

impl ShiftTotalsView {
    fn add(&mut self, totals: &Totals) {
        self.sales += totals.sales;
        self.visitors += totals.visitors;
        self.free_visitors += totals.free_visitors;
        self.cash_cents.0 += totals.cash_cents.0;
        self.card_cents.0 += totals.card_cents.0;
        self.voids += totals.voids;
        self.late_sales += totals.late_sales;
    }
}

impl From<&Totals> for ShiftTotalsView {
    fn from(totals: &Totals) -> Self {
        let mut view = Self::default();
        view.add(totals);
        view
    }
}

/// A shift.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShiftView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    desk_id: DeskId,
    /// Who opened it, as the identity provider numbers staff.
    clerk: String,
    /// `OPEN` or `CLOSED`.
    status: &'static str,
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    currency: &'static str,
    #[schema(value_type = i64)]
    float_cents: Cents,
    totals: ShiftTotalsView,
    /// What should be in the drawer.
    #[schema(value_type = i64)]
    expected_cents: Cents,
    #[schema(value_type = Option<i64>)]
    counted_cents: Option<Cents>,
    /// Counted less expected.
    #[schema(value_type = Option<i64>)]
    difference_cents: Option<Cents>,
    /// People who paid nothing, by unit and reason; only with the sales.
    free_entries: Vec<FreeEntryView>,
    /// In order of time; absent where only sums are answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    sales: Option<Vec<SaleView>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FreeEntryView {
    #[schema(value_type = String)]
    unit_id: UnitId,
    #[schema(value_type = Object)]
    reason: Text,
    visitors: u32,
}

impl ShiftView {
    pub(crate) fn of(shift: &Shift, sales: Option<&[Sale]>) -> Self {
        let (status, closed_at, counted_cents) = match shift.state {
            ShiftState::Open => ("OPEN", None, None),
            ShiftState::Closed { at, counted_cents } => ("CLOSED", Some(at), Some(counted_cents)),
        };
        Self {
            uuid: shift.uuid,
            venue_id: shift.venue.clone(),
            desk_id: shift.desk.clone(),
            clerk: shift.clerk.clone(),
            status,
            opened_at: shift.opened_at,
            closed_at,
            currency: CURRENCY,
            float_cents: shift.float_cents,
            totals: ShiftTotalsView::from(&shift.totals),
            expected_cents: shift.expected_cents(),
            counted_cents,
            difference_cents: shift.difference_cents(),
            free_entries: free_entries(sales.unwrap_or_default()),
            sales: sales.map(|sales| sales.iter().map(SaleView::of).collect()),
        }
    }
}

fn free_entries(sales: &[Sale]) -> Vec<FreeEntryView> {
    let standing = sales.iter().filter(|sale| sale.void.is_none());
    let mut entries: BTreeMap<(&UnitId, &str), FreeEntryView> = BTreeMap::new();
    for unit in standing.flat_map(|sale| &sale.units).filter(|unit| unit.price_cents.0 == 0) {
        let entry = entries.entry((&unit.unit_id, &unit.reason.it)).or_insert_with(|| {
            let (unit_id, reason) = (unit.unit_id.clone(), unit.reason.clone());
            FreeEntryView { unit_id, reason, visitors: 0 }
        });
        entry.visitors += unit.quantity;
    }
    entries.into_values().collect()
}

/// A sale.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SaleView {
    #[schema(value_type = String)]
    booking_uuid: CallerUuid,
    /// Names the booking among staff.
    booking_reference: String,
    #[schema(value_type = String)]
    method: Method,
    #[schema(value_type = i64)]
    amount_cents: Cents,
    #[schema(value_type = Option<i64>)]
    given_cents: Option<Cents>,
    /// What goes back to the visitor; none unless cash was handed over.
    #[schema(value_type = Option<i64>)]
    change_cents: Option<Cents>,
    visitors: u32,
    #[schema(value_type = String, format = DateTime)]
    sold_at: Timestamp,
    /// That it was taken back: `at` and `reason`.
    #[schema(value_type = Option<Object>)]
    void: Option<Void>,
}

impl SaleView {
    pub(crate) fn of(sale: &Sale) -> Self {
        Self {
            booking_uuid: sale.booking,
            booking_reference: sale.booking.reference(),
            method: sale.method,
            amount_cents: sale.amount_cents,
            given_cents: sale.given_cents,
            change_cents: sale.given_cents.map(|given| Cents(given.0 - sale.amount_cents.0)),
            visitors: sale.units.iter().map(|unit| unit.quantity).sum(),
            sold_at: sale.sold_at,
            void: sale.void.clone(),
        }
    }
}

/// The account of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DayAccountView {
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String, format = Date)]
    day: Date,
    currency: &'static str,
    /// Of all shifts together.
    totals: ShiftTotalsView,
    /// Of the closed ones: counted less expected.
    #[schema(value_type = i64)]
    difference_cents: Cents,
    /// In order of opening.
    shifts: Vec<ShiftView>,
}

impl DayAccountView {
    pub(crate) fn of(venue_id: VenueId, day: Date, shifts: &[StoredShift]) -> Self {
        let mut totals = ShiftTotalsView::default();
        let mut difference_cents = Cents::ZERO;
        for stored in shifts {
            totals.add(&stored.shift.totals);
            difference_cents.0 += stored.shift.difference_cents().unwrap_or_default().0;
        }
        let shifts = shifts.iter().map(|stored| ShiftView::of(&stored.shift, None)).collect();
        Self { venue_id, day, currency: CURRENCY, totals, difference_cents, shifts }
    }
}

/// A lease.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeaseView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    #[schema(value_type = String)]
    venue_id: VenueId,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[schema(value_type = String)]
    option_id: OptionId,
    #[schema(value_type = Object)]
    slot: SlotTimes,
    #[schema(value_type = String)]
    channel: Channel,
    #[schema(value_type = String)]
    desk_id: DeskId,
    /// Who leased it, as the identity provider numbers staff.
    clerk: String,
    #[schema(value_type = String, format = DateTime)]
    leased_at: Timestamp,
    /// `OPEN`, `ENDED`, `RETURNED` or `WITHDRAWN`.
    status: &'static str,
    #[schema(value_type = Option<String>, format = DateTime)]
    closed_at: Option<Timestamp>,
    /// Why a manager withdrew it.
    reason: Option<String>,
    /// Places leased.
    places: u32,
    /// Of them, those whose sale came in.
    sold: u32,
    /// Those that went back to the slot.
    returned: u32,
    /// Those that are taken and not known to be sold.
    held: u32,
    /// Sales that came in and do not stand.
    refused_sales: Vec<RefusedSaleView>,
    /// What the desk needs to sell by itself; only for who leases, while it is open.
    #[schema(value_type = Option<Object>)]
    pack: Option<Pack>,
}

#[derive(Debug, Serialize, ToSchema)]
struct RefusedSaleView {
    /// Names the booking among staff.
    booking_reference: String,
    /// The shift whose drawer has the money; null at a totem.
    #[schema(value_type = Option<String>)]
    shift_uuid: Option<CallerUuid>,
    #[schema(value_type = String)]
    method: Method,
    places: usize,
    #[schema(value_type = String, format = DateTime)]
    sold_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    refused_at: Timestamp,
    /// Why it does not stand.
    reason: String,
}

impl From<RefusedSale> for RefusedSaleView {
    fn from(refused: RefusedSale) -> Self {
        Self {
            booking_reference: refused.booking.reference(),
            shift_uuid: refused.shift,
            method: refused.method,
            places: refused.places,
            sold_at: refused.sold_at,
            refused_at: refused.refused_at,
            reason: refused.reason,
        }
    }
}

impl LeaseView {
    pub(crate) fn of(lease: &Lease, refused: Vec<RefusedSale>, pack: Option<Pack>) -> Self {
        let (closed_at, reason) = match &lease.state {
            LeaseState::Open => (None, None),
            LeaseState::Ended { at } | LeaseState::Returned { at } => (Some(*at), None),
            LeaseState::Withdrawn { at, reason, .. } => (Some(*at), Some(reason.clone())),
        };
        Self {
            uuid: lease.uuid,
            venue_id: lease.venue.clone(),
            product_id: lease.product.clone(),
            option_id: lease.option.clone(),
            slot: lease.slot,
            channel: lease.channel,
            desk_id: lease.desk.clone(),
            clerk: lease.clerk.clone(),
            leased_at: lease.leased_at,
            status: lease.state.name(),
            closed_at,
            reason,
            places: lease.places(),
            sold: lease.sold,
            returned: lease.returned,
            held: lease.held,
            refused_sales: refused.into_iter().map(RefusedSaleView::from).collect(),
            pack,
        }
    }
}

/// The leases of a day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeasesView {
    #[schema(value_type = String)]
    pub(crate) venue_id: VenueId,
    #[schema(value_type = String, format = Date)]
    pub(crate) day: Date,
    /// In order of slot.
    pub(crate) leases: Vec<LeaseView>,
}

/// A sale from a lease, as filed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LeasedSaleView {
    #[schema(value_type = String)]
    booking_uuid: CallerUuid,
    /// Names the booking among staff.
    booking_reference: String,
    #[schema(value_type = i64)]
    amount_cents: Cents,
    visitors: u32,
    #[schema(value_type = String, format = DateTime)]
    sold_at: Timestamp,
}

impl LeasedSaleView {
    pub(crate) fn of(booking: &Booking) -> Self {
        Self {
            booking_uuid: booking.uuid,
            booking_reference: booking.uuid.reference(),
            amount_cents: booking.total(),
            visitors: booking.places(),
            sold_at: booking.created_at,
        }
    }
}
