//! Leases whose slot is over: what their desk did not sell, as far as is known, is counted as taken no
//! more. A sale that comes in later takes its places anew.

use atrio_dynamo::booking::Changed;

use crate::{Context, Done, PAGE, failed};

/// Ends the leases that are due. One whose desk is at it just now is looked at again at the next run.
pub(crate) async fn end(context: &Context, done: &mut Done) -> Result<(), atrio_dynamo::Error> {
    let now = context.clock.now();
    for stored in context.store.leases_due(now, PAGE).await? {
        let ended = match &stored {
            Ok(stored) => match stored.lease.end(now) {
                Some(closed) => context.store.close_lease(stored, &closed).await,
                None => Ok(Changed::Stale),
            },
            Err(error) => {
                failed(done, error);
                continue;
            }
        };
        match ended {
            Ok(Changed::Done) => done.leases_ended += 1,
            Ok(Changed::Stale) => {}
            Err(error) => failed(done, &error),
        }
    }
    Ok(())
}
