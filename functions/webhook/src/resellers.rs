//! What goes into the logs of resellers: steps of their own bookings, who entered on them, and places of what they may
//! sell that became plenty, few or none.

use atrio_domain::booking::{Booking, Channel};
use atrio_domain::id::{CallerUuid, VenueId};
use atrio_domain::reseller::{Mode, Reseller};
use atrio_domain::venue::{Product, ProductOption, Venue};
use atrio_domain::webhook::event::{EventKind, moves_places};
use atrio_domain::webhook::resold::{
    Happened, of_entry, of_status, of_step, owner_of, without_persons,
};
use atrio_domain::webhook::{Endpoint, Owner};
use atrio_dynamo::booking::Stored;
use atrio_dynamo::event_log::{Logged, OfSlot};
use atrio_dynamo::{Error, Store};
use atrio_octo::catalogue::{self, Offered};
use jiff::Timestamp;

use crate::octo::{self, Found, Standing};
use crate::{Context, Quiet};

/// Endpoints that are told of one kind of event, with whose they are.
#[derive(Debug)]
pub(crate) struct Listening {
    reseller: Reseller,
    endpoints: Vec<Endpoint>,
}

/// The endpoints of one reseller that are told of a kind of event; none while it may not sell.
async fn listening_of(
    store: &Store,
    owner: &Owner,
    kind: EventKind,
) -> Result<Option<Listening>, Error> {
    let Owner::Reseller { reseller, .. } = owner else { return Ok(None) };
    let stored = store.webhooks(owner).await?.into_iter().map(|stored| stored.endpoint);
    let endpoints: Vec<Endpoint> = stored.filter(|one| one.wants(kind, None)).collect();
    if endpoints.is_empty() {
        return Ok(None);
    }
    let found = store.reseller(reseller).await?.map(|stored| stored.reseller);
    let reseller = found.filter(|reseller| reseller.must_sell().is_ok());
    Ok(reseller.map(|reseller| Listening { reseller, endpoints }))
}

/// All that are told of places now.
pub(crate) async fn listening(store: &Store) -> Result<Vec<Listening>, Error> {
    let mut listening = Vec::new();
    for owner in store.listeners().await? {
        listening.extend(listening_of(store, &owner, EventKind::AvailabilityUpdate).await?);
    }
    Ok(listening)
}

/// Tells a reseller of a step of its booking.
pub(crate) async fn tell_step(
    context: &Context,
    quiet: &Quiet,
    old: Option<&Booking>,
    new: &Stored,
) -> Result<(), Error> {
    let now = context.clock.now();
    let Some(happened) = of_step(old, &new.booking, new.version, now) else { return Ok(()) };
    tell_of_booking(context, quiet, new, &happened).await
}

/// Tells a reseller that somebody entered on its booking, or that this was taken back. Of one that was sold before its
/// reseller had an endpoint nothing is known here.
pub(crate) async fn tell_entry(
    context: &Context,
    quiet: &Quiet,
    (booking, redemption): (CallerUuid, CallerUuid),
    is_undone: bool,
) -> Result<(), Error> {
    let Some(stored) = context.store.told_booking(booking).await? else { return Ok(()) };
    let happened = of_entry(redemption, is_undone, context.clock.now());
    tell_of_booking(context, quiet, &stored, &happened).await
}

async fn tell_of_booking(
    context: &Context,
    quiet: &Quiet,
    stored: &Stored,
    happened: &Happened,
) -> Result<(), Error> {
    let (store, now) = (&context.store, happened.at);
    let Some(owner) = owner_of(&stored.booking) else { return Ok(()) };
    if quiet.is(context, &owner).await? {
        return Ok(());
    }
    let Some(listening) = listening_of(store, &owner, happened.kind).await? else {
        return Ok(());
    };
    let Owner::Reseller { mode, .. } = owner else { return Ok(()) };
    if mode == Mode::Live
        && let Some(booking) = without_persons(&stored.booking, now)
    {
        store.keep_told(&Stored { booking, ..stored.clone() }).await?;
    }
    let standing = Standing::of(store, stored, mode, now).await?;
    for endpoint in &listening.endpoints {
        if let Some(body) = standing.body(endpoint, &listening.reseller)? {
            let news = happened.news(&owner, endpoint.id, body);
            store.log_event(&news, None, now).await?;
        }
    }
    Ok(())
}

