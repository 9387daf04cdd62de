//! What a reseller sells, as the table has it now.

use atrio_domain::id::{ProductId, VenueId};
use atrio_domain::reseller::Reseller;

pub(crate) use atrio_octo::catalogue::{
    Named, Offered, Sold, day, last_on_sale, local_start, local_time_of, named, product_id,
    products, with_offset,
};

use crate::Context;
use crate::error::OctoError;

/// The product of that id, as its venue offers it now.
///
/// # Errors
/// No id, or none of a product that the reseller sells.
pub(crate) async fn product(
    context: &Context,
    reseller: &Reseller,
    id: Option<&str>,
) -> Result<Sold, OctoError> {
    let id = id.ok_or_else(|| OctoError::bad("`productId` is missing"))?;
    let found = find(context, id).await?;
    found
        .filter(|sold| reseller.sells(&sold.venue, sold.product()))
        .ok_or_else(|| OctoError::Product(id.to_owned()))
}

async fn find(context: &Context, id: &str) -> Result<Option<Sold>, OctoError> {
    let Some((venue, product)) = id.split_once('.') else { return Ok(None) };
    let (Ok(venue), Ok(product)) = (VenueId::new(venue), ProductId::new(product)) else {
        return Ok(None);
    };
    sold(context, &venue, &product).await
}

/// A product whether or not it is still open to resellers, for what was sold of it.
pub(crate) async fn sold(
    context: &Context,
    venue: &VenueId,
    product: &ProductId,
) -> Result<Option<Sold>, OctoError> {
    let venue = context.store.venue(venue).await?;
    Ok(venue.and_then(|venue| Sold::of(venue, product)))
}
