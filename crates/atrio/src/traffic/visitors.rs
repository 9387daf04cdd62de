//! The sample visitors at work: they look for a slot, hold it, pay or do not, and show their
//! tickets at the gate. Whatever the platform answers becomes a figure; nothing here stops the
//! traffic.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rand::Rng;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::draws::{Intent, Party, draw_intent, draw_lead_days};
use super::figures::add;
use super::platform::{BookingRequest, CallError, Outcome, Platform};
use super::slots::{Wish, choose_slot};
use super::venues::Venue;
use super::{Clock, Figures, StaffTokens};

/// How long an online visitor looks past the wished day for an open one.
const LOOK_AHEAD_DAYS: i64 = 7;

/// How often, and how many times, a visitor asks whether the payment has an outcome.
const PAYMENT_POLL: Duration = Duration::from_millis(250);
const PAYMENT_POLLS: u32 = 24;

/// Sample visitors are numbered below this.
const VISITORS: u32 = 1_000_000;

/// What the visitors need to reach the platform.
#[derive(Clone)]
pub(super) struct Visitors {
    pub platform: Platform,
    pub staff: StaffTokens,
    pub figures: Arc<Figures>,
    pub clock: Clock,
}

/// A visit that a party has in mind; all draws are made, only the platform's answers are open.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub venue: Arc<Venue>,
    pub party: Party,
    pub wish: Wish,
    pub day: Date,
    pub intent: Intent,
    pub channel: &'static str,
    pub visitor: u32,
    /// Between zero and one; decides among the free slots.
    pub slot_draw: f64,
}

/// A booking that entitles to enter.
#[derive(Debug, Clone)]
pub(super) struct Confirmed {
    pub venue: Arc<Venue>,
    pub uuid: Uuid,
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Plan {
    /// Draws an online booking made at `now`, for no day before `earliest`.
    pub(super) fn online(
        rng: &mut StdRng,
        venue: &Arc<Venue>,
        now: Timestamp,
        earliest: Timestamp,
    ) -> Self {
        let today = |at: Timestamp| at.to_zoned_datetime(venue.zone.clone()).date();
        let wished = today(now).saturating_add(draw_lead_days(rng).days());
        Self {
            party: venue.kind.draw_party(rng),
            wish: Wish::Later,
            day: wished.max(today(earliest)),
            intent: draw_intent(rng),
            channel: "WEB",
            visitor: rng.random_range(0..VISITORS),
            slot_draw: rng.random(),
            venue: Arc::clone(venue),
        }
    }

    /// Draws a party that stands at the door at `now`, in front of a totem.
    pub(super) fn walk_up(rng: &mut StdRng, venue: &Arc<Venue>, now: Timestamp) -> Self {
        Self {
            party: venue.kind.draw_party(rng),
            wish: Wish::Now,
            day: now.to_zoned_datetime(venue.zone.clone()).date(),
            intent: Intent::Pay,
            channel: "TOTEM",
            visitor: rng.random_range(0..VISITORS),
            slot_draw: rng.random(),
            venue: Arc::clone(venue),
        }
    }
}

impl Visitors {
    /// Takes the plan as far as the platform lets it; `Some` when it ends with tickets.
    pub(super) async fn book(&self, plan: &Plan) -> Option<Confirmed> {
        add(&self.figures.parties, 1);
        match self.try_book(plan).await {
            Ok(confirmed) => confirmed,
            Err(error) => {
                self.note(&plan.venue.id, &error);
                None
            }
        }
    }

    async fn try_book(&self, plan: &Plan) -> Result<Option<Confirmed>, CallError> {
        let venue = &plan.venue;
        let last_day = match plan.wish {
            Wish::Now => plan.day,
            Wish::Later => plan.day.saturating_add(LOOK_AHEAD_DAYS.days()),
        };
        let offer =
            self.platform.availability(&venue.id, &venue.product_id, plan.day, last_day).await?;
        let now = (self.clock)();
        let people = plan.party.size();
        let place = (&venue.rhythm, &venue.zone);
        let Some(slot) = choose_slot(&offer.days, plan.wish, people, now, plan.slot_draw, place)
        else {
            add(&self.figures.sold_out, 1);
            return Ok(None);
        };
        // A booking's uuid is its key and must never repeat, so it does not come from the seed.
        let uuid = Uuid::new_v4();
        let request = BookingRequest {
            uuid,
            venue_id: &venue.id,
            product_id: &venue.product_id,
            slot_id: &slot.id,
            party: plan.party,
            visitor: plan.visitor,
            channel: plan.channel,
        };
        let held = self.platform.book(&request).await?;
        add(&self.figures.booked, 1);
        if !self.settle(uuid, plan.intent, held.total_cents).await? {
            return Ok(None);
        }
        add(&self.figures.confirmed, 1);
        Ok(Some(Confirmed { venue: Arc::clone(venue), uuid, start: slot.start, end: slot.end }))
    }

