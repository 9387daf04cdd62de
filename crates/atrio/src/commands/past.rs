//! `atrio replay FILE`: counts of the past.

use std::fs::File;
use std::path::Path;

use atrio_domain::id::VenueId;
use jiff::tz::TimeZone;

use super::{Attached, Failure, say};
use crate::devices::DevicesError;
use crate::history::{self, Fed, Place};

pub(super) async fn replay(
    data: &Path,
    source: &str,
    (venue, zone, prefix): (Option<VenueId>, &str, String),
    json: bool,
) -> Result<(), Failure> {
    let venue = venue.ok_or("name the venue that the counts belong to: `--venue ID`")?;
    let zone = TimeZone::get(zone)
        .map_err(|_| format!("`{zone}` is no zone; write one such as Europe/Rome"))?;
    let table = File::open(source).map_err(|error| format!("cannot read `{source}`: {error}"))?;
    let attached = Attached::to(data).await?;
    let place = Place { venue, prefix, zone };
    let fed = feed(&attached, &place, table).await;
    attached.detach().await;
    let fed = fed?;
    let Fed { counters, counts, people, new, missing } = fed;
    say(&if json {
        serde_json::to_string(&fed)?
    } else {
        format!(
            "{counts} counts of {counters} counters, {people} people; {new} were new, {missing} hours \
             have no count"
        )
    });
    Ok(())
}

async fn feed(attached: &Attached, place: &Place, table: File) -> Result<Fed, Failure> {
    if attached.store.venue(&place.venue).await?.is_none() {
        return Err(DevicesError::UnknownVenue { venue: place.venue.clone() }.into());
    }
    Ok(history::feed(&attached.store, place, table).await?)
}
