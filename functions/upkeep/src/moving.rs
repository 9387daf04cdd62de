//! Visits that a venue cannot keep its word for and that nobody moved in time: called off and paid back. A
//! booking stays due until that is done, so a run that was cut off is taken up by the next one.

use atrio_domain::offer::offers;
use atrio_dynamo::booking::Stored;
use atrio_dynamo::settlement::StepFailure;

use crate::{Context, Done, PAGE, failed};

pub(crate) async fn end(context: &Context, done: &mut Done) -> Result<(), atrio_dynamo::Error> {
    for stored in context.store.moves_due(context.clock.now(), PAGE).await? {
        let ended = match stored {
            Ok(stored) => end_one(context, &stored).await,
            Err(error) => Err(StepFailure::Store(error)),
        };
        match ended {
            Ok(true) => done.called_off += 1,
            Ok(false) => {}
            Err(StepFailure::Store(error)) => failed(done, &error),
            // It moved on meanwhile, and is due no more.
            Err(
                StepFailure::Refused(_) | StepFailure::Unknown(_) | StepFailure::UnknownOrder(_),
            ) => {}
        }
    }
    Ok(())
}

/// Whether it was called off.
async fn end_one(context: &Context, stored: &Stored) -> Result<bool, StepFailure> {
    let (booking, store) = (&stored.booking, &context.store);
    let venue = store.venue(&booking.venue_id).await?;
    let is_offered = venue.as_ref().is_some_and(|venue| {
        venue
            .product(&booking.product_id)
            .is_some_and(|product| offers(venue, product, booking.slot.id))
    });
    // A venue that opens again after all keeps its word to who waited; not one that takes a closure off its
    // list once the day is over.
    if is_offered && context.clock.now() < booking.slot.start {
        store.end_move(booking.uuid).await?;
        return Ok(false);
    }
    match store.call_off(booking.uuid, context.clock.now()).await {
        Ok(_) => Ok(true),
        // Somebody has entered all the same: the visit was, and staff look after the rest.
        Err(StepFailure::Refused(_)) => {
            store.end_move(booking.uuid).await?;
            Ok(false)
        }
        Err(failure) => Err(failure),
    }
}