    /// Pays, confirms or leaves the hold; true when the booking is confirmed.
    async fn settle(
        &self,
        uuid: Uuid,
        intent: Intent,
        total_cents: i64,
    ) -> Result<bool, CallError> {
        match intent {
            Intent::Abandon => {
                add(&self.figures.abandoned, 1);
                Ok(false)
            }
            Intent::Cancel => {
                self.platform.cancel(uuid).await?;
                add(&self.figures.cancelled, 1);
                Ok(false)
            }
            Intent::Pay | Intent::DeclineThenPay | Intent::DeclineThenLeave if total_cents == 0 => {
                Ok(self.platform.confirm(uuid).await?.status == "CONFIRMED")
            }
            Intent::Pay => self.pay(uuid, Outcome::Pay).await,
            Intent::DeclineThenPay => {
                self.pay(uuid, Outcome::Decline).await?;
                self.pay(uuid, Outcome::Pay).await
            }
            Intent::DeclineThenLeave => self.pay(uuid, Outcome::Decline).await,
        }
    }

    async fn pay(&self, uuid: Uuid, outcome: Outcome) -> Result<bool, CallError> {
        self.platform.pay(uuid, outcome).await?;
        for _ in 0..PAYMENT_POLLS {
            let booking = self.platform.booking(uuid).await?;
            match booking.status.as_str() {
                "PAYING" => tokio::time::sleep(PAYMENT_POLL).await,
                "CONFIRMED" => return Ok(true),
                _ => {
                    add(&self.figures.declined, 1);
                    return Ok(false);
                }
            }
        }
        add(&self.figures.unsettled, 1);
        Ok(false)
    }

    /// Shows every ticket of the booking at the gate; gives the people let in.
    pub(super) async fn enter(&self, booking: &Confirmed) -> u32 {
        let Some(token) = self.staff.gate(&booking.venue.id) else {
            add(&self.figures.without_gate, 1);
            return 0;
        };
        let tickets = match self.platform.tickets(booking.uuid).await {
            Ok(list) => list.tickets,
            Err(error) => {
                self.note(&booking.venue.id, &error);
                return 0;
            }
        };
        let mut people = 0;
        for ticket in tickets.iter().filter(|ticket| ticket.status == "VALID") {
            match self.platform.redeem(&token, &booking.venue.id, &ticket.typed_code).await {
                Ok(()) => people += 1,
                Err(error) if error.is_refusal() => {
                    tracing::debug!(venue_id = booking.venue.id, %error, "a sample ticket was refused");
                    add(&self.figures.refused, 1);
                }
                Err(error) => self.note(&booking.venue.id, &error),
            }
        }
        add(&self.figures.admitted, u64::from(people));
        people
    }

    fn note(&self, venue_id: &str, error: &CallError) {
        let total: &AtomicU64 = match error.status() {
            _ if error.is("sold-out") => &self.figures.sold_out,
            Some(403) => &self.figures.blocked,
            Some(429) => &self.figures.rate_limited,
            _ => {
                tracing::debug!(venue_id, %error, "a sample visitor was turned away");
                &self.figures.failed
            }
        };
        add(total, 1);
    }
}

impl CallError {
    /// Whether a gate refused the ticket, rather than the call.
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Problem { kind, .. } if kind.starts_with("ticket-"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use rand::SeedableRng;

    use super::super::draws::VisitKind;
    use super::super::shape::tests::default_week;
    use super::*;

    fn venue() -> Arc<Venue> {
        Arc::new(Venue {
            id: "20240".into(),
            kind: VisitKind::Museum,
            product_id: "admission".into(),
            annual_visitors: 21_080,
            latitude: 40.663902,
            longitude: 16.609297,
            zone: TimeZone::get("Europe/Rome").unwrap(),
            rhythm: default_week(),
        })
    }

    #[test]
    fn an_online_booking_is_never_for_a_day_that_has_passed() {
        let mut rng = StdRng::seed_from_u64(11);
        let yesterday = "2026-11-22T22:30:00Z".parse().unwrap();
        let now = "2026-11-23T23:30:00Z".parse().unwrap();
        for _ in 0..200 {
            let plan = Plan::online(&mut rng, &venue(), yesterday, now);
            assert!(plan.day >= jiff::civil::date(2026, 11, 24), "{plan:?}");
        }
    }

    #[test]
    fn a_walk_up_is_for_today_at_the_venue_and_pays() {
        let mut rng = StdRng::seed_from_u64(11);
        let plan = Plan::walk_up(&mut rng, &venue(), "2026-11-23T23:30:00Z".parse().unwrap());
        assert_eq!(plan.day, jiff::civil::date(2026, 11, 24));
        assert_eq!((plan.intent, plan.channel, plan.wish), (Intent::Pay, "TOTEM", Wish::Now));
    }
}
