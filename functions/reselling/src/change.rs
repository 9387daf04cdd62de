//! What becomes of a booking: it is changed, sold, kept for longer or given up.

use atrio_domain::booking::{Booking, BookingState, Contact};
use atrio_domain::calendar::SlotTimes;
use atrio_domain::id::OptionId;
use atrio_domain::quota::Pools;
use atrio_domain::resale::{Resale, ResoldUnit, are_same_people};
use atrio_domain::ticket;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::resale::{Places, Resold};
use atrio_octo::booking::OctoBooking;
use atrio_runtime::random;
use axum::Json;
use axum::extract::State;
use jiff::Timestamp;

use crate::Context;
use crate::booking::{asked, dealing, load, slot, sold_out, told, too_few};
use crate::caller::Caller;
use crate::catalogue::{self, Named, Sold, local_start, with_offset};
use crate::error::{OctoError, OctoErrorView};
use crate::request::{
    self, Body, CancellationBody, ConfirmationBody, ContactBody, ExtensionBody, Id, UpdateBody,
};

/// How often a step is tried when others change the booking.
const ATTEMPTS: u32 = 8;

/// For how many minutes a hold is kept where nobody says.
const EXTENSION_MINUTES: u32 = 30;

/// The next state of a booking, and what goes with it.
struct Next {
    to: Booking,
    /// The pools of the slot in which it takes other places; none where it keeps its own.
    pools: Option<Pools>,
}

/// Whether a step sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// It changes something.
    Change,
    /// It sells: tickets are issued.
    Sale,
}

impl Next {
    fn keeping(to: Booking) -> Self {
        Self { to, pools: None }
    }
}