/// Tells resellers of the places that a step took or gave back, also in the slot that a booking left.
pub(crate) async fn tell_places(
    context: &Context,
    quiet: &Quiet,
    old: Option<&Booking>,
    new: &Booking,
) -> Result<(), Error> {
    let of =
        |booking: &Booking| (booking.venue_id.clone(), booking.product_id.clone(), booking.slot.id);
    let left = old.filter(|old| of(old) != of(new));
    if left.is_none() && !moves_places(old, new) {
        return Ok(());
    }
    for booking in left.into_iter().chain([new]) {
        let heard = |one: &&Listening| one.reseller.scope.includes(&booking.venue_id);
        let listening: Vec<_> = quiet.listening(context).await?.iter().filter(heard).collect();
        if listening.is_empty() {
            continue;
        }
        tell_of_slot(context, &listening, &booking.venue_id, booking).await?;
    }
    Ok(())
}

async fn tell_of_slot(
    context: &Context,
    listening: &[&Listening],
    venue: &VenueId,
    booking: &Booking,
) -> Result<(), Error> {
    let Some(venue) = context.store.venue(venue).await? else { return Ok(()) };
    let Some(product) = venue.product(&booking.product_id) else { return Ok(()) };
    for Listening { reseller, endpoints } in listening {
        if !reseller.sells(&venue, product) {
            continue;
        }
        for endpoint in endpoints {
            for option in &product.options {
                let of = (&venue, product, option);
                tell_of_option(context, (reseller, endpoint), of, booking).await?;
            }
        }
    }
    Ok(())
}

/// What the places are by now counts, as for a venue: what is told last must be true.
async fn tell_of_option(
    context: &Context,
    (reseller, endpoint): (&Reseller, &Endpoint),
    of: (&Venue, &Product, &ProductOption),
    booking: &Booking,
) -> Result<(), Error> {
    let (store, option) = (&context.store, &of.2.id);
    loop {
        let now = context.clock.now();
        let found = find(store, of, booking, now).await?;
        let before = store.told_of_places(endpoint, booking, option).await?;
        let told = of_status((booking, option), found.status(now), before, now);
        let Some((happened, by_then)) = told else { return Ok(()) };
        let body = octo::availability(endpoint, reseller, of, found, now)?;
        let news = happened.news(&endpoint.owner, endpoint.id, body.unwrap_or_default());
        let of_slot = OfSlot::of_reseller(endpoint, (booking, option), before, by_then);
        match store.log_event(&news, Some(of_slot), now).await? {
            Logged::Overtaken => {}
            Logged::Under(_) | Logged::Known | Logged::NobodyListens => return Ok(()),
        }
    }
}

/// How the places of a booking's slot stand for resellers.
async fn find(
    store: &Store,
    (venue, product, option): (&Venue, &Product, &ProductOption),
    booking: &Booking,
    now: Timestamp,
) -> Result<Found, Error> {
    let day = booking.slot.id.day();
    let Offered::Open(slots) = catalogue::day(venue, product, option, day, now) else {
        return Ok(Found::Closed(day));
    };
    let Some(slot) = slots.into_iter().find(|slot| slot.id == booking.slot.id) else {
        return Ok(Found::Closed(day));
    };
    let left = store.vacancies(venue, product, Channel::Reseller, (day, day)).await?;
    let places = left.places(&slot, now);
    Ok(Found::Slot(slot, places))
}
