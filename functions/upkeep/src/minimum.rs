//! Visits that take place only with enough people: at the hour of decision they go ahead, or everybody
//! is called off and paid back. A slot stays due until nobody is left on it or it has begun, so a run
//! that was cut off, and a payment that ends later, are taken up by the next one.

use std::collections::BTreeSet;

use atrio_domain::minimum::Verdict;
use atrio_dynamo::settlement::StepFailure;
use atrio_dynamo::slot::Undecided;

use crate::{Context, Done, PAGE, failed};

pub(crate) async fn decide(context: &Context, done: &mut Done) -> Result<(), atrio_dynamo::Error> {
    for undecided in context.store.undecided(context.clock.now(), PAGE).await? {
        let decided = match undecided {
            Ok(slot) => decide_one(context, &slot, done).await,
            Err(error) => Err(error),
        };
        match decided {
            Ok(true) => done.decided += 1,
            Ok(false) => {}
            Err(error) => failed(done, &error),
        }
    }
    Ok(())
}

/// Whether the slot needs no more looking at.
async fn decide_one(
    context: &Context,
    slot: &Undecided,
    done: &mut Done,
) -> Result<bool, atrio_dynamo::Error> {
    let store = &context.store;
    let touched = store.slot(&slot.venue, &slot.product, slot.slot).await?;
    // What was decided once stands, also where a hold of before came to the slot after.
    let stands = touched.as_ref().is_some_and(|stored| stored.counts.goes_ahead);
    let taken = touched.map_or(0, |stored| stored.places.taken);
    let venue = store.venue(&slot.venue).await?;
    let minimum =
        venue.as_ref().and_then(|venue| venue.product(&slot.product)).and_then(|p| p.minimum);
    // A venue that asks for no minimum any more lets every visit take place.
    if stands || minimum.is_none_or(|minimum| minimum.verdict(taken) == Verdict::GoesAhead) {
        store.decide(slot, Verdict::GoesAhead).await?;
        return Ok(true);
    }
    call_off(context, slot, done).await?;
    let after = store.slot(&slot.venue, &slot.product, slot.slot).await?;
    let left = after.map_or(0, |stored| stored.places.taken);
    let start = venue.and_then(|venue| {
        let local = slot.slot.local_start().to_zoned_datetime(venue.time_zone()).ok()?;
        Some(local.timestamp())
    });
    let has_begun = start.is_none_or(|start| start <= context.clock.now());
    if left == 0 || has_begun {
        store.decide(slot, Verdict::CalledOff).await?;
    }
    Ok(left == 0 || has_begun)
}

async fn call_off(
    context: &Context,
    slot: &Undecided,
    done: &mut Done,
) -> Result<(), atrio_dynamo::Error> {
    let tickets = context.store.tickets_of_day(&slot.venue, slot.slot.day()).await?;
    let bookings: BTreeSet<_> = tickets
        .iter()
        .filter(|ticket| {
            let entitlement = &ticket.entitlement;
            entitlement.product == slot.product && entitlement.slot.id == slot.slot
        })
        .filter(|ticket| ticket.state.name() == "VALID")
        .map(|ticket| ticket.booking)
        .collect();
    for booking in bookings {
        match context.store.call_off(booking, context.clock.now()).await {
            Ok(_) => done.called_off += 1,
            // Sold at a desk, which takes it back, or moved on meanwhile.
            Err(
                StepFailure::Refused(_) | StepFailure::Unknown(_) | StepFailure::UnknownOrder(_),
            ) => {}
            Err(StepFailure::Store(error)) => return Err(error),
        }
    }
    Ok(())
}
