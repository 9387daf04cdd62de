//! Mappings: those that come with the program, and a venue's own, which take their place by name.

use atrio_domain::feed::{Mapping, MappingError};
use atrio_domain::id::{MappingId, VenueId};
use atrio_dynamo::Store;

/// The mappings that come with the program.
const SHIPPED: [&str; 2] = [
    include_str!("../../../samples/feeds/pos-transactions.json"),
    include_str!("../../../samples/feeds/sistan-monthly.json"),
];

/// Why a text is no mapping.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is no JSON, or has other fields.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It would misread files.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// A mapping that was written down.
///
/// # Errors
/// [`Unreadable`] with the place in it.
pub fn mapping_of(text: &str) -> Result<Mapping, Unreadable> {
    let mapping: Mapping = serde_json::from_str(text)?;
    mapping.check()?;
    Ok(mapping)
}

/// The mappings that come with the program, by name.
#[must_use]
pub fn shipped() -> Vec<Mapping> {
    SHIPPED.iter().filter_map(|text| mapping_of(text).ok()).collect()
}

/// The mapping of that name: the venue's own, or else the one that comes with the program. Its version is 0
/// where it comes with the program.
pub(crate) async fn find(
    store: &Store,
    venue: &VenueId,
    id: &MappingId,
) -> Result<Option<(Mapping, u64)>, atrio_dynamo::Error> {
    if let Some(own) = store.feed_mapping(venue, id).await? {
        return Ok(Some((own.mapping, own.version)));
    }
    Ok(shipped().into_iter().find(|mapping| mapping.id == *id).map(|mapping| (mapping, 0)))
}

/// As a venue's files are read by the mapping of that name; none where it has none.
///
/// # Errors
/// The table's own.
pub async fn mapping_at(
    store: &Store,
    venue: &VenueId,
    id: &MappingId,
) -> Result<Option<Mapping>, atrio_dynamo::Error> {
    Ok(find(store, venue, id).await?.map(|(mapping, _)| mapping))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_reads_files() {
        let names: Vec<String> = shipped().iter().map(|mapping| mapping.id.to_string()).collect();
        assert_eq!(names, ["pos-transactions", "sistan-monthly"]);
    }
}