/// Changes a hold; of a sold booking only who it is for.
#[utoipa::path(patch, path = "/octo/bookings/{uuid}", tag = "octo", security(("reseller" = [])),
    params(("uuid" = String, Path)), request_body = UpdateBody,
    responses((status = 200, body = OctoBooking), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn update(
    State(context): State<Context>,
    caller: Caller,
    Id(uuid): Id,
    Body(body): Body<UpdateBody>,
) -> Result<Json<OctoBooking>, OctoError> {
    let minutes = request::minutes(body.expiration_minutes)?;
    request::check_texts(&body.contact, [&body.notes, &body.reseller_reference])?;
    let UpdateBody { product_id, option_id, availability_id, notes, contact, .. } = body;
    let reference = body.reseller_reference;
    let mut unit_items = Some(body.unit_items);
    let mut read_items: Option<Vec<ResoldUnit>> = None;
    for _ in 0..ATTEMPTS {
        let stored = load(&context, &caller, &uuid).await?;
        let (now, booking) = (context.clock.now(), &stored.booking);
        let seen = booking.seen_at(now);
        let moves = product_id.is_some() || option_id.is_some() || availability_id.is_some();
        if let Some(Some(items)) = unit_items.take() {
            read_items = Some(request::items(Some(items), &items_of(booking))?);
        }
        must_be_open(&seen, moves || read_items.is_some())?;
        let mut next = if moves || read_items.is_some() {
            let target = Target {
                product: product_id.as_deref(),
                option: option_id.as_deref(),
                availability: availability_id.as_deref(),
                items: read_items.clone(),
            };
            moved(&context, &caller, booking, target, now).await?
        } else {
            Next::keeping(seen)
        };
        if let Some(minutes) = minutes {
            next.to = next.to.extend_resold(minutes, now)?;
        }
        let said = Said { contact: &contact, notes: &notes, reference: &reference };
        next.to = next.to.with_resale(now, |resale| said.over(resale));
        if let Some(done) = take(&context, &stored, next, Step::Change, now).await? {
            return told(&context, &caller, &done, None).await.map(Json);
        }
    }
    Err(busy(&uuid))
}

/// Sells a hold and issues its tickets; the people named here come in the place of those held.
#[utoipa::path(post, path = "/octo/bookings/{uuid}/confirm", tag = "octo", security(("reseller" = [])),
    params(("uuid" = String, Path)), request_body = ConfirmationBody,
    responses((status = 200, body = OctoBooking), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn confirm(
    State(context): State<Context>,
    caller: Caller,
    Id(uuid): Id,
    Body(body): Body<ConfirmationBody>,
) -> Result<Json<OctoBooking>, OctoError> {
    request::check_texts(&body.contact, [&body.reseller_reference])?;
    let fingerprint = request::fingerprint(&caller.reseller.id, &body);
    let ConfirmationBody { email_receipt, reseller_reference, contact, unit_items } = body;
    let (mut unit_items, mut read_items) = (Some(unit_items), None);
    for _ in 0..ATTEMPTS {
        let stored = load(&context, &caller, &uuid).await?;
        let (now, booking) = (context.clock.now(), &stored.booking);
        let seen = booking.seen_at(now);
        if booking.was_confirmed_by(&fingerprint) && is_confirmed(&seen) {
            return told(&context, &caller, &stored, None).await.map(Json);
        }
        if let Some(Some(items)) = unit_items.take() {
            read_items = Some(request::items(Some(items), &items_of(booking))?);
        }
        must_be_on_hold(&seen, "confirmed")?;
        let mut next = match read_items.clone() {
            Some(items) => {
                let target = Target { items: Some(items), ..Target::default() };
                moved(&context, &caller, booking, target, now).await?
            }
            None => Next::keeping(seen),
        };
        let said = Said { contact: &contact, notes: &None, reference: &reseller_reference };
        next.to = next.to.with_resale(now, |resale| said.over(resale));
        next.to = named(next.to, now)?;
        next.to = next.to.confirm_resold(&fingerprint, now)?;
        if email_receipt == Some(true) {
            next.to.contact = mailed(&next.to);
        }
        if let Some(done) = take(&context, &stored, next, Step::Sale, now).await? {
            return told(&context, &caller, &done, None).await.map(Json);
        }
    }
    Err(busy(&uuid))
}

/// Keeps a hold for longer.
#[utoipa::path(post, path = "/octo/bookings/{uuid}/extend", tag = "octo", security(("reseller" = [])),
    params(("uuid" = String, Path)), request_body = ExtensionBody,
    responses((status = 200, body = OctoBooking), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn extend(
    State(context): State<Context>,
    caller: Caller,
    Id(uuid): Id,
    Body(body): Body<ExtensionBody>,
) -> Result<Json<OctoBooking>, OctoError> {
    let minutes = request::minutes(body.expiration_minutes)?.unwrap_or(EXTENSION_MINUTES);
    for _ in 0..ATTEMPTS {
        let stored = load(&context, &caller, &uuid).await?;
        let now = context.clock.now();
        let next = Next::keeping(stored.booking.extend_resold(minutes, now)?);
        if let Some(done) = take(&context, &stored, next, Step::Change, now).await? {
            return told(&context, &caller, &done, None).await.map(Json);
        }
    }
    Err(busy(&uuid))
}

/// Gives a hold or a sold booking up; its places go back at once. Repeated, it answers the same.
#[utoipa::path(post, path = "/octo/bookings/{uuid}/cancel", tag = "octo", security(("reseller" = [])),
    params(("uuid" = String, Path)), request_body = CancellationBody,
    responses((status = 200, body = OctoBooking), (status = 400, body = OctoErrorView),
        (status = 401, body = OctoErrorView), (status = 403, body = OctoErrorView)))]
pub(crate) async fn cancel(
    State(context): State<Context>,
    caller: Caller,
    Id(uuid): Id,
    Body(body): Body<CancellationBody>,
) -> Result<Json<OctoBooking>, OctoError> {
    request::check_texts([], [&body.reason])?;
    for _ in 0..ATTEMPTS {
        let stored = load(&context, &caller, &uuid).await?;
        let now = context.clock.now();
        let tickets = context.store.tickets(&stored.tickets).await?;
        let given_up = stored.booking.cancel_resold(body.reason.clone(), tickets, now)?;
        if given_up.booking == stored.booking {
            return told(&context, &caller, &stored, None).await.map(Json);
        }
        let mut to = given_up.booking;
        let changed = context
            .store
            .change_resold(
                &stored,
                &mut to,
                Places::Returned,
                |_| Vec::new(),
                &given_up.tickets,
                now,
            )
            .await?;
        if let Some(done) = done(changed, &to)? {
            return told(&context, &caller, &done, None).await.map(Json);
        }
    }
    Err(busy(&uuid))
}

/// Where a booking goes, as far as the request says.
#[derive(Default)]
struct Target<'a> {
    product: Option<&'a str>,
    option: Option<&'a str>,
    availability: Option<&'a str>,
    items: Option<Vec<ResoldUnit>>,
}

