//! Files that were put into a bucket: `feeds/VENUE/MAPPING/name`. Whoever may put them there is decided by
//! the bucket's policy. What is wrong with such a file is on record like that of any other.

use std::str::FromStr as _;
use std::sync::Arc;

use atrio_domain::feed::Reader;
use atrio_domain::id::{MappingId, VenueId};
use aws_lambda_events::event::s3::S3Event;
use futures::StreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::file::Spool;
use crate::load::{LoadError, Loaded, load};
use crate::{Context, mappings};

/// Why an object is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// Its name says nothing of venue and mapping.
    #[error("the object is called otherwise than `feeds/VENUE/MAPPING/name`")]
    Name,
    /// There is no such venue.
    #[error("there is no venue `{venue}`")]
    UnknownVenue {
        /// What the name says.
        venue: VenueId,
    },
    /// There is no such mapping.
    #[error("venue `{venue}` has no mapping `{mapping}`")]
    UnknownMapping {
        /// The venue.
        venue: VenueId,
        /// What the name says.
        mapping: MappingId,
    },
    /// The bucket does not give it.
    #[error("the object cannot be read")]
    Bucket(#[from] object_store::Error),
    /// The event names no object.
    #[error("the event names no object")]
    Event,
    /// It is not loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
}

/// Loads the objects of an event. Repeated, it changes nothing.
///
/// # Errors
/// The first object that is not loaded; Lambda sends the event again.
pub async fn handle(context: &Context, event: S3Event) -> Result<(), ObjectError> {
    for record in event.records {
        let bucket = record.s3.bucket.name.ok_or(ObjectError::Event)?;
        let key = decoded(&record.s3.object.key.ok_or(ObjectError::Event)?);
        // Before anything is asked of the bucket: a name that says nothing says so at once.
        place(&key)?;
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build()?;
        load_object(context, Arc::new(store), &key).await?;
    }
    Ok(())
}

/// Names of objects come with spaces as `+` and letters as `%E0`.
fn decoded(key: &str) -> String {
    let pairs = form_urlencoded::parse(key.as_bytes());
    pairs.map(|(name, value)| if value.is_empty() { name } else { name + "=" + value }).collect()
}

/// The venue and the mapping that a name says.
///
/// # Errors
/// [`ObjectError::Name`].
pub fn place(key: &str) -> Result<(VenueId, MappingId), ObjectError> {
    let mut parts = key.strip_prefix("feeds/").ok_or(ObjectError::Name)?.splitn(3, '/');
    let (venue, mapping) = (parts.next(), parts.next());
    let name = parts.next().filter(|name| !name.is_empty() && !name.ends_with('/'));
    match (venue.map(VenueId::from_str), mapping.map(MappingId::from_str), name) {
        (Some(Ok(venue)), Some(Ok(mapping)), Some(_)) => Ok((venue, mapping)),
        _ => Err(ObjectError::Name),
    }
}

/// Loads one object of a bucket.
///
/// # Errors
/// [`ObjectError`].
pub async fn load_object(
    context: &Context,
    bucket: Arc<dyn ObjectStore>,
    key: &str,
) -> Result<Loaded, ObjectError> {
    let (venue, mapping) = place(key)?;
    if context.store.venue(&venue).await.map_err(LoadError::from)?.is_none() {
        return Err(ObjectError::UnknownVenue { venue });
    }
    let found = mappings::find(&context.store, &venue, &mapping).await.map_err(LoadError::from)?;
    let Some((mapping, _)) = found else {
        return Err(ObjectError::UnknownMapping { venue, mapping });
    };
    let mut spool = Spool::temporary(mapping.format.kind).map_err(LoadError::from)?;
    let mut pieces = bucket.get(&Path::from(key)).await?.into_stream();
    while let Some(piece) = pieces.next().await {
        spool.take(&piece?).map_err(LoadError::from)?;
    }
    let spooled = spool.finish().map_err(LoadError::from)?;
    Ok(Box::pin(load(context, &venue, Reader::of(mapping), spooled, "bucket")).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_object_says_for_which_venue_and_how_it_is_read() {
        let (venue, mapping) = place("feeds/20240/pos-transactions/2026/novembre.csv").unwrap();
        assert_eq!((venue.as_str(), mapping.as_str()), ("20240", "pos-transactions"));
        for odd in ["feeds/20240/file.csv", "other/20240/pos/x.csv", "feeds/20240/pos/", "feeds/.."]
        {
            assert!(place(odd).is_err(), "{odd}");
        }
        assert_eq!(decoded("feeds/20240/pos/a+b%C3%A0.csv"), "feeds/20240/pos/a bà.csv");
    }
}
