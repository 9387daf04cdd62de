//! Holding places and finding what was held.

use atrio_domain::booking::{Booking, BookingState, Channel};
use atrio_domain::calendar::SlotTimes;
use atrio_domain::hold::{HOLD_TTL_SECONDS, HoldRequest, Offer};
use atrio_domain::id::{CallerUuid, OptionId};
use atrio_domain::invoicing::terms::Dealing;
use atrio_domain::resale::{Customer, Resale, ResoldUnit, quantities};
use atrio_domain::reseller::Mode;
use atrio_domain::risk::{Decision, Features, Outcome, RiskKeys, decide};
use atrio_domain::supplier::SuppliedBy;
use atrio_domain::text::Locale;
use atrio_domain::ticket::{Ticket, sign};
use atrio_dynamo::booking::{Held, Stored};
use atrio_dynamo::decision::DecisionRecord;
use atrio_dynamo::resale::Reference;
use atrio_octo::booking::{Delivered, OctoBooking, Told};
use axum::Json;
use axum::extract::State;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Context;
use crate::caller::Caller;
use crate::catalogue::{self, Named, Sold};
use crate::error::{OctoError, OctoErrorView};
use crate::request::{self, Body, Filter, Id, ReservationBody};

/// Most bookings that one list answers.
const LIST_MAX: usize = 100;