/// The booking with another product, slot or other people, at today's prices.
async fn moved(
    context: &Context,
    caller: &Caller,
    booking: &Booking,
    target: Target<'_>,
    now: Timestamp,
) -> Result<Next, OctoError> {
    let own = catalogue::product_id(&booking.venue_id, &booking.product_id);
    let is_elsewhere = target.availability.is_some()
        || target.product.is_some_and(|product| product != own)
        || target.option.is_some_and(|option| option != booking.option_id.as_str());
    if !is_elsewhere
        && let Some(items) = &target.items
        && are_same_people(items, &items_of(booking))
    {
        // What is held was promised, whatever is offered now.
        let items = items.clone();
        let to = booking.seen_at(now).with_resale(now, |resale| Resale { items, ..resale });
        return Ok(Next::keeping(to));
    }
    let product = target.product.unwrap_or(&own);
    let sold = catalogue::product(context, &caller.reseller, Some(product)).await?;
    let option: OptionId =
        sold.option(Some(target.option.unwrap_or(booking.option_id.as_str())))?.id.clone();
    let slot = match target.availability {
        Some(id) => slot(&sold, &option, Some(id), now)?,
        None => same_time(&sold, &option, booking, now)?,
    };
    let items = target.items.unwrap_or_else(|| items_of(booking));
    let (_, offer) = asked(&sold, (booking.uuid, option.clone()), slot, &items, now)?;
    if !booking.uses.is_empty() || !offer.uses.is_empty() {
        return Err(OctoError::unprocessable(
            "this visit occupies a guide, a room or the like: cancel it and book again",
        ));
    }
    let pools = offer.pools.clone().for_reseller(&caller.reseller.id);
    let to = Booking {
        venue_id: sold.venue.id.clone(),
        product_id: sold.product().id.clone(),
        option_id: option,
        slot: offer.slot,
        units: offer.units,
        cancellation: offer.cancellation,
        admission: offer.admission,
        ..booking.clone()
    };
    let dealing = Some(dealing(&sold));
    let to = to.with_resale(now, |resale| Resale { items, dealing, ..resale });
    Ok(Next { to: to.held_within_visit(), pools: Some(pools) })
}

/// The slot at the time of a booking, perhaps of another product.
fn same_time(
    sold: &Sold,
    option: &OptionId,
    booking: &Booking,
    now: Timestamp,
) -> Result<Named, OctoError> {
    let product = sold.product();
    if product.id == booking.product_id && sold.venue.id == booking.venue_id {
        let SlotTimes { id, start, end } = booking.slot;
        return Ok(Named::Slot(SlotTimes { id, start, end }));
    }
    let local = local_start(product, booking.slot.id);
    slot(sold, option, Some(&with_offset(local, &sold.venue.time_zone())), now)
}

fn items_of(booking: &Booking) -> Vec<ResoldUnit> {
    booking.resale.as_ref().map(|resale| resale.items.clone()).unwrap_or_default()
}

fn is_confirmed(booking: &Booking) -> bool {
    matches!(booking.state, BookingState::Confirmed { .. })
}

