//! The lines of sold-out slots: whoever has the turn gets a hold of their own when places are there,
//! whatever brought them back, and a line ends when its slot starts. Nothing is written down between
//! two steps: an offer is the hold and the party's leaving the line in one transaction, so two runs at
//! once, or one that was cut off, offer nothing twice.

use std::collections::HashMap;

use atrio_domain::id::VenueId;
use atrio_domain::quota::Pools;
use atrio_domain::venue::Venue;
use atrio_domain::waiting::{CHANNEL, Waiting, in_turn};
use atrio_dynamo::Error;
use atrio_dynamo::booking::Held;
use atrio_dynamo::waiting::Line;

use crate::{Context, Done, failed};

/// Serves every line. One that fails is tried again at the next run.
pub(crate) async fn serve(context: &Context, done: &mut Done) -> Result<(), Error> {
    let mut venues = HashMap::new();
    for line in context.store.lines().await? {
        let served = match line {
            Ok(line) => serve_one(context, &line, &mut venues, done).await,
            Err(error) => Err(error),
        };
        if let Err(error) = served {
            failed(done, &error);
        }
    }
    Ok(())
}

async fn serve_one(
    context: &Context,
    line: &Line,
    venues: &mut HashMap<VenueId, Option<Venue>>,
    done: &mut Done,
) -> Result<(), Error> {
    let now = context.clock.now();
    let has_started = line.slot.start <= now;
    let venue = venue(context, line, venues).await?;
    let left = match venue.and_then(|venue| venue.product(&line.product_id)) {
        Some(product) if !has_started => {
            let counts = context.store.slot_counts(line).await?;
            Pools::of(product, line.slot.start).left(&counts, CHANNEL, now)
        }
        _ => 0,
    };
    // Most lines wait, and cost no more than their slot.
    if left == 0 && !has_started {
        return Ok(());
    }
    let parties = parties(context, line, done).await?;
    if parties.is_empty() {
        return context.store.close_line(line).await;
    }
    if has_started {
        for waiting in &parties {
            if context.store.move_waiting(waiting, &waiting.seen_at(now)).await? {
                done.waited_in_vain += 1;
            }
        }
        return Ok(());
    }
    let Some(venue) = venue else { return Ok(()) };
    for (waiting, offer) in in_turn(&parties, venue, left, now) {
        let pools = offer.pools.clone();
        let (mut booking, behind) = waiting.offered(offer, now);
        match context.store.offer_places(waiting, &mut booking, &behind, &pools, now).await {
            Ok(Held::New) => done.offered += 1,
            // Somebody else took the places meanwhile, or the visit does not take place; the turn stays.
            Ok(Held::SoldOut { .. } | Held::TooFew) => return Ok(()),
            // What they need beside the places is not there, or they had their part: others may go.
            Ok(Held::Exhausted(_) | Held::OverLimit(_) | Held::VoucherUsedUp) => {}
            // They booked by the same key themselves: what they waited for is theirs.
            Ok(Held::Before(_) | Held::UuidReused) => {
                context.store.move_waiting(waiting, &behind).await?;
            }
            // Another run offers them the places, or they left just now.
            Err(Error::Stale { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

async fn venue<'v>(
    context: &Context,
    line: &Line,
    venues: &'v mut HashMap<VenueId, Option<Venue>>,
) -> Result<Option<&'v Venue>, Error> {
    if !venues.contains_key(&line.venue_id) {
        let found = context.store.venue(&line.venue_id).await?;
        venues.insert(line.venue_id.clone(), found);
    }
    Ok(venues.get(&line.venue_id).and_then(Option::as_ref))
}

async fn parties(context: &Context, line: &Line, done: &mut Done) -> Result<Vec<Waiting>, Error> {
    let mut parties = Vec::new();
    for waiting in context.store.waiting_in(line).await? {
        match waiting {
            Ok(waiting) => parties.push(waiting),
            Err(error) => failed(done, &error),
        }
    }
    Ok(parties)
}