/// Holds places. Under the same uuid the same request answers what became of the first.
#[utoipa::path(post, path = "/octo/bookings", tag = "octo", security(("reseller" = [])),
    request_body = ReservationBody,
    responses((status = 200, body = OctoBooking), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn reserve(
    State(context): State<Context>,
    caller: Caller,
    Body(body): Body<ReservationBody>,
) -> Result<Json<OctoBooking>, OctoError> {
    let now = context.clock.now();
    let uuid = match &body.uuid {
        Some(text) => request::uuid(text, "uuid")?,
        None => CallerUuid::from(uuid::Uuid::new_v4()),
    };
    let fingerprint = request::fingerprint(&caller.reseller.id, &body);
    if let Some(before) = context.store.resold(uuid, caller.mode).await? {
        return repeated(&context, &caller, before, &fingerprint).await;
    }
    let sold = catalogue::product(&context, &caller.reseller, body.product_id.as_deref()).await?;
    let option = sold.option(body.option_id.as_deref())?.id.clone();
    let slot = slot(&sold, &option, body.availability_id.as_deref(), now)?;
    let minutes = request::minutes(body.expiration_minutes)?;
    request::check_texts(&body.contact, [&body.notes, &body.reseller_reference])?;
    let items = request::items(body.unit_items, &[])?;
    let (request, offer) = asked(&sold, (uuid, option), slot, &items, now)?;
    let decision = decided(&context, &sold, (&request, &offer), now).await?;
    let resale = Resale {
        reseller: caller.reseller.id.clone(),
        mode: caller.mode,
        reference: body.reseller_reference,
        items,
        customer: body.contact.map(|contact| contact.over(Customer::default())).unwrap_or_default(),
        notes: body.notes,
        updated_at: now,
        confirmed: None,
        reason: None,
        dealing: Some(dealing(&sold)),
    };
    let expires_at = match minutes {
        Some(minutes) => now + i64::from(minutes).minutes(),
        None => now + HOLD_TTL_SECONDS.seconds(),
    };
    let pools = offer.pools.clone().for_reseller(&caller.reseller.id);
    let keys = RiskKeys { contact: None, client: None };
    let mut booking =
        request.hold(offer, decision, keys, now).resold(resale, fingerprint.clone(), expires_at);
    match context.store.hold_resold(&mut booking, &pools, now).await? {
        Held::New => {
            let stored = Stored { booking, version: 1, tickets: Vec::new() };
            told(&context, &caller, &stored, Some(&sold)).await.map(Json)
        }
        Held::Before(before) => repeated(&context, &caller, *before, &fingerprint).await,
        Held::UuidReused => Err(reused(uuid)),
        Held::SoldOut { vacancies, .. } => Err(sold_out(&booking, vacancies)),
        Held::TooFew => Err(too_few(&booking)),
        Held::Exhausted(exhausted) => Err(OctoError::unprocessable(format_args!(
            "`{}` has {} left at that time",
            exhausted.resource, exhausted.left
        ))),
        // Neither is asked of a reseller.
        Held::OverLimit(_) | Held::VoucherUsedUp => Err(sold_out(&booking, 0)),
    }
}

/// What the accounts of a booking need to know of what is sold.
pub(crate) fn dealing(sold: &Sold) -> Dealing {
    let supplier = sold.venue.supplied_by.supplier_id.clone();
    Dealing::of(sold.venue.name.clone(), supplier, sold.product().fiscal_class)
}

/// What the risk rules say; a refusal is on file. Resellers' servers are few and their contacts their own: what
/// counts is the booking itself.
async fn decided(
    context: &Context,
    sold: &Sold,
    (request, offer): (&HoldRequest, &Offer),
    now: Timestamp,
) -> Result<Decision, OctoError> {
    let decision = decide(&Features { places: offer.places(), ..Features::default() }, now);
    if decision.outcome != Outcome::Block {
        return Ok(decision);
    }
    let reasons: Vec<&str> = decision.reasons.iter().map(|one| one.text.en.as_str()).collect();
    let why = reasons.join("; ");
    let record = DecisionRecord {
        booking: request.uuid,
        venue: sold.venue.id.clone(),
        slot: request.slot_id,
        decision,
    };
    context.store.record_decision(&record).await?;
    Err(OctoError::unprocessable(format_args!("this booking is refused: {why}")))
}

/// What became of a request that came before.
async fn repeated(
    context: &Context,
    caller: &Caller,
    before: Stored,
    fingerprint: &str,
) -> Result<Json<OctoBooking>, OctoError> {
    if before.booking.fingerprint != fingerprint {
        return Err(reused(before.booking.uuid));
    }
    told(context, caller, &before, None).await.map(Json)
}

fn reused(uuid: CallerUuid) -> OctoError {
    OctoError::unprocessable(format_args!(
        "`{uuid}` was used for another request before; make a fresh uuid for each new booking"
    ))
}

pub(crate) fn sold_out(booking: &Booking, vacancies: u32) -> OctoError {
    let (slot, requested) = (booking.slot.id, booking.places());
    OctoError::unprocessable(format_args!(
        "slot `{slot}` has {vacancies} places left, {requested} were asked for"
    ))
}

pub(crate) fn too_few(booking: &Booking) -> OctoError {
    let slot = booking.slot.id;
    OctoError::unprocessable(format_args!(
        "too few people booked slot `{slot}` in time: it does not take place"
    ))
}

/// The slot of an availability's id, if anything is offered under it.
pub(crate) fn slot(
    sold: &Sold,
    option: &OptionId,
    id: Option<&str>,
    now: Timestamp,
) -> Result<Named, OctoError> {
    let id = id.unwrap_or_default();
    let product = sold.product();
    let option = product.option(option).ok_or_else(|| OctoError::Option(option.to_string()))?;
    let named = catalogue::named(&sold.venue, product, option, id, now);
    named.ok_or_else(|| OctoError::Availability(id.to_owned()))
}

/// The request that a reseller makes, and what is offered for it: the same that anyone else is.
pub(crate) fn asked(
    sold: &Sold,
    (uuid, option_id): (CallerUuid, OptionId),
    slot: Named,
    items: &[ResoldUnit],
    now: Timestamp,
) -> Result<(HoldRequest, Offer), OctoError> {
    let product = sold.product();
    let option = product.option(&option_id);
    let units = option.iter().flat_map(|option| &option.tariffs).flat_map(|tariff| &tariff.units);
    let known: Vec<_> = units.map(|unit| &unit.id).collect();
    if let Some(item) = items.iter().find(|item| !known.contains(&&item.unit)) {
        return Err(OctoError::Unit(item.unit.to_string()));
    }
    let Named::Slot(SlotTimes { id: slot_id, .. }) = slot else {
        return Err(OctoError::unprocessable("nothing is offered on that day: it is closed"));
    };
    let request = HoldRequest {
        uuid,
        venue_id: sold.venue.id.clone(),
        product_id: product.id.clone(),
        option_id,
        slot_id,
        units: quantities(items),
        pieces: Vec::new(),
        contact: None,
        locale: Locale::default(),
        channel: Channel::Reseller,
        voucher: None,
        replaces: None,
    };
    let offer = request.offer(&sold.venue, now)?;
    Ok((request, offer))
}

/// By what bookings are looked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    reseller_reference: Option<String>,
    supplier_reference: Option<String>,
}

