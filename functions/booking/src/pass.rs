//! Passes of several venues: sold only while each venue that they open honours them.

use atrio_domain::hold::HoldRequest;
use atrio_domain::venue::Venue;
use atrio_runtime::Problem;
use axum::http::StatusCode;

use crate::{Context, internal};

/// Refuses to sell a pass that one of its venues does not honour (any more). `place` is that of the request
/// in a larger one.
pub(crate) async fn must_be_honoured(
    context: &Context,
    request: &HoldRequest,
    venue: &Venue,
    place: &str,
) -> Result<(), Problem> {
    let rule = venue.product(&request.product_id).and_then(|product| product.pass.as_ref());
    let Some(rule) = rule else { return Ok(()) };
    for (_, other) in rule.others(&venue.id) {
        let opened = context.store.venue(other).await.map_err(internal)?;
        if !opened.is_some_and(|opened| opened.honours(&venue.id, &request.product_id)) {
            let what = format!("venue `{other}` lets nobody in with this pass at present");
            return Err(Problem::new(StatusCode::CONFLICT, "pass-not-honoured")
                .detail(&what)
                .field(
                    format!("{place}product_id"),
                    &what,
                    "take a ticket of a venue, or ask again later",
                )
                .fact("venue_id", other));
        }
    }
    Ok(())
}