/// A hold is changed in every way, a sold booking only in whom it is for, and what has ended not at all.
fn must_be_open(seen: &Booking, is_moved: bool) -> Result<(), OctoError> {
    match seen.state {
        BookingState::OnHold { .. } => Ok(()),
        BookingState::Confirmed { .. } if !is_moved => Ok(()),
        BookingState::Confirmed { .. } => Err(OctoError::unprocessable(
            "the booking is confirmed: its slot and people change by cancelling it and booking again",
        )),
        _ => must_be_on_hold(seen, "changed"),
    }
}

fn must_be_on_hold(seen: &Booking, step: &str) -> Result<(), OctoError> {
    let state = &seen.state;
    match state {
        BookingState::OnHold { .. } => Ok(()),
        _ => Err(OctoError::unprocessable(format_args!(
            "the booking is {}, it cannot be {step}",
            state.name()
        ))),
    }
}

/// What a reseller says of a booking in passing.
struct Said<'a> {
    contact: &'a Option<ContactBody>,
    notes: &'a Option<String>,
    reference: &'a Option<String>,
}

impl Said<'_> {
    fn over(&self, before: Resale) -> Resale {
        let customer = match self.contact.clone() {
            Some(contact) => contact.over(before.customer),
            None => before.customer,
        };
        Resale {
            customer,
            notes: self.notes.clone().or(before.notes),
            reference: self.reference.clone().or(before.reference),
            ..before
        }
    }
}

/// The booking with who enters, where its tickets must name them: by the contacts of its people, in the
/// order of the tickets.
fn named(booking: Booking, now: Timestamp) -> Result<Booking, OctoError> {
    if booking.holder_rule().is_none() {
        return Ok(booking);
    }
    let items = items_of(&booking);
    let mut names = Vec::with_capacity(items.len());
    for line in &booking.units {
        for item in items.iter().filter(|item| item.unit == line.unit_id) {
            let name = item.customer.name().ok_or_else(|| {
                OctoError::unprocessable(
                    "each of `unitItems` needs a `contact` with the name of who enters",
                )
            })?;
            names.push(name);
        }
    }
    booking.name_holders(&names, now).map_err(OctoError::unprocessable)
}

/// Whom the platform mails the tickets to, where the reseller asks for that and says to whom.
fn mailed(booking: &Booking) -> Option<Contact> {
    let customer = &booking.resale.as_ref()?.customer;
    let contact =
        Contact { full_name: customer.name()?, email: customer.email.clone()?, phone: None };
    contact.check().is_ok().then_some(contact)
}

/// Stores the next state, with tickets where it is sold; none where somebody else was faster.
async fn take(
    context: &Context,
    stored: &Stored,
    next: Next,
    step: Step,
    now: Timestamp,
) -> Result<Option<Stored>, OctoError> {
    let Next { mut to, pools } = next;
    let places = pools.as_ref().map_or(Places::Kept, Places::Moved);
    let issue = |to: &Booking| match step {
        Step::Sale => ticket::issue(to, (0..to.places()).map(|_| random::ticket_id()), now),
        Step::Change => Vec::new(),
    };
    let changed = context.store.change_resold(stored, &mut to, places, issue, &[], now).await?;
    done(changed, &to)
}

fn done(changed: Resold, to: &Booking) -> Result<Option<Stored>, OctoError> {
    match changed {
        Resold::Done(stored) => Ok(Some(*stored)),
        Resold::Stale => Ok(None),
        Resold::SoldOut { vacancies } => Err(sold_out(to, vacancies)),
        Resold::TooFew => Err(too_few(to)),
        Resold::OverLimit(over) => Err(OctoError::unprocessable(format_args!(
            "{over}; pay what is owed or ask the supplier for a higher limit"
        ))),
    }
}

fn busy(uuid: &str) -> OctoError {
    atrio_dynamo::Error::Stale { key: format!("BOOKING#{uuid}") }.into()
}
