//! Templates that were changed: written into each venue that follows one, with a record at each. A template
//! stays due until all have it, so a run that was cut off is taken up by the next one.

use atrio_domain::calendar::BOOKING_HORIZON_DAYS;
use atrio_domain::staff::{Reach, Role};
use atrio_domain::template::{Follows, Part, Template};
use atrio_domain::venue::Venue;
use atrio_dynamo::Error;
use atrio_dynamo::audit::AuditRecord;
use atrio_dynamo::template::StoredTemplate;
use atrio_dynamo::venue::{StoredVenue, VenueChanged};
use jiff::ToSpan as _;
use serde_json::{Value, json};

use crate::{Context, Done, PAGE, failed};

/// Venues written in one run: what else is due must not wait for hundreds.
const VENUES: usize = 50;

pub(crate) async fn spread(context: &Context, done: &mut Done) -> Result<(), Error> {
    for stored in context.store.templates_due(context.clock.now(), PAGE).await? {
        let spread = match stored {
            Ok(stored) => spread_one(context, &stored, done).await,
            Err(error) => Err(error),
        };
        if let Err(error) = spread {
            failed(done, &error);
        }
    }
    Ok(())
}

async fn spread_one(
    context: &Context,
    stored: &StoredTemplate,
    done: &mut Done,
) -> Result<(), Error> {
    let mut written = 0;
    let mut is_everywhere = true;
    for venue in context.store.stored_venues().await? {
        let Some(to) = next(&stored.template, stored.version, &venue.venue) else { continue };
        if written == VENUES {
            return Ok(());
        }
        written += 1;
        match write(context, stored, &venue, &to).await {
            Ok(VenueChanged::Done) => done.followed += 1,
            // Its staff changed it at this moment: the next run reads what it is now.
            Ok(VenueChanged::Stale) => is_everywhere = false,
            // One that cannot be written must not keep the others from their turn.
            Err(error) => {
                is_everywhere = false;
                failed(done, &error);
            }
        }
    }
    if is_everywhere {
        context.store.template_is_everywhere(stored).await?;
    }
    Ok(())
}

async fn write(
    context: &Context,
    stored: &StoredTemplate,
    from: &StoredVenue,
    to: &Venue,
) -> Result<VenueChanged, Error> {
    let changed = stored.template.changed(&from.venue, to);
    let mut record = record(context, stored, (from, to), &changed);
    if changed.contains(&Part::Closures) {
        // Whoever works there learns from the record whom they have to call off.
        let today = to.day_at(context.clock.now());
        let last = today.saturating_add(BOOKING_HORIZON_DAYS.days());
        record.after["stranded"] = json!(context.store.stranded(to, today, last).await?);
    }
    context.store.change_venue(from.version, to, &record).await
}

/// The venue with this version of the template; none where it has it, or does not follow it.
fn next(template: &Template, version: u64, venue: &Venue) -> Option<Venue> {
    let following = match &venue.follows {
        Follows::Template(following) if following.template_id == template.id => {
            (following.version < version).then(|| following.clone())
        }
        _ => template.is_for(venue).then(|| template.joined_by(venue)),
    }?;
    Some(template.followed(venue, following, version))
}

fn record(
    context: &Context,
    stored: &StoredTemplate,
    (from, to): (&StoredVenue, &Venue),
    changed: &[Part],
) -> AuditRecord {
    AuditRecord {
        reach: Reach::Venue(to.id.clone()),
        actor: stored.changed_by.clone(),
        role: Role::Operator.name().to_owned(),
        at: context.clock.now(),
        version: from.version + 1,
        part: format!("template/{}", stored.template.id),
        before: Some(seen(&stored.template, &from.venue, changed)),
        after: seen(&stored.template, to, changed),
    }
}

/// What of a venue changed, and how it follows the template.
fn seen(template: &Template, venue: &Venue, changed: &[Part]) -> Value {
    let mut seen = json!({ "follows": venue.follows });
    let product = venue.product(&template.product_id);
    for part in changed {
        let (name, value) = match part {
            Part::Tariffs => (
                "tariffs",
                json!(product.map(|one| (&one.options, &one.free_days, &one.surcharges))),
            ),
            Part::Cancellation => ("cancellation", json!(product.map(|one| one.cancellation))),
            Part::Exchange => ("exchange", json!(product.map(|one| &one.exchange))),
            Part::Admission => ("admission", json!(product.map(|one| &one.admission))),
            Part::Groups => ("groups", json!(product.map(|one| &one.groups))),
            Part::Closures => ("closures", json!(venue.opening.closures)),
        };
        seen[name] = value;
    }
    seen
}
