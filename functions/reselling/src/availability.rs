//! Which places there are: slots and days with what is left, sold-out and closed ones among them.

use atrio_domain::booking::Channel;
use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::UnitId;
use axum::Json;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};

use crate::Context;
use crate::caller::Caller;
use crate::catalogue::{self, Offered, local_time_of};
use crate::error::{OctoError, OctoErrorView};
use crate::request::{AvailabilityBody, Body};
use atrio_octo::availability::{Asked, OctoAvailability, OctoCalendarDay};

/// Most days that one answer covers.
const SPAN_MAX_DAYS: i32 = 400;

/// Most ids that one request names.
const IDS_MAX: usize = 500;

/// What is asked for.
enum Wanted {
    /// These days, both included.
    Days(Date, Date),
    /// What these ids name; an id of nothing, or of a day that is not on sale, is passed over.
    Ids(Vec<String>),
}

/// The places left, slot by slot.
#[utoipa::path(post, path = "/octo/availability", tag = "octo", security(("reseller" = [])),
    request_body = AvailabilityBody,
    responses((status = 200, body = Vec<OctoAvailability>), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn check(
    State(context): State<Context>,
    caller: Caller,
    Body(body): Body<AvailabilityBody>,
) -> Result<Json<Vec<OctoAvailability>>, OctoError> {
    let sold = catalogue::product(&context, &caller.reseller, body.product_id.as_deref()).await?;
    let (venue, product) = (&sold.venue, sold.product());
    let option = sold.option(body.option_id.as_deref())?;
    let wanted = wanted(&body)?;
    let party = party(&body, option)?;
    let now = context.clock.now();
    let asked = Asked { venue, product, option, caller: &caller, party: &party, now };
    let zone = venue.time_zone();
    let days = match &wanted {
        Wanted::Days(from, to) => every_day(*from, *to),
        Wanted::Ids(ids) => {
            let named = ids.iter().filter_map(|id| local_time_of(id, &zone));
            // All days between the first and the last are read: two ids centuries apart must not ask for them.
            let sold = venue.day_at(now)..=catalogue::last_on_sale(venue, now);
            let mut days: Vec<Date> =
                named.map(DateTime::date).filter(|day| sold.contains(day)).collect();
            days.sort_unstable();
            days.dedup();
            days
        }
    };
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Ok(Json(Vec::new()));
    };
    let left = context.store.vacancies(venue, product, Channel::Reseller, (*first, *last)).await?;
    let left = left.for_reseller(&caller.reseller.id);
    let mut all = Vec::new();
    for day in days {
        match catalogue::day(venue, product, option, day, now) {
            Offered::Closed => all.push(asked.closed(day)),
            Offered::Open(slots) => {
                let shown = |slot: &SlotTimes| asked.slot(slot, left.places(slot, now));
                all.extend(slots.iter().map(shown));
            }
        }
    }
    if let Wanted::Ids(ids) = &wanted {
        all.retain(|availability| ids.iter().any(|id| id == availability.id()));
    }
    Ok(Json(all))
}

/// The places left, day by day.
#[utoipa::path(post, path = "/octo/availability/calendar", tag = "octo", security(("reseller" = [])),
    request_body = AvailabilityBody,
    responses((status = 200, body = Vec<OctoCalendarDay>), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn calendar(
    State(context): State<Context>,
    caller: Caller,
    Body(body): Body<AvailabilityBody>,
) -> Result<Json<Vec<OctoCalendarDay>>, OctoError> {
    let sold = catalogue::product(&context, &caller.reseller, body.product_id.as_deref()).await?;
    let (venue, product) = (&sold.venue, sold.product());
    let option = sold.option(body.option_id.as_deref())?;
    let Wanted::Days(from, to) = wanted(&body)? else {
        return Err(OctoError::bad("a calendar is asked for by days, not by `availabilityIds`"));
    };
    let party = party(&body, option)?;
    let now = context.clock.now();
    let asked = Asked { venue, product, option, caller: &caller, party: &party, now };
    let left = context.store.vacancies(venue, product, Channel::Reseller, (from, to)).await?;
    let left = left.for_reseller(&caller.reseller.id);
    let shown = |day: Date| {
        let slots = match catalogue::day(venue, product, option, day, now) {
            Offered::Closed => Vec::new(),
            Offered::Open(slots) => slots,
        };
        let slots: Vec<_> = slots.into_iter().map(|slot| (slot, left.places(&slot, now))).collect();
        asked.day(day, &slots)
    };
    Ok(Json(every_day(from, to).into_iter().map(shown).collect()))
}

/// What of the three forms of a query it is; exactly one must be.
fn wanted(body: &AvailabilityBody) -> Result<Wanted, OctoError> {
    let one_form =
        "send exactly one of `localDateStart` with `localDateEnd`, `localDate`, `availabilityIds`";
    match (&body.local_date_start, &body.local_date_end, &body.local_date, &body.availability_ids) {
        (Some(start), Some(end), None, None) => {
            let (from, to) = (date("localDateStart", start)?, date("localDateEnd", end)?);
            let days = (to - from).get_days();
            if (0..SPAN_MAX_DAYS).contains(&days) {
                return Ok(Wanted::Days(from, to));
            }
            Err(OctoError::bad(format_args!(
                "from {from} to {to} is not 1 to {SPAN_MAX_DAYS} days: ask for fewer"
            )))
        }
        (None, None, Some(day), None) => {
            let day = date("localDate", day)?;
            Ok(Wanted::Days(day, day))
        }
        (None, None, None, Some(ids)) if ids.len() <= IDS_MAX => Ok(Wanted::Ids(ids.clone())),
        (None, None, None, Some(ids)) => Err(OctoError::bad(format_args!(
            "{} ids are named, {IDS_MAX} are taken at once",
            ids.len()
        ))),
        _ => Err(OctoError::bad(one_form)),
    }
}

fn date(field: &str, text: &str) -> Result<Date, OctoError> {
    let day: Option<Date> = text.parse().ok().filter(|day: &Date| day.to_string() == text);
    day.ok_or_else(|| {
        OctoError::bad(format_args!("`{field}`: `{text}` is no day; write it as `2026-05-01`"))
    })
}

fn every_day(from: Date, to: Date) -> Vec<Date> {
    let days = (to - from).get_days();
    (0..=days).map(|offset| from.saturating_add(offset.days())).collect()
}

/// Who would come, where the request says so.
fn party(
    body: &AvailabilityBody,
    option: &atrio_domain::venue::ProductOption,
) -> Result<Vec<(String, u32)>, OctoError> {
    let units = body.units.as_deref().unwrap_or_default();
    let known = |id: &UnitId| {
        option.tariffs.iter().any(|tariff| tariff.units.iter().any(|unit| unit.id == *id))
    };
    for unit in units {
        if !UnitId::new(unit.id.as_str()).is_ok_and(|id| known(&id)) {
            return Err(OctoError::Unit(unit.id.clone()));
        }
    }
    // More than anybody books: the sum must not overflow.
    Ok(units.iter().map(|unit| (unit.id.clone(), unit.quantity.min(100_000))).collect())
}