/// The reseller's bookings of a reference.
#[utoipa::path(get, path = "/octo/bookings", tag = "octo", security(("reseller" = [])), params(ListQuery),
    responses((status = 200, body = Vec<OctoBooking>), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    Filter(query): Filter<ListQuery>,
) -> Result<Json<Vec<OctoBooking>>, OctoError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (resellers, suppliers) = (given(query.reseller_reference), given(query.supplier_reference));
    let reference = match (&suppliers, &resellers) {
        (Some(name), _) => Reference::Suppliers(name),
        (None, Some(name)) => Reference::Resellers(name),
        (None, None) => {
            return Err(OctoError::bad("send `resellerReference` or `supplierReference`"));
        }
    };
    let reseller = &caller.reseller.id;
    let found = context.store.resold_as(reseller, caller.mode, reference, LIST_MAX).await?;
    let mut found = found.ok_or_else(|| {
        OctoError::bad(format_args!(
            "more than {LIST_MAX} bookings have this reference: ask by the `supplierReference` of one, or for \
             its uuid"
        ))
    })?;
    // A booking is found under the names that it had before, too.
    found.retain(|stored| {
        let resale = stored.booking.resale.as_ref();
        let named = resale.and_then(|resale| resale.reference.as_ref());
        resellers.as_ref().is_none_or(|name| named == Some(name))
    });
    found.sort_by_key(|stored| stored.booking.created_at);
    let mut bookings = Vec::with_capacity(found.len());
    for stored in &found {
        bookings.push(told(&context, &caller, stored, None).await?);
    }
    Ok(Json(bookings))
}

/// One booking.
#[utoipa::path(get, path = "/octo/bookings/{uuid}", tag = "octo", security(("reseller" = [])),
    params(("uuid" = String, Path)),
    responses((status = 200, body = OctoBooking), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn show(
    State(context): State<Context>,
    caller: Caller,
    Id(uuid): Id,
) -> Result<Json<OctoBooking>, OctoError> {
    let stored = load(&context, &caller, &uuid).await?;
    told(&context, &caller, &stored, None).await.map(Json)
}

/// A booking of this reseller; one of another is none.
pub(crate) async fn load(
    context: &Context,
    caller: &Caller,
    uuid: &str,
) -> Result<Stored, OctoError> {
    let unknown = || OctoError::Booking(uuid.to_owned());
    let key: CallerUuid = uuid.parse().map_err(|_| unknown())?;
    let stored = context.store.resold(key, caller.mode).await?;
    let own = stored.filter(|stored| {
        let resale = stored.booking.resale.as_ref();
        resale.is_some_and(|resale| resale.reseller == caller.reseller.id)
    });
    own.ok_or_else(unknown)
}

/// A booking as it is told to its reseller.
pub(crate) async fn told(
    context: &Context,
    caller: &Caller,
    stored: &Stored,
    sold: Option<&Sold>,
) -> Result<OctoBooking, OctoError> {
    let booking = &stored.booking;
    let read = match sold {
        Some(_) => None,
        None => catalogue::sold(context, &booking.venue_id, &booking.product_id).await?,
    };
    let tickets = match caller.mode {
        Mode::Live => context.store.tickets(&stored.tickets).await?,
        Mode::Test => Vec::new(),
    };
    let (sold, now) = (sold.or(read.as_ref()), context.clock.now());
    let supplied_by = match sold {
        Some(sold) => sold.venue.supplied_by.clone(),
        // What is offered no more is signed for its venue all the same.
        None => {
            let venue = context.store.venue(&booking.venue_id).await?;
            venue.map(|venue| venue.supplied_by).unwrap_or_default()
        }
    };
    let delivered = delivered(context, booking, &supplied_by, &tickets)?;
    let told = Told {
        caller,
        booking,
        ticket_ids: &stored.tickets,
        sold,
        tickets: &tickets,
        delivered: Some(&delivered),
        now,
    };
    OctoBooking::of(&told).ok_or_else(|| OctoError::Booking(booking.uuid.to_string()))
}

/// The codes of the tickets of a sold booking, and the page with all of them.
fn delivered(
    context: &Context,
    booking: &Booking,
    supplied_by: &SuppliedBy,
    tickets: &[Ticket],
) -> Result<Vec<Delivered>, OctoError> {
    if !matches!(booking.state, BookingState::Confirmed { .. }) {
        return Ok(Vec::new());
    }
    let (keys, now) = (context.ticket_keys.current(), context.clock.now());
    let page = format!("{}/v1/bookings/{}/tickets.pdf", context.public_url, booking.uuid);
    let carried = |ticket: &Ticket| -> Result<Delivered, OctoError> {
        let code = sign(&ticket.entitlement, keys.signing(supplied_by, now))?;
        Ok(Delivered { ticket: ticket.entitlement.ticket, code, page: page.clone() })
    };
    tickets.iter().map(carried).collect()
}
