//! A request of a group as written on the wire: to who asked, without who decided; to the venue's
//! manager, with the contact.

use atrio_domain::booking::Booking;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::group::{Group, GroupKind, GroupState};
use atrio_domain::id::{CallerUuid, OptionId, ProductId, UnitId};
use atrio_domain::redemption::Heads;
use atrio_domain::tariff::{CURRENCY, Cents};
use atrio_domain::text::Text;
use atrio_domain::venue::Venue;
use atrio_dynamo::group::kept_until;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::person::ContactView;
use crate::view::VenueBrief;

/// A request, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    #[schema(value_type = String)]
    uuid: CallerUuid,
    /// `REQUESTED`, `APPROVED`, `REFUSED` or `WITHDRAWN`.
    status: &'static str,
    venue: VenueBrief,
    #[schema(value_type = String)]
    product_id: ProductId,
    #[schema(value_type = String)]
    option_id: OptionId,
    #[schema(value_type = Object)]
    slot: SlotTimes,
    /// `GROUP` or `SCHOOL`.
    #[schema(value_type = String)]
    kind: GroupKind,
    organisation: String,
    /// How many, without those who lead them.
    people: u32,
    leaders: u32,
    note: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    asked_at: Timestamp,
    /// What all pay together, once the venue has taken the group; before, what they would pay now, or
    /// null where they could not be taken now.
    #[schema(value_type = Option<i64>)]
    total_cents: Option<Cents>,
    currency: &'static str,
    /// Until when an approved group pays or confirms.
    #[schema(value_type = Option<String>, format = DateTime)]
    hold_until: Option<Timestamp>,
    /// Why the venue does not take the group.
    reason: Option<String>,
    /// Where the booking of an approved group stands.
    booking_status: Option<&'static str>,
    /// Who came, by the tickets that let somebody in; null before there are tickets.
    at_door: Option<Vec<AtDoorView>>,
    /// How many names the list has that was sent in; null when none was.
    listed: Option<u32>,
    /// Who asked; null once forgotten.
    contact: Option<ContactView>,
    /// All of this is deleted then, the list of names too.
    #[schema(value_type = String, format = DateTime)]
    kept_until: Timestamp,
}

/// Who came of one unit.
#[derive(Debug, Serialize, ToSchema)]
struct AtDoorView {
    #[schema(value_type = String)]
    unit_id: UnitId,
    #[schema(value_type = Object)]
    name: Text,
    /// How many were expected.
    booked: u32,
    /// How many came.
    came: u32,
}

/// A request as the venue's manager sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffGroupView {
    #[serde(flatten)]
    request: GroupView,
    /// Who decided, as the identity provider numbers staff.
    decided_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    decided_at: Option<Timestamp>,
}

/// The requests of a venue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupListView {
    pub(crate) groups: Vec<StaffGroupView>,
}

impl GroupView {
    pub(crate) fn of(
        group: &Group,
        booking: Option<&Booking>,
        venue: &Venue,
        now: Timestamp,
    ) -> Self {
        let (hold_until, reason) = match &group.state {
            GroupState::Approved { hold_until, .. } => (Some(*hold_until), None),
            GroupState::Refused { reason, .. } => (None, Some(reason.clone())),
            GroupState::Requested | GroupState::Withdrawn { .. } => (None, None),
        };
        let ask = &group.ask;
        let would_pay = || {
            let offer = ask.offer(venue, now).ok()?;
            Some(offer.units.iter().map(|line| line.price_cents.times(line.quantity)).sum())
        };
        Self {
            uuid: ask.uuid,
            status: group.state.name(),
            venue: VenueBrief::of(venue),
            product_id: ask.product_id.clone(),
            option_id: ask.option_id.clone(),
            slot: group.slot,
            kind: ask.kind,
            organisation: ask.organisation.clone(),
            people: ask.people,
            leaders: ask.leaders,
            note: ask.note.clone(),
            asked_at: group.asked_at,
            total_cents: booking.map(Booking::total).or_else(would_pay),
            currency: CURRENCY,
            hold_until,
            reason,
            booking_status: booking.map(|booking| booking.state.name()),
            at_door: None,
            listed: group.listed,
            contact: ask.contact.clone().map(ContactView::of),
            kept_until: kept_until(&group.slot),
        }
    }

    /// The same, with who came.
    pub(crate) fn counted(self, heads: Option<Vec<Heads>>) -> Self {
        let of_unit = |Heads { unit, name, booked, came, .. }| AtDoorView {
            unit_id: unit,
            name,
            booked,
            came,
        };
        Self { at_door: heads.map(|heads| heads.into_iter().map(of_unit).collect()), ..self }
    }
}

impl StaffGroupView {
    pub(crate) fn of(
        group: &Group,
        booking: Option<&Booking>,
        venue: &Venue,
        now: Timestamp,
    ) -> Self {
        let (decided_by, decided_at) = match &group.state {
            GroupState::Approved { by, at, .. } | GroupState::Refused { by, at, .. } => {
                (Some(by.clone()), Some(*at))
            }
            GroupState::Requested | GroupState::Withdrawn { .. } => (None, None),
        };
        Self { request: GroupView::of(group, booking, venue, now), decided_by, decided_at }
    }

    /// The same, with who came.
    pub(crate) fn counted(self, heads: Option<Vec<Heads>>) -> Self {
        Self { request: self.request.counted(heads), ..self }
    }
}
